"""A resource on which a control fails, and how it is made right again."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

REGION = "us-east-1"


def draw(stem: str) -> str:
    """A name that nobody has."""
    return f"{stem}-{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class Wrong:
    """A resource on which a control fails, until `right` is called."""

    resource: str
    right: Callable[[], Any]


Service = Callable[[str], Any]
"""boto3's name of a service -> the owner's client."""
Make = Callable[[Service, str], Wrong]
"""In an account: its id is the second argument."""


def arn_of(account: str, service: str, rest: str) -> str:
    """The ARN of a resource of the account, in the only Region."""
    return f"arn:aws:{service}:{REGION}:{account}:{rest}"
