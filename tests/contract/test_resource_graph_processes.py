"""One graph and several processes and threads: nothing is lost, nothing is half there."""

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from integrations.errors import DamagedError, UnavailableError
from integrations.resources.graphersal import GraphersalFile, GraphersalResourceGraph
from integrations.resources.port import ResourceGraph
from tests.contract.engines import Graphs, Opened
from tests.graph_builders import chain, change, ec2, resource

ROUNDS, EACH = 6, 5
WRITER = """
import sys
from pathlib import Path
from tests.contract.engines import GRAPHS, Clock
from tests.graph_builders import change, ec2, resource
engine, folder, word, rounds = sys.argv[1:]
graph = GRAPHS[engine](Path(folder), Clock()).of("acme")
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(rounds)):
    graph.apply(change(resource(ec2(f"instance/i-{word}-{number}-{n}")) for n in range(5)))
    print(number, flush=True)
"""


def _writer(graphs: Opened[Graphs], word: str, rounds: int = ROUNDS) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, graphs.name, str(graphs.folder), word, str(rounds)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def _written(word: str, rounds: Sequence[int]) -> set[str]:
    return {ec2(f"instance/i-{word}-{number}-{n}") for number in rounds for n in range(EACH)}


def _there(graph: ResourceGraph) -> set[str]:
    return {r.id for r in graph.find(limit=1_000)}


def test_of_two_processes_that_write_at_once_nothing_is_lost(graphs: Opened[Graphs]) -> None:
    processes = [_writer(graphs, word) for word in ("a", "b")]
    for process in processes:
        _go(process)
    for process in processes:
        process.communicate(timeout=60)
    expected = _written("a", range(ROUNDS)) | _written("b", range(ROUNDS))
    assert _there(graphs.again().of("acme")) == expected


def test_what_another_process_has_written_is_seen_by_the_next_question(
    graphs: Opened[Graphs],
) -> None:
    """An analyst asks while somebody ingests in another terminal."""
    graph = graphs.now.of("acme")
    graph.apply(chain(ec2("instance/i-mine"), ec2("instance/i-other")))
    writer = _writer(graphs, "a", 1)
    _go(writer)
    writer.communicate(timeout=60)
    assert _written("a", [0]) < _there(graph)
    graph.apply(change([resource(ec2("instance/i-later"))]))
    assert len(_there(graphs.again().of("acme"))) == EACH + 3


def test_a_killed_writer_leaves_whole_changes_behind(graphs: Opened[Graphs]) -> None:
    writer = _writer(graphs, "a", 1_000)
    _go(writer)
    assert writer.stdout is not None
    said = [int(writer.stdout.readline()) for _ in range(3)]
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)
    graph = graphs.again().of("acme")
    there = _there(graph)
    assert _written("a", said) <= there
    assert len(there) % EACH == 0
    assert graph.apply(change([resource(ec2("instance/i-after"))])).resources == len(there) + 1


def test_threads_ask_while_one_writes(graph: ResourceGraph) -> None:
    ids = [ec2(f"instance/i-{n:02}") for n in range(20)]
    graph.apply(chain(*ids))
    wrong: list[object] = []

    def ask() -> None:
        for _ in range(10):
            part = graph.blast_radius(ids[0], hops=19)
            if [r.id for r in part.resources] != ids:
                wrong.append(part)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        graph.apply(chain(*ids))
    for thread in threads:
        thread.join()
    assert wrong == []


# What follows is the embedded engine's own: its file.


def _file_of(folder: Path) -> Path:
    path = folder / "acme.gsnap"
    GraphersalResourceGraph(path, "acme").apply(chain(ec2("instance/i-1"), ec2("instance/i-2")))
    return path


@pytest.mark.parametrize("kept", [0, 10, 200, -1])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, kept: int) -> None:
    path = _file_of(tmp_path)
    path.write_bytes(path.read_bytes()[:kept] if kept >= 0 else b"not a graph" * 100)
    with pytest.raises(DamagedError, match=r"acme\.gsnap.*ingest the Config snapshot again"):
        GraphersalResourceGraph(path, "acme").summary()


def test_a_writer_waits_only_so_long_for_another(tmp_path: Path) -> None:
    path = _file_of(tmp_path)
    held, waiting = GraphersalFile(path), GraphersalFile(path, busy_s=0.1)
    with (
        held.changed(),
        pytest.raises(UnavailableError, match=r"another process is writing acme\.gsnap"),
        waiting.changed(),
    ):
        pass
    with waiting.changed():
        pass


def test_a_crash_while_saving_leaves_the_old_file(tmp_path: Path) -> None:
    path = _file_of(tmp_path)
    whole = path.read_bytes()
    path.with_suffix(".new").write_bytes(whole[: len(whole) // 2])
    graph = GraphersalResourceGraph(path, "acme")
    assert graph.summary().resources == 2
    graph.apply(change([resource(ec2("instance/i-3"))]))
    assert GraphersalResourceGraph(path, "acme").summary().resources == 3
