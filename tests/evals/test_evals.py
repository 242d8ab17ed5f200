"""Every case in every phrasing, asked of the real product over the demo's ingested files.

A failure prints the conversation up to the answer that is not as it should be, and what is missing.
"""

import re
import textwrap
from collections.abc import Iterator

import pytest

from tests.evals.cases import PHRASINGS, Case, Turn, cases, filled
from tests.evals.stage import Seen, Stage
from tests.evals.standards import wrong_with
from tests.evals.truth import Truth

CASES = cases()


@pytest.mark.parametrize("phrasing", range(PHRASINGS), ids=["formal", "terse", "careless"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.theme}: {case.name}")
def test_a_case_is_answered(case: Case, phrasing: int, stage: Stage, played: list[int]) -> None:
    thread = stage.thread(case.channel)
    told: list[Seen] = []
    for turn in case.turns:
        told.append(stage.ask(thread, turn.ask[phrasing]))
        wrong = [*missing(turn, told[-1], stage.truth), *wrong_with(told[-1], stage.truth)]
        if wrong:
            pytest.fail(report(case, told, wrong), pytrace=False)
    played.append(len(told))


def missing(turn: Turn, seen: Seen, truth: Truth) -> Iterator[str]:
    """What the case asks of an answer and the answer has not."""
    yield from _wrong_calls(turn, seen)
    first = (seen.lines or seen.cards or [""])[0]
    yield from (f"first line: {f}" for f in filled(turn.first, truth) if not tells(first, f))
    yield from (f"text or cards: {f}" for f in filled(turn.says, truth) if not tells(seen.words, f))
    everything = "\n".join([seen.words, *(f"{b.label} {b.value}" for b in seen.buttons)])
    yield from (f"never: {f}" for f in filled(turn.never, truth) if tells(everything, f))
    labels = {button.label for button in seen.buttons}
    yield from (f"button: {label}" for label in filled(turn.buttons, truth) if label not in labels)
    drawn = " ".join(f"{picture.title} {picture.alt}" for picture in seen.pictures)
    if bool(seen.pictures) != (turn.picture is not None):
        yield "no picture" if seen.pictures else "a picture"
    yield from (f"picture: {f}" for f in filled(turn.picture or (), truth) if not tells(drawn, f))


def _wrong_calls(turn: Turn, seen: Seen) -> Iterator[str]:
    if turn.refused != (seen.answer is None):
        yield "a refusal" if turn.refused else "an answer instead of a refusal"
    if turn.tools is None or seen.answer is None:
        return
    calls = seen.answer.tool_calls
    if [text.split()[0] for text in turn.tools] != [call.name for call in calls]:
        yield f"calls: {', '.join(turn.tools) or 'none'}"
        return
    for text, call in zip(turn.tools, calls, strict=True):
        for given in text.split()[1:]:
            name, _, value = given.partition("=")
            has = call.arguments.get(name)
            if value != (",".join(has) if isinstance(has, list) else str(has)):
                yield f"call: {call.name} with {given}, not {name}={has}"


def tells(text: str, fact: str) -> bool:
    """Whether a text holds a fact as whole words; how its letters and blanks are is the same."""
    words = r"\s+".join(re.escape(word) for word in fact.split())
    begin = r"(?<![\w])" if fact[:1].isalnum() else ""
    end = r"(?![\w]|[.,]\d)" if fact[-1:].isalnum() else ""
    return re.search(begin + words + end, text, re.IGNORECASE) is not None


def report(case: Case, told: list[Seen], wrong: list[str]) -> str:
    """The conversation so far and what is wrong with the last answer."""
    lines = [f"{case.theme}: {case.name} (#{case.channel})"]
    for seen in told:
        lines += ["", f"> {seen.asked}", *seen.lines]
    seen = told[-1]
    lines += [textwrap.indent(line, "  | ") for line in seen.cards]
    lines += [f"  [{button.label}] asks: {button.value}" for button in seen.buttons]
    for call in seen.answer.tool_calls if seen.answer else ():
        lines.append(f"  called {call.name} {call.arguments}{'' if call.ok else ', which failed'}")
    return "\n".join([*lines, "", "missing or wrong:", *(f"  - {each}" for each in wrong)])
