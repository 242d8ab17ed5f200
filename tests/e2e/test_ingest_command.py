"""`assist ingest` as people run it: every source and form in, what is unfit kept with why."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.ingesting import assist, dump, lines, rejects, started
from tests.unit.findings.given import (
    ACCOUNT,
    REGION,
    asff,
    guardduty,
    hub_v2,
    inspector,
    pascal,
    prowler,
)

OTHER = "444455556666"


def config_item(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A security group as AWS Config tells of it."""
    return {
        "resourceType": "AWS::EC2::SecurityGroup",
        "resourceId": f"sg-{number}",
        "awsAccountId": ACCOUNT,
        "awsRegion": REGION,
        "configurationItemStatus": "OK",
        "configurationItemCaptureTime": "2026-11-20T08:00:00Z",
        "configuration": {"groupId": f"sg-{number}"},
        "relationships": [],
    } | changes


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Two tenants, nothing taken in."""
    folder = tmp_path / "state"
    for name, account in (("acme", ACCOUNT), ("globex", OTHER)):
        assert assist(folder, "tenants", "add", name, "--account", account).code == 0
    return folder


def _every_source() -> dict[str, bytes]:
    """One file for each form that sources come in."""
    hub = {
        "detail-type": "Security Hub Findings - Imported",
        "source": "aws.securityhub",
        "detail": {"findings": [asff(Id="from EventBridge")]},
    }
    threat = {"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": guardduty()}
    snapshot = {"fileVersion": "1.0", "configurationItems": [config_item(1), config_item(2)]}
    notified = {"messageType": "ConfigurationItemChangeNotification"}
    return {
        "api/hub.json": json.dumps({"Findings": [asff(Id="from the API")]}, indent=2).encode(),
        "api/guardduty.json": json.dumps(
            {"Findings": [pascal(guardduty(arn="arn:gd-2"))]}
        ).encode(),
        "api/inspector.json": json.dumps({"findings": [inspector()]}).encode(),
        "array.json": json.dumps([asff(Id="in a list"), prowler()]).encode(),
        "events/hub.ndjson": lines([hub, threat]),
        "lines.ndjson.gz": gzip.compress(lines([asff(Id="zipped"), hub_v2()])),
        "one.json": json.dumps(asff(Id="alone", AwsAccountId=OTHER), indent=4).encode(),
        "snapshot.json.gz": gzip.compress(json.dumps(snapshot).encode()),
        "change.json": json.dumps({**notified, "configurationItem": config_item(3)}).encode(),
        ".hidden.json": b"not looked at",
    }


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_every_source_in_every_form_goes_in(state: Path, tmp_path: Path) -> None:
    folder = _written(tmp_path / "in", _every_source())
    single = tmp_path / "single.json"
    single.write_bytes(json.dumps(asff(Id="a file")).encode())
    ran = assist(
        state, "ingest", folder, single, "-", "--json", given=lines([asff(Id="from a pipe")])
    )
    assert (ran.code, ran.err) == (0, "")
    assert ran.summary == {
        "records": 15,
        "added": 12,
        "updated": 0,
        "unchanged": 0,
        "resources": 3,
        "rejected": 0,
        "by_source": {"ASFF": 7, "GuardDuty": 2, "Inspector": 1, "OCSF": 2, "AWS Config": 3},
        "by_class": {"COMPLIANCE": 9, "DETECTION": 2, "VULNERABILITY": 1},
        "by_tenant": {"acme": 14, "globex": 1},
        "by_reason": {},
    }
    assert not (state / "rejects.ndjson").exists()
    answered = assist(state, "ask", "how many open findings are there?", "--tenant", "globex")
    assert answered.code == 0
    assert "1 " in answered.out


def test_standard_input_may_be_zipped_and_comes_alone(state: Path) -> None:
    ran = assist(state, "ingest", "-", given=gzip.compress(lines([asff(), guardduty()])))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("2 findings (2 added, 0 updated, 0 unchanged) and 0 Config items")


UNFIT: list[tuple[bytes, str]] = [
    (b'{"Id": "broken', "broken JSON"),
    (b'"only a text"', "wrong shape"),
    (b"42", "wrong shape"),
    (b'{"hello": "world"}', "not a finding that is understood"),
    (json.dumps(asff(Id=None)).encode(), "Id is missing"),
    (json.dumps(guardduty(type=None)).encode(), "Type is missing"),
    (json.dumps(asff(AwsAccountId="999999999999")).encode(), "belongs to no tenant"),
    (json.dumps(config_item(awsAccountId="999999999999")).encode(), "belongs to no tenant"),
    (json.dumps(asff(AwsAccountId="x; rm -rf ~")).encode(), "not an AWS account id"),
    (json.dumps(asff(Description="x" * 1_000_001)).encode(), "larger than 1 MB"),
    (b'{"a":' * 70 + b"1" + b"}" * 70, "nested deeper than 64"),
    (b"[" * 100_000, "nested deeper than 64"),
    (json.dumps(asff(Title="a\x00b")).encode(), "NUL"),
    (json.dumps(asff(Title="a\ud800b")).encode(), "lone surrogate"),
    (json.dumps(asff(Title="caf")).encode().replace(b"caf", b"caf\xe9"), "not UTF-8"),
    (json.dumps(asff()).encode().replace(b'"HIGH"', b"1e999", 1), "out of range"),
    (json.dumps(hub_v2(severity_id=42)).encode(), "42"),
    (json.dumps(hub_v2(time=None)).encode(), "time"),
    (json.dumps(hub_v2(**{"\x1b]0;owned\x07": 1})).encode(), "is not an attribute"),
    (json.dumps(hub_v2(**{"x" * 9_000: 1})).encode(), "xxx"),
    (json.dumps(config_item(resourceType="")).encode(), "resourceType"),
]


@pytest.mark.parametrize("zipped", [False, True])
def test_what_is_unfit_is_kept_with_line_and_reason_and_the_rest_goes_in(
    state: Path, tmp_path: Path, *, zipped: bool
) -> None:
    good = [asff(Id=f"good {n}") for n in range(len(UNFIT) + 1)]
    content = lines(good[:1])
    for (unfit, _), fit in zip(UNFIT, good[1:], strict=True):
        content += unfit + b"\n" + lines([fit])
    file = tmp_path / ("in.ndjson.gz" if zipped else "in.ndjson")
    file.write_bytes(gzip.compress(content) if zipped else content)
    ran = assist(state, "ingest", file, "--json")
    assert (ran.code, ran.err) == (0, "")
    kept = rejects(state / "rejects.ndjson")
    assert [r["line"] for r in kept] == [2 * n + 2 for n in range(len(UNFIT))]
    for reject, (_, said) in zip(kept, UNFIT, strict=True):
        assert said in reject["reason"]
        assert reject["reason"].isprintable()
        assert len(reject["reason"]) < 400
        assert reject["file"] == str(file)
        assert reject["excerpt"].isprintable()
        assert 1 < len(reject["excerpt"]) < 2_000
    assert ran.summary["added"] == len(good)
    assert ran.summary["rejected"] == sum(ran.summary["by_reason"].values()) == len(UNFIT)
    assert ran.summary["records"] == len(good) + len(UNFIT)


def test_a_list_with_unfit_records_tells_which(state: Path) -> None:
    records = [asff(Id="1"), asff(AwsAccountId="999999999999"), 5, asff(Id="2")]
    ran = assist(state, "ingest", "-", "--json", given=json.dumps({"Findings": records}).encode())
    assert (ran.code, ran.summary["added"]) == (0, 2)
    assert [(r["file"], r["line"], r["index"]) for r in rejects(state / "rejects.ndjson")] == [
        ("-", 1, 1),
        ("-", 1, 2),
    ]


def test_text_that_means_something_to_a_terminal_or_shell_is_not_repeated(state: Path) -> None:
    hostile = "\x1b]0;owned\x07\u202e$(reboot)"
    ran = assist(state, "ingest", "-", given=lines([asff(AwsAccountId=hostile), asff()]))
    assert ran.code == 0
    assert all(c.isprintable() or c == "\n" for c in ran.out)
    assert "--account" not in ran.out


def test_when_nothing_goes_in_the_exit_code_is_2(state: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for given in (b"", b"\n\n", b"nonsense", lines([{"hello": "world"}])):
        ran = assist(state, "ingest", "-", given=given)
        assert (ran.code, ran.err) == (2, "")
        assert "1 of 1 record was rejected" in ran.out
        assert f"Kept with reasons in {state / 'rejects.ndjson'}" in ran.out
    assert assist(state, "ingest", tmp_path / "empty").code == 2


def test_wrong_use_is_told_in_a_sentence(state: Path, tmp_path: Path) -> None:
    missing = assist(state, "ingest", tmp_path / "nowhere.json")
    assert missing.code == 2
    assert "nowhere.json is not there" in missing.err
    nobody = assist(tmp_path / "fresh", "ingest", "-", given=lines([asff()]))
    assert nobody.code == 1
    assert "assist tenants add" in nobody.err
    for ran in (missing, nobody):
        assert "Traceback" not in ran.err


def test_rejects_never_replace_what_is_read(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "in.ndjson"
    file.write_bytes(lines([asff()]))
    ran = assist(state, "ingest", file, "--rejects", tmp_path / "." / "in.ndjson")
    assert ran.code == 2
    assert "cannot be both read and replaced" in ran.err
    assert file.read_bytes() == lines([asff()])


def test_rejects_may_go_to_a_folder_that_is_not_there_yet(state: Path, tmp_path: Path) -> None:
    kept = tmp_path / "a" / "b" / "rejects.ndjson"
    ran = assist(state, "ingest", "-", "--rejects", kept, given=lines([asff(), {"x": 1}]))
    assert (ran.code, ran.err) == (0, "")
    assert len(rejects(kept)) == 1


@pytest.mark.parametrize("damage", [b"x" * 10_000, b""])
def test_a_damaged_store_is_told_by_name(state: Path, damage: bytes) -> None:
    assert assist(state, "ingest", "-", given=lines([asff()])).code == 0
    for beside in ("-wal", "-shm"):
        (state / f"findings.sqlite{beside}").unlink(missing_ok=True)
    (state / "findings.sqlite").write_bytes(damage)
    ran = assist(state, "ingest", "-", given=lines([asff()]))
    if damage:
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("Error: findings.sqlite cannot be read")
    else:
        assert (ran.code, ran.err) == (0, "")


def _story() -> bytes:
    """Findings that change, of two tenants, and resources: records of about 1.5 KB."""
    when: Callable[[int], str] = lambda n: f"2026-11-{1 + n % 25:02}T{n % 24:02}:00:00.000Z"  # noqa: E731 - short
    findings = [
        asff(
            Id=f"f-{n % 1100}",
            UpdatedAt=when(n * 7),
            Workflow={"Status": ("NEW", "RESOLVED", "SUPPRESSED")[n % 3]},
            AwsAccountId=ACCOUNT if n % 1100 % 4 else OTHER,
        )
        for n in range(3_000)
    ]
    items = [config_item(n) for n in range(40)]
    return lines([*items[:20], *findings, *items[20:]])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, list[Any]]]:
    """The story, and what one undisturbed run makes of it."""
    folder = tmp_path_factory.mktemp("whole")
    for name, account in (("acme", ACCOUNT), ("globex", OTHER)):
        assist(folder, "tenants", "add", name, "--account", account)
    story = _story()
    assert assist(folder, "ingest", "-", given=story).code == 0
    return story, dump(folder)


def test_running_twice_changes_nothing(
    state: Path, whole: tuple[bytes, dict[str, list[Any]]]
) -> None:
    story, expected = whole
    first = assist(state, "ingest", "-", "--json", given=story)
    again = assist(state, "ingest", "-", "--json", given=story)
    assert dump(state) == expected
    assert len(expected["findings"]) == first.summary["added"] == 1100
    assert expected["left over"] == [(0, 0, 0)]
    assert (again.code, again.summary["added"], again.summary["updated"]) == (0, 0, 0)
    assert again.summary["unchanged"] == 3_000


def test_the_other_way_round_gives_the_same_store(
    state: Path, whole: tuple[bytes, dict[str, list[Any]]]
) -> None:
    story, expected = whole
    assert assist(state, "ingest", "-", given=b"\n".join(story.split(b"\n")[::-1])).code == 0
    assert dump(state) == expected


@pytest.mark.parametrize("share", [0.35, 0.7])
def test_a_killed_run_that_is_run_again_gives_an_equal_store(
    state: Path, whole: tuple[bytes, dict[str, list[Any]]], share: float
) -> None:
    story, expected = whole
    process = started(state, "ingest", "-")
    assert process.stdin is not None
    # A pipe holds 64 KB: when this much is written, the rest of it has been taken in.
    process.stdin.write(story[: int(len(story) * share)])
    process.stdin.flush()
    process.kill()
    process.communicate()
    with closing(sqlite3.connect(state / "findings.sqlite")) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM finding").fetchone()
    assert 0 < stored < 1100 or share > 0.5
    assert dump(state) != expected
    assert assist(state, "ingest", "-", given=story).code == 0
    assert dump(state) == expected


def test_two_runs_at_once_give_the_same_store(
    state: Path, whole: tuple[bytes, dict[str, list[Any]]]
) -> None:
    story, expected = whole
    half = len(story) // 2
    running = [started(state, "ingest", "-") for _ in range(2)]
    for part in (story[:half], story[half:]):
        for process in running:
            assert process.stdin is not None
            process.stdin.write(part)
    for process in running:
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, b"")
    assert dump(state) == expected
