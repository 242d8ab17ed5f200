"""What a person is told while a tool works: steps that they would recognise."""

from agent.assistant import Scope

_LINES = {
    "list_tenants": "Listing the tenants",
    "posture_summary": "Summing up {whose} findings",
    "changes": "Comparing with the days before",
    "exposures": "Tracing paths from the internet",
    "explain_exposure": "Adding up the score",
    "search_findings": "Reading {whose} findings",
    "finding_detail": "Opening the finding",
    "top_resources": "Ranking resources",
    "resource_detail": "Looking the resource up",
    "connections": "Walking the resource graph",
    "public_resources": "Looking from the internet",
    "risky_identities": "Reading users, roles and policies",
    "approvers": "Looking up who approves",
    "remediation_advice": "Looking for a fix",
    "propose_fix": "Working out the calls, without making them",
    "ask_back": "Thinking of what could be meant",
}


def status_line(tool: str, scope: Scope) -> str:
    """The step's words, for the tool that is about to work."""
    whose = f"{scope.systems[0].tenant.id}'s" if len(scope.systems) == 1 else "every tenant's"
    return _LINES.get(tool, "Working").format(whose=whose)
