"""What a tenant of the demo hands over: its accounts' items, and findings by file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from infra.local.account import Account
from infra.local.native_findings import Record, Seen


@dataclass(slots=True)
class Estate:
    """One tenant's exports."""

    tenant: str
    accounts: list[Account] = field(default_factory=list)
    security_hub: list[Record] = field(default_factory=list)
    guardduty: list[Record] = field(default_factory=list)
    inspector: list[Record] = field(default_factory=list)
    ocsf: list[Record] = field(default_factory=list)


def days(first: float, last_minutes: float = 40) -> Seen:
    """First seen so many days ago, last looked at so many minutes ago."""
    return Seen(first=timedelta(days=first), last=timedelta(minutes=last_minutes))


def hours(first: float, last_minutes: float = 20) -> Seen:
    """First seen so many hours ago."""
    return Seen(first=timedelta(hours=first), last=timedelta(minutes=last_minutes))


def instance_details(instance_id: str, name: str) -> Record:
    """A GuardDuty finding's resource."""
    return {
        "ResourceType": "Instance",
        "InstanceDetails": {
            "InstanceId": instance_id,
            "InstanceType": "m7g.large",
            "Tags": [{"Key": "Name", "Value": name}],
        },
    }


def host(arn: str, account: Account, name: str) -> Record:
    """An Inspector finding's resource."""
    return {
        "id": arn.rsplit("/", 1)[-1],
        "partition": "aws",
        "region": account.region,
        "tags": {"Name": name},
        "type": "AWS_EC2_INSTANCE",
        "details": {"awsEc2Instance": {"platform": "AMAZON_LINUX_2023", "type": "m7g.large"}},
    }


def probe(ip: str, country: str, port: int, service: str) -> Record:
    """A network connection that GuardDuty saw."""
    return {
        "ActionType": "NETWORK_CONNECTION",
        "NetworkConnectionAction": {
            "Blocked": False,
            "ConnectionDirection": "INBOUND",
            "LocalPortDetails": {"Port": port, "PortName": service},
            "Protocol": "TCP",
            "RemoteIpDetails": {
                "IpAddressV4": ip,
                "Country": {"CountryName": country},
                "Organization": {"Asn": "64500", "AsnOrg": "Example Net", "Isp": "Example"},
            },
            "RemotePortDetails": {"Port": 51514, "PortName": "Unknown"},
        },
    }


def by_turns(records: Sequence[Record], size: int) -> list[list[Record]]:
    """Chunks of a size."""
    return [list(records[i : i + size]) for i in range(0, len(records), size)]
