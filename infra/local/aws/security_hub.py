"""Security Hub: findings imported, found with filters, and updated by those who work on them.

Facts: the Security Hub API reference for BatchImportFindings, GetFindings and BatchUpdateFindings:
what an import may not change, what an update may, and how each tells of failures.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from infra.local.account import stamp
from infra.local.aws.answers import json_answer, page
from infra.local.aws.calls import Call
from infra.local.aws.finding_filters import Finding, matching, moment, values
from infra.local.aws.refusals import Answer, AwsError

_MOST = 100
_REQUIRED = ("AwsAccountId", "CreatedAt", "Description", "GeneratorId", "Id", "ProductArn",
             "Resources", "SchemaVersion", "Severity", "Title", "UpdatedAt")  # fmt: skip
_CUSTOMERS = ("Note", "UserDefinedFields", "VerificationState", "Workflow")
"""What only BatchUpdateFindings may set."""
_UPDATES = ("Confidence", "Criticality", "RelatedFindings", "Types", "UserDefinedFields",
            "VerificationState")  # fmt: skip
_STATUSES = frozenset({"NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"})


class SecurityHub:
    """The findings of every account, the latest state of each."""

    def __init__(self, clock: Callable[[], datetime], refresh: Callable[[str], None]) -> None:
        """Start without findings.

        Args:
            clock: The time (aware UTC).
            refresh: Called with an account before its findings are told.
        """
        self._clock = clock
        self._refresh = refresh
        self._findings: dict[str, dict[str, Finding]] = {}

    def plugins(self) -> dict[tuple[str, str], Callable[[Call], Answer]]:
        """What this answers."""
        own = {
            "BatchImportFindings": self.batch_import,
            "GetFindings": self.get,
            "BatchUpdateFindings": self.batch_update,
        }
        return {("securityhub", operation): answer for operation, answer in own.items()}

    def of(self, account: str) -> dict[str, Finding]:
        """The findings of an account, by id."""
        return self._findings.setdefault(account, {})

    def seed(self, account: str, findings: Iterable[Finding]) -> None:
        """Findings as they were told; the latest of each id stays."""
        held = self.of(account)
        for finding in findings:
            known = held.get(finding["Id"])
            if known is None or known["UpdatedAt"] <= finding["UpdatedAt"]:
                held[finding["Id"]] = finding

    def batch_import(self, call: Call) -> Answer:
        """BatchImportFindings."""
        rows = call.parameters.get("Findings") or []
        if not 1 <= len(rows) <= _MOST:
            raise AwsError("InvalidInputException", "1 to 100 findings can be imported at once")
        failed = [
            {"Id": row.get("Id", ""), "ErrorCode": "InvalidInput", "ErrorMessage": why}
            for row in rows
            if (why := self._kept(call, row)) is not None
        ]
        return json_answer({
            "FailedCount": len(failed), "SuccessCount": len(rows) - len(failed),
            "FailedFindings": failed,
        })  # fmt: skip

    def _kept(self, call: Call, row: Finding) -> str | None:
        """Keep a finding; why not, when it cannot be."""
        if missing := [name for name in _REQUIRED if not row.get(name)]:
            return f"the finding has no {', '.join(missing)}"
        if row["AwsAccountId"] != call.account:
            return "the finding is another account's"
        product = f"arn:aws:securityhub:{call.region}:{call.account}:product/{call.account}/default"
        if row["ProductArn"] != product:
            return "the ProductArn is not the caller's own"
        held = self.of(call.account)
        known = held.get(row["Id"])
        if known is not None and moment(row["UpdatedAt"]) <= moment(known["UpdatedAt"]):
            return "UpdatedAt is not later than what is known"
        kept = {name: value for name, value in row.items() if name not in _CUSTOMERS}
        defaults = {"Workflow": {"Status": "NEW"}, "WorkflowState": "NEW", "RecordState": "ACTIVE"}
        theirs = {name: known[name] for name in _CUSTOMERS if known and name in known}
        held[row["Id"]] = {**defaults, "Region": call.region, **kept, **theirs}
        return None

    def get(self, call: Call) -> Answer:
        """GetFindings, the one updated last first unless the call says otherwise."""
        self._refresh(call.account)
        filters: Mapping[str, Any] = call.parameters.get("Filters") or {}
        found = matching(list(self.of(call.account).values()), filters, self._clock())
        found.sort(key=lambda row: str(row["UpdatedAt"]), reverse=True)
        for criterion in reversed(call.parameters.get("SortCriteria") or []):
            field = str(criterion["Field"])
            found.sort(
                key=lambda row: str((values(row, field) or [""])[0]),
                reverse=criterion.get("SortOrder") == "desc",
            )
        rows, token = page(found, call.parameters, most=_MOST, error="InvalidInputException")
        return json_answer({"Findings": rows, "NextToken": token})

    def batch_update(self, call: Call) -> Answer:
        """BatchUpdateFindings."""
        workflow = call.parameters.get("Workflow")
        if workflow and workflow.get("Status") not in _STATUSES:
            raise AwsError("InvalidInputException", "there is no such workflow status")
        done, left = [], []
        for wanted in call.parameters.get("FindingIdentifiers") or []:
            finding = self.of(call.account).get(wanted["Id"])
            if finding is None or finding["ProductArn"] != wanted["ProductArn"]:
                left.append({"FindingIdentifier": wanted, "ErrorCode": "FindingNotFound",
                             "ErrorMessage": "there is no such finding"})  # fmt: skip
                continue
            self._update(finding, call.parameters)
            done.append(wanted)
        return json_answer({"ProcessedFindings": done, "UnprocessedFindings": left})

    def _update(self, finding: Finding, said: Mapping[str, Any]) -> None:
        for name in _UPDATES:
            if said.get(name) is not None:
                finding[name] = said[name]
        if said.get("Workflow"):
            finding["Workflow"] = {"Status": said["Workflow"]["Status"]}
        if said.get("Severity"):
            finding["Severity"] = {**finding["Severity"], **said["Severity"]}
        if note := said.get("Note"):
            finding["Note"] = {
                "Text": note["Text"],
                "UpdatedBy": note["UpdatedBy"],
                "UpdatedAt": stamp(self._clock()),
            }
