"""The month's bill: its arithmetic by hand, and that every size has its nodes."""

from dataclasses import fields

import pytest

from infra.deploy.imports import ROOT
from infra.deploy.template import all_templates, of_type, read
from tests.bench.pricing import (
    ALARMS,
    GB,
    HABITS,
    LONGEST_S,
    NAT_GATEWAYS,
    PRICES,
    TENANTS,
    Measured,
    beside,
    bill,
    model,
)

ONES = Measured(**dict.fromkeys((field.name for field in fields(Measured)), 1.0))
NOTHING = Measured(**dict.fromkeys((field.name for field in fields(Measured)), 0.0))


def priced(m: Measured, tenants: int) -> dict[str, float]:
    return {line.what: line.dollars for line in bill(m, tenants)}


def test_a_bill_is_what_one_works_out_by_hand() -> None:
    lines = priced(ONES, 1_000)
    assert lines["OpenSearch"] == pytest.approx(3 * 730 * 0.167 + 3 * 40 * 0.122)
    # 600,000 questions of (1 s and 5 s of waiting) at 1.73 GB, and 0.1 s at 0.5 GB.
    gb_s = 600_000 * (6 * 1.73 + 0.05)
    assert lines["Lambda, questions"] == pytest.approx(gb_s * 0.0000133334)
    # 600 M messages sent, received and deleted by tens; 600,000 requests of the work queue.
    assert lines["SQS"] == pytest.approx(720e6 * 0.40e-6 + 600_000 * 0.50e-6)
    # 2,880 runs of 900 s; a sync takes 1.25 s. The pulls have no time beside their daily passes.
    syncs = 2_880 * 900 / 1.25
    writes = 600_000 + 600e6 + syncs + 30_000
    reads = 600_000 + 600e6 + 43_200_000 + syncs + 8_640_000 + 30_000 * 24
    assert lines["Lambda, syncs"] == pytest.approx(2_880 * 900 * 1.73 * 0.0000133334)
    assert lines["Lambda, pulls"] == pytest.approx(3_000_000 * 0.0000133334)
    assert lines["DynamoDB"] == pytest.approx(writes * 0.625e-6 + reads * 0.125e-6)
    assert beside(1_000).dollars == pytest.approx(600.0)
    fresh, cached, _ = model(ONES, 1_000)
    assert fresh.dollars == pytest.approx(150_000 * 18e-6)
    assert cached.dollars == pytest.approx(150_000 * 15.3e-6)


def test_where_there_is_time_every_tenant_has_its_turn() -> None:
    lines = priced(ONES, 100)
    # 288,000 syncs of 1.25 s; 288,000 pulls of 1.5 s and 300,000 pages of 1 s.
    assert lines["Lambda, syncs"] == pytest.approx(288_000 * 1.25 * 1.73 * 0.0000133334)
    assert lines["Lambda, pulls"] == pytest.approx((288_000 * 1.5 + 300_000) * 0.0000133334)


def test_the_bill_is_of_what_the_templates_deploy() -> None:
    functions = dict(of_type(read(), "AWS::Serverless::Function"))
    memory = {
        f["FunctionName"]["Fn::Sub"].rpartition("-")[2]: f["MemorySize"] for f in functions.values()
    }
    for name, gigabytes in GB.items():
        assert gigabytes == round(memory[name] / 1_024, 2), name
    assert {functions[name]["Timeout"] for name in ("Sync", "Pull")} == {LONGEST_S}
    intake, operations, plane = (
        all_templates()[f"infra/{name}.yaml"] for name in ("intake", "operations", "data-plane")
    )
    rhythms = {
        s["Name"]["Fn::Sub"].rpartition("-")[2]: s["ScheduleExpression"]
        for _, s in of_type(intake, "AWS::Scheduler::Schedule")
    }
    assert rhythms == {
        "sweep": f"rate({HABITS['minutes between sweeps']} minute)",
        "exposures": f"rate({HABITS['minutes between rankings']} minutes)",
        "sync": f"rate({HABITS['minutes between syncs']} minutes)",
        "pull": f"cron(7/{HABITS['minutes between pulls of findings']} * * * ? *)",
        "digests": "cron(2 * * * ? *)",
        "expire": "cron(41 2 * * ? *)",  # one call a night, which is not counted
    }
    watched = [
        one.get("Metrics", [one]) for _, one in of_type(operations, "AWS::CloudWatch::Alarm")
    ]
    metrics = [m for some in watched for m in some if "Expression" not in m and "Fn::If" not in m]
    assert len(metrics) == ALARMS
    assert len(list(of_type(plane, "AWS::EC2::NatGateway"))) == NAT_GATEWAYS


def test_every_price_stands_in_the_page_as_it_is_counted_with() -> None:
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    for name, price in PRICES.items():
        told = f"{price:.10f}".rstrip("0").rstrip(".")
        assert f"| {name} | {told} |" in page, name


@pytest.mark.parametrize("tenants", TENANTS)
def test_what_nobody_uses_costs_its_nodes_its_queues_and_its_network(tenants: int) -> None:
    lines = priced(NOTHING, tenants)
    assert lines["DynamoDB"] == 0.0
    assert min(lines["OpenSearch"], lines["Neptune"]) > 50.0
    assert sum(lines.values()) < sum(priced(ONES, tenants).values())
