"""Text search over findings: what is looked through, and the words that a person asks for."""

import re
from unicodedata import ucd_3_2_0

from integrations.findings.port import Finding

_WORD = re.compile(r"[^\W_]+")
_WORDS_ASKED = 12
PREFIX = 3
"""A word of so many letters is asked for by its beginning."""


def words_of(finding: Finding) -> str:
    """What a text search looks through."""
    said = (
        finding.title,
        finding.description[:1_000],
        finding.control or "",
        finding.kind,
        finding.service,
        " ".join(finding.resources),
        finding.ref,
    )
    return " ".join(said).encode("utf-8", "replace").decode()


def asked_words(text: str) -> list[str]:
    """The first words of what a person typed; none when there is no letter or digit in it."""
    return _WORD.findall("".join(c if _is_word(c) else " " for c in text))[:_WORDS_ASKED]


def _is_word(char: str) -> bool:
    """Whether every build of FTS5 sees a letter or digit there, as Unicode 3.2 did already.

    Where it sees something else it splits the word in two, and `detail = column` refuses those.
    """
    return char.isascii() or ucd_3_2_0.category(char)[0] in "LN"
