"""The few words on a line of the picture."""

from bot.picture.fonts import drawable
from integrations.resources.port import Link, LinkKind

_LABELS = {
    LinkKind.RUNS_AS: "runs as",
    LinkKind.HAS_POLICY: "has",
    LinkKind.MEMBER_OF: "in",
    LinkKind.CAN_ASSUME: "can assume",
    LinkKind.ENCRYPTED_BY: "encrypted by",
    LinkKind.LOGS_TO: "logs to",
    LinkKind.FORWARDS_TO: "forwards to",
    LinkKind.ROUTES_TO: "routes to",
}
_VERBS = {"read": "can read", "write": "can change", "admin": "can do all"}
_MOST_PORTS = 2
_LONGEST_PORT = 11
"""`30000-32767`"""


def label_of(link: Link) -> str:
    """A few words on a line; nothing where the ends say it all."""
    if link.kind is LinkKind.CAN_ACCESS:
        return _VERBS.get(str(link.properties.get("access")), "can use")
    if link.kind in {LinkKind.REACHES, LinkKind.ADMITS}:
        told = str(link.properties.get("ports", "")).split(",")
        ports = [drawable(p.split("/")[0])[:_LONGEST_PORT] for p in told]
        ports = [port for port in ports if port]
        if not ports:
            return "public"
        more = f" +{len(ports) - _MOST_PORTS}" if len(ports) > _MOST_PORTS else ""
        word = "port" if len(ports) == 1 else "ports"
        return f"{word} {', '.join(ports[:_MOST_PORTS])}{more}"
    return _LABELS.get(link.kind, "")
