"""Plan mode: reads go out, everything else is kept back, written down and answered.

The hook sits in botocore, where every call of every client passes (`before-call`; a handler that
answers there keeps the request from being built and sent). Which operation only reads is told by a
list of verbs and a list of the operations that break it; whatever is not known to read is taken to
change something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from integrations.runbooks.answers import Answers, redacted, resource_of
from integrations.runbooks.permissions import iam_action
from integrations.runbooks.port import PlannedCall

_READS = ("Describe", "Get", "List", "Head", "BatchGet", "BatchDescribe", "Lookup", "Search")
_READS_TOO = frozenset(
    {
        ("accessanalyzer", "CheckAccessNotGranted"),
        ("accessanalyzer", "CheckNoNewAccess"),
        ("accessanalyzer", "CheckNoPublicAccess"),
        ("accessanalyzer", "ValidatePolicy"),
        ("cloudformation", "EstimateTemplateCost"),
        ("cloudformation", "ValidateTemplate"),
        ("config", "SelectAggregateResourceConfig"),
        ("config", "SelectResourceConfig"),
        ("dynamodb", "Query"),
        ("dynamodb", "Scan"),
        # The report is AWS's to keep; asking for it again is free and changes nothing else.
        ("iam", "GenerateCredentialReport"),
        ("iam", "SimulateCustomPolicy"),
        ("iam", "SimulatePrincipalPolicy"),
        ("logs", "FilterLogEvents"),
    }
)
_READS_NOT = frozenset(
    {
        # They begin like reads, and make something, take a job, or hand out a way in.
        # They answer secrets.
        ("codeartifact", "GetAuthorizationToken"),
        ("ec2", "GetPasswordData"),
        ("ecr", "GetAuthorizationToken"),
        ("ecr-public", "GetAuthorizationToken"),
        ("redshift", "GetIdentityCenterAuthToken"),
        ("secretsmanager", "BatchGetSecretValue"),
        ("secretsmanager", "GetSecretValue"),
        ("ssm", "GetAccessToken"),
        ("appfabric", "BatchGetUserAccessTasks"),
        ("athena", "GetSessionEndpoint"),
        ("bedrock-agentcore", "GetResourceApiKey"),
        ("bedrock-agentcore", "GetResourceOauth2Token"),
        ("bedrock-agentcore", "GetWorkloadAccessToken"),
        ("bedrock-agentcore", "GetWorkloadAccessTokenForJWT"),
        ("bedrock-agentcore", "GetWorkloadAccessTokenForUserId"),
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("cognito-identity", "GetId"),
        ("cognito-identity", "GetOpenIdToken"),
        ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
        ("cognito-idp", "GetTokensFromRefreshToken"),
        ("connect", "GetFederationToken"),
        ("datazone", "GetIamPortalLoginUrl"),
        ("emr", "GetClusterSessionCredentials"),
        ("emr", "GetOnClusterAppUIPresignedURL"),
        ("emr", "GetPersistentAppUIPresignedURL"),
        ("emr", "GetSessionEndpoint"),
        ("emr-containers", "GetManagedEndpointSessionCredentials"),
        ("gamelift", "GetComputeAccess"),
        ("gamelift", "GetComputeAuthToken"),
        ("gamelift", "GetInstanceAccess"),
        ("glue", "GetSessionEndpoint"),
        ("lightsail", "GetBucketAccessKeys"),
        ("lightsail", "GetInstanceAccessDetails"),
        ("lightsail", "GetRelationalDatabaseMasterUserPassword"),
        ("redshift", "GetClusterCredentials"),
        ("redshift", "GetClusterCredentialsWithIAM"),
        ("redshift-serverless", "GetCredentials"),
        ("security-ir", "GetCaseAttachmentUploadUrl"),
        ("socialmessaging", "GetWhatsAppMessageMedia"),
        ("sso", "GetRoleCredentials"),
        ("stepfunctions", "GetActivityTask"),
        ("sts", "GetDelegatedAccessToken"),
        ("sts", "GetFederationToken"),
        ("sts", "GetScopedCredentials"),
        ("sts", "GetSessionToken"),
        ("sts", "GetWebIdentityToken"),
    }
)
_PARAMETERS = "security_assist_parameters"
LET_OUT = "security_assist_let_out"
"""The key in botocore's context of a call that a plan sends."""


def is_read(service: str, operation: str) -> bool:
    """Whether an operation is known to change nothing; `service` as boto3 names the client."""
    known = (service, operation)
    return known in _READS_TOO or (operation.startswith(_READS) and known not in _READS_NOT)


@dataclass(slots=True)
class Ledger:
    """What a plan has seen so far."""

    answers: Answers
    step: str = ""
    calls: list[PlannedCall] = field(default_factory=list)
    reads: dict[str, None] = field(default_factory=dict)
    unpredicted: dict[str, None] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    """Every text in the parameters of a kept call: the ids and names it is about."""
    services: set[str] = field(default_factory=set)
    """Whose calls were kept."""
    guessed: bool = False
    """Whether an answer was made up since this was last set to False."""
    stale: bool = False
    """Whether something was read, since this was last set to False, that a kept call changes."""

    asked: dict[str, str] = field(default_factory=dict)
    """Operation -> the service that was last asked for it."""

    def note(self, sentence: str) -> None:
        """Say what cannot be foreseen; once."""
        self.unpredicted[sentence] = None

    def concerns(self, service: str, parameters: Any) -> bool:
        """Whether a read may see what a kept call would have changed."""
        named = set(_texts(parameters))
        return bool(named & self.touched) if named else service in self.services

    def watch(self, client: Any) -> None:
        """Stand between a client and the network."""
        events = client.meta.events
        events.register_last("before-parameter-build", self.remember)
        events.register_first("before-call", self.before_call)
        events.register_first("before-send", self.before_send)

    def remember(self, params: Any, model: Any, context: dict[str, Any], **_: Any) -> None:
        """Keep the parameters as the caller gave them; later hooks see them serialised."""
        context[_PARAMETERS] = params
        self.asked[model.name] = model.service_model.service_name

    def before_call(self, model: Any, context: dict[str, Any], **_: Any) -> Any:
        """Let a read pass; keep anything else back, and answer it."""
        service, operation = model.service_model.service_name, model.name
        given = context.get(_PARAMETERS) or {}
        if is_read(service, operation):
            self.reads[iam_action(service, operation)] = None
            self.stale = self.stale or self.concerns(service, given)
            if not self.answers.made_up & set(_texts(given)):
                context[LET_OUT] = True
                return None
        else:
            self.calls.append(
                PlannedCall(
                    step=self.step,
                    service=service,
                    operation=operation,
                    parameters=redacted(given, model.input_shape),
                    resource=resource_of(given, model.input_shape),
                )
            )
            self.touched |= set(_texts(given))
            self.services.add(service)
        self.guessed = True
        return self.answers.answer(model, given)

    def before_send(self, request: Any, **_: Any) -> None:
        """The last door: what was not let through as a read above does not get out."""
        if not request.context.get(LET_OUT):
            raise PermissionError("a plan sends nothing but reads")

    def exported(self) -> dict[str, Any]:
        """All of it as JSON has it, for the process of a script and back."""
        return {
            "step": self.step,
            "account": self.answers.account,
            "region": self.answers.region,
            "now": self.answers.now.isoformat(),
            "made_up": sorted(self.answers.made_up),
            "calls": [asdict(call) for call in self.calls],
            "reads": list(self.reads),
            "touched": sorted(self.touched),
            "services": sorted(self.services),
            "guessed": self.guessed,
            "stale": self.stale,
        }

    def take_over(self, exported: Mapping[str, Any]) -> None:
        """Go on from what the process of a script saw."""
        self.answers.made_up |= set(exported["made_up"])
        self.calls += [PlannedCall(**call) for call in exported["calls"]]
        self.reads |= dict.fromkeys(exported["reads"])
        self.touched |= set(exported["touched"])
        self.services |= set(exported["services"])
        self.guessed = self.guessed or exported["guessed"]
        self.stale = self.stale or exported["stale"]


def ledger_of(exported: Mapping[str, Any]) -> Ledger:
    """The ledger of a script's process: knows what was kept before, holds no call yet."""
    now = datetime.fromisoformat(exported["now"])
    ledger = Ledger(Answers(exported["account"], exported["region"], now), exported["step"])
    ledger.answers.made_up |= set(exported["made_up"])
    ledger.touched |= set(exported["touched"])
    ledger.services |= set(exported["services"])
    return ledger


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
