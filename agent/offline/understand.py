"""What a question asks: its words read, mended and sorted, before anything is looked up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.offline.spelling import is_strange, is_unknown, mended
from agent.offline.times import first_seen, since
from agent.offline.vocabulary import ORDINALS, PORTS, SERVICES, SEVERITIES

_MOST_CHARS = 1_000
_REF = re.compile(r"\b([FX]-[0-9A-Z]{6,8})\b", re.IGNORECASE)
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,}\b", re.IGNORECASE)
_CONTROL = re.compile(r"\b([A-Za-z][A-Za-z0-9]{1,20}\.\d{1,3})\b")
_ARN = re.compile(r"arn:aws[\w-]*:[\w-]+:[\w-]*:\d*:[^\s`\"'?,]+")
_QUOTED = re.compile(r"[`\"“]([^`\"”]{1,120})[`\"”]")
_TOKEN = re.compile(r"[\w][\w./:@+-]*", re.ASCII)
_NAME = re.compile(r"(?=.*[a-z])(?=.*[-_\d.])[a-z0-9][\w./:@+-]+", re.IGNORECASE)
_CAMEL = re.compile(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+")
"""`AdministratorAccess`, `OrganizationAccountAccessRole`."""
_PLAIN = frozenset(
    {"wide-open", "e-mail", "follow-up", "sign-in", "log-in", "end-to-end", "so-called", "24h",
     "internet-facing", "cross-tenant", "cross-account", "t-2", "top-5", "top-10", "7d", "30d",
     "ipv4", "ipv6", "imdsv1", "imdsv2", "0.0.0.0/0", "high-risk", "long-lived", "oauth2", "e.g",
     "i.e", "cloudwatch", "cloudformation", "eventbridge", "securityhub"}
)  # fmt: skip
_POLITE = re.compile(
    r"^(?:(?:could|can|would|will) you|i (?:would like|want|need|wanna) to|let (?:us|me|s)) (?=\w)"
)
"""What is said before a wish and adds nothing to it."""
_REACHES = re.compile(r"['\u2019`\"]?\s+(?:reach|get|access|read|assume|talk|connect)\b")
_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]{2,5}){1,2}-\d")
_NUMBER = re.compile(r"\d+|\d{1,4}[dhwy]")
_PORT = re.compile(rf"\bport (\d{{1,5}})\b|\b(?:{'|'.join(PORTS)})\b")
_FROM = re.compile(r"\bfrom (\d{1,5})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, read."""

    text: str
    """Lower case, mended, single blanks; names and refs taken out."""
    refs: tuple[str, ...] = ()
    """F-... and X-... in upper case."""
    controls: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """What looks like a resource: ARNs, short ids, quoted names, words with hyphens or digits."""
    acts: bool = False
    """Whether the first of the names does what is asked: `what can web-7 reach`."""
    severities: tuple[str, ...] = ()
    service: str | None = None
    ordinal: int | None = None
    """1 for the first, -1 for the last."""
    since: str | None = None
    """Since when changes are asked for, as `changes` takes it."""
    first_seen: Mapping[str, str] = field(default_factory=dict)
    """A list's bounds in time, as `search_findings` takes them."""
    offset: int = 0
    account: str = ""
    """An AWS account id."""
    region: str = ""
    port: int | None = None
    unknown: tuple[str, ...] = ()
    """Words that no question is made of: perhaps what something is called (`orders`, `openssl`)."""

    def says(self, meaning: re.Pattern[str]) -> bool:
        """Whether the text words a meaning (`agent.offline.wordings`) anywhere."""
        return meaning.search(self.text) is not None


def understand(text: str, tenants: Sequence[str] = ()) -> Asked:
    """Read a question; any text is read, at most its first 1,000 characters.

    Names of `tenants` are taken out: whose data is asked for was decided before.
    """
    written = re.sub(r"<@\w+>|@assist\b", " ", text[:_MOST_CHARS])
    rest = _without(written, tenants)
    found: dict[str, list[str]] = {"refs": [], "arns": [], "cves": [], "quoted": [], "controls": []}
    for kind, pattern in (
        ("arns", _ARN),
        ("refs", _REF),
        ("cves", _CVE),
        ("quoted", _QUOTED),
    ):
        for match in pattern.finditer(rest):
            found[kind].append(match.group(match.re.groups))
        rest = pattern.sub(" ", rest)
    from_row = _FROM.search(rest.strip().lower())
    rest = _FROM.sub(" ", rest.strip()) if from_row else rest
    for match in _CONTROL.finditer(rest):
        if match[1].split(".")[0].casefold() not in {"v", "version", "tls"}:
            found["controls"].append(match[1])
    rest = _CONTROL.sub(" ", rest)
    words, names, unknown = _words(rest)
    regions = [name.casefold() for name in names if _REGION.fullmatch(name.casefold())]
    names = [name for name in names if name.casefold() not in regions]
    quoted = [q.strip() for q in found["quoted"] if q.strip()]
    called = tuple(dict.fromkeys([*found["arns"], *quoted, *names]))
    text = _POLITE.sub("", " ".join(word for word in words if word != "please"))
    return Asked(
        text=text,
        refs=tuple(dict.fromkeys(ref.upper() for ref in found["refs"])),
        controls=tuple(dict.fromkeys(found["controls"])),
        cves=tuple(dict.fromkeys(cve.upper() for cve in found["cves"])),
        names=called,
        acts=bool(called) and _acts(written, called[0]),
        severities=tuple(dict.fromkeys(SEVERITIES[w] for w in words if w in SEVERITIES)),
        service=next((SERVICES[w] for w in words if w in SERVICES), None),
        ordinal=_ordinal(words, text),
        since=since(text),
        first_seen=first_seen(text),
        offset=max(0, int(from_row[1]) - 1) if from_row else 0,
        account=next((word for word in words if _ACCOUNT.fullmatch(word)), ""),
        region=next(iter(regions), ""),
        port=_port(text),
        unknown=tuple(dict.fromkeys(unknown)),
    )


def _acts(written: str, name: str) -> bool:
    """`what can web-7 reach`, `can web-7 get at it`; not `who can reach web-7`."""
    before, _, after = written.partition(name)
    asked = re.search(r"\b(?:can|could|does|might)\s+(?:the\s+)?(?:[a-z]+\s+)?$", before.casefold())
    return asked is not None and _REACHES.match(after.casefold()) is not None


def _without(text: str, tenants: Sequence[str]) -> str:
    """Without "in acme", "acme's", "for the tenant globex"; `acme-logs` is another name."""
    for name in sorted(filter(None, tenants), key=len, reverse=True):
        text = re.sub(
            rf"(?:\b(?:in|for|of|at|on|with|about|from)\s+)?(?:\b(?:the\s+)?tenant\s+)?"
            rf"(?<![\w@./:-]){re.escape(name)}(?:['\u2019]s|s['\u2019])?(?![\w@/-])(?![.:]\w)",
            " ",
            text,
            flags=re.IGNORECASE,
        )
    return text


def _words(text: str) -> tuple[list[str], list[str], list[str]]:
    """The text's plain words, mended; what looks like names of resources; words nobody knows."""
    words: list[str] = []
    names: list[str] = []
    unknown: list[str] = []
    for token in _TOKEN.findall(text):
        trimmed = token.rstrip(".:-/")
        folded = trimmed.casefold()
        named = _NAME.fullmatch(trimmed) or _CAMEL.fullmatch(trimmed)
        if named and folded not in _PLAIN and not _is_word(folded):
            names.append(trimmed)
        elif folded:
            parts = [part for part in re.split(r"[-/.:@+]", folded) if part]
            if len(parts) == 1 and is_unknown(folded):
                unknown.append(folded)
            elif folded.isdigit() and words and is_strange(words[-1]):
                unknown = [
                    *(word for word in unknown if word != words[-1]),
                    f"{words[-1]}-{folded}",
                ]
            words.extend(map(mended, parts))
    return words, names, unknown


def _port(text: str) -> int | None:
    found = _PORT.search(text)
    if found is None:
        return None
    return int(found[1]) if found[1] else PORTS[found[0]]


def _is_word(folded: str) -> bool:
    """Numbers, `90d`, ordinals, services with digits in their names, hyphenated plain words."""
    if _NUMBER.fullmatch(folded) or folded in ORDINALS or folded in SERVICES:
        return True
    parts = folded.split("-")
    return len(parts) > 1 and all(part in _COMMON for part in parts)


_COMMON = frozenset(
    {"open", "public", "security", "group", "groups", "internet", "cross", "tenant", "high",
     "critical", "wide", "right", "now", "follow", "up", "on", "call", "in", "out", "of", "the",
     "non", "compliant", "re", "opened", "year", "old", "top", "most", "at", "risk", "role"}
)  # fmt: skip


_LAST_SPAN = re.compile(
    r"last (?:week|weak|month|night|day|quarter|year|\d|two|three|four|six|few)"
)
_NUMBERED = re.compile(
    r"(?:^|\b(?:number|no|item|explain|details?|(?:on|of|for|about)|show(?: me)?|why|fix) )(\d)$"
)


def _ordinal(words: list[str], text: str) -> int | None:
    for word in words:
        if word in ORDINALS and not (word == "last" and _LAST_SPAN.search(text)):
            if word == "top" and re.search(
                r"top (?:\d+ )?(?:resource|risk|exposure|finding|issue)", text
            ):
                continue
            return ORDINALS[word]
    number = _NUMBERED.search(text)
    return int(number[1]) if number and number[1] != "0" else None
