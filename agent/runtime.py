"""AgentCore's door: a signed question in, the events of its answer out.

    POST /invocations   {"envelope": "v1....", "turn": "", "after": 0}  ->  text/event-stream
    GET  /ping          {"status": "Healthy" | "HealthyBusy", ...}

From the AgentCore Developer Guide, "HTTP protocol contract". What leaves is written in
`agent/answer_events.py` and nowhere else: no event of the agent framework, no error's words. A
question is worked on once; `turn` and `after` say which events of it the caller has already, so
that a stream that was cut goes on where it ended.

The agent framework is imported beside the first ping, not before it.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from bedrock_agentcore.runtime import BedrockAgentCoreApp, PingStatus, RequestContext
from starlette.responses import StreamingResponse

from agent.answer_events import Failed, Failing, Teller
from agent.assistant import AnswerEvent
from agent.envelope import Envelope, RefusedEnvelopeError, opened
from agent.runtime_keys import Keys, keys_of
from agent.settings import Settings
from agent.traces import export, redact
from agent.turns import TooManyTurnsError, Turn, Turns
from integrations.errors import NotFoundError

PORT: Final = 8080

ALIVE_S: Final = 5.0
"""Seconds without an event after which a comment is sent, so that a caller knows a dead line."""

_log = logging.getLogger(__name__)


class Answers(Protocol):
    """What makes a turn's events; see `agent/answering.py`."""

    def answer(self, envelope: Envelope) -> Iterator[AnswerEvent]:
        """The answer's events."""
        ...


class Runtime:
    """Opens envelopes, begins turns and reads them out; serves several threads."""

    def __init__(
        self,
        answers: Callable[[], Answers],
        keys: Keys,
        clock: Callable[[], float] = time.time,
        turns: Turns | None = None,
        alive_s: float = ALIVE_S,
    ) -> None:
        """`answers` is asked for with the first question; `clock` gives seconds since the epoch."""
        self._answers = answers
        self._keys = keys
        self._clock = clock
        self._turns = turns or Turns()
        self._alive_s = alive_s

    def application(self) -> BedrockAgentCoreApp:
        """What serves the two routes."""
        app = BedrockAgentCoreApp(debug=False)
        app.entrypoint(self.invoke)
        app.ping(self.ping)
        return app

    def ping(self) -> PingStatus:
        """Busy while a turn is worked on, so that its session is not ended when a line is cut."""
        return PingStatus.HEALTHY_BUSY if self._turns.busy else PingStatus.HEALTHY

    # The SDK hands the session's id to a second parameter of exactly this name.
    def invoke(self, payload: Any, context: RequestContext) -> StreamingResponse:
        """The events of a question's answer, or the one that says why there is none."""
        try:
            lines = self._lines(payload, context.session_id)
        except RefusedEnvelopeError as error:
            lines = self._refused(error.code)
        except TooManyTurnsError:
            lines = self._refused(Failing.BUSY)
        except Exception as error:  # noqa: BLE001 - a door: the SDK would answer with the error's words
            lines = self._refused(Failing.FAILED, type(error).__name__)
        return StreamingResponse(lines, media_type="text/event-stream")

    def _lines(self, payload: Any, session_id: str | None) -> Iterator[bytes]:
        asked = payload if isinstance(payload, Mapping) else {}
        sealed, turn_id, after = asked.get("envelope"), asked.get("turn", ""), asked.get("after", 0)
        envelope = opened(sealed, self._keys(), session_id, self._clock())
        if type(after) is not int or after < 0:
            raise RefusedEnvelopeError(Failing.ENVELOPE)
        turn = self._turns.turn(envelope.request, str(sealed), lambda t: self._work(t, envelope))
        if turn is None:
            raise RefusedEnvelopeError(Failing.ENVELOPE)
        # Another turn's place says nothing of this one: its reader begins anew.
        return self._read(turn, after if turn_id == turn.id else 0)

    def _read(self, turn: Turn, after: int) -> Iterator[bytes]:
        for line in turn.after(after, self._alive_s):
            yield _sse(line) if line is not None else b": working\n\n"

    def _work(self, turn: Turn, envelope: Envelope) -> None:
        try:
            for event in self._answers().answer(envelope):
                turn.add(event)
        except NotFoundError:
            turn.add(_failed(Failing.TENANT))
        except Exception as error:  # noqa: BLE001 - a door: the caller gets a name and a reference
            turn.add(_failed(Failing.FAILED, type(error).__name__))

    def _refused(self, code: Failing, why: str = "") -> Iterator[bytes]:
        yield _sse(Teller(secrets.token_hex(8)).tell(_failed(code, why)))


def _failed(code: Failing, why: str = "") -> Failed:
    """The log has the kind of error only: its words may hold what somebody wrote."""
    ref = secrets.token_hex(4)
    _log.warning("code=<%s>, error=<%s>, ref=<%s> | no answer", code, why, ref)
    return Failed(code, ref)


def _sse(line: str) -> bytes:
    return f"data: {line}\n\n".encode("ascii")


class Opened:
    """The answering of this process, opened once by whichever thread comes first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._answers: Answers | None = None

    def now(self) -> Answers:
        """It; what cannot be opened is tried again with the next question."""
        with self._lock:
            if self._answers is None:
                from agent.answering import Answering  # noqa: PLC0415 - the door opens before this is there
                from integrations.connect import Connections  # noqa: PLC0415 - the same
                from integrations.settings import Settings as Systems  # noqa: PLC0415 - the same

                self._answers = Answering(Connections(Systems.from_env()), self._settings)
            return self._answers


def main(port: int = PORT) -> None:
    """Serve until the process is ended.

    Raises:
        UnusableSettingError: no key, or a number that is none.
    """
    settings = Settings.from_env()
    if settings.traces:
        export(settings.traces, settings.region)
    redact()
    opened_ = Opened(settings)
    runtime = Runtime(opened_.now, keys_of(settings))
    threading.Thread(target=_beforehand, args=(opened_,), name="opening", daemon=True).start()
    runtime.application().run(port=port)


def _beforehand(opened_: Opened) -> None:
    """Open before anybody asks; a failure is the first question's to tell."""
    try:
        opened_.now()
    except Exception as error:  # noqa: BLE001 - a door: a session that cannot open still answers pings
        _log.warning("error=<%s> | not opened yet", type(error).__name__)
