"""Re-evaluation: what the controls say of an account now, and the findings that follow from it.

Facts: "Evaluating compliance status and control status" and "Setting the workflow status of
findings" (Security Hub user guide): a finding that passes becomes RESOLVED, one that fails again
becomes NEW, one that is suppressed stays so.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from infra.local.account import Account, stamp
from infra.local.aws.controls import CONTROLS, Looked, Verdict
from infra.local.aws.finding_filters import Finding
from infra.local.aws.holdings import Holdings
from infra.local.controls import CONTROLS as SEVERITIES
from infra.local.native_findings import LABELS, Seen, control, resource_of
from integrations.findings.controls import control_of


class Subject(NamedTuple):
    """What a finding is about."""

    control: str
    resource: str


class Evaluation:
    """Keeps the findings of one account true.

    What failed when the account was filled and had no finding stays untold: the story's findings
    are a choice. Whatever begins to fail afterwards gets a finding.
    """

    def __init__(
        self, holdings: Holdings, findings: dict[str, Finding], clock: Callable[[], datetime]
    ) -> None:
        """`findings` by id, which this changes; `clock` tells the time (aware UTC)."""
        self._holdings = holdings
        self._findings = findings
        self._clock = clock
        self._failing = {s for s, verdict in self.verdicts(CONTROLS) if not verdict.passed}
        self.stale = False
        """Whether the account may have changed since the findings were made true."""

    def verdicts(self, controls: Collection[str]) -> Iterator[tuple[Subject, Verdict]]:
        """What some controls say now."""
        looked = Looked(self._holdings, self._clock())
        for control_id in controls:
            for verdict in CONTROLS[control_id].check(looked):
                yield Subject(control_id, verdict.resource), verdict

    def refresh(self) -> None:
        """Make the findings true again, if the account may have changed."""
        if not self.stale:
            return
        self.stale = False  # before the look: a change meanwhile asks for another
        try:
            self._tell(CONTROLS, anew=False)
        except BaseException:
            self.stale = True
            raise

    def again(self, controls: Collection[str]) -> None:
        """Evaluate some controls now: every finding of theirs is told anew."""
        self._tell(controls, anew=True)

    def _tell(self, controls: Collection[str], *, anew: bool) -> None:
        verdicts = dict(self.verdicts(controls))
        told: set[Subject] = set()
        for finding in [f for f in self._findings.values() if f["RecordState"] == "ACTIVE"]:
            subject = subject_of(finding)
            told.add(subject)
            if subject in verdicts:
                self._update(finding, passed=verdicts[subject].passed, anew=anew)
            elif subject.control in controls:
                finding["RecordState"] = "ARCHIVED"  # its resource is gone
        for subject, verdict in verdicts.items():
            if not (verdict.passed or subject in told or subject in self._failing):
                self._begin(subject, verdict)
        failing = {subject for subject, verdict in verdicts.items() if not verdict.passed}
        self._failing = {s for s in self._failing if s.control not in controls} | failing

    def _update(self, finding: Finding, *, passed: bool, anew: bool) -> None:
        status = "PASSED" if passed else "FAILED"
        same = finding["Compliance"]["Status"] == status
        if same and not anew:
            return
        now = stamp(self._clock())
        finding["UpdatedAt"] = finding["LastObservedAt"] = now
        if same:
            return
        finding["Compliance"]["Status"] = status
        label = "INFORMATIONAL" if passed else SEVERITIES[subject_of(finding).control][0]
        finding["Severity"] = {"Label": label, "Normalized": LABELS[label], "Original": label}
        if finding["Workflow"]["Status"] != "SUPPRESSED":
            finding["Workflow"] = {"Status": "RESOLVED" if passed else "NEW"}

    def _begin(self, subject: Subject, verdict: Verdict) -> None:
        account = Account(self._holdings.account, self._holdings.region, self._clock())
        name = verdict.resource.rpartition("/")[2].rpartition(":")[2]
        resource = resource_of(account, verdict.resource, verdict.kind, name)
        made = control(
            account, subject.control, resource, Seen(first=timedelta(0), last=timedelta(0))
        )
        self._findings[made["Id"]] = made


def subject_of(finding: Finding) -> Subject:
    """What a control's finding is about, however old its generator id is."""
    own = finding.get("Compliance", {}).get("SecurityControlId", "")
    return Subject(
        own or control_of(finding["GeneratorId"]) or "", str(finding["Resources"][0]["Id"])
    )
