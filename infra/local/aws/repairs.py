"""Where moto's own answer to a call would mislead, mended in moto's classes of this process.

Each was seen to go wrong: what AWS leaves alone, moto would change, so that "nothing else was
changed" and "restored as it was" could not be proven.
"""

from typing import Any

from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance, MetadataOptions

_METADATA = {
    "http_tokens": "HttpTokens",
    "hop_limit": "HttpPutResponseHopLimit",
    "http_endpoint": "HttpEndpoint",
    "http_protocol": "HttpProtocolIpv6",
    "metadata_tags": "InstanceMetadataTags",
}


def apply() -> None:
    """Mend moto."""
    EC2Backend.modify_instance_metadata_options = _modify_instance_metadata_options


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
