"""What is on the sheet, how large, and what the legend says of it."""

import re
from collections import Counter
from itertools import pairwise

from agent.views import Cut
from bot.picture.drawing import sheet_of
from bot.picture.sheet import Sheet
from integrations.findings.port import Severity
from integrations.resources.port import Link, LinkKind
from tests.graph_builders import link
from tests.picture_builders import cut_of, internet, path_of, thing, view_of


def _words(sheet: Sheet) -> list[str]:
    return [text.words for text in sheet.texts]


def _labels(links: list[Link], count: int) -> Counter[str]:
    sheet = sheet_of(view_of([thing(n) for n in range(count)], links))
    return Counter(" ".join(label.lines) for label in sheet.labels)


def test_title_tenant_and_time_frame_the_picture() -> None:
    words = _words(sheet_of(view_of([thing(0)], caption="Internet -> web-7")))
    assert words[0] == "Internet → web-7"
    assert words[-1] == "acme · 20 Nov 2026 12:00 UTC"


def test_a_card_tells_kind_name_and_severity_in_words() -> None:
    view = view_of([thing(0, "web-7")], severities={"node/0": Severity.CRITICAL})
    words = _words(sheet_of(view))
    assert words[1:4] == ["EC2 instance", "web-7", "Critical"]


def test_where_a_kind_goes_on_two_lines_its_words_stay_whole() -> None:
    every = [thing(n, f"shop-{n}", "AwsDynamoDbTable") for n in range(6)]
    chain = [link(a.id, LinkKind.USES, b.id) for a, b in pairwise(every)]
    words = _words(sheet_of(view_of(every, chain)))
    assert "DynamoDB" in words, "there is no room for both on one line"
    assert not {"Dynamo", "DB table"} & set(words)


def test_no_severity_is_told_where_there_is_none() -> None:
    unknown = {"node/0": Severity.UNKNOWN, "node/1": Severity.INFORMATIONAL}
    words = _words(sheet_of(view_of([thing(0), thing(1)], severities=unknown)))
    assert not {"Unknown", "Informational", "worst open finding"} & set(words)


def test_the_legend_tells_only_what_is_in_the_picture() -> None:
    path = path_of(internet(), thing(0))
    assert "path" not in _words(sheet_of(view_of([thing(0)])))
    assert _words(sheet_of(view_of([], path=path)))[-2:-1] == ["path"]
    words = _words(sheet_of(view_of([], path=path, cut=cut_of(path))))
    assert {"path", "cut", "smallest cut: Remove port 22"} <= set(words)


def test_a_cut_that_is_no_line_of_the_picture_is_told_under_the_title() -> None:
    path = path_of(internet(), thing(0))
    cut = Cut(text="Rotate the key", control=None, resource="node/0")
    words = _words(sheet_of(view_of([], path=path, cut=cut)))
    assert [word for word in words if "cut" in word] == ["Smallest cut: Rotate the key"]
    assert words[1] == "Smallest cut: Rotate the key"


def test_what_is_not_drawn_is_said_under_the_title() -> None:
    words = _words(sheet_of(view_of([thing(0), thing(1)], left_out=125)))
    assert words[1] == "2 of 127 resources; the other 125 are not drawn"


def test_the_path_is_bold_and_its_cut_is_dashed() -> None:
    path = path_of(internet(), thing(0), thing(1))
    drawn = sheet_of(view_of([], path=path, cut=cut_of(path))).operators
    lines = re.findall(r" 5 w (\[13 9\] 0 d)?", drawn)
    assert lines.count("") == 2, "one line of the path, one in the legend"
    assert lines.count("[13 9] 0 d") == 2, "the cut, and the legend's"


def test_few_boxes_are_drawn_with_large_type_and_many_with_small() -> None:
    def name_type(count: int) -> float:
        kinds = [f"AwsX{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(count)]
        sheet = sheet_of(view_of([thing(n, kind=kind) for n, kind in enumerate(kinds)]))
        return next(text.size for text in sheet.texts if text.words == "node-0")

    assert name_type(1) == 44
    assert 24 <= name_type(40) < 44


def test_a_short_path_is_one_row_and_a_long_one_goes_on_below() -> None:
    def rows(count: int) -> int:
        path = path_of(*(thing(n) for n in range(count)))
        return len({round(box.y) for box in sheet_of(view_of([], path=path)).boxes.values()})

    assert rows(4) == 1
    assert rows(8) == 2


def test_words_beside_a_long_line_are_on_one_line_and_between_two_cards_on_two() -> None:
    path = path_of(internet(), *(thing(n, f"shop-orders-{n}") for n in range(7)))
    sheet = sheet_of(view_of([], path=path))
    assert Counter(label.lines for label in sheet.labels) == {
        ("can", "read"): 6,
        ("can read",): 1,
    }


def test_the_cards_of_a_path_are_of_one_height_and_in_line() -> None:
    path = path_of(internet(), thing(0, "web-7"), thing(1, "acme-customer-exports-of-eu-west-1"))
    marked = {"node/0": Severity.HIGH}
    boxes = sheet_of(view_of([], path=path, severities=marked)).boxes.values()
    assert len({(box.y, box.h) for box in boxes}) == 1


def test_loose_parts_stand_beside_each_other() -> None:
    kinds = ("AwsS3Bucket", "AwsIamRole", "AwsKmsKey")
    boxes = sheet_of(view_of([thing(n, kind=k) for n, k in enumerate(kinds)])).boxes.values()
    assert len({box.y for box in boxes}) == 1
    assert len({box.x for box in boxes}) == 3


def test_every_line_of_a_fan_has_its_words() -> None:
    kinds = [LinkKind.RUNS_AS, LinkKind.CAN_ASSUME, LinkKind.LOGS_TO, LinkKind.ENCRYPTED_BY]
    out = [link("node/0", kind, f"node/{n}") for n, kind in enumerate(kinds, 1)]
    into = [link(f"node/{n}", kind, "node/0") for n, kind in enumerate(kinds, 1)]
    every = {"runs as": 1, "can assume": 1, "logs to": 1, "encrypted by": 1}
    assert _labels(out, 5) == every
    assert _labels(into, 5) == every


def test_lines_that_share_a_piece_and_say_the_same_say_it_once() -> None:
    chain = [link("node/1", LinkKind.USES, "node/2"), link("node/1", LinkKind.USES, "node/3")]
    over = [link("node/0", LinkKind.LOGS_TO, f"node/{n}") for n in (2, 3)]
    first = link("node/0", LinkKind.USES, "node/1")
    assert _labels([first, *chain, *over], 4) == {"logs to": 1}


def test_words_of_a_fork_stand_beside_the_sources_where_they_agree_only_there() -> None:
    """Three roles get at a bucket: each line's words stand where it leaves its role."""
    access = ("read", "write", "admin")
    links = [
        link(f"node/{n}", LinkKind.CAN_ACCESS, "node/3", access=a) for n, a in enumerate(access)
    ]
    sheet = sheet_of(view_of([thing(n) for n in range(4)], links))
    target = sheet.boxes["node/3"]
    for label in sheet.labels:
        source = sheet.boxes[label.edge.source]
        assert label.at.x - source.right < target.x - label.at.right
        assert abs(label.at.middle[1] - source.middle[1]) < source.h / 2 + label.at.h
    assert len(sheet.labels) == 3
