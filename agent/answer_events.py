"""An answer's events as JSON and back, exactly: all that ever leaves a runtime.

    {"turn": "9f86d081", "n": 3, "type": "status", "step": "...", "text": "...", "state": "running"}
    {"turn": ..., "n": 4, "type": "text", "text": "..."}         more of the text
    {"turn": ..., "n": 5, "type": "replaced", "text": "..."}     all text so far is withdrawn
    {"turn": ..., "n": 6, "type": "shown", "view": {"type": "ExposureList", ...}}
    {"turn": ..., "n": 7, "type": "done", "answer": {..., "views": [6]}}
    {"turn": ..., "n": 7, "type": "error", "code": "failed", "ref": "1c0ffee0"}

`turn` names one run of the assistant and `n` counts its events from 1, so that a reader whose
stream was cut asks for what comes after the last one it has. A view is sent once: `done` names
those that were shown by their `n`, and carries the others. Read with msgspec, as what tools answer
is (`agent/tools/wire.py`): the worker has it already, and pydantic takes 300 ms more to import.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from agent.assistant import (
    Answer,
    AnswerEvent,
    Done,
    Replaced,
    Shown,
    Status,
    StepState,
    TextDelta,
    ToolCall,
)
from agent.views import View
from integrations.errors import SecurityAssistError

Row = dict[str, Any]

_VIEWS: dict[str, type[View]] = {cls.__name__: cls for cls in View.__args__}


class UnreadableEventError(SecurityAssistError):
    """A line of an answer's stream is not an event."""


class Failing(StrEnum):
    """Why a runtime does not answer."""

    ENVELOPE = "envelope"
    """The question came in no envelope of ours, or in a damaged one."""
    EXPIRED = "expired"
    """The envelope is too old."""
    SESSION = "session"
    """The envelope is another session's."""
    TENANT = "tenant"
    """A tenant of the envelope is not known there."""
    BUSY = "busy"
    """The session works on as many questions as it may."""
    FAILED = "failed"
    """The assistant failed; its log has the ref."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event of a turn that has no answer."""

    code: Failing
    ref: str
    """8 hex digits by which the runtime's log is searched."""


class Teller:
    """Numbers the events of one turn and writes them down; serves one thread."""

    def __init__(self, turn: str) -> None:
        """`turn` is a name that no other run of an assistant has."""
        self._turn = turn
        self._n = 0
        self._shown: dict[int, View] = {}

    def tell(self, event: AnswerEvent | Failed) -> str:
        """One event as a line of ASCII.

        Raises:
            TypeError: it is no event of an answer, and so must not leave.
        """
        self._n += 1
        row: Row = {"turn": self._turn, "n": self._n, **self._row(event)}
        return json.dumps(row, separators=(",", ":"))

    def _row(self, event: AnswerEvent | Failed) -> Row:
        match event:
            case Status():
                told = {"step": event.step_id, "text": event.text, "state": str(event.state)}
                return {"type": "status", **told}
            case TextDelta():
                return {"type": "text", "text": event.text}
            case Replaced():
                return {"type": "replaced", "text": event.text}
            case Shown():
                self._shown[self._n] = event.view
                return {"type": "shown", "view": _view_row(event.view)}
            case Done():
                return {"type": "done", "answer": self._answer_row(event.answer)}
            case Failed():
                return {"type": "error", "code": str(event.code), "ref": event.ref}
        raise TypeError(f"{type(event).__name__} is no event of an answer")

    def _answer_row(self, answer: Answer) -> Row:
        places = {id(view): n for n, view in self._shown.items()}
        return {
            "text": answer.text,
            "views": [places.get(id(view)) or _view_row(view) for view in answer.views],
            "tool_calls": [
                {"name": call.name, "arguments": call.arguments, "ok": call.ok}
                for call in answer.tool_calls
            ],
            "evidence": list(answer.evidence),
            "notice": answer.notice,
            "model": answer.model,
        }


@dataclass(frozen=True, slots=True)
class Heard:
    """One event, with its place in its turn."""

    turn: str
    n: int
    event: AnswerEvent | Failed


class Listener:
    """Reads the lines of a turn; keeps the views that were shown until the answer names them."""

    def __init__(self) -> None:
        self._shown: dict[tuple[str, int], View] = {}

    def hear(self, line: str | bytes) -> Heard:
        """The event of one line.

        Raises:
            UnreadableEventError: it is none, or names a view that was not heard.
        """
        try:
            row = json.loads(line)
            turn, n = row["turn"], row["n"]
            if type(n) is not int or type(turn) is not str:
                raise UnreadableEventError("an event has no place in its turn")
            event = self._event(row, turn)
        except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError) as error:
            raise UnreadableEventError("a line of the answer's stream is not an event") from error
        if isinstance(event, Shown):
            self._shown[turn, n] = event.view
        return Heard(turn, n, event)

    def _event(self, row: Row, turn: str) -> AnswerEvent | Failed:
        match row["type"]:
            case "status":
                return Status(_text(row["step"]), _text(row["text"]), StepState(row["state"]))
            case "text":
                return TextDelta(_text(row["text"]))
            case "replaced":
                return Replaced(_text(row["text"]))
            case "shown":
                return Shown(_view(row["view"]))
            case "done":
                return Done(self._answer(row["answer"], turn))
            case "error":
                return Failed(Failing(row["code"]), _text(row["ref"]))
        raise UnreadableEventError("an event is of a kind that is not known")

    def _answer(self, row: Row, turn: str) -> Answer:
        return Answer(
            text=_text(row["text"]),
            views=tuple(
                self._shown[turn, view] if isinstance(view, int) else _view(view)
                for view in row["views"]
            ),
            tool_calls=msgspec.convert(row["tool_calls"], tuple[ToolCall, ...]),
            evidence=msgspec.convert(row["evidence"], tuple[str, ...]),
            notice=_text(row["notice"]),
            model=_text(row["model"]),
        )


def _view_row(view: View) -> Row:
    fields: Row = msgspec.to_builtins(view, str_keys=True)
    return {"type": type(view).__name__, **fields}


def _view(row: Mapping[str, Any]) -> View:
    fields = dict(row)
    return msgspec.convert(fields, _VIEWS[fields.pop("type")], str_keys=True)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UnreadableEventError("a text of an event is not one")
    return value
