"""Whatever the graph and the names in it, a picture is one that can be read."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.views import Connections, Cut
from bot.picture.drawing import draw, sheet_of
from bot.picture.folding import MOST, MOST_ON_PATH
from bot.picture.saying import alt_of
from bot.picture.shapes import Rect
from bot.picture.sheet import WIDTH
from integrations.findings.port import Severity
from integrations.resources.port import LinkKind, Path, Resource
from tests.graph_builders import link
from tests.picture_builders import internet, path_of, png_size, thing, view_of

# A failing example is a whole graph; Hypothesis warns that printing it takes a while.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

NAMES = (
    "web-7",
    "acme-customer-exports",
    "i-0a1b2c3d4e5f60718",
    "W" * 255,
    "a-" * 120,
    "EventDrivenOrderProcessingStack-CustomResourceHandlerRole",
    "日本語のリソース名前",
    "خادم الويب",
    "שרת-אינטרנט",
    "🔥🔥 prod 🔥",
    "e\u0301te\u0301",
    "a\x00b\x1b[31mc\x7f",
    "\u202egnp.exe\u2066",
    "\ud800",
    " ",
    "</text><script>alert(1)</script>",
    "&lt;b&gt; \"quoted\" 'too' ]]> <!-- -->",
    "two words and more of them than any card is wide",
)
KINDS = (
    "AwsEc2Instance",
    "AwsEc2SecurityGroup",
    "AwsIamRole",
    "AwsS3Bucket",
    "AwsOpenSearchServiceDomain",
    "AwsAutoScalingAutoScalingGroup",
    "Unknown",
    "",
    "<svg onload=x>" * 20,
)
LINKS = (
    LinkKind.CONTAINS,
    LinkKind.GUARDS,
    LinkKind.RUNS_AS,
    LinkKind.CAN_ASSUME,
    LinkKind.REACHES,
    LinkKind.ENCRYPTED_BY,
)
PORTS = ("", "22/tcp", "22/tcp,443/tcp,8080-9090/tcp,53/udp", "<&>/tcp")
SOME = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FEW = settings(SOME, max_examples=8)


@st.composite
def views(draw_: st.DrawFn, *, with_path: bool | None = None) -> Connections:
    """Graphs of 1 to 300 resources: sparse or dense, with hubs, cycles, loops and loose parts."""
    count = draw_(st.integers(1, 24) | st.integers(25, 300))
    names = draw_(st.lists(st.sampled_from(NAMES) | st.text(max_size=40), min_size=1, max_size=8))
    kinds = draw_(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    every = [thing(n, names[n % len(names)], kinds[n * 7 % len(kinds)]) for n in range(count)]
    if draw_(st.booleans()):
        every.append(internet())
    ends = st.integers(0, len(every) - 1)
    pairs = draw_(st.lists(st.tuples(ends, ends), max_size=min(120, 3 * count)))
    if draw_(st.booleans()):
        pairs += [(0, n) for n in range(1, min(len(every), 101))]
    kind, ports = draw_(st.sampled_from(LINKS)), draw_(st.sampled_from(PORTS))
    links = [
        link(
            every[a].id,
            LINKS[(a + b) % len(LINKS)] if (a + b) % 3 else kind,
            every[b].id,
            ports=ports,
        )
        for a, b in pairs
    ]
    severities = {
        r.id: draw_(st.sampled_from(Severity)) for r in every[:: draw_(st.integers(1, 9))]
    }
    wanted = draw_(st.booleans()) if with_path is None else with_path
    path = _path(draw_, every) if wanted else None
    return view_of(
        every,
        links,
        path=path,
        cut=_cut(draw_, path, every),
        severities=severities,
        about=draw_(st.sampled_from(every)),
        caption=draw_(st.sampled_from(NAMES) | st.just("")),
        left_out=draw_(st.sampled_from([0, 0, 260])),
    )


def _path(draw_: st.DrawFn, every: Sequence[Resource]) -> Path:
    long = draw_(st.integers(2, max(2, min(15, len(every)))))
    start = draw_(st.integers(0, len(every) - 1))
    return path_of(*[*every[start:], *every[:start]][:long])


def _cut(draw_: st.DrawFn, path: Path | None, every: Sequence[Resource]) -> Cut | None:
    if draw_(st.booleans()):
        return None
    ends = None
    if path is not None and path.links and draw_(st.booleans()):
        chosen = draw_(st.sampled_from(path.links))
        ends = (chosen.source, chosen.target)
    return Cut(text=draw_(st.sampled_from(NAMES)), control=None, resource=every[0].id, link=ends)


@SOME
@given(views())
def test_no_two_lines_of_text_overlap_and_all_lie_on_the_sheet(view: Connections) -> None:
    sheet = sheet_of(view)
    page = Rect(0, 0, sheet.width, sheet.height)
    texts = [text.at for text in sheet.texts]
    assert all(page.holds(text) for text in texts)
    assert not [pair for pair in combinations(texts, 2) if pair[0].meets(pair[1])]


@SOME
@given(views())
def test_words_beside_lines_are_on_no_box_and_on_no_other_words(view: Connections) -> None:
    sheet = sheet_of(view)
    words = [label.at for label in sheet.labels]
    assert not [pair for pair in combinations(words, 2) if pair[0].meets(pair[1])]
    assert not [(at, box) for at in words for box in sheet.boxes.values() if at.meets(box)]


@SOME
@given(views())
def test_no_line_runs_through_the_words_of_another(view: Connections) -> None:
    """The path's and the cut's words alone may stand on a line where there is no other place."""
    sheet = sheet_of(view)
    for label in sheet.labels:
        if not label.edge.on_path and not label.edge.cut:
            others = [way for edge, way in sheet.lines.items() if edge != label.edge]
            points = [p for way in others for piece in way for p in piece.sampled()]
            assert not [p for p in points if _inside(label.at, p)]


@SOME
@given(views())
def test_boxes_lie_apart_on_the_sheet_and_chips_apart_in_their_tray(view: Connections) -> None:
    sheet = sheet_of(view)
    page = Rect(0, 0, sheet.width, sheet.height)
    assert all(page.holds(box) for box in sheet.boxes.values())
    assert not [p for p in combinations(sheet.boxes.values(), 2) if p[0].meets(p[1])]
    for key, chips in sheet.chips.items():
        assert all(sheet.boxes[key].holds(chip) for chip in chips)
        assert not [pair for pair in combinations(chips, 2) if pair[0].meets(pair[1])]


@SOME
@given(views())
def test_every_resource_is_in_exactly_one_place_and_folds_say_how_many(view: Connections) -> None:
    sheet = sheet_of(view)
    path = view.path.resources if view.path else ()
    there = {r.id for r in (*path, *view.graph.resources, view.about)}
    held = [i for node in sheet.shown.nodes for i in node.holds]
    assert sorted(held) == sorted(there)
    for node in sheet.shown.nodes:
        if node.chips:
            assert [i for chip in node.chips for i in chip.holds] == list(node.holds)
        if len(node.holds) > 1:
            assert re.match(r"\+?(\d+) ", node.title)[1] == str(len(node.holds))  # type: ignore[index]
        for chip in node.chips:
            assert not chip.folded or chip.title == f"+{len(chip.holds)} more"
    most = max(MOST_ON_PATH, len({r.id for r in path}) + 1) if view.path else MOST
    assert sheet.shown.boxes <= most
    if len(there) <= most:
        assert sheet.shown.boxes == len(there)


@SOME
@given(views(with_path=True))
def test_a_path_is_never_folded_and_goes_from_left_to_right(view: Connections) -> None:
    sheet = sheet_of(view)
    assert view.path is not None
    ids = list(dict.fromkeys(r.id for r in view.path.resources))
    card_of = {node.key: node for node in sheet.shown.nodes}
    assert all(card_of[i].holds == (i,) and card_of[i].on_path for i in ids)
    for before, after in pairwise(sheet.boxes[i] for i in ids):
        assert before.right < after.x or before.bottom < after.y
    bold = {(edge.source, edge.target) for edge in sheet.shown.edges if edge.on_path}
    assert bold == {(li.source, li.target) for li in view.path.links}


@SOME
@given(views(with_path=True))
def test_a_path_keeps_its_words_and_its_cut(view: Connections) -> None:
    sheet = sheet_of(view)
    said = {label.edge for label in sheet.labels if not label.cut}
    marked = {label.edge for label in sheet.labels if label.cut}
    assert {edge for edge in sheet.shown.edges if edge.on_path and edge.label} <= said
    assert {edge for edge in sheet.shown.edges if edge.cut} == marked


@SOME
@given(views())
def test_lines_begin_and_end_at_their_boxes_and_go_through_no_other(view: Connections) -> None:
    sheet = sheet_of(view)
    for edge, pieces in sheet.lines.items():
        first, last = pieces[0].points[0], pieces[-1].points[-1]
        assert _touches(sheet.boxes[edge.source], first)
        assert _touches(sheet.boxes[edge.target], last)
        others = [box for key, box in sheet.boxes.items() if key not in {edge.source, edge.target}]
        points = [point for piece in pieces for point in piece.sampled()]
        assert not [p for p in points for box in others if _inside(box, p)]


def _touches(box: Rect, point: tuple[float, float]) -> bool:
    return box.grown(1).holds(Rect(*point, 0, 0)) and not _inside(box, point)


def _inside(box: Rect, point: tuple[float, float]) -> bool:
    return box.grown(-1).holds(Rect(*point, 0, 0))


@SOME
@given(views())
def test_text_is_large_enough_to_read_on_a_phone(view: Connections) -> None:
    sheet = sheet_of(view)
    assert sheet.width == WIDTH == 1460
    assert min(text.size for text in sheet.texts) >= 22


@SOME
@given(views())
def test_only_numbers_and_operators_draw_and_no_name_is_among_them(view: Connections) -> None:
    sheet = sheet_of(view)
    written = re.compile(r"-?[0-9.]+|\[\]|/[RB]|<([0-9A-F]{4})*>|[A-Za-z]{1,2}")
    words = sheet.operators.replace("[13 9]", "[]").split()
    assert not [word for word in words if not written.fullmatch(word)]
    operators = {word for word in words if word.isalpha()}
    assert operators <= {*"BSQcdfhjJlmqw", "BT", "ET", "RG", "Tf", "Tj", "Tm", "cm", "re", "rg"}
    assert words.count("q") == words.count("Q")
    assert words.count("BT") == words.count("ET") == words.count("Tj") == len(sheet.texts)
    assert all(c.isprintable() for text in sheet.texts for c in text.words)


@SOME
@given(views())
def test_the_alternative_text_says_what_the_picture_finds(view: Connections) -> None:
    alt = alt_of(view, sheet_of(view).shown)
    assert 0 < len(alt) <= 2_000
    hidden = {c for c in alt if unicodedata.category(c) in {"Cc", "Cf", "Cs"}}
    assert not hidden
    assert "acme" in alt


@FEW
@given(views())
def test_the_same_view_gives_the_same_picture_and_it_can_be_drawn(view: Connections) -> None:
    picture = draw(view)
    assert picture == draw(view)
    width, height = png_size(picture.png)
    sheet = sheet_of(view)
    assert 0.7 * WIDTH - 1 <= width <= WIDTH
    assert abs(height / width - sheet.height / sheet.width) < 0.01
