"""How to get each control wrong, and right again, as an account's owner would with boto3."""

from tests.unit.local_aws.wrongs import buckets, databases, identities, networks, services
from tests.unit.local_aws.wrongs.wrong import Make

WRONGS: dict[str, Make] = {
    control: make
    for module in (networks, buckets, identities, databases, services)
    for control, make in module.WRONGS.items()
}
"""By control; a second way to be wrong has words after the control."""

__all__ = ["WRONGS"]
