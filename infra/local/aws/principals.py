"""Who calls: the hub, the owner of an account, a service, or a session of an assumed role."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Any

HUB_ACCOUNT = "999999999999"
HUB_ROLE = f"arn:aws:iam::{HUB_ACCOUNT}:role/SecurityAssistHub"
"""The role that the bot itself runs under, in the hub's own account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody whose calls are taken."""

    account: str
    arn: str
    """As GetCallerIdentity tells it: `arn:aws:sts::1111...:assumed-role/NAME/SESSION`."""
    role: str = ""
    """The ARN of the role behind a session; "" for others."""
    owner: bool = False
    """The account's root user: everything is allowed, in its own account."""
    session_policy: Mapping[str, Any] | None = field(default=None, repr=False)
    source_identity: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Every ARN by which a policy can mean this principal."""
        return frozenset({self.arn, self.role} - {""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An access key and whose it is."""

    id: str
    secret: str = field(repr=False)
    principal: Principal
    token: str = field(default="", repr=False)
    """A session's; "" for a permanent key."""
    expires_at: datetime | None = None


class Keys:
    """Every access key that opens the door. Ids and secrets are visibly fake."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """`clock` tells the time (aware UTC) by which sessions end."""
        self._clock = clock
        self._keys: dict[str, Key] = {}

    def add(self, key: Key) -> Key:
        """Let a key in."""
        self._keys[key.id] = key
        return key

    def find(self, key_id: str) -> Key | None:
        """The key of an id, expired or not."""
        return self._keys.get(key_id)

    def is_over(self, key: Key) -> bool:
        """Whether a session has ended."""
        return key.expires_at is not None and self._clock() >= key.expires_at

    def issue(self, principal: Principal, expires_at: datetime) -> Key:
        """Temporary credentials; they stay known, so that expired ones are refused as such."""
        return self.add(
            Key(
                id=f"FAKE{token_hex(8).upper()}",
                secret=f"fake-secret-{token_hex(16)}",
                token=f"fake-token-{token_hex(24)}",
                principal=principal,
                expires_at=expires_at,
            )
        )


def hub() -> Principal:
    """The bot's own principal."""
    name = HUB_ROLE.rpartition("/")[2]
    session = f"arn:aws:sts::{HUB_ACCOUNT}:assumed-role/{name}/local"
    return Principal(account=HUB_ACCOUNT, arn=session, role=HUB_ROLE)


def owner(account: str) -> Principal:
    """The root user of an account."""
    return Principal(account=account, arn=f"arn:aws:iam::{account}:root", owner=True)
