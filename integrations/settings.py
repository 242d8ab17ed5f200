"""What the environment says of the systems that are reached."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from platformdirs import user_data_path

_RUNBOOKS = Path(__file__).resolve().parents[1] / "infra" / "runbooks"


EMULATED = "emulated-aws.json"
"""Where `assist demo` says how its emulated accounts are reached, in the state folder."""


STORES = "stores.json"
"""Where `assist demo --engines` says which engines hold its findings and its graph."""


AGGREGATOR = "SecurityAssist"
"""The Config aggregator's name unless it is set."""


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """How the hub's own account is reached, which the tenants' roles trust."""

    region: str = "us-east-1"
    endpoint_url: str | None = None
    """None: AWS itself."""
    access_key: str = ""
    """Empty: boto3's own search for credentials."""
    secret_key: str = field(default="", repr=False)
    aggregator: str = AGGREGATOR
    """The hub's Config aggregator over the tenants' accounts."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the embedded engines keep their files."""

    state: Path
    runbooks: Path = _RUNBOOKS
    """The folder of the runbooks that may be run."""
    aws: AwsAccess | None = None
    """None: the tenants' accounts are not reached, and fixes are advice only."""
    region: str = ""
    """Of engines in AWS whose addresses do not tell theirs; empty: nobody says."""
    findings: str = ""
    """Where the findings are; empty: embedded, in the state folder. An OpenSearch node of one's own
    is `https://host:9200`, OpenSearch Service `aws+https://host`, Serverless `aoss+https://host`."""
    graph: str = ""
    """Where the resource graph is; empty: embedded, in the state folder. A Gremlin Server is
    `ws://host:port/gremlin`, with `#g1` after it if its traversal source is not `g`; Neptune is
    `neptune+wss://host:port/gremlin`, with `?iam=off` if it asks for no signature."""
    tables: str = ""
    """Where tenants, requests, the audit and conversations are; empty: embedded, in the state
    folder. DynamoDB is `dynamodb://us-east-1/security-assist`, which names the Region and what the
    tables' names begin with; with `?endpoint=http://127.0.0.1:4566` it is one of one's own."""
    queue: str = ""
    """Where work waits; empty: embedded, in the state folder. SQS is the URL of a FIFO queue; what
    was delivered before is remembered in `tables`."""

    @classmethod
    def from_env(cls, state: Path | None = None) -> Self:
        """From the environment.

        The state is in the given folder, else `SECURITY_ASSIST_STATE`, else the user's data
        directory. Accounts are reached where `SECURITY_ASSIST_AWS` is `on` (with boto3's own search
        for credentials, in `AWS_REGION` or else where the tables are, and the Config aggregator
        that `SECURITY_ASSIST_AGGREGATOR` names), or where a demo runs on the same state. Findings
        are where `SECURITY_ASSIST_FINDINGS` says, the graph where `SECURITY_ASSIST_GRAPH` does;
        in the same way `SECURITY_ASSIST_TABLES` and `SECURITY_ASSIST_QUEUE`.
        """
        env = os.environ  # noqa: TID251 - this is the settings module
        named = env.get("SECURITY_ASSIST_STATE")
        folder = state or (Path(named) if named else user_data_path("security-assist"))
        aws, tables = _emulated(folder), env.get("SECURITY_ASSIST_TABLES", "")
        region = env.get("AWS_REGION") or _region_in(tables)
        if aws is None and env.get("SECURITY_ASSIST_AWS", "").casefold() in {"1", "on", "true"}:
            aws = AwsAccess(
                region=region or "us-east-1",
                aggregator=env.get("SECURITY_ASSIST_AGGREGATOR") or AGGREGATOR,
            )
        stores = _told(folder / STORES)
        return cls(
            state=folder,
            aws=aws,
            region=region,
            findings=env.get("SECURITY_ASSIST_FINDINGS") or stores.get("findings", ""),
            graph=env.get("SECURITY_ASSIST_GRAPH") or stores.get("graph", ""),
            tables=tables,
            queue=env.get("SECURITY_ASSIST_QUEUE", ""),
        )


def _region_in(tables: str) -> str:
    """Of `dynamodb://REGION/PREFIX`; who is told of a hub's tables is told where the hub is."""
    kind, _, rest = tables.partition("://")
    return rest.partition("/")[0] if kind == "dynamodb" else ""


def _emulated(folder: Path) -> AwsAccess | None:
    told = _told(folder / EMULATED)
    return AwsAccess(**told) if told else None


def _told(path: Path) -> dict[str, str]:
    """What a demo that runs on the same state says; nothing where none runs."""
    try:
        told: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return told
