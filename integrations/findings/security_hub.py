"""Security Hub told what became of its findings.

Facts: `BatchUpdateFindings` in the Security Hub API reference: a finding is named by its id and its
product's ARN; what could not be updated comes in `UnprocessedFindings`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from typing_extensions import override

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code, is_denied
from integrations.errors import DeniedByAwsError, UnavailableError
from integrations.findings.workflow import FindingWorkflow

_ACTION = "securityhub:BatchUpdateFindings"
_BY = "security-assist"
_LONGEST_NOTE = 512


class SecurityHubWorkflow(FindingWorkflow):
    """One tenant's findings that Security Hub holds (ASFF); others are left alone."""

    def __init__(self, client: Callable[[str, str], Any], role: Callable[[str], str]) -> None:
        """Call nothing yet.

        Args:
            client: A Security Hub client for an account and a Region.
            role: The ARN of the role that it calls with, for an account.
        """
        self._client = client
        self._role = role

    @override
    def resolved(self, event: Mapping[str, Any], note: str) -> bool:
        return self._told(event, note, "RESOLVED")

    @override
    def reopened(self, event: Mapping[str, Any], note: str) -> bool:
        return self._told(event, note, "NEW")

    def _told(self, event: Mapping[str, Any], note: str, status: str) -> bool:
        product = str(event["metadata"]["product"].get("uid", ""))
        cloud = event.get("cloud") or {}
        account = str((cloud.get("account") or {}).get("uid", ""))
        if not (product.startswith("arn:") and ":product/" in product and account):
            return False
        try:
            answer = self._client(account, str(cloud.get("region", ""))).batch_update_findings(
                FindingIdentifiers=[{"Id": event["finding_info"]["uid"], "ProductArn": product}],
                Workflow={"Status": status},
                Note={"Text": note[:_LONGEST_NOTE], "UpdatedBy": _BY},
            )
        except ClientError as error:
            if is_denied(error_code(error.response)):
                raise DeniedByAwsError(_ACTION, self._role(account), str(error)) from error
            raise UnavailableError(f"{_ACTION}: {error}") from error
        except NO_ANSWER as error:
            raise UnavailableError(f"{_ACTION}: {error}") from error
        return not answer.get("UnprocessedFindings")
