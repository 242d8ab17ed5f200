"""A picture in words: what stands on it, and what people who cannot see it are told."""

from agent.guard.untrusted import clean
from agent.views import Connections
from bot.picture.folding import NEIGHBOURS, Node, Shown, gravity, name_of
from bot.picture.wording import NO_KIND, kind_of, label_of, verb_of
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, LinkKind, Path, Resource

LONGEST_ALT = 2_000
"""Characters; Slack's bound for the alternative text of a file."""
_LONGEST_TITLE = 300
_LONGEST_NAME = 60
_NAMED = 6


def title_of(view: Connections) -> str:
    """One line above the picture."""
    said = " ".join(clean(view.caption or view.about.name, _LONGEST_TITLE).split())
    return said.replace("->", "→")


def note_of(view: Connections) -> str:
    """What is not drawn, and of how many."""
    left = view.graph.left_out
    there = len(view.graph.resources) + left
    return f"{there - left} of {there} resources; the other {left} are not drawn" if left else ""


def told_by(title: str, cut: str) -> bool:
    """Whether a title already tells the cut: "Rotate the key of bot: it is an administrator's"."""
    return cut.lower() in title.lower()


def alt_of(view: Connections, shown: Shown) -> str:
    """What the picture finds, in sentences: for those who cannot see it."""
    words = [_sentence(title_of(view))]
    path = view.path if view.path and len(view.path.resources) > 1 else None
    if path is None or view.asked == NEIGHBOURS:
        words.append(_neighbours(view, shown))
    if path is not None:
        words.append(_path(view, path))
    if view.cut and not told_by(words[0], view.cut.text):
        words.append(_sentence(f"Smallest cut: {view.cut.text}"))
    if note := note_of(view):
        words.append(_sentence(note))
    return clean(" ".join(words), LONGEST_ALT)


def _path(view: Connections, path: Path) -> str:
    """`In acme the internet reaches web-7 (EC2 instance) on port 22, which runs as ...`."""
    said = f"In {view.tenant} {_named(view, path.resources[0])}"
    for number, (link, resource) in enumerate(zip(path.links, path.resources[1:], strict=True)):
        said += f"{', which' if number else ''} {verb_of(link)} {_named(view, resource)}"
        if link.kind is LinkKind.REACHES and link.properties.get("ports"):
            said += f" on {label_of(link)}"
    return _sentence(said)


def _neighbours(view: Connections, shown: Shown) -> str:
    others = sorted(
        (node for node in shown.nodes if node.key != view.about.id),
        key=lambda node: -max(gravity(s) for s in (node.severity, *_of_chips(node))),
    )
    about = f"Shown, in {view.tenant}: {_named(view, view.about)}"
    if not others:
        return _sentence(f"{about} by itself; nothing is known to be connected")
    named = [about, *(_shown(node) for node in others[:_NAMED])]
    if len(others) > _NAMED:
        named.append(f"{len(others) - _NAMED} more")
    return _sentence(f"{', '.join(named[:-1])} and {named[-1]}")


def _of_chips(node: Node) -> list[Severity | None]:
    return [chip.severity for chip in node.chips]


def _shown(node: Node) -> str:
    worst = max((node.severity, *_of_chips(node)), key=gravity)
    kind = "" if node.chips or len(node.holds) > 1 else node.kind
    return _described(node.title.removeprefix("+"), kind, worst)


def _named(view: Connections, resource: Resource) -> str:
    if resource.id == INTERNET:
        return "the internet"
    kind = kind_of(resource.type)
    return _described(name_of(resource), kind, view.severities.get(resource.id))


def _described(name: str, kind: str, severity: Severity | None) -> str:
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    worst = f"worst finding {severity.label.lower()}" if severity and gravity(severity) else ""
    inside = ", ".join(word for word in (kind, worst) if word and word != NO_KIND)
    return f"{short} ({inside})" if inside else short


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else f"{words}."
