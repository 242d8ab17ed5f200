"""One account's state, as moto holds it, and the trick that gives its resources wanted ids."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from moto import backends


class Holdings:
    """moto's backends of one account and Region, loaded when they are first asked for."""

    def __init__(self, account: str, region: str) -> None:
        """`account` of 12 digits; global services are the same in every Region."""
        self.account = account
        self.region = region

    def of(self, service: str) -> Any:
        """The backend of a regional service, by boto3's name."""
        return backends.get_backend(service)[self.account][self.region]

    def everywhere(self, service: str) -> Any:
        """The backend of a global service: iam, s3."""
        return backends.get_backend(service)[self.account]["aws"]

    @property
    def ec2(self) -> Any:
        """Networks and instances."""
        return self.of("ec2")

    @property
    def iam(self) -> Any:
        """Identities."""
        return self.everywhere("iam")

    @property
    def s3(self) -> Any:
        """Buckets."""
        return self.everywhere("s3")


@contextmanager
def drawing(module: ModuleType, **ids: str) -> Iterator[None]:
    """While this lasts, a module's functions that draw ids draw these.

    moto's models call module-level functions such as `random_security_group_id`; we are in its
    process, so for the time of one creation they answer what the specification says.

    Args:
        module: The one whose code calls the function.
        **ids: Name of the function -> the id.
    """
    originals = {name: getattr(module, name) for name in ids}
    for name, value in ids.items():
        setattr(module, name, lambda *_, _value=value, **__: _value)
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(module, name, original)
