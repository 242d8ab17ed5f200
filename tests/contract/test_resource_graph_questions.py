"""Every question of a resource graph, on graphs small enough to be answered by hand."""

import pytest

from integrations.errors import NotFoundError
from integrations.resources.port import (
    INTERNET,
    INTERNET_TYPE,
    Direction,
    GraphChange,
    LinkKind,
    Path,
    Resource,
    ResourceGraph,
    Subgraph,
)
from tests.graph_builders import OTHER_ACCOUNT, chain, change, ec2, iam, link, resource

WEB, APP, JOB = (ec2(f"instance/i-{name}") for name in ("web", "app", "job"))
GROUP, VOLUME, ROLE = ec2("security-group/sg-1"), ec2("volume/vol-1"), iam("role/app")
DATA, LOGS = "arn:aws:s3:::data", "arn:aws:s3:::logs"


@pytest.fixture
def filled(graph: ResourceGraph) -> ResourceGraph:
    """internet -> web -> app -> role -> data -> logs; a group guards web and job; app has a volume.

    The internet reaches job too, whose volume nobody travels to.
    """
    graph.apply(
        change(
            [
                resource(WEB, name="web-7"),
                resource(APP, name="app-1"),
                resource(JOB, name="job"),
                resource(GROUP, name="open to all"),
                resource(ROLE),
                resource(DATA),
                resource(LOGS),
            ],
            [
                link(INTERNET, LinkKind.REACHES, WEB, ports="22/tcp"),
                link(INTERNET, LinkKind.REACHES, JOB),
                link(WEB, LinkKind.FORWARDS_TO, APP),
                link(APP, LinkKind.RUNS_AS, ROLE),
                link(ROLE, LinkKind.CAN_ACCESS, DATA, access="read"),
                link(DATA, LinkKind.LOGS_TO, LOGS),
                link(GROUP, LinkKind.GUARDS, WEB),
                link(GROUP, LinkKind.GUARDS, JOB),
                link(APP, LinkKind.USES, VOLUME),
            ],
        )
    )
    return graph


def _ids(part: Subgraph | Path | list[Resource]) -> list[str]:
    found = part if isinstance(part, list) else part.resources
    return [r.id for r in found]


def _ways(paths: list[Path]) -> list[list[str]]:
    return [_ids(path) for path in paths]


def test_resources_are_had_by_id_and_those_that_are_not_there_are_missing(
    filled: ResourceGraph,
) -> None:
    found = filled.get([WEB, "nobody", DATA, WEB])
    assert set(found) == {WEB, DATA}
    assert all(found[key].id == key for key in found)
    assert filled.get([]) == {}


def test_more_ids_than_one_request_takes_are_all_had(graph: ResourceGraph) -> None:
    ids = [ec2(f"instance/i-{n}") for n in range(1_203)]
    graph.apply(change([resource(i) for i in ids]))
    assert set(graph.get(ids)) == set(ids)
    part = graph.neighbourhood(ids, hops=1, limit=2_000)
    assert (len(part.resources), part.left_out) == (1_203, 0)


# -- find


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("web-7", WEB),
        ("WEB-7", WEB),
        ("  web-7 ", WEB),
        ("i-web", WEB),
        (WEB, WEB),
        ("app-", APP),
        ("open  to", GROUP),
        ("vol", VOLUME),
    ],
)
def test_a_resource_is_found_by_name_short_id_or_id_or_part_of_them(
    filled: ResourceGraph, text: str, first: str
) -> None:
    assert filled.find(text)[0].id == first


def test_the_best_match_comes_first(graph: ResourceGraph) -> None:
    names = ["a web", "web", "web-1", "WEB-2", "other"]
    graph.apply(
        change([resource(ec2(f"instance/i-{n}"), name=name) for n, name in enumerate(names)])
    )
    assert [r.name for r in graph.find("web")] == ["web", "WEB-2", "web-1", "a web"]
    assert [r.name for r in graph.find("web", limit=2)] == ["web", "WEB-2"]


def test_what_is_known_is_found_before_what_is_only_mentioned(graph: ResourceGraph) -> None:
    described, mentioned = ec2("volume/data"), ec2("snapshot/data")
    graph.apply(change([resource(described)], [link(described, LinkKind.USES, mentioned)]))
    assert _ids(graph.find("data")) == [described, mentioned]


def test_only_resources_of_the_given_types_are_found(filled: ResourceGraph) -> None:
    assert set(_ids(filled.find(types=["AwsS3Bucket", "AwsIamRole"]))) == {DATA, LOGS, ROLE}
    assert _ids(filled.find("log", types=["AwsS3Bucket"])) == [LOGS]
    assert filled.find("web", types=["AwsS3Bucket"]) == []


def test_many_types_may_be_asked_for_at_once(filled: ResourceGraph) -> None:
    types = [f"AwsType{n}" for n in range(40)]
    assert _ids(filled.find(types=[*types, "AwsIamRole"])) == [ROLE]


def test_an_exact_name_is_found_among_thousands_that_contain_it(graph: ResourceGraph) -> None:
    many = [resource(ec2(f"instance/i-{n}"), name=f"the web of {n}") for n in range(5_100)]
    graph.apply(change([*many, resource(WEB, name="web"), resource(APP, name="web-app")]))
    assert [r.name for r in graph.find("web", limit=2)] == ["web", "web-app"]


def test_the_internet_is_found_only_when_it_is_asked_for(filled: ResourceGraph) -> None:
    assert INTERNET not in _ids(filled.find())
    assert filled.find("internet") == []
    assert _ids(filled.find(types=[INTERNET_TYPE])) == [INTERNET]


@pytest.mark.parametrize("text", ["nobody", "%", "*", ".*", "\\", "'", '"', "web_7"])
def test_a_text_is_no_pattern(filled: ResourceGraph, text: str) -> None:
    assert filled.find(text) == []


# -- neighbourhood


def test_a_neighbourhood_is_what_is_connected_whatever_the_direction(
    filled: ResourceGraph,
) -> None:
    part = filled.neighbourhood([APP])
    assert _ids(part) == [APP, *sorted([WEB, ROLE, VOLUME])]
    assert {(li.source, li.kind, li.target) for li in part.links} == {
        (WEB, LinkKind.FORWARDS_TO, APP),
        (APP, LinkKind.RUNS_AS, ROLE),
        (APP, LinkKind.USES, VOLUME),
    }
    assert (part.start, part.left_out) == ((APP,), 0)


def test_a_subgraph_is_closed_and_holds_every_link_among_its_resources(
    filled: ResourceGraph,
) -> None:
    part = filled.neighbourhood([WEB], hops=2)
    inside = set(_ids(part))
    assert all({li.source, li.target} <= inside for li in part.links)
    links = {(li.source, li.target) for li in part.links}
    assert {(INTERNET, WEB), (INTERNET, JOB), (GROUP, WEB), (GROUP, JOB)} <= links


def test_links_keep_their_properties(filled: ResourceGraph) -> None:
    links = {(li.source, li.target): li for li in filled.neighbourhood([WEB, ROLE]).links}
    assert links[INTERNET, WEB].properties == {"ports": "22/tcp"}
    assert links[ROLE, DATA].properties == {"access": "read"}
    assert links[WEB, APP].properties == {}


def test_no_hops_give_the_resources_asked_about_and_the_links_among_them(
    filled: ResourceGraph,
) -> None:
    part = filled.neighbourhood([WEB, APP, "nobody", WEB], hops=0)
    assert _ids(part) == [WEB, APP]
    assert [(li.source, li.target) for li in part.links] == [(WEB, APP)]
    assert (part.start, part.left_out) == ((WEB, APP), 0)


def test_nobody_is_a_neighbour_through_the_internet(filled: ResourceGraph) -> None:
    """Of job and web, which the internet both reaches, each is two links from the other."""
    graph = filled
    graph.apply(GraphChange(deleted=[GROUP]))
    part = graph.neighbourhood([JOB], hops=5)
    assert _ids(part) == [JOB, INTERNET]
    assert set(_ids(graph.neighbourhood([INTERNET]))) == {INTERNET, WEB, JOB}
    assert APP in _ids(graph.neighbourhood([INTERNET], hops=2))


def test_the_limit_keeps_the_nearest_and_says_how_many_are_left_out(
    filled: ResourceGraph,
) -> None:
    every = filled.neighbourhood([WEB], hops=4, limit=100)
    assert every.left_out == 0
    for limit in range(1, len(every.resources) + 2):
        part = filled.neighbourhood([WEB], hops=4, limit=limit)
        assert _ids(part) == _ids(every)[:limit]
        assert part.left_out == max(0, len(every.resources) - limit)


def test_a_limit_smaller_than_what_was_asked_about_is_kept(filled: ResourceGraph) -> None:
    part = filled.neighbourhood([WEB, APP, JOB], hops=0, limit=2)
    assert (_ids(part), part.left_out) == ([WEB, APP], 1)


def test_thousands_left_out_are_counted_one_by_one(graph: ResourceGraph) -> None:
    many = [ec2(f"instance/i-{n:05}") for n in range(6_000)]
    links = [link(ROLE, LinkKind.CAN_ACCESS, i) for i in many]
    graph.apply(change([resource(ROLE)], links))
    part = graph.blast_radius(ROLE, limit=10)
    assert (_ids(part), part.left_out) == ([ROLE, *many[:9]], 5_991)


# -- blast radius


def test_a_blast_radius_is_what_a_holder_could_get_at(filled: ResourceGraph) -> None:
    assert _ids(filled.blast_radius(WEB)) == [WEB, APP, ROLE, DATA]
    assert _ids(filled.blast_radius(DATA)) == [DATA]


def test_against_the_links_it_is_who_could_get_at_it(filled: ResourceGraph) -> None:
    assert _ids(filled.blast_radius(DATA, Direction.IN)) == [DATA, ROLE, APP, WEB, INTERNET]
    assert _ids(filled.blast_radius(DATA, Direction.IN, hops=2)) == [DATA, ROLE, APP]


def test_both_ways_it_is_either(filled: ResourceGraph) -> None:
    part = filled.blast_radius(APP, Direction.BOTH, hops=1)
    assert set(_ids(part)) == {APP, WEB, ROLE}


def test_a_blast_radius_ends_after_so_many_hops(filled: ResourceGraph) -> None:
    for hops, ids in enumerate([[WEB], [WEB, APP], [WEB, APP, ROLE], [WEB, APP, ROLE, DATA]]):
        assert _ids(filled.blast_radius(WEB, hops=hops)) == ids


def test_it_holds_only_links_that_can_be_travelled(filled: ResourceGraph) -> None:
    filled.apply(change([resource(APP, name="app-1")], [link(APP, LinkKind.RUNS_AS, ROLE)]))
    filled.apply(change([resource(ROLE)], [link(ROLE, LinkKind.USES, APP)]))
    part = filled.blast_radius(APP)
    assert [li.kind for li in part.links] == [LinkKind.RUNS_AS]


def test_what_is_not_there_has_no_surroundings(filled: ResourceGraph) -> None:
    for part in (filled.blast_radius("nobody"), filled.neighbourhood(["nobody"])):
        assert part == Subgraph(resources=(), links=())
    assert filled.neighbourhood([]) == Subgraph(resources=(), links=())


def test_circles_end(graph: ResourceGraph) -> None:
    round_about = chain(WEB, APP, JOB, WEB)
    graph.apply(
        GraphChange(
            resources=round_about.resources,
            links=[*round_about.links, (WEB, link(WEB, LinkKind.CAN_ASSUME, WEB))],
        )
    )
    assert set(_ids(graph.blast_radius(WEB, hops=50))) == {WEB, APP, JOB}
    assert _ids(graph.neighbourhood([WEB], hops=50))[0] == WEB
    path = graph.path_between(WEB, WEB)
    assert path is not None
    assert (_ids(path), path.links) == ([WEB], ())


# -- paths


def test_paths_from_the_internet_lead_to_everything_it_gets_at(filled: ResourceGraph) -> None:
    ways = _ways(filled.paths_from_internet())
    assert ways == [
        *sorted([[INTERNET, JOB], [INTERNET, WEB]]),
        [INTERNET, WEB, APP],
        [INTERNET, WEB, APP, ROLE],
        [INTERNET, WEB, APP, ROLE, DATA],
    ]


def test_paths_to_targets_are_the_shortest_and_the_shortest_first(filled: ResourceGraph) -> None:
    ways = _ways(filled.paths_from_internet([ROLE, VOLUME, WEB, "nobody", INTERNET, WEB]))
    assert ways == [[INTERNET, WEB], [INTERNET, WEB, APP, ROLE]]
    filled.apply(
        change(
            [resource(APP)],
            [link(INTERNET, LinkKind.REACHES, APP), link(APP, LinkKind.RUNS_AS, ROLE)],
        )
    )
    ways = _ways(filled.paths_from_internet([ROLE, WEB]))
    assert ways == [[INTERNET, WEB], [INTERNET, APP, ROLE]]


def test_a_path_has_a_link_for_every_step(filled: ResourceGraph) -> None:
    for path in filled.paths_from_internet():
        steps = [(li.source, li.target) for li in path.links]
        assert steps == list(zip(_ids(path), _ids(path)[1:], strict=False))


def test_the_limit_of_paths_is_kept(filled: ResourceGraph) -> None:
    assert _ways(filled.paths_from_internet(limit=2)) == sorted([[INTERNET, JOB], [INTERNET, WEB]])
    assert _ways(filled.paths_from_internet([DATA, APP], limit=1)) == [[INTERNET, WEB, APP]]


def test_a_target_is_found_however_much_else_the_internet_reaches(graph: ResourceGraph) -> None:
    crowd = [ec2(f"instance/i-{n:05}") for n in range(5_200)]
    described = [resource(i) for i in (*crowd, WEB, DATA)]
    reached = [link(INTERNET, LinkKind.REACHES, i) for i in (*crowd, WEB)]
    graph.apply(change(described, [*reached, link(WEB, LinkKind.CAN_ACCESS, DATA)]))
    assert _ways(graph.paths_from_internet([DATA])) == [[INTERNET, WEB, DATA]]


def test_the_path_between_two_resources_prefers_links_that_can_be_travelled(
    filled: ResourceGraph,
) -> None:
    path = filled.path_between(WEB, DATA)
    assert path is not None
    assert _ids(path) == [WEB, APP, ROLE, DATA]
    filled.apply(
        change(
            [resource(WEB, name="web-7")],
            [link(WEB, LinkKind.USES, DATA), link(WEB, LinkKind.FORWARDS_TO, APP)],
        )
    )
    assert filled.path_between(WEB, DATA) == path


def test_where_none_can_be_travelled_any_links_make_the_path(filled: ResourceGraph) -> None:
    path = filled.path_between(JOB, VOLUME)
    assert path is not None
    assert _ids(path) == [JOB, GROUP, WEB, APP, VOLUME]
    assert [li.kind for li in path.links][:2] == [LinkKind.GUARDS, LinkKind.GUARDS]


def test_no_path_leads_through_the_internet(filled: ResourceGraph) -> None:
    filled.apply(GraphChange(deleted=[GROUP]))
    assert filled.path_between(JOB, WEB) is None
    path = filled.path_between(INTERNET, ROLE)
    assert path is not None
    assert _ids(path) == [INTERNET, WEB, APP, ROLE]


def test_a_path_longer_than_the_hops_is_none(filled: ResourceGraph) -> None:
    assert filled.path_between(WEB, DATA, hops=2) is None
    assert filled.path_between(WEB, DATA, hops=3) is not None


@pytest.mark.parametrize("ends", [("nobody", WEB), (WEB, "nobody")])
def test_a_path_to_what_is_not_there_is_an_error_that_names_it(
    filled: ResourceGraph, ends: tuple[str, str]
) -> None:
    with pytest.raises(NotFoundError, match="nobody is not in acme's resource graph"):
        filled.path_between(*ends)


def test_who_can_assume_what_is_asked_against_the_links(graph: ResourceGraph) -> None:
    user, group = iam("user/ana"), iam("group/admins")
    partner, wide = iam("root", OTHER_ACCOUNT), iam("role/wide")
    graph.apply(
        change(
            [resource(ROLE), resource(wide), resource(user), resource(group)],
            [
                link(partner, LinkKind.CAN_ASSUME, ROLE, external_id=False),
                link(INTERNET, LinkKind.CAN_ASSUME, wide),
                link(user, LinkKind.MEMBER_OF, group),
                link(user, LinkKind.CAN_ASSUME, wide),
                link(wide, LinkKind.CAN_ASSUME, ROLE),
            ],
        )
    )
    part = graph.blast_radius(ROLE, Direction.IN)
    assert set(_ids(part)) == {ROLE, partner, wide, user, INTERNET}
    assert graph.get([partner])[partner].type == "AwsAccount"
    direct = graph.blast_radius(ROLE, Direction.IN, hops=1)
    assert {li.source for li in direct.links} == {partner, wide}
    assert _ids(graph.blast_radius(user)) == [user, *sorted([group, wide]), ROLE]
