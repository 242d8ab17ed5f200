"""Mends typing mistakes against the words that questions are made of."""

from functools import lru_cache

from agent.offline.vocabulary import (
    AS_WRITTEN,
    COMMON,
    ORDINALS,
    SERVICES,
    SEVERITIES,
    SHORT,
    WORDS,
)
from agent.offline.wordings import KNOWN

_SHORTEST, _TWO_FROM = 4, 7
_KNOWN = WORDS | AS_WRITTEN | SEVERITIES.keys() | SERVICES.keys() | ORDINALS.keys()
_SHORTEST_NAME = 3
_ENDINGS = ("s", "d", "ed", "ing", "er", "ly")
"""What a known word may end in and be another form of itself: `rotated` is no `rotate`."""
_LONGEST = max(len(word) for word in WORDS)


@lru_cache(maxsize=8192)
def mended(word: str) -> str:
    """The known word that was probably meant; the word itself when none is near enough.

    One mistake in words of 4 to 6 letters, two in longer ones; a swap of neighbours is one. Shorter
    words are too near to each other: their usual mistakes are listed.
    """
    if word in SHORT:
        return SHORT[word]
    if word in _KNOWN or not word.isalpha() or not _SHORTEST <= len(word) <= _LONGEST + 2:
        return word
    if any(word.removesuffix(ending) in _KNOWN for ending in _ENDINGS if word.endswith(ending)):
        return word
    allowed = 2 if len(word) >= _TWO_FROM else 1
    best, best_distance = word, allowed + 1
    for known in sorted(WORDS):
        if abs(len(known) - len(word)) > allowed or len(known) < _SHORTEST:
            continue
        if known[0] != word[0] and known[:2] != word[1::-1]:
            continue
        distance = _distance(word, known, allowed)
        if distance < best_distance:
            best, best_distance = known, distance
    return best


def is_unknown(word: str) -> bool:
    """Whether a word is none that questions are made of, nor a mistyped one; short ones never."""
    return len(word) >= _SHORTEST and mended(word) == word and is_strange(word)


def is_strange(word: str) -> bool:
    """Whether a word of three letters or more is in none of the tables, in any form."""
    known = _KNOWN | COMMON
    return (
        len(word) >= _SHORTEST_NAME
        and word.isalpha()
        and word not in known
        and not KNOWN.fullmatch(word)
        and not any(word.removesuffix(end) in known for end in _ENDINGS if word.endswith(end))
    )


def _distance(a: str, b: str, most: int) -> int:
    """Damerau-Levenshtein (optimal string alignment), given up beyond `most`."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        two_before, before, row = before, row, [i]
        for j, right in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
