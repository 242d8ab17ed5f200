"""Where moto's own answer to a call would mislead, mended in moto's classes of this process.

Each was seen to go wrong: what AWS leaves alone, moto would change, so that "nothing else was
changed" and "restored as it was" could not be proven.
"""

from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance, MetadataOptions
from moto.kms.models import KmsBackend

_METADATA = {
    "http_tokens": "HttpTokens",
    "hop_limit": "HttpPutResponseHopLimit",
    "http_endpoint": "HttpEndpoint",
    "http_protocol": "HttpProtocolIpv6",
    "metadata_tags": "InstanceMetadataTags",
}


def apply() -> None:
    """Mend moto."""
    LambdaFunction._invoke_lambda = _run_nothing  # noqa: SLF001 - moto's own
    for name in ("schedule_key_deletion", "cancel_key_deletion"):
        setattr(KmsBackend, name, _by_any_id(getattr(KmsBackend, name)))
    EC2Backend.modify_instance_metadata_options = _modify_instance_metadata_options
    EC2Backend.create_subnet = _giving_no_addresses(EC2Backend.create_subnet)


def _modify_instance_metadata_options(
    self: Any, instance_id: str, *, dry_run: bool | None = False, **changes: Any
) -> MetadataOptions:
    """Leave what a call does not name as it is: moto empties it."""
    del dry_run
    instance: Instance = self.get_instance(instance_id)
    held = instance.metadata_options
    options = {
        "HttpTokens": held.http_tokens,
        "HttpPutResponseHopLimit": held.http_put_response_hop_limit,
        "HttpEndpoint": held.http_endpoint,
        "HttpProtocolIpv6": held.http_protocol_ipv6,
        "InstanceMetadataTags": held.instance_metadata_tags,
    }
    given = {_METADATA[name]: value for name, value in changes.items() if value is not None}
    instance.metadata_options = MetadataOptions(options | given)
    return instance.metadata_options


def _run_nothing(_: Any, event: Any = None) -> tuple[str, bool, str]:
    """Answer that a function did well, without running it: moto would ask for containers."""
    del event
    return "null", False, ""


def _giving_no_addresses(create: Callable[..., Any]) -> Callable[..., Any]:
    """Make subnets as AWS does: moto takes the first of a zone for a default VPC's."""

    def created(*given: Any, **named: Any) -> Any:
        subnet = create(*given, **named)
        subnet.default_for_az = subnet.map_public_ip_on_launch = False
        return subnet

    return created


def _by_any_id(change: Callable[..., Any]) -> Callable[..., Any]:
    """Take a key's ARN for its id, as KMS does."""

    def changed(self: Any, key_id: str, *rest: Any) -> Any:
        return change(self, self.any_id_to_key_id(key_id), *rest)

    return changed
