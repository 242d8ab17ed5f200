"""The template deployed: from a signed event at the ingress to the answer, and to a proven fix."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.deploy.bundles import BUNDLES, Bundle
from infra.deploy.packing import here, pack
from infra.local.acme import SHOP
from integrations.aws import AwsSession
from tests.demo import beside
from tests.infra.deployed_stage import Hub, deployed
from tests.infra.talk import ANALYST, FIRST, PATIENCE_S, SECOND, Talk

pytestmark = [pytest.mark.deployed, pytest.mark.timeout(900)]

LATER = {"agentcore": ("opentelemetry.exporter.otlp.proto.http.trace_exporter",)}
"""What a bundle's doors import only where a setting says so."""
GROUP = "sg-0a1webadmin"
REVOKE = "ec2:RevokeSecurityGroupIngress"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with deployed(tmp_path_factory.mktemp("hub")) as found:
        yield found


@contextmanager
def without(hub: Hub, action: str) -> Iterator[None]:
    """The remediation role of the shop's account, as its owner narrows it for a while."""
    key = hub.emulated.owner_credentials(SHOP)
    session = AwsSession(
        access_key=key.access_key_id,
        secret_key=key.secret_access_key,
        token=None,
        region="us-east-1",
        endpoint_url=hub.emulated.url,
    )
    iam, role = session.client("iam"), "SecurityAssistRemediation"
    before = iam.get_role_policy(RoleName=role, PolicyName=role)["PolicyDocument"]
    text = json.dumps(before)
    assert f'"{action}", ' in text
    narrowed = text.replace(f'"{action}", ', "")
    iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=narrowed)
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=text)


def planned(talk: Talk) -> str:
    """A thread with the plan for the open group in it."""
    root = talk.ask("what needs attention first?")
    talk.press(ANALYST, root, "Plan the fix")
    talk.wait_for(root, "2 approvers needed")
    return root


def approved(talk: Talk, root: str) -> None:
    """Approved by both who are on call."""
    talk.press(FIRST, root, "Approve", "seen")
    talk.wait_for(root, "1 of 2")
    talk.press(SECOND, root, "Approve", "seen too")


def test_a_question_is_answered_by_the_deployed_hub(hub: Hub) -> None:
    assert "Ask me" in hub.talk.thread(hub.talk.ask("help"))


def test_a_fix_that_the_role_does_not_allow_fails_and_says_what_is_missing(hub: Hub) -> None:
    root = planned(hub.talk)
    before = beside(hub.emulated.state(SHOP))
    with without(hub, REVOKE):
        approved(hub.talk, root)
        hub.talk.wait_for(root, f"SecurityAssistRemediation is not allowed {REVOKE}")
        hub.talk.wait_for(root, "Nothing changed.")
    assert beside(hub.emulated.state(SHOP)) == before


def test_an_approved_fix_is_carried_out_in_the_tenants_account_and_proven(hub: Hub) -> None:
    root = planned(hub.talk)
    before = hub.emulated.state(SHOP)
    approved(hub.talk, root)
    hub.talk.wait_for(root, "Fixed and proven")
    fixed = hub.emulated.state(SHOP)
    assert beside(fixed) != beside(before)
    assert beside(fixed, GROUP) == beside(before, GROUP), "nothing else changed"


def test_a_door_whose_role_loses_its_rights_says_that_slack_shall_come_again(hub: Hub) -> None:
    """Last of the hub's: its roles are what lets the doors in, and nothing else does."""
    hub.client("iam").delete_role_policy(RoleName=f"{hub.stack}-ingress", PolicyName="own")
    workspace = hub.talk.workspace
    hub.talk.say("help")
    workspace.wait_for(
        lambda: any(one.outcome == "http_error" for one in workspace.deliveries), PATIENCE_S
    )
    assert '"reason": "not-queued", "status": 503' in hub.log("ingress")


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_a_bundle_alone_is_enough_for_its_doors(bundle: Bundle, tmp_path: Path) -> None:
    """Without this project's environment: only what is in the zip, and the standard library."""
    with zipfile.ZipFile(pack(bundle, here(), tmp_path, level=1)) as archive:
        archive.extractall(tmp_path / "task")
    task = str(tmp_path / "task")
    for door in (*bundle.doors, *LATER.get(bundle.name, ())):
        told = subprocess.run(
            [
                sys.executable,
                "-I",
                "-S",
                "-c",
                _IMPORT.format(task=task, door=door),
            ],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert told.stdout.strip() == task, told.stderr


_IMPORT = """
import sys
sys.path.insert(0, {task!r})
import {door} as door
file = door.__file__.removesuffix("/__init__.py").removesuffix(".py")
print(file.removesuffix("/" + door.__name__.replace(".", "/")))
"""
