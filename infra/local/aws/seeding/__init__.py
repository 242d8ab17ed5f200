"""The demo's specification, made real: each Config item becomes the resource that it describes.

The items are the only specification. What they say is created in moto with the same ids, names and
settings, so that findings, Config items and the live accounts agree.
"""

from collections.abc import Callable

from infra.local.account import Account, Item
from infra.local.aws.holdings import Holdings
from infra.local.aws.seeding import compute, data, identity, network

Creator = Callable[[Holdings, Item], None]
CREATORS: dict[str, Creator] = {
    **network.CREATORS,
    **identity.CREATORS,
    **data.CREATORS,
    **compute.CREATORS,
}
"""By Config's type, in the order in which they can be created."""


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
