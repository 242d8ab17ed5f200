"""Which identities are risky: what findings tell of them, and what the graph tells."""

from agent.tools.identities import risky_identities
from agent.tools.reader import TenantReader
from integrations.connect import Connections
from tests.builders import ACCOUNT, ocsf_event
from tests.graph_builders import OTHER_ACCOUNT, iam
from tests.unit.agent.exposures.estates import NOW, Estate, role, systems


def faults(estate: Estate) -> dict[str, tuple[str, ...]]:
    with systems(estate) as known:
        found = risky_identities(TenantReader(known, NOW))
        assert found.total == len(found.rows) <= found.whole
        return {row.resource.name: row.faults for row in found.rows}


def test_every_fault_of_an_identity_is_told_the_gravest_first() -> None:
    uid = iam("user/ana")
    events = {
        name: ocsf_event(name, control=control, resources=(uid,))
        for name, control in (("a", "IAM.8"), ("b", "IAM.3"), ("c", "IAM.5"), ("d", "IAM.1"))
    }
    (told,) = faults(Estate({}, events)).values()
    assert [fault.split(", for ")[0] for fault in told] == [
        "allows everything on everything",
        "access keys not rotated",
        "signs in without a second factor",
        "unused credentials",
    ]


def test_who_administers_the_account_is_read_from_the_policies() -> None:
    assert faults(Estate({"role": role("*")}, {})) == {"web": ("administrator",)}
    assert faults(Estate({"role": role("s3:GetObject")}, {})) == {}


def test_strangers_that_are_let_in_are_told_and_the_own_account_is_none() -> None:
    strange = role("s3:GetObject", trusts=OTHER_ACCOUNT)
    assert faults(Estate({"role": strange}, {})) == {
        "web": (f"account {OTHER_ACCOUNT} may assume it without an ExternalId",)
    }
    assert faults(Estate({"role": role("s3:GetObject", trusts=ACCOUNT)}, {})) == {}


def test_the_riskiest_of_the_demo_is_the_old_key_of_an_administrator(estate: Connections) -> None:
    (row,) = risky_identities(TenantReader(estate.systems("acme"), NOW)).rows
    assert row.resource.name == "deploy-bot"
    assert row.faults[0] == "administrator"
    assert row.ref.startswith("X-")
