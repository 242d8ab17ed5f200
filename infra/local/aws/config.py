"""AWS Config: current items and their history, queries over an account or over all of them, rules.

Facts: the AWS Config API reference for the operations here and the forms in which each tells of an
item; "AWS Config managed rules" and "Service-linked AWS Config rules" for how Security Hub names
the rules that it evaluates its controls with.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from infra.local.account import Item
from infra.local.aws.answers import json_answer, page
from infra.local.aws.calls import Call
from infra.local.aws.controls import CONTROLS
from infra.local.aws.evaluation import Evaluation
from infra.local.aws.expressions import Query, understood, values
from infra.local.aws.principals import HUB_ACCOUNT
from infra.local.aws.recorder import Recorder
from infra.local.aws.refusals import Answer, AwsError

AGGREGATOR = "SecurityAssist"
"""The hub's aggregator over every emulated account."""
_MOST = 100


class Config:
    """Answers from the recorders, and has the controls evaluated."""

    def __init__(
        self,
        recorders: Mapping[str, Recorder],
        evaluations: Mapping[str, Evaluation],
        clock: Callable[[], datetime],
    ) -> None:
        """Both by account; `clock` tells the time (aware UTC)."""
        self._recorders = recorders
        self._evaluations = evaluations
        self._clock = clock

    def plugins(self) -> dict[tuple[str, str], Callable[[Call], Answer]]:
        """What this answers."""
        own = {
            "SelectResourceConfig": self.select,
            "SelectAggregateResourceConfig": self.select_aggregate,
            "BatchGetResourceConfig": self.batch_get,
            "BatchGetAggregateResourceConfig": self.batch_get_aggregate,
            "GetAggregateResourceConfig": self.get_aggregate,
            "GetResourceConfigHistory": self.history,
            "ListDiscoveredResources": self.list_discovered,
            "DescribeConfigRules": self.describe_rules,
            "DescribeConfigurationAggregators": self.describe_aggregators,
            "StartConfigRulesEvaluation": self.start_evaluation,
            "GetComplianceDetailsByConfigRule": self.compliance_details,
            "DescribeComplianceByConfigRule": self.compliance,
        }
        return {("config", operation): answer for operation, answer in own.items()}

    # -- items

    def select(self, call: Call) -> Answer:
        """SelectResourceConfig: over the caller's own account."""
        return self._selected(call, self._items([call.account]))

    def select_aggregate(self, call: Call) -> Answer:
        """SelectAggregateResourceConfig: over every account."""
        _aggregator(call)
        return self._selected(call, self._items(self._recorders))

    def _selected(self, call: Call, items: Sequence[Item]) -> Answer:
        query = understood(call.text("Expression"))
        rows = [row for row in map(_queried, items) if query.test(row)]
        for name, falls in reversed(query.order):
            rows.sort(key=lambda row: str((values(row, name) or [""])[0]), reverse=falls)
        chosen = [json.dumps(_chosen(query, row)) for row in rows]
        stale = "InvalidNextTokenException"
        results, token = page(chosen, call.parameters, most=_MOST, error=stale)
        fields = [{"Name": name} for name in query.fields]
        return json_answer(
            {"Results": results, "QueryInfo": {"SelectFields": fields}, "NextToken": token}
        )

    def batch_get(self, call: Call) -> Answer:
        """BatchGetResourceConfig."""
        keys = call.parameters.get("resourceKeys") or []
        held = {(i["resourceType"], i["resourceId"]): i for i in self._items([call.account])}
        found, left = [], []
        for key in keys:
            item = held.get((key["resourceType"], key["resourceId"]))
            if item is None:
                left.append(key)
            else:
                found.append(_base(item))
        return json_answer({"baseConfigurationItems": found, "unprocessedResourceKeys": left})

    def batch_get_aggregate(self, call: Call) -> Answer:
        """BatchGetAggregateResourceConfig."""
        _aggregator(call)
        found, left = [], []
        for wanted in call.parameters.get("ResourceIdentifiers") or []:
            item = self._of(wanted)
            if item is None:
                left.append(wanted)
            else:
                found.append(_base(item))
        return json_answer(
            {"BaseConfigurationItems": found, "UnprocessedResourceIdentifiers": left}
        )

    def get_aggregate(self, call: Call) -> Answer:
        """GetAggregateResourceConfig."""
        _aggregator(call)
        item = self._of(call.parameters.get("ResourceIdentifier") or {})
        if item is None:
            raise AwsError("ResourceNotDiscoveredException", "the resource was not discovered")
        return json_answer({"ConfigurationItem": _whole(item)})

    def history(self, call: Call) -> Answer:
        """GetResourceConfigHistory, the latest first unless the call says otherwise."""
        kind, resource_id = call.text("resourceType"), call.text("resourceId")
        versions = self._recorder(call.account).versions(kind, resource_id)
        if not versions:
            said = f"Resource {resource_id} of resourceType:{kind} is unknown or not discovered."
            raise AwsError("ResourceNotDiscoveredException", said)
        if call.text("chronologicalOrder") == "Forward":
            versions = versions[::-1]
        begin, end = call.parameters.get("earlierTime"), call.parameters.get("laterTime")
        inside = [
            _whole(item)
            for item in versions
            if (begin is None or begin <= _captured(item))
            and (end is None or _captured(item) <= end)
        ]
        asked = {"Limit": call.parameters.get("limit"), "NextToken": call.text("nextToken")}
        rows, token = page(inside, asked, most=_MOST)
        return json_answer({"configurationItems": rows, "nextToken": token})

    def list_discovered(self, call: Call) -> Answer:
        """ListDiscoveredResources."""
        wanted = set(call.parameters.get("resourceIds") or [])
        found = [
            {name: item[name] for name in ("resourceType", "resourceId", "resourceName")
             if item[name]}
            for item in self._items([call.account])
            if item["resourceType"] == call.text("resourceType")
            and (not wanted or item["resourceId"] in wanted)
        ]  # fmt: skip
        asked = {"Limit": call.parameters.get("limit"), "NextToken": call.text("nextToken")}
        rows, token = page(found, asked, most=_MOST)
        return json_answer({"resourceIdentifiers": rows, "nextToken": token})

    def _recorder(self, account: str) -> Recorder:
        recorder = self._recorders.get(account)
        if recorder is None:
            raise AwsError("NoAvailableConfigurationRecorderException", "there is no recorder")
        return recorder

    def _items(self, accounts: Iterable[str]) -> list[Item]:
        return [item for account in accounts for item in self._recorder(account).items()]

    def _of(self, wanted: Mapping[str, Any]) -> Item | None:
        """The item that an aggregate's identifier means."""
        account = str(wanted.get("SourceAccountId", ""))
        if account not in self._recorders:
            return None
        names = ("resourceType", "ResourceType"), ("resourceId", "ResourceId")
        return next(
            (
                item
                for item in self._items([account])
                if all(item[own] == wanted.get(theirs) for own, theirs in names)
                and item["awsRegion"] == wanted.get("SourceRegion")
            ),
            None,
        )

    def describe_aggregators(self, call: Call) -> Answer:
        """DescribeConfigurationAggregators."""
        if call.account != HUB_ACCOUNT:
            return json_answer({"ConfigurationAggregators": []})
        arn = f"arn:aws:config:{call.region}:{call.account}:config-aggregator/{AGGREGATOR}"
        sources = {"AccountIds": sorted(self._recorders), "AllAwsRegions": True}
        row = {"ConfigurationAggregatorName": AGGREGATOR, "ConfigurationAggregatorArn": arn,
               "AccountAggregationSources": [sources]}  # fmt: skip
        return json_answer({"ConfigurationAggregators": [row]})

    # -- rules

    def describe_rules(self, call: Call) -> Answer:
        """DescribeConfigRules: one for each control, named as Security Hub names them."""
        wanted = call.parameters.get("ConfigRuleNames") or list(_rules(call.account))
        known = _rules(call.account)
        rows = [
            {
                "ConfigRuleName": name,
                "ConfigRuleArn": f"arn:aws:config:{call.region}:{call.account}:config-rule/{name}",
                "ConfigRuleState": "ACTIVE",
                "CreatedBy": "securityhub.amazonaws.com",
                "Description": _control(known, name),
                "Source": {"Owner": "AWS",
                           "SourceIdentifier": CONTROLS[_control(known, name)].rule},
            }
            for name in wanted
        ]  # fmt: skip
        found, token = page(rows, call.parameters, most=_MOST)
        return json_answer({"ConfigRules": found, "NextToken": token})

    def start_evaluation(self, call: Call) -> Answer:
        """StartConfigRulesEvaluation: done when it is answered."""
        known = _rules(call.account)
        controls = [_control(known, n) for n in call.parameters.get("ConfigRuleNames") or known]
        self._evaluations[call.account].again(controls)
        return json_answer({})

    def compliance_details(self, call: Call) -> Answer:
        """GetComplianceDetailsByConfigRule."""
        name = call.text("ConfigRuleName")
        control = _control(_rules(call.account), name)
        types = call.parameters.get("ComplianceTypes") or ["COMPLIANT", "NON_COMPLIANT"]
        now = self._clock()
        found = [
            {
                "EvaluationResultIdentifier": {"EvaluationResultQualifier": {
                    "ConfigRuleName": name, "ResourceType": verdict.kind,
                    "ResourceId": verdict.resource,
                }},
                "ComplianceType": "COMPLIANT" if verdict.passed else "NON_COMPLIANT",
                "ResultRecordedTime": now, "ConfigRuleInvokedTime": now,
            }
            for _, verdict in self._evaluations[call.account].verdicts([control])
            if ("COMPLIANT" if verdict.passed else "NON_COMPLIANT") in types
        ]  # fmt: skip
        rows, token = page(found, call.parameters, most=_MOST)
        return json_answer({"EvaluationResults": rows, "NextToken": token})

    def compliance(self, call: Call) -> Answer:
        """DescribeComplianceByConfigRule."""
        known = _rules(call.account)
        rows = []
        for name in call.parameters.get("ConfigRuleNames") or known:
            verdicts = self._evaluations[call.account].verdicts([_control(known, name)])
            failed = [v for _, v in verdicts if not v.passed]
            kind = "NON_COMPLIANT" if failed else "COMPLIANT"
            rows.append({"ConfigRuleName": name, "Compliance": {"ComplianceType": kind}})
        found, token = page(rows, call.parameters, most=_MOST)
        return json_answer({"ComplianceByConfigRules": found, "NextToken": token})


def _aggregator(call: Call) -> None:
    """Only the hub has one: a tenant's account sees itself and nobody else."""
    if call.account != HUB_ACCOUNT or call.text("ConfigurationAggregatorName") != AGGREGATOR:
        said = "The configuration aggregator does not exist."
        raise AwsError("NoSuchConfigurationAggregatorException", said)


def _rules(account: str) -> dict[str, str]:
    """Rule name -> control: `securityhub-restricted-ssh-1a2b3c4d`."""
    found = {}
    for control in CONTROLS.values():
        suffix = hashlib.sha256(f"{account} {control.id}".encode()).hexdigest()[:8]
        found[f"securityhub-{control.rule}-{suffix}"] = control.id
    return found


def _control(rules: Mapping[str, str], name: str) -> str:
    if name not in rules:
        raise AwsError("NoSuchConfigRuleException", f"The ConfigRule {name} does not exist.")
    return rules[name]


def _captured(item: Item) -> float:
    return datetime.fromisoformat(item["configurationItemCaptureTime"]).timestamp()


def _base(item: Item) -> dict[str, Any]:
    """As BatchGet tells an item: configuration and each supplement as JSON text."""
    told = {
        "version": "1.3",
        "accountId": item["awsAccountId"],
        "configurationItemCaptureTime": _captured(item),
        "configurationItemStatus": item["configurationItemStatus"],
        "configurationStateId": str(item["configurationStateId"]),
        "arn": item["ARN"],
        "resourceType": item["resourceType"],
        "resourceId": item["resourceId"],
        "awsRegion": item["awsRegion"],
        "configuration": json.dumps(item["configuration"]),
        "supplementaryConfiguration": {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in item["supplementaryConfiguration"].items()
        },
    }
    if item["resourceName"]:
        told["resourceName"] = item["resourceName"]
    return told


def _whole(item: Item) -> dict[str, Any]:
    """As the history tells an item: with tags and relationships."""
    relations = [
        {
            "resourceType": row["resourceType"],
            "resourceId": row["resourceId"],
            "relationshipName": row["name"],
        }
        for row in item["relationships"]
    ]
    return _base(item) | {
        "tags": dict(item["tags"]),
        "relatedEvents": [],
        "relationships": relations,
    }


def _queried(item: Item) -> dict[str, Any]:
    """As a query sees an item: AWS's published schema gives relations no names."""
    tags = [{"key": k, "value": v, "tag": f"{k}={v}"} for k, v in item["tags"].items()]
    return {
        "accountId": item["awsAccountId"],
        "arn": item["ARN"],
        "awsRegion": item["awsRegion"],
        "configuration": item["configuration"],
        "configurationItemCaptureTime": item["configurationItemCaptureTime"],
        "configurationItemStatus": item["configurationItemStatus"],
        "configurationStateId": item["configurationStateId"],
        "relationships": [
            {"resourceType": r["resourceType"], "resourceId": r["resourceId"],
             **({"resourceName": r["resourceName"]} if r.get("resourceName") else {})}
            for r in item["relationships"]
        ],
        "resourceId": item["resourceId"],
        "resourceName": item["resourceName"],
        "resourceType": item["resourceType"],
        "supplementaryConfiguration": item["supplementaryConfiguration"],
        "tags": tags,
        "version": "1.3",
    }  # fmt: skip


def _chosen(query: Query, row: Mapping[str, Any]) -> dict[str, Any]:
    if "*" in query.fields:
        return dict(row)
    chosen: dict[str, Any] = {}
    for name in query.fields:
        if isinstance(row.get(name), list | dict):
            # A list of one stays a list; only what is picked out of lists comes alone.
            chosen[name] = row[name]
            continue
        found = values(row, name)
        if found:
            _put(chosen, name.split("."), found[0] if len(found) == 1 else found)
    return chosen


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        into = into.setdefault(name, {})
    into[path[-1]] = value
