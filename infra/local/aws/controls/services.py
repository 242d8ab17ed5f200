"""Controls of functions, queues, topics, trails, balancers, registries; Config and GuardDuty.

Facts: the Security Hub controls reference for these services.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from infra.local.aws.controls.verdicts import Check, Control, Looked, Verdict

_OLD_RUNTIMES = ("python2", "python3.6", "python3.7", "python3.8", "nodejs1", "go1", "ruby2",
                 "dotnetcore", "java8")  # fmt: skip
_DROPS = "routing.http.drop_invalid_header_fields.enabled"
_NARROWING = frozenset({"aws:sourceaccount", "aws:sourcearn", "aws:principalorgid",
                        "aws:sourceowner", "lambda:eventsourcetoken"})  # fmt: skip


def _functions(looked: Looked) -> Iterator[Any]:
    yield from looked.holdings.of("lambda").list_functions()


def _not_callable_by_everybody(looked: Looked) -> Iterator[Verdict]:
    for function in _functions(looked):
        public = any(_is_public(statement) for statement in function.policy.statements)
        yield Verdict(function.function_arn, "AwsLambdaFunction", not public)


def _is_public(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    everybody = named == "*" or (isinstance(named, list) and "*" in named)
    keys = {key.lower() for pairs in (statement.get("Condition") or {}).values() for key in pairs}
    return statement.get("Effect") == "Allow" and everybody and not keys & _NARROWING


def _runtimes_are_supported(looked: Looked) -> Iterator[Verdict]:
    for function in _functions(looked):
        old = str(function.run_time).startswith(_OLD_RUNTIMES)
        yield Verdict(function.function_arn, "AwsLambdaFunction", not old)


def _queues_are_encrypted(looked: Looked) -> Iterator[Verdict]:
    for queue in looked.holdings.of("sqs").queues.values():
        managed = str(queue.sqs_managed_sse_enabled).lower() == "true"
        yield Verdict(queue.queue_arn, "AwsSqsQueue", managed or bool(queue.kms_master_key_id))


def _topics_are_encrypted(looked: Looked) -> Iterator[Verdict]:
    for topic in looked.holdings.of("sns").topics.values():
        yield Verdict(topic.arn, "AwsSnsTopic", bool(topic.kms_master_key_id))


def _of_trails(passes: Callable[[Any], bool]) -> Check:
    def check(looked: Looked) -> Iterator[Verdict]:
        for trail in looked.holdings.of("cloudtrail").trails.values():
            yield Verdict(trail.arn, "AwsCloudTrailTrail", passes(trail))

    return check


def _every_region_is_recorded(looked: Looked) -> Iterator[Verdict]:
    trails = looked.holdings.of("cloudtrail").trails.values()
    yield looked.account(passed=any(t.is_multi_region and t.status.is_logging for t in trails))


def _of_balancers(passes: Callable[[Any], bool], *, only: str = "") -> Check:
    def check(looked: Looked) -> Iterator[Verdict]:
        for balancer in looked.holdings.of("elbv2").load_balancers.values():
            if only in {"", balancer.type}:
                yield Verdict(balancer.arn, "AwsElbv2LoadBalancer", passes(balancer))

    return check


def _balancers_log(looked: Looked) -> Iterator[Verdict]:
    logs = _of_balancers(lambda b: b.attrs.get("access_logs.s3.enabled") == "true")
    yield from logs(looked)
    for name, balancer in looked.holdings.of("elb").load_balancers.items():
        enabled = (balancer.attributes.get("access_log") or {}).get("enabled")
        arn = looked.arn("elasticloadbalancing", f"loadbalancer/{name}")
        yield Verdict(arn, "AwsElbLoadBalancer", str(enabled).lower() == "true")


def _balancers_have_a_web_acl(looked: Looked) -> Iterator[Verdict]:
    acls = looked.holdings.of("wafv2").wacls.values()
    fronted = {arn for acl in acls for arn in acl.associated_resources}
    yield from _of_balancers(lambda b: b.arn in fronted, only="application")(looked)


def _repositories_scan(looked: Looked) -> Iterator[Verdict]:
    for repository in looked.holdings.of("ecr").repositories.values():
        scans = repository.image_scanning_configuration.get("scanOnPush")
        yield Verdict(repository.arn, "AwsEcrRepository", str(scans).lower() == "true")


def _config_records(looked: Looked) -> Iterator[Verdict]:
    recorders = looked.holdings.of("config").recorders.values()
    passed = any(
        recorder.status.recording
        and (recorder.recording_group.all_supported or recorder.recording_group.resource_types)
        for recorder in recorders
    )
    yield looked.account(passed=passed)


def _guardduty_is_on(looked: Looked) -> Iterator[Verdict]:
    detectors = looked.holdings.of("guardduty").detectors.values()
    yield looked.account(passed=any(detector.enabled for detector in detectors))


CONTROLS = (
    Control("Lambda.1", "lambda-function-public-access-prohibited", _not_callable_by_everybody),
    Control("Lambda.2", "lambda-function-settings-check", _runtimes_are_supported),
    Control("SQS.1", "sqs-queue-encrypted", _queues_are_encrypted),
    Control("SNS.1", "sns-encrypted-kms", _topics_are_encrypted),
    Control("CloudTrail.1", "multi-region-cloudtrail-enabled", _every_region_is_recorded),
    Control("CloudTrail.2", "cloud-trail-encryption-enabled",
            _of_trails(lambda trail: bool(trail.kms_key_id))),
    Control("CloudTrail.4", "cloud-trail-log-file-validation-enabled",
            _of_trails(lambda trail: bool(trail.log_validation))),
    Control("CloudTrail.5", "cloud-trail-cloud-watch-logs-enabled",
            _of_trails(lambda trail: bool(trail.cw_log_group_arn))),
    Control("ELB.4", "alb-http-drop-invalid-header-enabled",
            _of_balancers(lambda b: b.attrs.get(_DROPS) == "true", only="application")),
    Control("ELB.5", "elb-logging-enabled", _balancers_log),
    Control("ELB.6", "elb-deletion-protection-enabled",
            _of_balancers(lambda b: b.attrs.get("deletion_protection.enabled") == "true",
                          only="application")),
    Control("ELB.16", "alb-waf-enabled", _balancers_have_a_web_acl),
    Control("ECR.1", "ecr-private-image-scanning-enabled", _repositories_scan),
    Control("Config.1", "config-enabled", _config_records),
    Control("GuardDuty.1", "guardduty-enabled-centralized", _guardduty_is_on),
)  # fmt: skip
