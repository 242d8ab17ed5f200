"""Traces that tell what happened, and nothing of what was said.

Strands redacts prompts, answers and tools' data by a setting of the environment, but writes the
words of errors into a span's status and events as they are: a tool's refusal names what was asked
for, a provider's error may quote the prompt. Here they are left out where every span begins.

Spans are sent by OpenTelemetry's own exporter and not by AWS's distribution of it: that one brings
77 packages, 1.5 s of a core at every start (this: 0.5 s, half of which the framework takes anyway),
and spans of every request to every store, with what those libraries write into them.
"""

from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider
from opentelemetry.trace import Status, StatusCode
from typing_extensions import override

from agent.settings import UnusableSettingError, redact_traces

_SEND_S, _WAIT_MS = 5.0, 1_000
"""How long one batch may take; how long a span waits for others."""


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


def export(where: str, region: str) -> None:
    """Send this process's spans to X-Ray, or to an OTLP endpoint; in the background, in batches.

    X-Ray's endpoint is signed for ("OTLP Endpoints", CloudWatch User Guide) with the credentials
    that boto3 finds, and needs `xray:PutTraceSegments` and Transaction Search turned on. To be
    called once, before `redact`; does nothing where tracing was set up before our code ran.

    Args:
        where: `xray`, or a URL.
        region: Of X-Ray.

    Raises:
        UnusableSettingError: X-Ray, and no credentials are found.
    """
    if isinstance(trace.get_tracer_provider(), TracerProvider):
        return
    # Who sends no spans does not wait for this.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    url, session = _signed(region) if where == "xray" else (where, None)
    exporter = OTLPSpanExporter(endpoint=url, session=session, timeout=_SEND_S)
    provider = TracerProvider(resource=Resource.create({"service.name": "security-assist"}))
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_WAIT_MS))
    trace.set_tracer_provider(provider)


def _signed(region: str) -> tuple[str, Any]:
    """X-Ray's endpoint, and a session of `requests` that signs what is sent there."""
    import requests  # noqa: PLC0415 - as above
    from botocore.auth import SigV4Auth  # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    from integrations.aws import AmbientSession  # noqa: PLC0415

    ours = AmbientSession(region=region)
    found = ours.get_credentials()
    if found is None:
        raise UnusableSettingError("SECURITY_ASSIST_TRACES=xray needs AWS credentials")

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        asked = AWSRequest(request.method, request.url, data=request.body)
        SigV4Auth(found, "xray", region).add_auth(asked)
        request.headers.update(dict(asked.headers))
        return request

    session = requests.Session()
    session.auth = sign
    return f"{ours.client('xray').meta.endpoint_url}/v1/traces", session


def redact() -> None:
    """Redact what this process traces, unless the environment says that it should not be.

    To be called once, after tracing was set up (`opentelemetry-instrument` does that before any
    code of ours runs) and before the agent framework is imported.
    """
    provider = trace.get_tracer_provider()
    if redact_traces() and hasattr(provider, "add_span_processor"):
        provider.add_span_processor(WithoutWords())
