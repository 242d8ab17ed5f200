"""The picture as people get it: a PNG with a title and what it shows in words."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.views import Cut
from bot.picture.drawing import draw, sheet_of
from bot.picture.page import _PDFIUM
from integrations.findings.port import Severity
from integrations.resources.port import LinkKind, Path
from tests.graph_builders import link
from tests.picture_builders import (
    crowded,
    cut_of,
    fingerprint,
    internet,
    path_of,
    png_rows,
    png_size,
    rows_of,
    star,
    thing,
    view_of,
)


def _exposure() -> Path:
    host = thing(7, "web-7")
    role, data = thing(8, "web-app", "AwsIamRole"), thing(9, "acme-customer-exports", "AwsS3Bucket")
    links = (
        link("internet", LinkKind.REACHES, host.id, ports="22/tcp,443/tcp"),
        link(host.id, LinkKind.RUNS_AS, role.id),
        link(role.id, LinkKind.CAN_ACCESS, data.id, access="read"),
    )
    return Path((internet(), host, role, data), links)


def test_the_alternative_text_of_a_path_tells_it_step_by_step_and_names_the_cut() -> None:
    path = _exposure()
    view = view_of(
        [],
        path=path,
        cut=cut_of(path),
        severities={"node/7": Severity.CRITICAL},
        caption="Internet -> web-7 -> role web-app -> bucket acme-customer-exports",
    )
    assert draw(view).alt == (
        "Internet → web-7 → role web-app → bucket acme-customer-exports. "
        "In acme the internet reaches web-7 (EC2 instance, worst finding critical) "
        "on ports 22, 443, which runs as web-app (IAM role), "
        "which can read acme-customer-exports (S3 bucket). Smallest cut: Remove port 22."
    )


def test_the_alternative_text_of_a_neighbourhood_names_the_gravest_first() -> None:
    view = view_of(
        [thing(n) for n in range(3)],
        [link("node/0", LinkKind.USES, f"node/{n}") for n in (1, 2)],
        severities={"node/2": Severity.HIGH},
        caption="What is connected to node-0",
    )
    assert draw(view).alt == (
        "What is connected to node-0. Shown, in acme: node-0 (EC2 instance), "
        "node-2 (EC2 instance, worst finding high) and node-1 (EC2 instance)."
    )


def test_the_alternative_text_counts_what_it_does_not_name() -> None:
    alt = draw(view_of([thing(n, kind=f"AwsX{chr(97 + n)}") for n in range(9)], left_out=3)).alt
    assert "and 2 more." in alt
    assert alt.endswith("9 of 12 resources; the other 3 are not drawn.")
    assert "100 S3 buckets" in draw(star(100)).alt


def test_what_stands_by_itself_is_said_to() -> None:
    assert draw(view_of([thing(0, "deploy-bot", "AwsIamUser")], caption="Rotate its key.")).alt == (
        "Rotate its key. Shown, in acme: deploy-bot (IAM user) by itself; "
        "nothing is known to be connected."
    )


def test_a_cut_that_the_title_tells_is_not_told_again() -> None:
    cut = Cut(text="Rotate the key", control=None, resource="node/0")
    view = view_of([thing(0)], cut=cut, caption="Rotate the key of bot: it is an administrator's.")
    assert "cut" not in draw(view).alt
    assert not [text for text in sheet_of(view).texts if "mallest cut" in text.words]
    assert "Smallest cut: Rotate the key." in draw(view_of([thing(0)], cut=cut)).alt


def test_the_longest_names_leave_the_alternative_text_within_bounds() -> None:
    path = path_of(*(thing(n, "n" * 255) for n in range(12)))
    cut = Cut(text="c" * 3_000, control=None, resource="node/0")
    alt = draw(view_of([], path=path, cut=cut, caption="t" * 400)).alt
    assert len(alt) == 2_000
    assert alt.endswith("…")


def test_a_hidden_character_reaches_neither_title_nor_alternative_text() -> None:
    view = view_of([thing(0, "a\u202eb\x00c\u200b")], caption="x\u202ey\x1b[31m\nz")
    picture = draw(view)
    assert picture.title == "xy[31m z"
    assert not {"\u202e", "\x00", "\u200b", "\x1b"} & set(picture.alt)


def test_a_small_picture_is_1460_pixels_wide_and_a_large_one_at_least_seven_tenths_of_it() -> None:
    assert png_size(draw(view_of([thing(0)])).png)[0] == 1460
    kinds = [f"AwsX{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(40)]
    large = view_of([thing(n, kind=k) for n, k in enumerate(kinds)])
    assert 1022 <= png_size(draw(large).png)[0] < 1460


def test_what_is_drawn_is_where_the_sheet_says() -> None:
    sheet = sheet_of(view_of([thing(0, kind="AwsS3Bucket")]))
    rows = rows_of(sheet.page(0.25))
    box = sheet.boxes["node/0"]
    column = 3 * int((box.x + 60) / 4)
    inside, outside = rows[int((box.bottom - 8) / 4)], rows[int((box.bottom + 8) / 4)]
    assert inside[column : column + 3] == b"\xf7\xf9\xfc"
    assert outside[column : column + 3] == b"\xff\xff\xff"


def test_the_file_holds_the_pixels_that_were_drawn() -> None:
    view = view_of([thing(0)])
    assert png_rows(draw(view).png) == rows_of(sheet_of(view).page())


def test_one_picture_at_a_time_is_drawn_in_a_process() -> None:
    view = view_of([thing(0)])
    with ThreadPoolExecutor(1) as pool:
        with _PDFIUM:
            other = pool.submit(draw, view)
            with pytest.raises(TimeoutError):
                other.result(timeout=0.5)
        assert other.result(timeout=60) == draw(view)


def test_another_process_with_other_hashes_draws_the_same_bytes() -> None:
    program = (
        "import sys; from tests.picture_builders import crowded, fingerprint;"
        "sys.stdout.write(fingerprint(crowded()))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},  # noqa: TID251 - the child's own
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert told == {fingerprint(crowded())}
