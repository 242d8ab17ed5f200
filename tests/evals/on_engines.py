"""The same questions of the embedded engines and of the real ones: what differs in the answers.

`make same-answers` asks every case.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from difflib import unified_diff
from pathlib import Path

from infra.local.fill import fill
from integrations.connect import Connections
from integrations.findings.opensearch import OpenSearchFindings
from integrations.findings.opensearch_cluster import cluster_of
from integrations.settings import Settings
from tests.demo import demo_estate
from tests.evals.cases import Case, cases
from tests.evals.stage import Seen, Stage, moment_of
from tests.evals.truth import Truth
from tests.real_engines import empty_gremlin, engine, gremlin_source, worker


@contextmanager
def real_estate(folder: Path, embedded: Path) -> Iterator[Connections]:
    """The same estate in OpenSearch and at the Gremlin Server."""
    url, source = gremlin_source()
    findings = f"{engine('opensearch')['url']}#evals-{worker()}"
    kept = OpenSearchFindings(cluster_of(findings, ""))
    kept.prepare()
    empty_gremlin()
    settings = Settings(state=folder, findings=findings, graph=f"{url}#{source}")
    with Connections(settings) as connections:
        fill(connections, folder / "sources", moment_of(embedded / "sources"))
        yield connections
        for tenant in connections.tenants():
            kept.forget(tenant.id)
    kept.close()
    empty_gremlin()


def differences(ours: Stage, theirs: Stage, asked: Sequence[Case]) -> Iterator[str]:
    """One text for each answer that is not the same, each question in its first phrasing."""
    for case in asked:
        threads = ours.thread(case.channel), theirs.thread(case.channel)
        for turn in case.turns:
            embedded = _told(ours.ask(threads[0], turn.ask[0]))
            real = _told(theirs.ask(threads[1], turn.ask[0]))
            if embedded != real:
                differ = unified_diff(embedded, real, "embedded", "real", lineterm="", n=0)
                yield "\n".join([f"{case.theme}: {turn.ask[0]}", *differ])


def _told(seen: Seen) -> list[str]:
    """Everything that a person sees: words, buttons, and what the pictures show."""
    buttons = [f"[{button.label}] {button.value}" for button in seen.buttons]
    pictures = [f"{picture.title}: {picture.alt}" for picture in seen.pictures]
    return [*seen.lines, *seen.cards, *buttons, *pictures]


def main() -> int:
    """Ask everything; the exit code says whether all answers are the same."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="assist-")))
        (folder / "embedded").mkdir()
        embedded = opened.enter_context(demo_estate(folder / "embedded"))
        real = opened.enter_context(real_estate(folder / "real", folder / "embedded"))
        stages = []
        for name, estate in (("a", embedded), ("b", real)):
            now = moment_of(folder / "embedded" / "sources")
            stage = Stage(estate, folder / name, Truth(folder / "embedded" / "sources", now), now)
            opened.callback(stage.close)
            stages.append(stage)
        found = list(differences(stages[0], stages[1], cases()))
    for difference in found:
        sys.stdout.write(difference + "\n\n")
    turns = sum(len(case.turns) for case in cases())
    sys.stdout.write(f"{turns} questions, {len(found)} answers that are not the same\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
