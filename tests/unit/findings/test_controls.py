"""Control ids: one per control, whatever the standard calls it."""

import json

import pytest

from integrations.findings.controls import (
    canonical_control,
    control_of,
    service_of,
    title_of,
)
from tests.samples import samples


@pytest.mark.parametrize(
    ("generator", "control"),
    [
        ("security-control/EC2.8", "EC2.8"),
        ("aws-foundational-security-best-practices/v/1.0.0/EC2.8", "EC2.8"),
        ("aws-foundational-security-best-practices/v/1.0.0/Autoscaling.5", "AutoScaling.5"),
        ("nist-800-53/v/5.0.0/S3.11", "S3.11"),
        ("service-managed-aws-control-tower/v/1.0.0/ELBv2.1", "ELB.1"),
        ("pci-dss/v/3.2.1/PCI.IAM.6", "IAM.19"),
        ("arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/4.1", "EC2.13"),
        ("cis-aws-foundations-benchmark/v/1.4.0/2.1.5.2", "S3.8"),
        ("cis-aws-foundations-benchmark/v/3.0.0/5.6", "EC2.8"),
        ("arn:aws:securityhub:eu-west-1:1:control/pci-dss/v/3.2.1/PCI.S3.6", "S3.1"),
        ("arn:aws:securityhub:eu-west-1:1:security-control/S3.2/finding/9", "S3.2"),
        ("cis-aws-foundations-benchmark/v/1.7.0/1.6", None),
        ("arn:aws:guardduty:us-east-1:1:detector/d", None),
        ("AWSInspector", None),
        ("", None),
    ],
)
def test_every_standards_name_becomes_the_controls_own(generator: str, control: str | None) -> None:
    assert control_of(generator) == control


def test_only_a_control_id_is_a_control_id() -> None:
    assert canonical_control("opensearch.08") == "Opensearch.8"
    assert canonical_control("GOVERN-1.1") is None
    assert canonical_control("1.1") is None
    assert service_of("NetworkFirewall.3") == "NetworkFirewall"


def test_the_common_controls_have_a_title() -> None:
    assert title_of("ec2.13") == "SSH is open to the internet"
    assert title_of("EC2.99999") is None


@pytest.mark.samples
def test_the_old_ids_agree_with_the_published_pairs() -> None:
    pairs = json.loads((samples() / "controls/legacy_generator_ids.json").read_text("utf-8"))
    differing = {
        (pair["generator_id"], pair["control_id"], control_of(pair["generator_id"]))
        for pair in pairs
        if (control_of(pair["generator_id"]) or "").casefold() != pair["control_id"].casefold()
    }
    # The rule was split in two, of which one is retired; ELBv2.1 is the former name of ELB.1.
    rule = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.1"
    assert differing == {
        (rule, "IAM.20", "CloudWatch.1"),
        ("service-managed-aws-control-tower/v/1.0.0/ELBv2.1", "ELBv2.1", "ELB.1"),
    }
