"""Plan mode: reads go out, everything else is kept back, written down and answered.

The hook sits in botocore, where every call of every client passes (`before-call`; a handler that
answers there keeps the request from being built and sent). Which operation only reads is told by a
list of verbs and a list of the operations that break it; whatever is not known to read is taken to
change something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.runbooks.answers import Answers, redacted, resource_of
from integrations.runbooks.permissions import iam_action
from integrations.runbooks.port import PlannedCall

_READS = ("Describe", "Get", "List", "Head", "BatchGet", "BatchDescribe", "Lookup", "Search")
_READS_NOT = frozenset(
    {
        # They begin like reads, and hand out credentials or make something.
        ("appstream", "DescribeThemeForStack"),
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("cognito-identity", "GetId"),
        ("cognito-identity", "GetOpenIdToken"),
        ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
        ("connect", "GetFederationToken"),
        ("gamelift", "GetComputeAccess"),
        ("gamelift", "GetComputeAuthToken"),
        ("gamelift", "GetInstanceAccess"),
        ("lightsail", "GetBucketAccessKeys"),
        ("lightsail", "GetInstanceAccessDetails"),
        ("redshift", "GetClusterCredentials"),
        ("redshift", "GetClusterCredentialsWithIAM"),
        ("redshift-serverless", "GetCredentials"),
        ("sso", "GetRoleCredentials"),
        ("sts", "GetFederationToken"),
        ("sts", "GetSessionToken"),
    }
)
_KEY = "security_assist_parameters"


def is_read(service: str, operation: str) -> bool:
    """Whether an operation is known to change nothing; `service` as boto3 names the client."""
    return operation.startswith(_READS) and (service, operation) not in _READS_NOT


@dataclass(slots=True)
class Ledger:
    """What a plan has seen so far."""

    answers: Answers
    step: str = ""
    calls: list[PlannedCall] = field(default_factory=list)
    reads: dict[str, None] = field(default_factory=dict)
    unpredicted: dict[str, None] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    """Ids and names that a kept call named or that were made up for its answer."""
    guessed: bool = False
    """Whether an answer since the last look was made up, or may be out of date by then."""

    def note(self, sentence: str) -> None:
        """Say what cannot be foreseen; once."""
        self.unpredicted[sentence] = None

    def keep(self, call: PlannedCall, named: set[str]) -> None:
        """Write down a call that did not go out."""
        self.calls.append(call)
        self.touched |= named
        self.guessed = True

    def watch(self, client: Any) -> None:
        """Stand between a client and the network."""
        client.meta.events.register_last("before-parameter-build", self._remember)
        client.meta.events.register_first("before-call", self._before_call)
        client.meta.events.register_first("before-send", self._before_send)

    def _remember(self, params: Any, context: dict[str, Any], **_: Any) -> None:
        context[_KEY] = params

    def _before_call(self, model: Any, context: dict[str, Any], **_: Any) -> Any:
        service, operation = model.service_model.service_name, model.name
        given = context.get(_KEY) or {}
        if is_read(service, operation):
            self.reads[iam_action(service, operation)] = None
            if not self.answers.made_up & set(_texts(given)):
                context["security_assist_read"] = True
                return None
            self.guessed = True
            self.note(f"{self.step} reads what is not there before the run.")
        else:
            call = PlannedCall(
                step=self.step,
                service=service,
                operation=operation,
                parameters=redacted(given, model.input_shape),
                resource=resource_of(given, model.input_shape),
            )
            self.keep(call, set(_texts(given)))
        return self.answers.answer(model, given)

    def _before_send(self, request: Any, **_: Any) -> None:
        """The last door: what was not let through as a read above does not get out."""
        if not request.context.get("security_assist_read"):
            raise PermissionError("a plan sends nothing but reads")

    def concerns(self, parameters: Any) -> bool:
        """Whether a read may see what a kept call would have changed."""
        if not self.calls:
            return False
        named = set(_texts(parameters))
        return not named or bool(named & self.touched)


def _texts(value: Any) -> Iterator[str]:
    """Every text in the parameters of a call."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
