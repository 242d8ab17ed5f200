"""AWS Config asked for what it knows of a few resources now.

Facts: `GetResourceConfigHistory` in the Config API reference. Of the calls that answer items it is
the one whose items hold tags and relationships; the batch calls leave both out.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from botocore.exceptions import ClientError
from typing_extensions import override

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code, is_not_found
from integrations.errors import UnavailableError
from integrations.resources.port import LiveResources, Resource

_UNKNOWN = "ResourceNotDiscoveredException"


class ConfigResources(LiveResources):
    """One tenant's resources as their accounts' Config recorders have them."""

    def __init__(self, client: Callable[[str, str], Any]) -> None:
        """`client` gives a Config client for an account and a Region."""
        self._client = client

    @override
    def items(self, account: str, region: str, resources: Sequence[Resource]) -> list[bytes]:
        found = [self._item(account, region, resource) for resource in resources]
        return [item for item in found if item is not None]

    def _item(self, account: str, region: str, resource: Resource) -> bytes | None:
        config_type = str(resource.properties.get("config_type", ""))
        if not config_type:
            return None
        try:
            answer = self._client(account, region).get_resource_config_history(
                resourceType=config_type, resourceId=resource.short_id, limit=1
            )
        except ClientError as error:
            code = error_code(error.response)
            if code == _UNKNOWN or is_not_found(code):
                return None
            raise UnavailableError(f"config:GetResourceConfigHistory: {error}") from error
        except NO_ANSWER as error:
            raise UnavailableError(f"config:GetResourceConfigHistory: {error}") from error
        items = answer.get("configurationItems") or []
        return msgspec.json.encode(items[0], enc_hook=_plain) if items else None


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} in a configuration item")
