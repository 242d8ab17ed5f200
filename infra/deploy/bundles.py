"""What is in each zip that is deployed: a door's own modules, its data, and what they need.

What a bundle holds is found, not listed: the modules that its doors import, the distributions that
these import, and of the lock what those need. So the ingress, which imports the standard library
alone, is a few kilobytes, and nothing that a door needs can be forgotten.
"""

from dataclasses import dataclass, field
from pathlib import Path

from infra.deploy.imports import ROOT, Imported, imported_by
from infra.deploy.locked import Pin, distributions_of, needed_by

_MAIN = "from agent.runtime import main\n\nmain()\n"
"""AgentCore starts a file at the root of the package, as docs/agentcore.md tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One zip."""

    name: str
    """Of the file: `build/NAME.zip`."""
    doors: tuple[str, ...]
    """The modules that are started."""
    also: tuple[str, ...] = ()
    """Modules that are started as programs of their own, and imported by none."""
    without: tuple[str, ...] = ()
    """Distributions that it does without although something imports them."""
    more: tuple[str, ...] = ()
    """Distributions that are read as data, or that a setting names."""
    runbooks: bool = False
    """Whether the runbooks are in it."""
    written: dict[str, str] = field(default_factory=dict)
    """Files at its root, by name."""

    def imports(self) -> Imported:
        """The modules in it, and what these import."""
        return imported_by(*self.doors, *self.also)

    def files(self) -> list[Path]:
        """The files in it that are ours, relative to the checkout, sorted."""
        found = self.imports()
        files = set(found.files())
        for path in list(files):
            if path.name == "__init__.py":
                files |= {p.relative_to(ROOT) for p in _data(ROOT / path.parent)}
        if self.runbooks:
            files.add(Path("infra/__init__.py"))
            files |= {p.relative_to(ROOT) for p in (ROOT / "infra" / "runbooks").glob("*.yaml")}
        return sorted(files)

    def pins(self) -> tuple[Pin, ...]:
        """Everybody else's distributions in it, as the lock pins them."""
        roots = distributions_of(self.imports().others) | set(self.more)
        roots -= set(self.without)
        lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        return needed_by(roots, lock, self.without)


def _data(package: Path) -> list[Path]:
    """What a package reads of itself: tables, texts, settings."""
    return [p for p in package.iterdir() if p.suffix in {".csv", ".json", ".md", ".toml"}]


_NOT_ON_LAMBDA = ("pyarrow", "click", "flask", "moto", "werkzeug")

BUNDLES = (
    Bundle(name="ingress", doors=("bot.handlers.slack_ingress",)),
    Bundle(
        name="worker",
        doors=(
            "bot.handlers.worker",
            "bot.handlers.sweep",
            "bot.handlers.exposures",
            "bot.handlers.digests",
        ),
        also=("integrations.runbooks.script_child",),
        without=_NOT_ON_LAMBDA,
        more=("font-source-sans-pro",),
        runbooks=True,
    ),
    Bundle(
        name="pipelines",
        doors=(
            "integrations.handlers.findings",
            "integrations.handlers.resources",
            "integrations.handlers.prepare",
        ),
        without=_NOT_ON_LAMBDA,
    ),
    Bundle(
        name="agentcore",
        doors=("agent.runtime",),
        also=("integrations.runbooks.script_child",),
        without=_NOT_ON_LAMBDA,
        # Many distributions bring parts of `opentelemetry`, so an import does not tell which.
        more=("opentelemetry-exporter-otlp-proto-http",),
        runbooks=True,
        written={"main.py": _MAIN},
    ),
    Bundle(
        name="lake",
        doors=("integrations.handlers.security_lake",),
        # Beside pyarrow there is no room for the embedded graph, which no deployment has.
        without=(*(name for name in _NOT_ON_LAMBDA if name != "pyarrow"), "graphersal"),
    ),
)
"""One for each family of doors."""
