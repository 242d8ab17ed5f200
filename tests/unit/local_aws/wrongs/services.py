"""Functions, queues, trails, balancers and the rest, got wrong and right again."""

from collections.abc import Callable
from typing import Any

from tests.unit.local_aws.wrongs.resources import (
    bucket,
    function,
    key,
    make_role,
    put_policy,
    statement_of,
    subnets,
)
from tests.unit.local_aws.wrongs.wrong import Make, Service, Wrong, arn_of, draw


def _public_function(of: Service, account: str) -> Wrong:
    arn = function(of)
    of("lambda").add_permission(
        FunctionName=arn, StatementId="all", Action="lambda:InvokeFunction", Principal="*"
    )
    return Wrong(arn, lambda: of("lambda").remove_permission(FunctionName=arn, StatementId="all"))


def _old_runtime(of: Service, account: str) -> Wrong:
    arn = function(of)
    of("lambda").update_function_configuration(FunctionName=arn, Runtime="python3.8")
    return Wrong(
        arn,
        lambda: of("lambda").update_function_configuration(FunctionName=arn, Runtime="python3.13"),
    )


def _queue(of: Service, account: str) -> Wrong:
    sqs, name = of("sqs"), draw("queue")
    url = sqs.create_queue(QueueName=name, Attributes={"SqsManagedSseEnabled": "false"})["QueueUrl"]
    return Wrong(
        arn_of(account, "sqs", name),
        lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes={"SqsManagedSseEnabled": "true"}),
    )


def _topic(of: Service, account: str) -> Wrong:
    arn = of("sns").create_topic(Name=draw("topic"))["TopicArn"]
    return Wrong(
        arn,
        lambda: of("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue="alias/aws/sns"
        ),
    )


def trail(of: Service, **more: Any) -> dict[str, Any]:
    """A new trail of one Region that logs."""
    made: dict[str, Any] = of("cloudtrail").create_trail(
        Name=draw("trail"), S3BucketName=bucket(of), **more
    )
    of("cloudtrail").start_logging(Name=made["Name"])
    return made


def _trail(right: Callable[[Service, str], Any]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        made = trail(of)
        return Wrong(made["TrailARN"], lambda: right(of, made["Name"]))

    return make


def _trail_everywhere(of: Service, account: str) -> Wrong:
    made = trail(of)

    def right() -> None:
        of("cloudtrail").update_trail(Name=made["Name"], IsMultiRegionTrail=True)

    return Wrong(f"AWS::::Account:{account}", right)


def _trail_to_logs(of: Service, name: str) -> None:
    group = draw("/trail")
    of("logs").create_log_group(logGroupName=group)
    (row,) = of("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    of("cloudtrail").update_trail(
        Name=name, CloudWatchLogsLogGroupArn=row["arn"],
        CloudWatchLogsRoleArn=make_role(of, "cloudtrail"),
    )  # fmt: skip


def _balancer(key_: str, more: dict[str, str]) -> Make:
    def make(of: Service, account: str) -> Wrong:
        arn = balancer(of)
        attributes = {key_: "true", **more}
        if key_.startswith("access_logs"):
            attributes["access_logs.s3.bucket"] = _log_bucket(of)
        rows = [{"Key": name, "Value": value} for name, value in attributes.items()]
        return Wrong(
            arn,
            lambda: of("elbv2").modify_load_balancer_attributes(
                LoadBalancerArn=arn, Attributes=rows
            ),
        )

    return make


def balancer(of: Service) -> str:
    """The ARN of a new application load balancer."""
    made = of("elbv2").create_load_balancer(Name=draw("lb"), Subnets=subnets(of))
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def _log_bucket(of: Service) -> str:
    name = bucket(of)
    put_policy(of, name, statement_of(
        name, Principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        Action="s3:PutObject",
    ))  # fmt: skip
    return name


def _web_acl(of: Service, account: str) -> Wrong:
    arn = balancer(of)
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}

    def right() -> None:
        acl = of("wafv2").create_web_acl(
            Name=draw("acl"), Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen
        )["Summary"]["ARN"]
        of("wafv2").associate_web_acl(WebACLArn=acl, ResourceArn=arn)

    return Wrong(arn, right)


def _repository(of: Service, account: str) -> Wrong:
    made = of("ecr").create_repository(repositoryName=draw("images"))["repository"]
    return Wrong(
        made["repositoryArn"],
        lambda: of("ecr").put_image_scanning_configuration(
            repositoryName=made["repositoryName"],
            imageScanningConfiguration={"scanOnPush": True},
        ),
    )


def _recorder(of: Service, account: str) -> Wrong:
    def right() -> None:
        config, name = of("config"), bucket(of)
        config.put_configuration_recorder(ConfigurationRecorder={
            "name": "default", "roleARN": make_role(of, "config"),
            "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        })  # fmt: skip
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": name})
        config.start_configuration_recorder(ConfigurationRecorderName="default")

    return Wrong(f"AWS::::Account:{account}", right)


def _detector(of: Service, account: str) -> Wrong:
    return Wrong(f"AWS::::Account:{account}", lambda: of("guardduty").create_detector(Enable=True))


WRONGS: dict[str, Make] = {
    "Lambda.1": _public_function,
    "Lambda.2": _old_runtime,
    "SQS.1": _queue,
    "SNS.1": _topic,
    "CloudTrail.1": _trail_everywhere,
    "CloudTrail.2": _trail(lambda of, name: of("cloudtrail").update_trail(
        Name=name, KmsKeyId=key(of))),
    "CloudTrail.4": _trail(lambda of, name: of("cloudtrail").update_trail(
        Name=name, EnableLogFileValidation=True)),
    "CloudTrail.5": _trail(_trail_to_logs),
    "ELB.4": _balancer("routing.http.drop_invalid_header_fields.enabled", {}),
    "ELB.5": _balancer("access_logs.s3.enabled", {}),
    "ELB.6": _balancer("deletion_protection.enabled", {}),
    "ELB.16": _web_acl,
    "ECR.1": _repository,
    "Config.1": _recorder,
    "GuardDuty.1": _detector,
}  # fmt: skip
