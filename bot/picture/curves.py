"""On which side of a gap between columns its lines curve: words stand on the other side.

Lines that have an end in common curve on the same side, so that none crosses another for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from bot.picture.ranks import Ends, Ranks, components, is_bend


def late_curves(ranks: Ranks, words: Mapping[Ends, str]) -> frozenset[Ends]:
    """Neighbouring pairs between which lines curve just before the target.

    So they do where more words find a place beside the sources: where all lines that leave a box
    say the same, or there is one.
    """
    pairs: dict[Ends, None] = {}
    leaving: dict[str, set[str]] = defaultdict(set)
    arriving: dict[str, set[str]] = defaultdict(set)
    for (source, target), word in words.items():
        for a, b in _pairs(ranks, source, target):
            pairs[a, b] = None
            leaving[a].add(word)
            arriving[b].add(word)
    late: set[Ends] = set()
    keys = [f"{side}{key}" for key in ranks.rank for side in (">", "<")]
    for group in components(keys, [(f">{a}", f"<{b}") for a, b in pairs]):
        inside = {key[1:] for key in group if key[0] == ">"}
        some = [pair for pair in pairs if pair[0] in inside]
        at_source = sum(_telling(leaving[a]) for a, _ in some)
        at_target = sum(_telling(arriving[b]) for _, b in some if not is_bend(b))
        if at_source > at_target:
            late.update(some)
    return frozenset(late)


def _pairs(ranks: Ranks, source: str, target: str) -> Iterator[Ends]:
    """The neighbouring ranks' pairs that an edge goes through, from left to right."""
    if ranks.rank[source] != ranks.rank[target]:
        stops = [source, *ranks.chains[source, target], target]
        forward = ranks.rank[source] < ranks.rank[target]
        yield from pairwise(stops if forward else stops[::-1])


def _telling(words: set[str]) -> bool:
    """Whether all lines say the same, and something."""
    return len(words) == 1 and words != {""}
