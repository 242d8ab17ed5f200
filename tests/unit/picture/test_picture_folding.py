"""What a picture shows of a graph that is larger than a picture can be."""

from dataclasses import replace

from bot.picture.folding import MOST, MOST_ON_PATH, folded, name_of
from integrations.findings.port import Severity
from integrations.resources.port import Link, LinkKind, Resource
from tests.graph_builders import link
from tests.picture_builders import cut_of, internet, path_of, star, thing, view_of


def _reads(source: Resource, target: Resource, access: str = "read") -> Link:
    return link(source.id, LinkKind.CAN_ACCESS, target.id, access=access)


def test_few_are_shown_one_by_one() -> None:
    nodes = folded(star(3)).nodes
    assert [node.title for node in nodes] == ["hub", "node-1", "node-2", "node-3"]


def test_four_that_are_alike_share_a_tray_and_one_line() -> None:
    shown = folded(star(4))
    hub, tray = shown.nodes
    assert tray.title == "4 S3 buckets"
    assert [chip.title for chip in tray.chips] == ["node-1", "node-2", "node-3", "node-4"]
    assert [(e.source, e.target, e.label) for e in shown.edges] == [(hub.key, tray.key, "can read")]


def test_those_of_other_connections_stand_alone() -> None:
    view = star(5)
    odd = replace(view.graph.links[-1], properties={"access": "admin"})
    view = view_of(view.graph.resources, [*view.graph.links[:-1], odd])
    assert [n.title for n in folded(view).nodes] == ["hub", "4 S3 buckets", "node-5"]


def test_above_forty_the_rest_is_counted_in_the_tray() -> None:
    shown = folded(star(100))
    tray = shown.nodes[-1]
    assert shown.boxes == MOST
    assert tray.title == "100 S3 buckets"
    assert [chip.title for chip in tray.chips[-2:]] == ["node-38", "+62 more"]
    assert len(tray.chips[-1].holds) == 62


def test_the_gravest_are_named_and_the_fold_tells_its_worst() -> None:
    view = star(100)
    marked = {f"node/{n}": Severity.HIGH for n in range(60, 100)} | {"node/7": Severity.CRITICAL}
    tray = folded(replace(view, severities=marked)).nodes[-1]
    assert [chip.title for chip in tray.chips[:3]] == ["node-7", "node-60", "node-61"]
    assert tray.chips[-1].severity is Severity.HIGH


def test_a_severity_without_a_scale_ranks_last() -> None:
    view = replace(star(100), severities={"node/90": Severity.OTHER, "node/91": Severity.LOW})
    assert folded(view).nodes[-1].chips[0].title == "node-91"


def test_different_ones_are_folded_by_type() -> None:
    """A chain of 100: none is connected as another is."""
    kinds = ("AwsS3Bucket", "AwsIamRole")
    every = [thing(n, kind=kinds[n % 2]) for n in range(100)]
    shown = folded(view_of(every, path_of(*every).links))
    folds = [node for node in shown.nodes if len(node.holds) > 1]
    assert shown.boxes == MOST
    assert [(node.title, node.kind) for node in folds] == [
        ("+31 S3 buckets", "folded"),
        ("+31 IAM roles", "folded"),
    ]


def test_more_types_than_boxes_are_folded_into_resources() -> None:
    every = [thing(n, kind=f"AwsThing{chr(65 + n % 26)}{chr(97 + n // 26)}") for n in range(90)]
    shown = folded(view_of(every))
    assert shown.boxes == MOST
    assert [node.title for node in shown.nodes if len(node.holds) > 1] == ["+51 resources"]


def test_one_is_never_folded_by_itself() -> None:
    every = [thing(0), *(thing(n, kind="AwsS3Bucket") for n in range(1, 40)), thing(40, kind="X")]
    shown = folded(view_of(every))
    assert not [n for n in shown.nodes if len(n.holds) == 1 and n.title.startswith("+")]
    assert {i for n in shown.nodes for i in n.holds} == {r.id for r in every}


def test_a_path_of_any_length_is_shown_whole_and_the_rest_folded() -> None:
    path = path_of(internet(), *(thing(n) for n in range(20)))
    others = [thing(n, kind="AwsS3Bucket") for n in range(20, 60)]
    links = [_reads(path.resources[-1], other) for other in others]
    shown = folded(view_of(others, links, path=path, cut=cut_of(path)))
    assert [n.holds for n in shown.nodes if n.on_path] == [(r.id,) for r in path.resources]
    assert shown.nodes[-1].title == "+40 S3 buckets"
    assert shown.boxes == len(path.resources) + 1


def test_beside_a_path_twelve_boxes_are_the_most() -> None:
    path = path_of(internet(), thing(0), thing(1))
    others = [thing(n) for n in range(2, 50)]
    links = [_reads(thing(0), other) for other in others]
    assert folded(view_of(others, links, path=path)).boxes == MOST_ON_PATH


def test_a_line_says_what_all_the_links_folded_into_it_say() -> None:
    view = star(60)
    links = [_reads(thing(0), thing(n), "read" if n % 2 else "admin") for n in range(1, 61)]
    every = view.graph.resources
    chain = [link(every[n].id, LinkKind.USES, every[n + 1].id) for n in range(1, 59)]
    shown = folded(view_of(every, [*links, *chain]))
    fold = next(node for node in shown.nodes if node.title.startswith("+"))
    (line,) = [e for e in shown.edges if (e.source, e.target) == ("node/0", fold.key)]
    assert not line.label


def test_links_to_and_fro_are_one_line_with_two_heads() -> None:
    a, b = thing(0), thing(1)
    (edge,) = folded(view_of([a, b], [_reads(a, b), _reads(b, a)])).edges
    assert edge.both
    (edge,) = folded(view_of([a, b], [_reads(a, b), _reads(a, b, "admin")])).edges
    assert not edge.both


def test_a_link_of_the_path_keeps_its_direction_and_its_words() -> None:
    path = path_of(thing(0), thing(1))
    back = link("node/1", LinkKind.CAN_ASSUME, "node/0")
    (edge,) = folded(view_of([], [back], path=path)).edges
    assert (edge.source, edge.label, edge.on_path) == ("node/0", "can read", True)


def test_what_was_asked_about_is_there_though_nothing_is_known_of_it() -> None:
    gone = thing(9, "account 111122223333", "")
    shown = folded(view_of([], about=gone))
    assert [(node.title, node.marked) for node in shown.nodes] == [("account 111122223333", True)]


def test_a_name_that_the_font_cannot_show_gives_way_to_the_short_id() -> None:
    assert name_of(thing(7, "日本語")) == "7"
    assert name_of(thing(7, "日本語-export-bucket")) == "…-export-bucket"
    assert name_of(replace(thing(7, " "), short_id="", id="")) == "…"
