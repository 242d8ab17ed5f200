"""Who stands left of whom, and in which order from top to bottom."""

from itertools import pairwise

from bot.picture.ranks import Ranks, components, is_bend, ranked


def _rows(found: Ranks) -> list[list[str]]:
    return [[key for key in row if not is_bend(key)] for row in found.rows]


def test_everything_stands_right_of_what_points_at_it() -> None:
    found = ranked("abcd", [("a", "b"), ("b", "c"), ("a", "d"), ("d", "c")])
    assert _rows(found) == [["a"], ["b", "d"], ["c"]]


def test_a_cycle_is_broken_where_it_closes() -> None:
    found = ranked("abc", [("a", "b"), ("b", "c"), ("c", "a")])
    assert _rows(found) == [["a"], ["b"], ["c"]]


def test_what_comes_from_outside_stands_at_the_left_even_in_a_cycle() -> None:
    found = ranked("abc", [("a", "b"), ("b", "c"), ("c", "a")], first=["c"])
    assert _rows(found) == [["c"], ["a"], ["b"]]


def test_what_nothing_points_at_stands_just_left_of_what_it_points_at() -> None:
    found = ranked("abcz", [("a", "b"), ("b", "c"), ("z", "c")])
    assert _rows(found) == [["a"], ["b", "z"], ["c"]]


def test_a_line_over_several_ranks_has_a_bend_in_each_between() -> None:
    found = ranked("abcd", [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    (bends,) = [chain for chain in found.chains.values() if chain]
    assert [found.rank[bend] for bend in bends] == [1, 2]


def test_lines_from_one_box_share_their_bends() -> None:
    edges = [("a", "b"), ("b", "c"), ("b", "d"), ("a", "c"), ("a", "d")]
    found = ranked("abcd", edges)
    assert found.chains["a", "c"] == found.chains["a", "d"] != []


def test_the_order_within_ranks_crosses_no_lines_without_need() -> None:
    edges = [("a", "z"), ("b", "y"), ("c", "x"), ("r", "a"), ("r", "b"), ("r", "c")]
    found = ranked("rabcxyz", edges)
    assert found.rows[1:] in (
        [["a", "b", "c"], ["z", "y", "x"]],
        [["c", "b", "a"], ["x", "y", "z"]],
    )


def test_a_path_stands_in_one_rank_each_and_above_all_else() -> None:
    edges = [("i", "w"), ("w", "r"), ("r", "s"), ("i", "g"), ("g", "w"), ("i", "s")]
    found = ranked("gsrwi", edges, path="iwrs")
    assert [row[0] for row in found.rows] == ["i", "w", "r", "s"]
    assert found.rank["g"] == found.rank["w"]


def test_a_path_keeps_its_order_against_the_arrows() -> None:
    found = ranked("abc", [("c", "a"), ("b", "a"), ("c", "b")], path="abc")
    assert [row[0] for row in found.rows] == ["a", "b", "c"]


def test_loose_parts_are_told_apart_the_largest_first() -> None:
    parts = components("abcdef", [("e", "f"), ("f", "b"), ("a", "c")])
    assert parts == [["b", "e", "f"], ["a", "c"], ["d"]]


def test_the_order_given_breaks_ties_and_nothing_else_does() -> None:
    keys = [f"n{n}" for n in range(30)]
    edges = [(a, b) for a, b in pairwise(keys)] + [(keys[n], keys[(n * 7) % 30]) for n in range(9)]
    edges = [e for e in dict.fromkeys(edges) if e[0] != e[1] and e[::-1] not in edges]
    assert ranked(keys, edges).rows == ranked(keys, edges).rows
