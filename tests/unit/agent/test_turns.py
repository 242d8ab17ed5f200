"""A turn is worked on once; its events can be read from any place, by anybody, for a while."""

import threading
from collections.abc import Callable

import pytest

from agent.answer_events import Listener
from agent.assistant import AnswerEvent, TextDelta
from agent.turns import KEPT_S, MOST, TooManyTurnsError, Turn, Turns


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def says(*texts: str) -> Callable[[Turn], None]:
    def work(turn: Turn) -> None:
        for text in texts:
            turn.add(TextDelta(text))

    return work


def read(turn: Turn | None, after: int = 0) -> list[str]:
    assert turn is not None
    listener = Listener()
    events: list[AnswerEvent] = []
    for line in turn.after(after, 5.0):
        if line is not None:
            event = listener.hear(line).event
            assert isinstance(event, TextDelta)
            events.append(event)
    return [event.text for event in events if isinstance(event, TextDelta)]


@pytest.mark.parametrize("after", range(5))
def test_a_turn_is_read_from_where_one_has_come_to(after: int) -> None:
    turn = Turns().turn("r1", "q", says("a", "b", "c"))
    assert read(turn) == ["a", "b", "c"]
    assert read(turn, after) == ["a", "b", "c"][after:]


def test_the_same_request_is_worked_on_once() -> None:
    turns, worked = Turns(), []

    def work(turn: Turn) -> None:
        worked.append(turn.id)
        turn.add(TextDelta("a"))

    first = turns.turn("r1", "q", work)
    assert read(first) == ["a"]
    assert turns.turn("r1", "q", work) is first
    assert worked == [first.id if first else ""]


def test_another_question_under_the_same_request_gets_nothing() -> None:
    turns = Turns()
    assert read(turns.turn("r1", "q", says("a"))) == ["a"]
    assert turns.turn("r1", "another", says("b")) is None


def test_who_reads_while_it_is_worked_on_waits_for_what_comes() -> None:
    gate, turns = threading.Event(), Turns()

    def work(turn: Turn) -> None:
        turn.add(TextDelta("a"))
        gate.wait(10)
        turn.add(TextDelta("b"))

    turn = turns.turn("r1", "q", work)
    assert turn is not None
    lines = turn.after(0, 0.01)
    while next(lines) is None:
        pass
    assert next(lines) is None, "nothing new came in time"
    assert turns.busy
    gate.set()
    assert [line for line in lines if line is not None]
    assert not turns.busy


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_dies_ends_its_turn() -> None:
    def work(turn: Turn) -> None:
        turn.add(TextDelta("a"))
        raise SystemExit

    turns = Turns()
    assert read(turns.turn("r1", "q", work)) == ["a"]
    assert not turns.busy
    for thread in threading.enumerate():
        if thread.name.startswith("turn-"):
            thread.join(5)


def test_a_turn_is_forgotten_after_a_while_but_never_while_it_is_worked_on() -> None:
    clock, gate = Clock(), threading.Event()
    turns = Turns(clock)
    done = turns.turn("done", "q", says("a"))
    assert read(done) == ["a"]

    def waits(turn: Turn) -> None:
        gate.wait(10)
        turn.add(TextDelta("late"))

    at_work = turns.turn("at work", "q", waits)
    clock.now = KEPT_S + 1
    assert turns.turn("done", "q", says("again")) is not done
    assert turns.turn("at work", "q", says("again")) is at_work
    gate.set()
    assert read(at_work) == ["late"]


def test_so_many_turns_are_worked_on_and_no_more() -> None:
    gate, turns = threading.Event(), Turns()

    def waits(_: Turn) -> None:
        gate.wait(10)

    begun = [turns.turn(f"r{n}", "q", waits) for n in range(MOST)]
    with pytest.raises(TooManyTurnsError):
        turns.turn("one more", "q", says("a"))
    gate.set()
    assert [read(turn) for turn in begun] == [[]] * MOST
    assert read(turns.turn("one more", "q", says("a"))) == ["a"]
