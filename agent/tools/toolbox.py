"""The tools of one turn, bound to the tenants of its scope: none of them takes a tenant.

The docstrings are prompts: a model reads them to choose and call. Change them with the evals.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from strands import tool
from strands.types.tools import AgentTool

from agent.assistant import Scope
from agent.remediation import Proposer
from agent.tools import (
    advice,
    changes,
    findings,
    fixing,
    graph,
    identities,
    posture,
    public,
    ranking,
    wire,
)
from agent.tools.reader import TenantReader
from agent.views import Choice, Choices, TenantList, View
from integrations.errors import SecurityAssistError
from integrations.runbooks.port import RemedyCatalogue

_log = logging.getLogger(__name__)

Severity = Literal["critical", "high", "medium", "low", "informational"]


class Toolbox:
    """The tools for one turn; made anew for each, so that no turn leaves anything to another.

    They are methods, because Strands reads a function's signature and docstring when it is
    decorated, which takes longer than most answers: once for the class, not once for each turn.
    """

    def __init__(
        self,
        scope: Scope,
        now: datetime,
        remedies: RemedyCatalogue,
        propose: Proposer | None = None,
        asked_by: str = "",
    ) -> None:
        """Bind the tools to the scope's tenants as they are `now` (aware UTC).

        Without `propose` nothing can be proposed; `asked_by` is the person who will have asked.
        """
        self.readers = tuple(TenantReader(systems, now) for systems in scope.systems)
        self._operator = scope.operator
        self._remedies = remedies
        self._propose = propose
        self._asked_by = asked_by

    def _each(self, name: str, ask: Callable[[TenantReader], View]) -> dict[str, Any]:
        """Ask every tenant of the scope; what only some of them know is answered by those."""
        views: list[View] = []
        refused: list[str] = []
        try:
            for reader in self.readers:
                try:
                    views.append(ask(reader))
                except SecurityAssistError as error:
                    refused.append(str(error))
        except Exception:  # noqa: BLE001 - a door: models get a reference, never an engine's words
            ref = secrets.token_hex(4)
            _log.exception("tool=<%s>, ref=<%s> | tool failed", name, ref)
            return _error(f"{name} failed (ref {ref})")
        if not views:
            return _error("; ".join(dict.fromkeys(refused)))
        return _success(views)

    def tools(self) -> list[AgentTool]:
        """Every tool that this scope offers."""
        offered: list[AgentTool] = [
            self.posture_summary,
            self.changes,
            self.exposures,
            self.explain_exposure,
            self.search_findings,
            self.finding_detail,
            self.top_resources,
            self.resource_detail,
            self.connections,
            self.public_resources,
            self.risky_identities,
            self.approvers,
            self.remediation_advice,
            self.ask_back,
        ]
        if self._operator:
            offered.insert(0, self.list_tenants)
        if self._propose is not None:
            offered.append(self.propose_fix)
        return offered

    @tool
    def list_tenants(self) -> dict[str, Any]:
        """List every tenant (customer or team) with its AWS accounts, environment and priority.

        Use it for "which tenants", "what accounts do we have", "who do you look after".
        """
        return _success(
            [TenantList(rows=tuple(posture.tenant_row(reader) for reader in self.readers))]
        )

    @tool
    def posture_summary(self) -> dict[str, Any]:
        """Say how the tenant stands: open findings by severity, yesterday's too, the worst one.

        Use it for "how are we doing", "posture", "compare the tenants", "summary".
        """
        return self._each("posture_summary", posture.posture_summary)

    @tool
    def changes(
        self,
        since: str,
        about: Literal["all", "fixed"] = "all",
    ) -> dict[str, Any]:
        """Say what came, went and came back since a moment, new exposures first.

        Args:
            since: "yesterday" means the last 24 hours, "last_week" the last 7 days, "last_month"
                the last 30; else "today", "this_week", "this_month", "monday", "14d", "2026-11-01".
            about: "fixed" for only what was fixed, closed or resolved.
        """
        return self._each("changes", lambda r: changes.changes(r, since, about))

    @tool
    def exposures(
        self,
        about: Literal[
            "all", "internet", "identity", "data", "threat", "vulnerability", "blind_spot"
        ] = "all",
        limit: int = 5,
    ) -> dict[str, Any]:
        """Rank what needs attention first: findings joined with the resource graph.

        Each exposure is one thing to do, with its score, the path an attacker would take and
        the smallest change that breaks it. Prefer this to listing findings whenever the person
        asks what matters, what is risky, or where to start.

        Args:
            about: Which exposures; "identity" for those of users and roles, "data" for
                what leads to sensitive data, "threat" for active attacks, "vulnerability"
                for exploitable software, "internet" for what is open to everybody.
            limit: How many at most, 1 to 10.
        """
        return self._each("exposures", lambda r: ranking.ranked(r, about, min(max(limit, 1), 10)))

    @tool
    def explain_exposure(self, ref: str) -> dict[str, Any]:
        """Say why an exposure ranks where it does: every term of its score with its evidence.

        Args:
            ref: The exposure's ref, X- and 6 characters, as another tool answered it.
        """
        return self._each("explain_exposure", lambda r: ranking.explained(r, ref))

    @tool
    def search_findings(
        self,
        *,
        severities: list[Severity] | None = None,
        kind: Literal["any", "compliance", "vulnerability", "threat"] = "any",
        service: str | None = None,
        control: str | None = None,
        resource: str | None = None,
        text: str | None = None,
        state: Literal["open", "muted", "resolved", "any"] = "open",
        order: Literal["worst", "newest", "oldest"] = "worst",
        exploitable: bool = False,
        account: str | None = None,
        region: str | None = None,
        first_seen_since: str | None = None,
        first_seen_before: str | None = None,
        limit: int = 10,
        offset: int = 0,
    ) -> dict[str, Any]:
        """List findings, with how many there are in all.

        Args:
            severities: Only these; leave out for all.
            kind: "compliance" for failed controls, "vulnerability" for CVEs, "threat" for
                GuardDuty and other detections.
            service: AWS service as controls spell it: EC2, S3, IAM, RDS, Lambda, KMS.
            control: Security Hub control id such as EC2.13.
            resource: A resource's name, short id or ARN.
            text: Words that must all occur.
            state: "muted" for what somebody suppressed.
            order: "oldest" for what has been open longest.
            exploitable: Only findings with a known exploit.
            account: Only of this AWS account, 12 digits.
            region: Only in this Region: us-east-1.
            first_seen_since: Only those opened since then: "today", "this_week", "this_month",
                "last_month" (30 days), "monday", "14d", "2026-11-01".
            first_seen_before: Only older ones, in the same words: "90d" for older than 90 days.
            limit: How many to list, 1 to 50.
            offset: How many to pass over, for "more".
        """
        search = findings.Search(
            severities=tuple(severities or ()),
            kind=kind,
            service=service,
            control=control,
            resource=resource,
            text=text,
            state=state,
            order=order,
            exploitable=exploitable,
            account=account,
            region=region,
            first_seen_since=first_seen_since,
            first_seen_before=first_seen_before,
            limit=limit,
            offset=offset,
        )
        return self._each("search_findings", lambda r: findings.search_findings(r, search))

    @tool
    def finding_detail(self, ref: str) -> dict[str, Any]:
        """Tell everything about one finding.

        Args:
            ref: The finding's ref, F- and 8 characters, as another tool answered it.
        """
        return self._each(
            "finding_detail", lambda r: findings.finding_detail(r, ref, self._remedies)
        )

    @tool
    def top_resources(
        self, service: str | None = None, severities: list[Severity] | None = None, limit: int = 5
    ) -> dict[str, Any]:
        """List the resources with the most open findings, the worst first.

        Args:
            service: Only resources of this AWS service: EC2, S3, IAM, RDS, Lambda.
            severities: Count only these; leave out for all.
            limit: How many, 1 to 50.
        """
        chosen = tuple(severities or ())
        return self._each(
            "top_resources", lambda r: findings.top_resources(r, service, chosen, limit)
        )

    @tool
    def resource_detail(self, resource: str) -> dict[str, Any]:
        """Tell what a resource is, what is wrong with it, and whether the internet reaches it.

        Args:
            resource: Its name, short id (i-..., sg-...) or ARN.
        """
        return self._each("resource_detail", lambda r: graph.resource_detail(r, resource))

    @tool
    def connections(
        self,
        *,
        resource: str,
        question: Literal["connected", "can_reach", "who_can_reach", "from_internet"] = "connected",
        draw: bool = False,
    ) -> dict[str, Any]:
        """Walk the resource graph from a resource; also draws the picture of an exposure.

        Args:
            resource: A name, short id or ARN; or an exposure's ref (X-...) for its path.
            question: "connected" for everything next to it, "can_reach" for what an attacker
                who holds it could get at, "who_can_reach" for the other way round,
                "from_internet" for the path from outside.
            draw: True to put a picture into the thread.
        """
        return self._each(
            "connections", lambda r: graph.connections(r, resource, question, draw=draw)
        )

    @tool
    def public_resources(
        self,
        kind: Literal["all", "storage", "security_groups", "compute", "databases", "ddos"] = "all",
        port: int | None = None,
        *,
        unpatched: bool = False,
    ) -> dict[str, Any]:
        """List what the internet reaches, what is most exposed first.

        Args:
            kind: "security_groups" for groups open to everybody, "storage" for public
                buckets and snapshots, "ddos" for what takes traffic from the internet without
                a web ACL in front.
            port: Only what lets the internet in at this port: 22 for SSH, 3389 for RDP.
            unpatched: Only what has open vulnerabilities too.
        """
        return self._each(
            "public_resources",
            lambda r: public.public_resources(r, kind, port, unpatched=unpatched),
        )

    @tool
    def risky_identities(self) -> dict[str, Any]:
        """List users, roles, groups and policies about which something is wrong, and what.

        Administrators, keys not rotated, credentials unused, no second factor, roles that
        strangers may assume. Use it for "risky identities", "who has admin", "old access keys".
        """
        return self._each("risky_identities", identities.risky_identities)

    @tool
    def approvers(self) -> dict[str, Any]:
        """Say who can approve fixes: "who can approve", "whose approval is needed"."""
        return self._each("approvers", posture.approvers)

    @tool
    def propose_fix(self, about: str) -> dict[str, Any]:
        """Plan a fix and put it before the approvers; it is run only if people approve it.

        Use it when the person asks to fix, close, remediate or plan the fix of something, or
        asks what fixing it would do. Plans exactly which calls would be made, and what would
        be different afterwards. Never say that something was fixed because of this.

        Args:
            about: A finding's ref (F-...), an exposure's ref (X-...) or a control id (EC2.13).
        """
        propose = self._propose
        if propose is None:
            return _error("nothing can be fixed from here")
        return self._each(
            "propose_fix",
            lambda r: fixing.propose_fix(r, propose, self._remedies, about, self._asked_by),
        )

    @tool
    def remediation_advice(self, about: str) -> dict[str, Any]:
        """Say what would fix a finding, whether a runbook does it and whether it can be undone.

        It changes nothing.

        Args:
            about: A finding's ref (F-...), an exposure's ref (X-...) or a control id (EC2.13).
        """
        return self._each(
            "remediation_advice",
            lambda r: advice.remediation_advice(r, self._remedies, about),
        )

    @tool
    def ask_back(self, question: str, choices: list[dict[str, str]]) -> dict[str, Any]:
        """Ask the person to choose, or offer what to try next; the choices become buttons.

        Use it only when the answer would differ, or when what was asked cannot be done.

        Args:
            question: One short sentence.
            choices: At most 5 objects with "label" (the button) and "ask" (the whole question
                that choosing it asks), the likeliest first.
        """
        rows = tuple(
            Choice(label=str(c.get("label", ""))[:75], ask=str(c.get("ask", ""))[:300])
            for c in choices[:5]
            if c.get("label") and c.get("ask")
        )
        return _success([Choices(question=question, choices=rows)])


def _success(views: Sequence[View]) -> dict[str, Any]:
    return {"status": "success", "content": [{"text": wire.encode(views)}]}


def _error(text: str) -> dict[str, Any]:
    return {"status": "error", "content": [{"text": text}]}
