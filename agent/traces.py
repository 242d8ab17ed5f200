"""Traces that tell what happened, and nothing of what was said.

Strands redacts prompts, answers and tools' data by a setting of the environment, but writes the
words of errors into a span's status and events as they are: a tool's refusal names what was asked
for, a provider's error may quote the prompt. Here they are left out where every span begins.
"""

from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor
from opentelemetry.trace import Status, StatusCode
from typing_extensions import override

from agent.settings import redact_traces


class WithoutWords(SpanProcessor):
    """Lets errors' kinds into spans, never their words."""

    @override
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        keep_status = span.set_status

        def set_status(status: Status | StatusCode, _: str | None = None) -> None:
            keep_status(status.status_code if isinstance(status, Status) else status)

        def record_exception(exception: BaseException, *_: Any, **__: Any) -> None:
            span.add_event("exception", {"exception.type": type(exception).__name__})

        # OpenTelemetry has no place where what a span is told can be changed.
        span.set_status = set_status
        span.record_exception = record_exception  # type: ignore[method-assign]


def redact() -> None:
    """Redact what this process traces, unless the environment says that it should not be.

    To be called once, after tracing was set up (`opentelemetry-instrument` does that before any
    code of ours runs) and before the agent framework is imported.
    """
    provider = trace.get_tracer_provider()
    if redact_traces() and hasattr(provider, "add_span_processor"):
        provider.add_span_processor(WithoutWords())
