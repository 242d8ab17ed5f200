"""What `make deploy` reads and prints, and what `make package` makes."""

import hashlib
import zipfile
from pathlib import Path

import pytest
import yaml

from bot.doctor.outside import SCOPES
from infra.deploy.bundles import BUNDLES, Bundle
from infra.deploy.deployment import (
    Deployment,
    DeploymentFileError,
    exports,
    manifest,
    package_key,
    read_deployment,
)
from infra.deploy.imports import ROOT, imported_by
from infra.deploy.locked import distributions_of, needed_by, pins
from infra.deploy.packing import compile_in, compiler, here, pack, tidy, write_zip
from infra.deploy.stacks import whole
from infra.deploy.template import read

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf"
NEEDED = f'SlackSigningSecretArn = "{ARN}"\nSlackBotTokenArn = "{ARN}"\n'
STORES = 'FindingsUrl = "aws+https://a"\nGraphUrl = "neptune+wss://b"\n'
INGRESS = next(bundle for bundle in BUNDLES if bundle.name == "ingress")


def file_in(folder: Path, text: str) -> Path:
    path = folder / "deploy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_deployments_file_says_what_is_deployed(tmp_path: Path) -> None:
    text = f'stack = "sa"\nregion = "eu-west-1"\n[parameters]\n{NEEDED}{STORES}LogDays = 90\n'
    found = read_deployment(file_in(tmp_path, text))
    assert (found.stack, found.region, found.parameters["LogDays"]) == ("sa", "eu-west-1", "90")
    assert found.bucket_in("123456789012") == "sa-artifacts-123456789012-eu-west-1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("stack = ", "no TOML"),
        ('region = "eu-west-1"', "stack is missing"),
        ('stack = "sa"\nregion = "r"\nstak = 1', "stak is none of"),
        (f'stack = "{"s" * 41}"\nregion = "r"', "more than 40"),
        ('stack = "sa"\nregion = "r"', "SlackSigningSecretArn is missing"),
        (f'stack = "sa"\nregion = "r"\n[parameters]\n{NEEDED}', "FindingsUrl"),
        (f'stack = "sa"\nregion = "r"\n[parameters]\n{NEEDED}Modl = "x"', "no parameter Modl"),
        (
            f'stack = "SA"\nregion = "r"\ndata_plane = true\n[parameters]\n{NEEDED}',
            "with data_plane = true stack is of the form",
        ),
        ('stack = "sa"\nregion = "r"\n[data_plane_parameters]\nNodes = 2', "no parameter Nodes"),
        (
            f'stack = "sa"\nregion = "r"\nagentcore = true\n[parameters]\n{NEEDED}{STORES}',
            "RuntimeKeyArn",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DeploymentFileError, match=said):
        read_deployment(file_in(tmp_path, text))


def test_a_missing_file_is_refused_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFileError, match=r"copy infra/deploy/example\.toml"):
        read_deployment(tmp_path / "none.toml")


def test_the_example_is_a_deployments_file_once_the_secrets_are_named(tmp_path: Path) -> None:
    text = (ROOT / "infra" / "deploy" / "example.toml").read_text(encoding="utf-8")
    with pytest.raises(DeploymentFileError, match="SlackSigningSecretArn"):
        read_deployment(file_in(tmp_path, text))
    named = (
        text.replace('Arn = ""', f'Arn = "{ARN}"').replace("\n# ", "\n").replace("\naws ", "\n#")
    )
    found = read_deployment(file_in(tmp_path, named))
    assert set(found.parameters) <= set(read()["Parameters"])
    assert found.data_plane_parameters["SearchInstance"] == "t3.small.search"


def test_the_manifest_has_the_address_and_the_scopes_that_the_doctor_asks_for() -> None:
    told = yaml.safe_load(manifest("https://x.lambda-url.eu-west-1.on.aws/slack/events"))
    urls = {
        told["settings"]["event_subscriptions"]["request_url"],
        told["settings"]["interactivity"]["request_url"],
    }
    assert urls == {"https://x.lambda-url.eu-west-1.on.aws/slack/events"}
    assert set(told["oauth_config"]["scopes"]["bot"]) == set(SCOPES)
    assert "agent_view" in told["features"]
    with pytest.raises(ValueError, match="https only"):
        manifest("http://example.com")


def test_the_command_line_is_told_what_the_doctor_looks_at() -> None:
    """What is not told would be examined as if it were on this computer."""
    outputs = {"TablesUrl": "dynamodb://eu-west-1/sa", "QueueUrl": "https://q/sa-work.fifo"}
    assert set(outputs) <= set(read()["Outputs"])
    own = {"FindingsUrl": "aws+https://a", "GraphUrl": "neptune+wss://b", "Model": "bedrock:m"}
    parameters = whole(read(), {"SlackSigningSecretArn": ARN, "SlackBotTokenArn": ARN, **own})
    hub = Deployment(stack="sa", region="eu-west-1")
    told = exports(hub, parameters, outputs)
    assert told == [
        "AWS_REGION=eu-west-1", "SECURITY_ASSIST_AWS=on",
        "SECURITY_ASSIST_TABLES=dynamodb://eu-west-1/sa", "SECURITY_ASSIST_AGGREGATOR=sa",
        "SECURITY_ASSIST_QUEUE=https://q/sa-work.fifo",
        f"SLACK_SIGNING_SECRET_ARN={ARN}", f"SLACK_BOT_TOKEN_ARN={ARN}",
        "SECURITY_ASSIST_FINDINGS=aws+https://a", "SECURITY_ASSIST_GRAPH=neptune+wss://b",
        "SECURITY_ASSIST_MODEL=bedrock:m",
    ]  # fmt: skip
    runtime = {**outputs, "RuntimeArn": "arn:r"}
    inside = " ".join(exports(hub, parameters | {"SubnetIds": "a", "RuntimeKeyArn": "k"}, runtime))
    assert "_FINDINGS" not in inside
    assert "SECURITY_ASSIST_RUNTIME=arn:r SECURITY_ASSIST_RUNTIME_ENDPOINT=live" in inside
    assert "RUNTIME_KEY_ARN=k" in inside
    assert set(runtime) <= set(read()["Outputs"])


def test_the_ingress_is_a_few_kilobytes_of_our_own_and_nothing_else(tmp_path: Path) -> None:
    path = pack(INGRESS, here(), tmp_path)
    assert INGRESS.pins() == ()
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert all(name.startswith(("bot/__", "bot/handlers/")) for name in names)
        assert {n for n in names if n.endswith(".py")} == {str(f) for f in INGRESS.files()}
        compiled = [n for n in names if n.endswith(".pyc")]
        assert len(compiled) == len(names) // 2
        for name in compiled:
            # PEP 552: bit 0 says that it is known by a hash, bit 1 that the hash is checked.
            assert archive.read(name)[4:8] == b"\x01\x00\x00\x00"
    assert path.stat().st_size < 100_000


def test_a_bundle_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    def digest(path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    first, second = (pack(INGRESS, here(), tmp_path / name) for name in ("one", "two"))
    assert digest(first) == digest(second)
    assert package_key("sa", first) == package_key("sa", second)
    other = Bundle(name="other", doors=INGRESS.doors, written={"main.py": "pass\n"})
    assert digest(pack(other, here(), tmp_path)) != digest(first)


def test_no_two_installations_differ_by_what_is_told_of_them(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("a/__init__.py", "a-1.dist-info/METADATA", "a-1.dist-info/RECORD", "bin/a",
                 "a/__pycache__/x.pyc", "a/b.pyi", "a-1.dist-info/INSTALLER"):  # fmt: skip
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("", encoding="utf-8")
    tidy(tree)
    left = sorted(str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file())
    assert left == ["a-1.dist-info/METADATA", "a/__init__.py"]


def test_the_lock_gives_each_bundle_what_its_modules_import() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert len(pins(lock)) > 100
    boto3 = {pin.name for pin in needed_by(["boto3"], lock)}
    assert {"boto3", "botocore", "s3transfer", "urllib3", "jmespath"} <= boto3
    assert "moto" not in boto3
    with pytest.raises(KeyError, match="no-such"):
        needed_by(["no-such"], lock)
    for pin in needed_by(["boto3"], lock):
        assert all("--hash=sha256:" in line for line in pin.lines[1:])


def test_no_bundle_holds_what_only_a_terminal_or_a_test_needs() -> None:
    for bundle in BUNDLES:
        names = {pin.name for pin in bundle.pins()}
        assert not names & {"moto", "flask", "pytest", "click", "playwright", "mypy"}
        modules = bundle.imports().modules
        assert not [m for m in modules if m.startswith(("bot.workspace", "bot.commands", "infra."))]


def test_every_distribution_that_a_bundle_imports_is_in_it() -> None:
    for bundle in BUNDLES:
        imported = distributions_of(bundle.imports().others)
        assert imported - {pin.name for pin in bundle.pins()} <= set(bundle.without)


def test_imports_inside_functions_are_found() -> None:
    found = imported_by("integrations.connect")
    assert "integrations.findings.opensearch" in found.modules
    assert "opensearchpy" in found.others


def test_the_worker_reads_its_runbooks_and_its_font_from_the_bundle() -> None:
    worker = next(bundle for bundle in BUNDLES if bundle.name == "worker")
    files = {str(path) for path in worker.files()}
    assert "infra/runbooks/index.yaml" in files
    assert "integrations/runbooks/script_child.py" in files
    assert "agent/prompts/system.md" in files
    assert "font-source-sans-pro" in {pin.name for pin in worker.pins()}


def test_agentcore_starts_a_file_at_the_root(tmp_path: Path) -> None:
    bundle = next(bundle for bundle in BUNDLES if bundle.name == "agentcore")
    assert bundle.written["main.py"] == "from agent.runtime import main\n\nmain()\n"
    assert not [m for m in bundle.imports().modules if m.split(".")[0] == "bot"]
    assert "bedrock-agentcore" in {pin.name for pin in bundle.pins()}


def test_this_python_compiles_for_itself(tmp_path: Path) -> None:
    python = compiler(here().python)
    assert python is not None
    (tmp_path / "m.py").write_text("x = 1\n", encoding="utf-8")
    compile_in(tmp_path, python)
    with zipfile.ZipFile(write_zip(tmp_path, tmp_path.parent / "t.zip")) as archive:
        assert any(name.endswith(".pyc") for name in archive.namelist())
