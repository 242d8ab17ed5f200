"""What `make deploy` deploys, as its file says: the stack's name, the Region, the parameters."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from infra.deploy.imports import ROOT
from infra.deploy.template import MAIN, read

MANIFEST = ROOT / "infra" / "slack-manifest.yaml"
DATA_PLANE = ROOT / "infra" / "data-plane.yaml"
_KNOWN = {
    "stack", "region", "bucket", "data_plane", "agentcore", "parameters", "data_plane_parameters"
}  # fmt: skip
_LONGEST_STACK = 40
"""A role's name has 64 characters at most, and a part of it comes after the stack's."""


class DeploymentFileError(Exception):
    """The file cannot be deployed from; says what is wrong in it, and what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One hub."""

    stack: str
    region: str
    bucket: str = ""
    """Where zips are uploaded to; empty: one of the hub's own, which is made."""
    data_plane: bool = False
    """Whether `infra/data-plane.yaml` is deployed before the hub, and gives its addresses."""
    agentcore: bool = False
    """Whether answers come from an AgentCore runtime, deployed with the hub."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of template.yaml."""
    data_plane_parameters: Mapping[str, str] = field(default_factory=dict)
    """Of infra/data-plane.yaml, its `Name` being the stack's."""

    def bucket_in(self, account: str) -> str:
        """The bucket for an account; names of buckets are everybody's, so it holds the account."""
        return self.bucket or f"{self.stack}-artifacts-{account}-{self.region}".lower()


def read_deployment(path: Path) -> Deployment:
    """A deployment's file, as `infra/deploy/example.toml` shows it.

    Raises:
        DeploymentFileError: it is not there, is no TOML, or says something that is not known.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DeploymentFileError(
            f"there is no {path}: copy infra/deploy/example.toml there, and fill it in"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise DeploymentFileError(f"{path} is no TOML: {error}") from error
    unknown = sorted(set(told) - _KNOWN)
    if unknown:
        raise DeploymentFileError(f"{path}: {unknown[0]} is none of {', '.join(sorted(_KNOWN))}")
    for name in ("stack", "region"):
        if not isinstance(told.get(name), str) or not told[name]:
            raise DeploymentFileError(f"{path}: {name} is missing")
    if len(told["stack"]) > _LONGEST_STACK:
        raise DeploymentFileError(f"{path}: stack has more than {_LONGEST_STACK} characters")
    nodes = _of(path, DATA_PLANE, told.get("data_plane_parameters", {}))
    if told.get("data_plane"):
        named = read(DATA_PLANE)["Parameters"]["Name"]["AllowedPattern"]
        if not re.fullmatch(named, told["stack"]):
            raise DeploymentFileError(
                f"{path}: with data_plane = true stack is of the form {named}, because the domain"
                " and the cluster are called after it"
            )
    parameters = _parameters(path, told)
    return Deployment(**{**told, "parameters": parameters, "data_plane_parameters": nodes})


def _of(path: Path, template: Path, given: Mapping[str, Any]) -> dict[str, str]:
    """What is given of a template's parameters, as texts."""
    known = read(template)["Parameters"]
    for name in given:
        if name not in known:
            shown = template.relative_to(ROOT)
            raise DeploymentFileError(f"{path}: {shown} has no parameter {name}")
    return {name: str(value) for name, value in given.items()}


def _parameters(path: Path, told: Mapping[str, Any]) -> dict[str, str]:
    known, found = read()["Parameters"], _of(path, MAIN, told.get("parameters", {}))
    for name, parameter in known.items():
        if "Default" not in parameter and not found.get(name):
            raise DeploymentFileError(f"{path}: the parameter {name} is missing")
    if not told.get("data_plane"):
        for name in ("FindingsUrl", "GraphUrl"):
            if not found.get(name) and found.get("Local") != "true":
                raise DeploymentFileError(
                    f"{path}: name your own store as {name}, or set data_plane = true"
                )
    if told.get("agentcore") and not found.get("RuntimeKeyArn"):
        raise DeploymentFileError(f"{path}: agentcore = true needs the parameter RuntimeKeyArn")
    return found


def package_key(stack: str, package: Path) -> str:
    """Where AgentCore's package goes in the bucket: a new name for every content."""
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    return f"{stack}/agentcore-{digest[:16]}.zip"


def manifest(request_url: str) -> str:
    """What is pasted into Slack, without the comments of ours.

    Raises:
        ValueError: it is no https address, which Slack asks for.
    """
    if not request_url.startswith("https://"):
        raise ValueError(f"Slack delivers to https only, not to {request_url}")
    told = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    told["settings"]["event_subscriptions"]["request_url"] = request_url
    told["settings"]["interactivity"]["request_url"] = request_url
    return yaml.safe_dump(told, sort_keys=False, width=100)


def exports(
    deployment: Deployment, parameters: Mapping[str, str], outputs: Mapping[str, str]
) -> list[str]:
    """What the command line is told, so that it works on the deployed hub and can examine it.

    Args:
        deployment: What was deployed.
        parameters: All of template.yaml's, as they were deployed.
        outputs: Its outputs.

    Returns:
        `NAME=VALUE`, as a shell takes it. The stores are named where a computer outside of a VPC
        reaches them.
    """
    told = {
        "AWS_REGION": deployment.region,
        "SECURITY_ASSIST_AWS": "on",
        "SECURITY_ASSIST_TABLES": outputs["TablesUrl"],
        "SECURITY_ASSIST_AGGREGATOR": deployment.stack,
        "SECURITY_ASSIST_QUEUE": outputs["QueueUrl"],
        "SLACK_SIGNING_SECRET_ARN": parameters["SlackSigningSecretArn"],
        "SLACK_BOT_TOKEN_ARN": parameters["SlackBotTokenArn"],
        "SLACK_API_URL": parameters["SlackApiUrl"],
    }
    if not parameters["SubnetIds"]:
        told["SECURITY_ASSIST_FINDINGS"] = parameters["FindingsUrl"]
        told["SECURITY_ASSIST_GRAPH"] = parameters["GraphUrl"]
    if "RuntimeArn" in outputs:
        told["SECURITY_ASSIST_RUNTIME"] = outputs["RuntimeArn"]
        told["SECURITY_ASSIST_RUNTIME_ENDPOINT"] = "live"
        told["SECURITY_ASSIST_RUNTIME_KEY_ARN"] = parameters["RuntimeKeyArn"]
    else:
        told["SECURITY_ASSIST_MODEL"] = parameters["Model"]
    return [f"{name}={quote(value)}" for name, value in told.items() if value]
