"""`python -m infra.deploy COMMAND`: what `make package`, `deploy`, `destroy` and `runbooks` run."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import tenant_roles
from infra.deploy.bundles import BUNDLES
from infra.deploy.deployment import (
    DATA_PLANE,
    Deployment,
    DeploymentFileError,
    exports,
    manifest,
    package_key,
    read_deployment,
)
from infra.deploy.imports import ROOT
from infra.deploy.packing import LAMBDA, PackagingError, compiler, pack, unzipped_bytes
from infra.deploy.sam import Sam, SamError
from infra.deploy.stacks import StackError, clear, delete, make_room, ready_opensearch, whole
from infra.deploy.template import MAIN, read
from infra.local.engines.ground import CannotStartError
from integrations.aws import ONE_TRY, AmbientSession

BUILD = ROOT / "build"
MOST_UNZIPPED = 250 * 1024 * 1024
"""Bytes of a function's code ("Lambda quotas", Lambda Developer Guide)."""
PREPARED = ONE_TRY.merge(Config(read_timeout=130.0))
"""Longer than `prepare` may take: who stops listening sooner does not know what came of it."""


def main() -> int:
    """Run a command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("command", choices=["package", "deploy", "destroy", "tenant"])
    parser.add_argument("--file", type=Path, default=ROOT / "deploy.toml")
    parser.add_argument("--yes", action="store_true", help="destroy without asking")
    order = parser.parse_args()
    try:
        if order.command == "tenant":
            tenant_roles.write()
            return 0
        if order.command == "package":
            return _package()
        deployment = read_deployment(order.file)
        if order.command == "destroy":
            return _destroy(deployment, sure=order.yes)
        return _package() or _deploy(deployment)
    except (PackagingError, DeploymentFileError, SamError, StackError, CannotStartError) as error:
        _say(str(error))
        return 1
    except (ClientError, BotoCoreError) as error:
        refused = isinstance(error, ClientError)
        _say(f"AWS {'refuses' if refused else 'cannot be asked'}: {error}")
        return 1


def _package() -> int:
    """Every bundle, for Lambda and AgentCore; 1 where one is too large."""
    python = compiler(LAMBDA.python)
    if python is None:
        _say(
            f"No Python {LAMBDA.python} is here, so that no compiled bytecode is shipped and every"
            " cold start takes twice as long: install one, or name it with COMPILE_WITH."
        )
    for bundle in BUNDLES:
        path = pack(bundle, LAMBDA, BUILD)
        size = unzipped_bytes(path)
        _say(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB, {size / 1e6:.0f} MB")
        if size > MOST_UNZIPPED:
            _say(f"{bundle.name} is larger than Lambda takes ({MOST_UNZIPPED / 1e6:.0f} MB)")
            return 1
    return 0


def _deploy(deployment: Deployment) -> int:
    session = AmbientSession(region=deployment.region)
    account = str(session.client("sts").get_caller_identity()["Account"])
    bucket = deployment.bucket_in(account)
    _make_bucket(session.client("s3"), bucket, deployment.region)
    sam = Sam({"AWS_DEFAULT_REGION": deployment.region, "AWS_REGION": deployment.region})
    make_room(session.client("cloudformation"), session.client("dynamodb"), deployment.stack)
    parameters = dict(deployment.parameters)
    if deployment.data_plane:
        stack = f"{deployment.stack}-data"
        clear(session.client("cloudformation"), stack)
        ready_opensearch(session.client("iam"))
        _say(f"Deploying {stack}; the first time takes half an hour.")
        nodes = {**deployment.data_plane_parameters, "Name": deployment.stack}
        sam.deploy(DATA_PLANE, stack, nodes, bucket=bucket)
        parameters = {**_outputs(session, stack), **{k: v for k, v in parameters.items() if v}}
    if deployment.agentcore:
        package = BUILD / "agentcore.zip"
        key = package_key(deployment.stack, package)
        session.client("s3").upload_file(str(package), bucket, key)
        parameters |= {"RuntimeBucket": bucket, "RuntimePackage": key}
    _say(f"Deploying {deployment.stack} in {account}, {deployment.region}.")
    parameters = whole(read(), parameters)
    sam.deploy(MAIN, deployment.stack, parameters, bucket=bucket)
    _prepare(session.client("lambda", config=PREPARED), f"{deployment.stack}-prepare")
    outputs = _outputs(session, deployment.stack)
    _say("\nPaste this into Slack (api.slack.com/apps, Create New App, From a manifest):\n")
    sys.stdout.write(manifest(outputs["SlackRequestUrl"]))
    sys.stdout.flush()
    _say("\nThen put the app's signing secret and the bot's token into the two secrets, and say:\n")
    for line in exports(deployment, parameters, outputs):
        _say(f"  export {line}")
    _say("  .venv/bin/assist doctor\n  .venv/bin/assist tenants onboard --help")
    return 0


def _prepare(client: Any, function: str) -> None:
    """Have the stores made ready by the function that reaches them."""
    answer = client.invoke(FunctionName=function, Payload=b"{}")
    said = answer["Payload"].read().decode()
    if answer.get("FunctionError"):
        raise DeploymentFileError(f"the stores cannot be prepared; {function} says: {said[:500]}")
    _say(f"The stores are ready: {said}")


def _destroy(deployment: Deployment, *, sure: bool) -> int:
    if not sure:
        sys.stderr.write(f"Type {deployment.stack} to delete its stack: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip() != deployment.stack:
            _say("Nothing was deleted.")
            return 1
    delete(AmbientSession(region=deployment.region).client("cloudformation"), deployment.stack)
    _say(
        f"{deployment.stack} is deleted. What is kept, because it cannot be had again: its tables"
        f" ({deployment.stack}-...), the secrets, and the bucket with the zips; and what is not its"
        f" own: the stack {deployment.stack}-data where there is one, and the tenants' roles"
        " (assist tenants offboard takes those away)."
    )
    return 0


def _make_bucket(client: Any, bucket: str, region: str) -> None:
    """Make it where it is not there: private, with versions."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:  # noqa: PLR2004 - HTTP's
            raise
    else:
        return
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    client.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
    shut = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(shut, True)
    )
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def _outputs(session: AmbientSession, stack: str) -> Mapping[str, str]:
    told = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {one["OutputKey"]: one["OutputValue"] for one in told.get("Outputs", [])}


def _say(line: str) -> None:
    """On stderr: stdout is for what is pasted elsewhere."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
