"""A finding, its runbook and the account as it is now: the plan that is proposed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from agent.guard.untrusted import clean
from agent.reach import felt_by
from agent.views import Exposure
from integrations.errors import SecurityAssistError
from integrations.findings.port import Finding, FindingState, Severity
from integrations.remediations.plan import Call, Plan
from integrations.resources.port import Resource
from integrations.runbooks.port import (
    Automations,
    Checked,
    Location,
    PlannedCall,
    Preview,
    Runbook,
    RunbookCatalogue,
)
from integrations.systems import Systems

_ACCOUNT = re.compile(r"AWS::::Account:(\d{12})")


class NotFixableError(SecurityAssistError):
    """No plan can be made for the finding; says why, and what else there is."""


class NothingToFixError(SecurityAssistError):
    """The resource passes the control already."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What checking, planning and running need to know of a finding's fix."""

    runbook: Runbook
    location: Location
    parameters: Mapping[str, Any]
    resource: Resource


class FixPlanner:
    """Makes plans for one tenant; changes nothing."""

    def __init__(
        self, systems: Systems, catalogue: RunbookCatalogue, clock: Callable[[], float]
    ) -> None:
        """`clock` gives seconds since the epoch."""
        self._systems = systems
        self._catalogue = catalogue
        self._clock = clock

    def plan(self, finding: Finding, exposure: Exposure | None = None) -> Plan:
        """What fixing a finding would do, from the account as it is now.

        Args:
            finding: An open one.
            exposure: The worst that rests on it, if any.

        Raises:
            NotFixableError: muted or closed, no runbook, no access, or a setting is missing.
            NothingToFixError: the account passes the control already.
            NotFoundError, DeniedByAwsError, UnavailableError: the account could not be read.
        """
        self._must_be_open(finding)
        prepared = self.prepare(finding)
        checked = self._automations().check(
            prepared.location, prepared.runbook, prepared.parameters
        )
        if checked.compliant:
            raise NothingToFixError(
                f"{prepared.resource.name} passes {finding.control} already; "
                "the finding closes when its source looks again"
            )
        preview = self._automations().preview(
            prepared.location, prepared.runbook, prepared.parameters
        )
        return self._plan(finding, exposure, prepared, checked, preview)

    def again(self, plan: Plan) -> Plan:
        """The same fix planned anew: equal but for its time if nothing has changed.

        The exposure is taken over from the plan, and with it the severity unless the finding itself
        is graver now.

        Raises:
            As `plan`.
        """
        finding = self._systems.findings.get(plan.finding).finding
        fresh = self.plan(finding)
        return replace(
            fresh,
            severity=max(plan.severity, fresh.severity, key=_gravity_of),
            why=plan.why,
            exposure=plan.exposure,
            score=plan.score,
        )

    def prepare(self, finding: Finding) -> Prepared:
        """The runbook of a finding with its parameters bound.

        Raises:
            NotFixableError: no runbook, or a parameter cannot be bound.
        """
        runbook = self._catalogue.runbook(finding.control) if finding.control else None
        if runbook is None:
            about = finding.control or finding.kind or "this kind of finding"
            raise NotFixableError(f"no runbook fixes {about}; it has to be done by hand")
        resource = self._resource(finding)
        location = Location(resource.account or finding.account, resource.region or finding.region)
        if location.account not in self._systems.tenant.accounts:
            raise NotFixableError(
                f"account {location.account or 'unknown'} is not one of {self._systems.tenant.id}'s"
            )
        bind = _Binder(self._systems, finding, resource, location)
        parameters = {name: bind.value(source) for name, source in runbook.bindings.items()}
        return Prepared(runbook, location, parameters, resource)

    def _must_be_open(self, finding: Finding) -> None:
        if finding.state is FindingState.MUTED:
            raise NotFixableError(f"{finding.ref} is muted: somebody accepted it, so it stays")
        if finding.state is not FindingState.OPEN:
            raise NotFixableError(f"{finding.ref} is {finding.state} already")

    def _automations(self) -> Automations:
        if self._systems.automations is None:
            tenant = self._systems.tenant.id
            raise NotFixableError(
                f"I have no access to {tenant}'s accounts, so I can only say how it would be fixed"
            )
        return self._systems.automations

    def _resource(self, finding: Finding) -> Resource:
        known = self._systems.resources.get([finding.resource]).get(finding.resource)
        if known is not None:
            return known
        account = _ACCOUNT.fullmatch(finding.resource)
        short = account[1] if account else re.split(r"[:/]", finding.resource)[-1]
        return Resource(
            id=finding.resource,
            type=finding.resource_type,
            name=f"account {short}" if account else short,
            short_id=short,
            account=finding.account,
            region=finding.region,
            known=False,
        )

    def _plan(
        self,
        finding: Finding,
        exposure: Exposure | None,
        prepared: Prepared,
        checked: Checked,
        preview: Preview,
    ) -> Plan:
        exposed = [exposure.severity] if exposure else []
        worst = max([finding.severity, *exposed], key=_gravity)
        title = prepared.runbook.title
        felt = felt_by(
            self._systems.resources, prepared.runbook, prepared.resource, prepared.location
        )
        return Plan(
            title=f"{title} on {clean(prepared.resource.name)}",
            why=_why(finding, exposure),
            finding=finding.uid,
            finding_ref=finding.ref,
            control=finding.control or "",
            severity=worst.label.lower(),
            resource=prepared.resource.id,
            resource_name=clean(prepared.resource.name),
            account=prepared.location.account,
            region=prepared.location.region,
            runbook=prepared.runbook.name,
            runbook_version=prepared.runbook.version,
            parameters=prepared.parameters,
            calls=tuple(_call(call) for call in preview.calls),
            state=checked.state,
            target=checked.target,
            saved=checked.saved,
            unpredicted=_unpredicted(preview),
            touches=felt.names,
            uncounted=felt.uncounted,
            risk=str(prepared.runbook.risk),
            care=prepared.runbook.care,
            reversible=prepared.runbook.reversible,
            exposure=exposure.ref if exposure else "",
            score=exposure.score if exposure else 0,
            planned_at=datetime.fromtimestamp(self._clock(), tz=UTC),
        )


class _Binder:
    """Gives document parameters their values."""

    def __init__(
        self, systems: Systems, finding: Finding, resource: Resource, location: Location
    ) -> None:
        self._tenant = systems.tenant
        self._finding = finding
        self._resource = resource
        self._location = location

    def value(self, source: str) -> Any:
        """What a binding means here; see `Runbook.bindings`."""
        if source.startswith("="):
            return source[1:]
        subject, _, name = source.partition(".")
        if subject == "setting":
            return self._setting(name)
        found = self._known().get(source)
        if found is None and name.startswith("properties."):
            found = self._resource.properties.get(name.removeprefix("properties."))
        if found in {None, ""}:
            raise NotFixableError(f"the runbook needs {source}, which {self._resource.name} lacks")
        return found

    def _known(self) -> Mapping[str, Any]:
        return {
            "resource.id": self._resource.id,
            "resource.short_id": self._resource.short_id,
            "resource.name": self._resource.name,
            "resource.account": self._location.account,
            "resource.region": self._location.region,
            "finding.account": self._finding.account,
            "finding.region": self._finding.region,
        }

    def _setting(self, name: str) -> str:
        if name not in self._tenant.settings:
            tenant = self._tenant.id
            raise NotFixableError(
                f"the runbook needs {tenant}'s {name}: `assist tenants set {tenant} {name} VALUE`"
            )
        # A tenant has one value for all its accounts, each of which has resources of its own.
        value = self._tenant.settings[name]
        for part in ("account", "region"):
            value = value.replace(f"{{{part}}}", getattr(self._location, part))
        return value


def _gravity(severity: Severity) -> int:
    """`Other` has OCSF's greatest number, and no rank."""
    return -1 if severity is Severity.OTHER else severity


def _gravity_of(severity: str) -> int:
    """Of a plan's severity."""
    return _gravity(Severity[severity.upper()])


def _unpredicted(preview: Preview) -> tuple[str, ...]:
    if not preview.failure:
        return preview.unpredicted
    return (*preview.unpredicted, f"As planned it would fail at {clean(preview.failure)}")


def _call(call: PlannedCall) -> Call:
    return Call(
        action=call.action,
        resource=call.resource,
        parameters=call.parameters,
        service=call.service,
        operation=call.operation,
    )


def _why(finding: Finding, exposure: Exposure | None) -> str:
    if exposure is None:
        return clean(finding.title)
    if exposure.path is not None and len(exposure.path.links) > 1:
        return f"Completes the path {exposure.headline} (exposure {exposure.score})"
    return f"{exposure.headline} (exposure {exposure.score})"
