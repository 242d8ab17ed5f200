"""What every SQLite engine does when its file is damaged, held, full or its process killed."""

import gc
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from integrations.conversations.sqlite import SqliteConversationStore
from integrations.errors import DamagedError, SecurityAssistError, UnavailableError
from integrations.findings.port import OPEN, Dimension, Tally
from integrations.findings.sqlite import SqliteFindings
from integrations.findings.sqlite_schema import SCHEMA
from integrations.remediations.sqlite import SqliteRemediations
from integrations.sqlite_file import SqliteFile
from integrations.tenants.sqlite import SqliteTenantDirectory
from integrations.work.port import Job
from integrations.work.sqlite import SqliteWorkQueue
from tests.builders import ocsf_event, tenant
from tests.contract.engines import Clock
from tests.remediation_builders import entry, remediation

SOME = 300
_OPEN_FILES = Path("/proc/self/fd")


def _write_findings(engine: Any) -> None:
    engine.of("acme").upsert([ocsf_event(f"f-{n}", description="x" * 500) for n in range(SOME)])


def _read_findings(engine: Any) -> int:
    return len(engine.of("acme").search(OPEN, limit=SOME))


def _write_tenants(engine: Any) -> None:
    for number in range(SOME):
        engine.put(tenant(f"t-{number}", f"{number:012}", contact="x" * 200))


def _read_tenants(engine: Any) -> int:
    return len(engine.tenants())


def _write_conversations(engine: Any) -> None:
    for number in range(SOME):
        engine.save(f"s-{number}", [{"role": "user", "content": "x" * 500}], (), 0)


def _read_conversations(engine: Any) -> int:
    return sum(engine.load(f"s-{n}").version for n in range(SOME))


def _write_jobs(engine: Any) -> None:
    for number in range(SOME):
        engine.put(Job(f"Ev{number}", f"g-{number}", "x" * 500))


def _read_jobs(engine: Any) -> int:
    return int(engine.waiting())


def _write_requests(engine: Any) -> None:
    for number in range(SOME):
        engine.of("acme").add(remediation(f"R-{number}"))


def _read_requests(engine: Any) -> int:
    return len(engine.of("acme").search(limit=None))


def _write_audit(engine: Any) -> None:
    for number in range(SOME):
        engine.audit_of("acme").append(entry(number))


def _read_audit(engine: Any) -> int:
    verdict = engine.audit_of("acme").verify()
    assert verdict.whole
    return len(list(engine.audit_of("acme").records()))


Engine = tuple[Callable[[Path], Any], Callable[[Any], None], Callable[[Any], int]]
ENGINES: dict[str, Engine] = {
    "findings": (SqliteFindings, _write_findings, _read_findings),
    "tenants": (SqliteTenantDirectory, _write_tenants, _read_tenants),
    "conversations": (
        lambda path: SqliteConversationStore(path, Clock()),
        _write_conversations,
        _read_conversations,
    ),
    "remediations": (SqliteRemediations, _write_requests, _read_requests),
    "audit": (SqliteRemediations, _write_audit, _read_audit),
    "work": (lambda path: SqliteWorkQueue(path, Clock()), _write_jobs, _read_jobs),
}


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    return ENGINES[request.param]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Another connection is writing, and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_file_that_is_no_database_is_named(engine: Engine, path: Path) -> None:
    opened, _, _ = engine
    path.write_bytes(b"this is not a database, and long enough to be told so " * 40)
    with pytest.raises(DamagedError, match=r"^state\.sqlite cannot be read .* move the file away"):
        opened(path)
    assert path.read_bytes().startswith(b"this is not"), "the file was left as it is"


def test_a_file_of_an_earlier_version_is_named(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.executescript(SCHEMA.replace("spells TEXT\n", "spells TEXT, event BLOB\n"))
    with pytest.raises(DamagedError, match=r"^state\.sqlite was written by an earlier version"):
        SqliteFindings(path)


def test_a_damaged_file_is_named_when_it_is_read(engine: Engine, path: Path) -> None:
    opened, write, read = engine
    with closing(opened(path)) as store:
        write(store)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))

    def asked() -> None:
        with closing(opened(path)) as store:
            read(store)

    with pytest.raises(DamagedError):
        asked()


def test_a_path_that_cannot_be_a_file_is_named(engine: Engine, path: Path) -> None:
    path.mkdir()
    with pytest.raises(UnavailableError, match=r"^state\.sqlite did not answer"):
        engine[0](path)


def test_a_file_that_somebody_else_writes_is_read_and_not_written(
    engine: Engine, path: Path
) -> None:
    opened, write, read = engine
    with closing(opened(path)) as store:
        store._file.connection().execute("PRAGMA busy_timeout = 20")
        with _held(path):
            assert read(store) == 0
            with pytest.raises(UnavailableError, match="locked"):
                write(store)
        write(store)
        assert read(store) == SOME


def test_a_full_disk_is_named_and_what_was_written_stays(engine: Engine, path: Path) -> None:
    opened, write, read = engine
    with closing(opened(path)) as store:
        connection = store._file.connection()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")
        with pytest.raises(UnavailableError, match="full"):
            write(store)
        before = read(store)
        assert before < SOME
        assert not connection.in_transaction
        connection.execute("PRAGMA max_page_count = 1000000")
        if before == 0:
            write(store)
            assert read(store) == SOME
    with closing(opened(path)) as store:
        assert read(store) == (before or SOME)


def test_no_error_of_the_database_itself_comes_through(path: Path) -> None:
    file = SqliteFile(path, "CREATE TABLE IF NOT EXISTS t (a INTEGER UNIQUE) STRICT;")
    for act in (file.rows, file.write):
        with pytest.raises(SecurityAssistError):
            act("SELECT nothing FROM nowhere")
    file.write("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError):
        file.write("INSERT INTO t VALUES (1)")
    file.close()


def _written_and_broken(file: SqliteFile) -> None:
    with file.transaction() as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        raise KeyboardInterrupt


def test_a_transaction_that_is_broken_off_writes_nothing(path: Path) -> None:
    file = SqliteFile(path, "CREATE TABLE IF NOT EXISTS t (a INTEGER) STRICT;")
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            _written_and_broken(file)
        assert file.rows("SELECT * FROM t") == []
    file.close()


def _open_files() -> int:
    return sum(1 for _ in _OPEN_FILES.iterdir())


@pytest.mark.skipif(sys.version_info < (3, 13), reason="Python complains of it since 3.13")
def test_nobody_complains_of_a_file_that_is_forgotten(path: Path) -> None:
    heard: list[object] = []
    before, sys.unraisablehook = sys.unraisablehook, heard.append
    try:
        holder: list[Any] = [SqliteFile(path, "CREATE TABLE IF NOT EXISTS told (it)")]
        holder.append(holder)
        del holder
        gc.collect()
    finally:
        sys.unraisablehook = before
    assert not heard


@pytest.mark.skipif(not _OPEN_FILES.exists(), reason="counts open files through /proc")
def test_threads_that_have_ended_hold_no_file_open(path: Path) -> None:
    findings = SqliteFindings(path)
    store = findings.of("acme")
    store.upsert([ocsf_event()])
    before = _open_files()
    counted: list[list[Tally]] = []
    for _ in range(50):
        thread = threading.Thread(target=lambda: counted.append(store.count(OPEN, Dimension.STATE)))
        thread.start()
        thread.join()
    assert counted == [[Tally("open", 1)]] * 50
    assert _open_files() <= before + 3
    findings.close()


_KILLED = """
import os, signal, sys
from pathlib import Path
from integrations.findings.sqlite import SqliteFindings
from tests.builders import day, ocsf_event
findings = SqliteFindings(Path(sys.argv[1]))
left = int(sys.argv[2])
def statement(_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
findings._file.connection().set_trace_callback(statement)
findings.of("acme").upsert([ocsf_event(f"f-{n}", at=day(25), title="new") for n in range(40)])
print("survived")
"""


@pytest.mark.parametrize("statement", [3, 30, 60, 130, 170])
def test_a_process_killed_amid_a_write_leaves_all_or_nothing(path: Path, statement: int) -> None:
    with closing(SqliteFindings(path)) as findings:
        findings.of("acme").upsert([ocsf_event(f"f-{n}", title="old") for n in range(20)])
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path), str(statement)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stdout
    with closing(SqliteFindings(path)) as findings:
        store = findings.of("acme")
        assert {f.title for f in store.search(OPEN, limit=100)} == {"old"}
        assert store.count(OPEN, Dimension.STATE) == [Tally("open", 20)]
        assert _read_findings(findings) == 20
