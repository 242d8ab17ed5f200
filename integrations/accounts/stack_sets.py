"""The roles' template in tenants' accounts, through a CloudFormation StackSet of the hub's.

With self-managed permissions, as "Grant self-managed permissions" in the CloudFormation User Guide
has them. Operations and statuses: CreateStackInstances, DescribeStackSetOperation and
ListStackInstances in the CloudFormation API reference. One operation of a set runs at a time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code, is_away, is_denied
from integrations.errors import DeniedByAwsError, NotFoundError, UnavailableError

_POLL_S = 3.0
_PATIENCE_S = 900.0
_OVER = frozenset({"SUCCEEDED", "FAILED", "STOPPED"})
_MISSING = "StackSetNotFoundException"


class StackSet:
    """One StackSet; its instances are in accounts and Regions."""

    def __init__(
        self,
        client: Any,
        name: str,
        clock: Callable[[], float],
        pause: Callable[[float], object],
    ) -> None:
        """`client` of CloudFormation; `clock` gives seconds, `pause` waits so many."""
        self._client = client
        self._name = name
        self._clock = clock
        self._pause = pause

    def prepare(self, template: str, parameters: Mapping[str, str]) -> str:
        """Make the set where it is not there: `made`, `there`, or `differs` from the template.

        One that differs is left as it is: to change it changes every tenant's accounts.

        Raises:
            DeniedByAwsError: CloudFormation refuses.
            UnavailableError: CloudFormation did not answer.
        """
        with self._calling("cloudformation:CreateStackSet"):
            try:
                told = self._client.describe_stack_set(StackSetName=self._name)["StackSet"]
            except ClientError as error:
                if error_code(error.response) != _MISSING:
                    raise
            else:
                same = str(told.get("TemplateBody", "")).strip() == template.strip()
                return "there" if same else "differs"
            self._client.create_stack_set(
                StackSetName=self._name,
                Description="Security Assist in a tenant's account",
                TemplateBody=template,
                Parameters=_parameters(parameters),
                Capabilities=["CAPABILITY_NAMED_IAM"],
                PermissionModel="SELF_MANAGED",
            )
        return "made"

    def standing(self, account: str) -> dict[str, str]:
        """An account's instances: Region -> its status, `CURRENT` where all is well.

        Raises:
            DeniedByAwsError: CloudFormation refuses.
            UnavailableError: CloudFormation did not answer.
        """
        found: dict[str, str] = {}
        more: dict[str, str] = {}
        with self._calling("cloudformation:ListStackInstances"):
            while True:
                try:
                    page = self._client.list_stack_instances(
                        StackSetName=self._name, StackInstanceAccount=account, **more
                    )
                except ClientError as error:
                    if error_code(error.response) == _MISSING:
                        return {}
                    raise
                # Asked for one account; an emulator may answer for all.
                own = [one for one in page["Summaries"] if one["Account"] == account]
                found |= {one["Region"]: str(one.get("Status", "")) for one in own}
                if not page.get("NextToken"):
                    return found
                more = {"NextToken": page["NextToken"]}

    def place(
        self,
        accounts: Sequence[str],
        regions: Sequence[str],
        parameters: Mapping[str, str],
        *,
        renew: bool = False,
    ) -> int:
        """Put the template where it is not; where it failed or is outdated, once more.

        `renew`: everywhere once more, with these parameters. What an instance has of them is not
        told, since the ExternalId is not echoed.

        Returns how many instances were made or renewed.

        Raises:
            DeniedByAwsError: CloudFormation refuses, or an instance could not be made: says why.
            UnavailableError: CloudFormation did not answer, or did not end within 15 minutes.
        """
        done = 0
        for account in accounts:
            standing = self.standing(account)
            missing = [region for region in regions if region not in standing]
            there = [region for region in regions if region in standing]
            again = [region for region in there if renew or standing[region] != "CURRENT"]
            for some, verb in ((missing, "create"), (again, "update")):
                if some:
                    self._operate(
                        verb,
                        Accounts=[account],
                        Regions=some,
                        ParameterOverrides=_parameters(parameters),
                    )
                    done += len(some)
        return done

    def remove(self, account: str) -> int:
        """Take an account's instances away; how many there were.

        Raises:
            DeniedByAwsError: CloudFormation refuses.
            UnavailableError: CloudFormation did not answer, or did not end within 15 minutes.
        """
        regions = sorted(self.standing(account))
        if regions:
            self._operate("delete", Accounts=[account], Regions=regions, RetainStacks=False)
        return len(regions)

    def _operate(self, verb: str, **wanted: Any) -> None:
        action = f"cloudformation:{verb.title()}StackInstances"
        with self._calling(action):
            call = getattr(self._client, f"{verb}_stack_instances")
            operation = call(StackSetName=self._name, **wanted).get("OperationId", "")
            until = self._clock() + _PATIENCE_S
            while (status := self._status(operation)) not in _OVER:
                if self._clock() >= until:
                    said = f"{verb} of {self._name} in {wanted['Accounts'][0]} has not ended yet"
                    raise UnavailableError(f"{said}; run the same command again")
                self._pause(_POLL_S)
        if status != "SUCCEEDED":
            raise DeniedByAwsError(action, self._name, self._why(operation) or status)

    def _status(self, operation: str) -> str:
        if not operation:
            return "SUCCEEDED"
        told = self._client.describe_stack_set_operation(
            StackSetName=self._name, OperationId=operation
        )
        return str(told["StackSetOperation"]["Status"])

    def _why(self, operation: str) -> str:
        with self._calling("cloudformation:ListStackSetOperationResults"):
            told = self._client.list_stack_set_operation_results(
                StackSetName=self._name, OperationId=operation
            )
        reasons = (str(one.get("StatusReason", "")) for one in told["Summaries"])
        return next((reason for reason in reasons if reason), "")

    @contextmanager
    def _calling(self, action: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code, said = error_code(error.response), str(error)
            if is_away(code) or code == "OperationInProgressException":
                raise UnavailableError(f"CloudFormation: {said}; run it again") from error
            if code == _MISSING:
                raise NotFoundError(f"there is no StackSet {self._name}") from error
            if is_denied(code):
                raise DeniedByAwsError(action, "", said) from error
            raise DeniedByAwsError(action, self._name, said) from error
        except NO_ANSWER as error:
            raise UnavailableError(f"CloudFormation did not answer: {error}") from error


def _parameters(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()]
