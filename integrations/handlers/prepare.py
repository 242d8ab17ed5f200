"""The door that a deployment calls once: it makes what the stores need before they are used.

OpenSearch's indexes and their templates; what is there stays as it is, so that it may be called
again. The tables in DynamoDB are the template's.
"""

from collections.abc import Mapping
from typing import Any

from integrations.connect import Connections
from integrations.settings import Settings


def lambda_handler(_event: Mapping[str, Any], _: object) -> dict[str, str]:
    """Prepare the stores; answers what keeps the findings, by its name and version."""
    with Connections(Settings.from_env()) as connections:
        connections.prepare_findings()
        return {"findings": connections.findings_about()}
