"""The demo's specification, made real: each Config item becomes the resource that it describes.

The items are the only specification. What they say is created in moto with the same ids, names and
settings, so that findings, Config items and the live accounts agree.
"""

from collections.abc import Callable

from infra.local.account import Account, Item
from infra.local.aws.holdings import Holdings
from infra.local.aws.seeding import compute, data, identity, network
from infra.local.native_findings import detector_of

_CONFIG = "config.amazonaws.com/AWSServiceRoleForConfig"
Creator = Callable[[Holdings, Item], None]
CREATORS: dict[str, Creator] = {
    **network.CREATORS,
    **identity.CREATORS,
    **data.CREATORS,
    **compute.CREATORS,
}
"""By Config's type, in the order in which they can be created."""


def watch(holdings: Holdings) -> None:
    """Turn Config and GuardDuty on: the story has items and findings of theirs."""
    account = holdings.account
    role = (
        f"arn:aws:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    )
    config = holdings.of("config")
    config.put_configuration_recorder(
        {
            "name": "default",
            "roleARN": role,
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        }
    )
    config.recorders["default"].status.start()
    guardduty = holdings.of("guardduty")
    made = guardduty.create_detector(
        enable=True,
        finding_publishing_frequency="FIFTEEN_MINUTES",
        data_sources={},
        tags={},
        features=[],
    )
    detector = guardduty.detectors.pop(made)
    detector.id = detector_of(account)
    guardduty.detectors[detector.id] = detector


def seed(holdings: Holdings, account: Account) -> None:
    """Create everything that an account's items describe.

    Raises:
        KeyError: an item is of a type that nobody creates.
    """
    ranks = {kind: rank for rank, kind in enumerate(CREATORS)}
    for item in sorted(account.items, key=lambda row: ranks[row["resourceType"]]):
        CREATORS[item["resourceType"]](holdings, item)
    for key in account.access_keys:
        identity.give_access_key(holdings, key, account.now)
