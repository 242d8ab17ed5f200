"""The month's bill: its arithmetic by hand, and that every size has its nodes."""

from dataclasses import fields

import pytest

from tests.bench.pricing import TENANTS, Measured, beside, bill, model

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
    writes = 600_000 + 600e6 + 2_880_000 + 30_000
    reads = 600_000 + 600e6 + 43_200_000 + 2_880_000 + 8_640_000 + 30_000 * 24
    assert lines["DynamoDB"] == pytest.approx(writes * 0.625e-6 + reads * 0.125e-6)
    assert beside(1_000).dollars == pytest.approx(600.0)
    fresh, cached, _ = model(ONES, 1_000)
    assert fresh.dollars == pytest.approx(150_000 * 18e-6)
    assert cached.dollars == pytest.approx(150_000 * 15.3e-6)


@pytest.mark.parametrize("tenants", TENANTS)
def test_what_nobody_uses_costs_its_nodes_its_queues_and_its_network(tenants: int) -> None:
    lines = priced(NOTHING, tenants)
    assert lines["DynamoDB"] == 0.0
    assert min(lines["OpenSearch"], lines["Neptune"]) > 50.0
    assert sum(lines.values()) < sum(priced(ONES, tenants).values())
