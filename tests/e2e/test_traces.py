"""What leaves the runtime as traces: whose it is, and that nobody's words are in it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from moto.core.request import Request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from typing_extensions import override
from werkzeug.test import EnvironBuilder

from agent.assistant import Done
from agent.settings import Settings, UnusableSettingError
from infra.local.aws.signatures import is_right, read
from integrations.connect import Connections
from tests.agentcore_stage import AWS, KEY, staged
from tests.e2e.test_agentcore_process import FIRST, home, started
from tests.loopback_http import Quiet, serving

__all__ = ["home"]
WORD = "turnstile-4711"
SAID = f"what needs attention first? my word is {WORD}"


@dataclass
class Receiver:
    """An OTLP endpoint, and what came."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    signed: list[tuple[str, str, str]] = field(default_factory=list)
    """Key, Region and service that each was rightly signed with."""
    whole: threading.Event = field(default_factory=threading.Event)
    """Set once an answer's outermost span has come, which ends last."""


def signed_as(path: str, headers: dict[str, str], body: bytes) -> list[tuple[str, str, str]]:
    """What a request is signed with, if it is, and rightly."""
    found = read(headers.get("Authorization", ""))
    made = EnvironBuilder(method="POST", path=path, headers=list(headers.items()), data=body)
    request = Request(made.get_environ())
    if found is None or not is_right(found, AWS["AWS_SECRET_ACCESS_KEY"], request):
        return []
    return [(found.key_id, found.region, found.service)]


@contextmanager
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(Quiet):
        @override
        def serve(self) -> None:
            body = self.sent()
            told.bodies.append(body)
            told.signed += signed_as(self.path, dict(self.headers.items()), body)
            sent = ExportTraceServiceRequest.FromString(body)
            for resource in sent.resource_spans:
                for scope in resource.scope_spans:
                    told.spans += scope.spans
            self.answer(200, b"", "application/x-protobuf")
            if any(span.name.startswith("invoke_agent") for span in told.spans):
                told.whole.set()

    with serving(Handler) as url:
        told.url = url
        yield told


def attributes_of(span: Span) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


@pytest.mark.parametrize(
    ("signed", "more"),
    [
        (False, {}),
        (True, {}),
        (False, {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_unredacted_attributes=*"}),
    ],
    ids=["to a collector", "to X-Ray", "and with them where somebody wants that"],
)
def test_spans_leave_with_session_and_tenant_and_without_words(
    estate: Connections,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
    signed: bool,  # noqa: FBT001 - a case
    more: dict[str, str],
) -> None:
    with receiver() as told:
        where = (
            {"SECURITY_ASSIST_TRACES": "xray", "AWS_ENDPOINT_URL_XRAY": told.url}
            if signed
            else {"SECURITY_ASSIST_TRACES": f"{told.url}/v1/traces"}
        )
        with (
            started(home, SECURITY_ASSIST_RUNTIME_KEY=KEY, **where, **more) as port,
            staged(estate, tmp_path, monkeypatch.setenv, clock=time.time) as stage,
        ):
            stage.core.runtime = f"http://127.0.0.1:{port}"
            asked = stage.question(SAID)
            *_, last = stage.worker.answer(asked)
            assert isinstance(last, Done)
            assert WORD in last.answer.text, "it is in the answer, and in a tool's arguments"
            assert told.whole.wait(30), "an answer's spans leave a second after it"
    (outermost,) = (span for span in told.spans if span.name.startswith("invoke_agent"))
    attributes = attributes_of(outermost)
    assert attributes["session.id"] == asked.session_id
    tenants = next(a for a in outermost.attributes if a.key == "security_assist.tenants").value
    assert [one.string_value for one in tenants.array_value.values] == ["acme"]
    assert any(span.name.startswith("execute_tool") for span in told.spans)
    sent = b"".join(told.bodies)
    for word in (WORD.encode(), b"my word is", b"No open findings"):
        assert (word in sent) == (more != {})
    as_wanted = (AWS["AWS_ACCESS_KEY_ID"], "eu-west-1", "xray")
    assert set(told.signed) == ({as_wanted} if signed else set())
    assert len(told.signed) == (len(told.bodies) if signed else 0)


def test_a_receiver_that_is_away_changes_no_answer(
    estate: Connections,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    home: Path,
) -> None:
    nowhere = {"SECURITY_ASSIST_TRACES": "http://127.0.0.1:9/v1/traces"}
    with (
        started(home, SECURITY_ASSIST_RUNTIME_KEY=KEY, **nowhere) as port,
        staged(estate, tmp_path, monkeypatch.setenv, clock=time.time) as stage,
    ):
        stage.core.runtime = f"http://127.0.0.1:{port}"
        *_, last = stage.worker.answer(stage.question(FIRST))
        assert isinstance(last, Done)
        assert last.answer.notice == ""


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(UnusableSettingError, match="SECURITY_ASSIST_TRACES is xray, or the URL"):
        Settings.from_env({"SECURITY_ASSIST_TRACES": "collector:4317"})
