"""Asks a runtime of Bedrock AgentCore; where none answers, the offline planner does, and says so.

A stream may be cut anywhere: the same question is then asked again, with the place that was
reached, and goes on from there. The runtime works on it once (`agent/turns.py`).
"""

import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from typing_extensions import override
from urllib3.exceptions import HTTPError

from agent.answer_events import Failed, Failing, Listener, UnreadableEventError
from agent.assistant import AnswerEvent, Assistant, Done, Question, Replaced, TextDelta
from agent.envelope import Envelope, sealed
from agent.runtime_keys import Keys
from agent.settings import UnusableSettingError

FRUITLESS: Final = 3
"""Calls in a row that bring nothing new before the runtime is given up."""

PAUSES_S: Final = (0.5, 2.0)
_OVER_S: Final = 35.0
"""Beside a model's own time: the offline planner in the runtime may take its turn after it."""
BEGINS_S: Final = 3.0
"""Beside the usual pause where a session is only about to begin."""
DEAD_S: Final = 8.0
"""Seconds without a byte after which a line is dead; the runtime says something every 5.

Three dead lines are so known within 25 s: the reader has the planner's answer within 30. A session
that begins cold has as long, because each call comes to the same one."""
_CONNECT_S: Final = 4.0

_READ: Final = 65_536
_ARN: Final = re.compile(r"arn:[a-z-]+:bedrock-agentcore:([a-z0-9-]+):\d{12}:runtime/[\w-]+")
_THROTTLED: Final = {"ThrottlingException", "ServiceQuotaExceededException"}
_BEGINNING: Final = "RetryableConflictException"
_REFUSING: Final = {400, 401, 403, 404}

_log = logging.getLogger(__name__)


class RuntimeClient(Protocol):
    """The part of boto3's client that is used."""

    def invoke_agent_runtime(self, **request: Any) -> Mapping[str, Any]:
        """`InvokeAgentRuntime` of the AgentCore API reference."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class NoAnswerError(Exception):
    """The runtime gives no answer; why, in words that are safe to show."""


class AgentCoreAssistant(Assistant):
    """One runtime; serves several threads."""

    def __init__(
        self,
        client: RuntimeClient,
        runtime: str,
        endpoint: str,
        keys: Keys,
        instead: Callable[[], Assistant],
        answer_s: float,
        *,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], object] = time.sleep,
        ids: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """Nothing is asked yet.

        Args:
            client: Of `bedrock-agentcore`; see `runtime_client`.
            runtime: The runtime's ARN.
            endpoint: Its endpoint's name.
            keys: What envelopes are signed with.
            instead: Makes the assistant that answers where the runtime does not.
            answer_s: Seconds that a model may take.
            clock: Seconds since the epoch.
            pause: Waits for so many seconds between two calls that brought nothing.
            ids: Names that no other question has.
        """
        self._client = client
        self._runtime = runtime
        self._endpoint = endpoint
        self._keys = keys
        self._instead = instead
        self._limit_s = answer_s + _OVER_S
        self._clock = clock
        self._pause = pause
        self._ids = ids

    @override
    def answer(self, question: Question) -> Iterator[AnswerEvent]:
        read = _Read(until=self._clock() + self._limit_s)
        try:
            yield from self._streamed(question, read)
        except NoAnswerError as error:
            _log.warning("session=<%s> | fell back: %s", question.session_id, error)
            if read.said:
                yield Replaced("")
            notice = f"Answered without the language model ({error})."
            for event in self._instead().answer(question):
                yield _labelled(event, notice) if isinstance(event, Done) else event

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _streamed(self, question: Question, read: "_Read") -> Iterator[AnswerEvent]:
        """The runtime's events, each once and in their order, over as many calls as it takes.

        Raises:
            NoAnswerError: it refuses, or nothing comes any more.
        """
        asked = sealed(self._envelope(question), self._key())
        fruitless = 0
        while True:
            before = (read.turn, read.n)
            for event in self._called(question.session_id, asked, read):
                yield event
                if isinstance(event, Done):
                    return
            fruitless = 0 if (read.turn, read.n) != before else fruitless + 1
            if fruitless >= FRUITLESS:
                raise NoAnswerError(read.why or "its runtime does not answer")
            self._must_be_early(read)
            if fruitless:
                self._pause(PAUSES_S[fruitless - 1])

    def _called(self, session_id: str, asked: str, read: "_Read") -> Iterator[AnswerEvent]:
        """What is new of one call, until its stream ends or is cut.

        Raises:
            NoAnswerError: the call is refused in a way that asking again does not help.
        """
        payload = {"envelope": asked, "turn": read.turn, "after": read.n}
        try:
            response = self._client.invoke_agent_runtime(
                agentRuntimeArn=self._runtime,
                qualifier=self._endpoint,
                runtimeSessionId=session_id,
                contentType="application/json",
                accept="text/event-stream",
                payload=json.dumps(payload).encode(),
            )
            with closing(response["response"]) as body:
                for line in event_lines(body):
                    self._must_be_early(read)
                    if line.startswith(b"data: "):
                        yield from read.new(line[6:])
        except ClientError as error:
            read.why = _why(error)
            if error.response["Error"]["Code"] == _BEGINNING:
                self._pause(BEGINS_S)
        except (BotoCoreError, HTTPError, OSError, UnreadableEventError) as error:
            _log.info("error=<%s> | the runtime's stream was cut", type(error).__name__)

    def _must_be_early(self, read: "_Read") -> None:
        """A runtime that only says that it lives is given up as well."""
        if self._clock() >= read.until:
            raise NoAnswerError("its runtime takes too long")

    def _key(self) -> str:
        try:
            return self._keys()[0]
        except (BotoCoreError, ClientError, UnusableSettingError) as error:
            _log.warning("error=<%s> | no key to sign with", type(error).__name__)
            raise NoAnswerError("the key to its runtime cannot be read") from error

    def _envelope(self, question: Question) -> Envelope:
        scope, thread = question.scope, question.thread
        if thread is None or thread.session_id != question.session_id:
            raise ValueError("a question to a runtime names its thread, and that thread's session")
        return Envelope(
            request=self._ids(),
            thread=thread,
            tenants=tuple(systems.tenant.id for systems in scope.systems),
            operator=scope.operator,
            foreign=scope.foreign,
            focus=scope.focus,
            asked_by=question.asked_by,
            canonical=question.canonical,
            text=question.text,
            expires_at=self._clock() + self._limit_s + DEAD_S,
        )


@dataclass(slots=True)
class _Read:
    """How far a turn was read."""

    until: float
    """Seconds since the epoch; then it is given up."""
    turn: str = ""
    n: int = 0
    said: bool = False
    """Whether there is text that would have to be withdrawn."""
    why: str = ""
    """Why the last call was refused, if it was; safe to show."""
    _listener: Listener = field(default_factory=Listener)

    def new(self, line: bytes) -> Iterator[AnswerEvent]:
        """What a line is to the reader: nothing, where it was heard before.

        Raises:
            UnreadableEventError: it is no event.
            NoAnswerError: it says that there will be no answer.
        """
        heard = self._listener.hear(line)
        if isinstance(heard.event, Failed):
            raise NoAnswerError(_reason(heard.event))
        if heard.turn != self.turn:
            # The session was begun anew somewhere else, and with it the answer.
            if self.said:
                yield Replaced("")
            self.turn, self.n, self.said = heard.turn, 0, False
        # What comes after a hole is not taken either, so that it is asked for with what is missing.
        if heard.n == self.n + 1:
            self.n = heard.n
            self.said = self.said or isinstance(heard.event, TextDelta | Replaced)
            yield heard.event


def runtime_client(runtime: str, dead_after_s: float = DEAD_S) -> RuntimeClient:
    """boto3's client where a runtime is; a line that says nothing for so long is dead.

    Raises:
        UnusableSettingError: `runtime` is no ARN of one.
    """
    found = _ARN.fullmatch(runtime)
    if found is None:
        raise UnusableSettingError(
            "SECURITY_ASSIST_RUNTIME has to be the ARN of an AgentCore runtime, such as"
            " arn:aws:bedrock-agentcore:eu-west-1:111122223333:runtime/name-0a1b2c3d4e"
        )
    from botocore.config import Config  # noqa: PLC0415 - where there is a runtime only

    from integrations.aws import ONE_TRY, AmbientSession  # noqa: PLC0415 - the same

    client: RuntimeClient = AmbientSession(region=found[1]).client(
        "bedrock-agentcore",
        # Trying again is ours: a call of which some was heard goes on from there.
        config=ONE_TRY.merge(Config(connect_timeout=_CONNECT_S, read_timeout=dead_after_s)),
    )
    return client


def event_lines(body: Any) -> Iterator[bytes]:
    """Lines as soon as they are whole.

    `iter_lines` of the body reads a kilobyte at least, or byte by byte, and copies the line with
    every byte: a view of 200 kB takes it seconds.
    """
    rest = bytearray()
    with body as raw:  # the stream below, which gives what is there without waiting for more
        while chunk := raw.read1(_READ):
            rest += chunk
            *whole, last = rest.split(b"\n")
            rest = bytearray(last)
            yield from (bytes(line) for line in whole)
    yield bytes(rest)


def _why(error: ClientError) -> str:
    """Why a call was refused; raises where asking again does not help."""
    code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]
    _log.info("code=<%s> | the runtime was not reached", code)
    if status["HTTPStatusCode"] in _REFUSING:
        raise NoAnswerError("its runtime may not be used from here") from error
    return "its runtime is throttled" if code in _THROTTLED else ""


def _labelled(done: Done, notice: str) -> Done:
    said = f"{notice} {done.answer.notice}".strip()
    return Done(replace(done.answer, notice=said))


def _reason(failed: Failed) -> str:
    if failed.code is Failing.BUSY:
        return "its session is busy"
    return f"its runtime refused, {failed.code} (ref {failed.ref})"
