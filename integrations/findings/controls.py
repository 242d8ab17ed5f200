"""Security Hub controls: their ids, old and new, and their services.

Facts: the AWS Security Hub controls reference, which names the standard-specific ids of the time
before consolidated controls.
"""

import csv
import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

_CONTROL: Final = re.compile(r"^([A-Za-z][A-Za-z0-9]{0,30})\.(\d{1,4})$")
# A generator id, or an ARN, ends in the standard, its version and the rule.
_STANDARD_RULE: Final = re.compile(r"(?:^|[/:])([\w-]+)/v/([\d.]+)/(?:rule/)?([\w.]+)$")
_CONSOLIDATED: Final = re.compile(r"(?:^|[/:])security-control/([\w.]+)")

# As AWS's controls reference spells them.
_SPELLED: Final = """
    Account ACM Amplify APIGateway AppConfig AppFlow AppRunner AppSync Athena AutoScaling Backup
    Batch CloudFormation CloudFront CloudTrail CloudWatch CodeArtifact CodeBuild CodeGuruProfiler
    CodeGuruReviewer Cognito Config Connect DataFirehose DataSync Detective DMS DocumentDB DynamoDB
    EC2 ECR ECS EFS EKS ElastiCache ElasticBeanstalk ELB EMR ES EventBridge FraudDetector FSx
    GlobalAccelerator Glue GuardDuty IAM Inspector IoT IoTEvents IoTSiteWise IoTTwinMaker
    IoTWireless IVS Keyspaces Kinesis KMS Lambda Macie MQ MSK Neptune NetworkFirewall Opensearch
    PCA RDS Redshift RedshiftServerless Route53 S3 SageMaker SecretsManager ServiceCatalog SES SNS
    SQS SSM StepFunctions Transfer WAF WorkSpaces
"""
_SERVICES: Final = {name.casefold(): name for name in _SPELLED.split()}
_RENAMED: Final = {"elbv2.1": "ELB.1"}

# CIS 1.2.0 rule 1.1 was split in two, CloudWatch.1 and the since retired IAM.20: the living one.
_CIS_1_2: Final = """
    1.1=CloudWatch.1 1.2=IAM.5 1.3=IAM.8 1.4=IAM.3 1.5=IAM.11 1.6=IAM.12 1.7=IAM.13 1.8=IAM.14
    1.9=IAM.15 1.10=IAM.16 1.11=IAM.17 1.12=IAM.4 1.13=IAM.9 1.14=IAM.6 1.16=IAM.2 1.20=IAM.18
    1.22=IAM.1 2.1=CloudTrail.1 2.2=CloudTrail.4 2.3=CloudTrail.6 2.4=CloudTrail.5 2.5=Config.1
    2.6=CloudTrail.7 2.7=CloudTrail.2 2.8=KMS.4 2.9=EC2.6 3.1=CloudWatch.2 3.2=CloudWatch.3
    3.3=CloudWatch.1 3.4=CloudWatch.4 3.5=CloudWatch.5 3.6=CloudWatch.6 3.7=CloudWatch.7
    3.8=CloudWatch.8 3.9=CloudWatch.9 3.10=CloudWatch.10 3.11=CloudWatch.11 3.12=CloudWatch.12
    3.13=CloudWatch.13 3.14=CloudWatch.14 4.1=EC2.13 4.2=EC2.14 4.3=EC2.2
"""
_CIS_1_4: Final = """
    1.4=IAM.4 1.5=IAM.9 1.6=IAM.6 1.7=CloudWatch.1 1.8=IAM.15 1.9=IAM.16 1.10=IAM.5 1.12=IAM.22
    1.14=IAM.3 1.16=IAM.1 1.17=IAM.18 2.1.1=S3.4 2.1.2=S3.5 2.1.3=S3.20 2.1.5.1=S3.1 2.1.5.2=S3.8
    2.2.1=EC2.7 2.3.1=RDS.3 3.1=CloudTrail.1 3.2=CloudTrail.4 3.4=CloudTrail.5 3.5=Config.1
    3.6=S3.9 3.7=CloudTrail.2 3.8=KMS.4 3.9=EC2.6 4.3=CloudWatch.1 4.4=CloudWatch.4
    4.5=CloudWatch.5 4.6=CloudWatch.6 4.7=CloudWatch.7 4.8=CloudWatch.8 4.9=CloudWatch.9
    4.10=CloudWatch.10 4.11=CloudWatch.11 4.12=CloudWatch.12 4.13=CloudWatch.13 4.14=CloudWatch.14
    5.1=EC2.21 5.3=EC2.2
"""
_CIS_3_0: Final = """
    1.2=Account.1 1.4=IAM.4 1.5=IAM.9 1.6=IAM.6 1.8=IAM.15 1.9=IAM.16 1.10=IAM.5 1.12=IAM.22
    1.14=IAM.3 1.15=IAM.2 1.17=IAM.18 1.19=IAM.26 1.20=IAM.28 1.22=IAM.27 2.1.1=S3.5 2.1.2=S3.20
    2.1.4.1=S3.1 2.1.4.2=S3.8 2.2.1=EC2.7 2.3.1=RDS.3 2.3.2=RDS.13 2.3.3=RDS.2 2.4.1=EFS.1
    3.1=CloudTrail.1 3.2=CloudTrail.4 3.3=Config.1 3.4=CloudTrail.7 3.5=CloudTrail.2 3.6=KMS.4
    3.7=EC2.6 3.8=S3.22 3.9=S3.23 5.1=EC2.21 5.2=EC2.53 5.3=EC2.54 5.4=EC2.2 5.6=EC2.8
"""
_PCI_3_2: Final = """
    AutoScaling.1=AutoScaling.1 CloudTrail.1=CloudTrail.2 CloudTrail.2=CloudTrail.3
    CloudTrail.3=CloudTrail.4 CloudTrail.4=CloudTrail.5 CodeBuild.1=CodeBuild.1
    CodeBuild.2=CodeBuild.2 Config.1=Config.1 CW.1=CloudWatch.1 DMS.1=DMS.1 EC2.1=EC2.1
    EC2.2=EC2.2 EC2.3=EC2.22 EC2.4=EC2.12 EC2.5=EC2.13 EC2.6=EC2.6 ELBv2.1=ELB.1 ES.1=ES.2
    ES.2=ES.1 GuardDuty.1=GuardDuty.1 IAM.1=IAM.4 IAM.2=IAM.2 IAM.3=IAM.1 IAM.4=IAM.6 IAM.5=IAM.9
    IAM.6=IAM.19 IAM.7=IAM.8 IAM.8=IAM.10 KMS.1=KMS.4 Lambda.1=Lambda.1 Lambda.2=Lambda.3
    Opensearch.1=Opensearch.2 Opensearch.2=Opensearch.1 RDS.1=RDS.1 RDS.2=RDS.2
    Redshift.1=Redshift.1 S3.1=S3.3 S3.2=S3.2 S3.3=S3.7 S3.4=S3.4 S3.5=S3.5 S3.6=S3.1
    SageMaker.1=SageMaker.1 SSM.1=SSM.2 SSM.2=SSM.3 SSM.3=SSM.1
"""


def _table(pairs: str) -> dict[str, str]:
    return {
        rule.casefold(): control
        for rule, _, control in (pair.partition("=") for pair in pairs.split())
    }


_CIS: Final = {"1.2.0": _table(_CIS_1_2), "1.4.0": _table(_CIS_1_4), "3.0.0": _table(_CIS_3_0)}
_PCI: Final = _table(_PCI_3_2)


@lru_cache(maxsize=4096)
def canonical_control(text: str) -> str | None:
    """A consolidated control id with its service spelled one way; None for anything else.

    AWS itself writes `Autoscaling.5` beside `AutoScaling.1`.
    """
    found = _CONTROL.match(text)
    if found is None:
        return None
    service, number = found.groups()
    spelled = f"{_SERVICES.get(service.casefold(), service)}.{int(number)}"
    return _RENAMED.get(spelled.casefold(), spelled)


@lru_cache(maxsize=4096)
def control_of(generator: str) -> str | None:
    """The consolidated control that a generator id or a standard's control ARN stands for.

    Takes `security-control/EC2.8`, `aws-foundational-security-best-practices/v/1.0.0/EC2.8`,
    `nist-800-53/v/5.0.0/EC2.8`, `pci-dss/v/3.2.1/PCI.EC2.5`, `cis-aws-foundations-benchmark/v/...`
    with or without the `arn:aws:securityhub:...` before it; None for what names no known control.
    """
    consolidated = _CONSOLIDATED.search(generator)
    if consolidated:
        return canonical_control(consolidated.group(1))
    found = _STANDARD_RULE.search(generator)
    return _rule(*found.groups()) if found else None


def _rule(standard: str, version: str, rule: str) -> str | None:
    if standard == "cis-aws-foundations-benchmark":
        return _CIS.get(version, {}).get(rule)
    if rule.startswith("PCI."):
        return _PCI.get(rule.removeprefix("PCI.").casefold())
    return canonical_control(rule)


def service_of(control: str) -> str:
    """The service of a control: `EC2` of `EC2.13`."""
    return control.partition(".")[0]


def title_of(control: str) -> str | None:
    """What a failed control means, in a few words of our own; None for one that is not listed."""
    return _titles().get(control.casefold())


@cache
def _titles() -> dict[str, str]:
    text = (files("integrations.findings") / "control_titles.csv").read_text(encoding="utf-8")
    return {row["control"].casefold(): row["title"] for row in csv.DictReader(text.splitlines())}
