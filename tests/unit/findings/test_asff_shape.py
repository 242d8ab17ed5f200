"""ASFF findings read in one pass, whatever stands beside the usual fields."""

from typing import Any

import botocore.session
from msgspec import UNSET

from integrations.findings.asff_shape import Reader, Unmapped
from tests.unit.findings.given import asff, raw


def _api() -> Any:
    return botocore.session.get_session().get_service_model("securityhub")


def _with(*names: str) -> bytes:
    return raw(asff() | {name: {"Odd": [1]} for name in names})


def test_every_field_of_the_api_has_a_place_from_the_first() -> None:
    usual = {*asff(), "Confidence", "AwsAccountName", "SourceUrl"}
    others = set(_api().shape_for("AwsSecurityFinding").members) - usual
    finding = {**asff(), **{name: {} for name in others}}
    placed = {*asff()["Resources"][0], "ResourceRole"}
    of_resources = set(_api().shape_for("Resource").members) - placed
    finding["Resources"] = [{"Type": "Other", **{name: {} for name in of_resources}}]
    _, left, shape, beside = Reader().read(raw(finding))
    assert shape is not Unmapped
    assert UNSET not in beside
    assert [set(of_one) for of_one in left.pop("Resources")] == [of_resources]
    assert left == {}


def test_what_is_met_a_second_time_is_read_in_one_pass_from_then_on() -> None:
    reader = Reader()
    for _ in range(2):
        _, left, _, beside = reader.read(_with("p_row_id", "p_log_type"))
        assert (set(left), beside) == ({"p_row_id", "p_log_type"}, ())
    _, left, shape, beside = reader.read(_with("p_log_type"))
    assert left == {}
    assert "p_log_type" in shape.__struct_encode_fields__
    assert [bytes(value) for value in beside if value] == [b'{"Odd": [1]}']


def test_names_that_never_come_again_are_not_learned() -> None:
    reader = Reader()
    for at in range(3_000):
        _, left, shape, _ = reader.read(_with(f"random{at}"))
        assert (set(left), shape) == ({f"random{at}"}, Unmapped)


def test_names_without_end_are_learned_only_so_far_and_none_is_lost() -> None:
    reader = Reader()
    for at in range(200):
        name = f"field{at // 4}.{at % 4 // 2}"
        _, left, shape, _ = reader.read(_with(name, f"{name}b"))
        assert set(left) == {name, f"{name}b"} or f"{name}b" in shape.__struct_encode_fields__
    assert len(reader.read(_with("Criticality"))[2].__struct_encode_fields__) <= 80


def test_a_usual_finding_after_others_is_read_as_usual() -> None:
    reader = Reader()
    assert reader.read(_with("Criticality"))[2] is not Unmapped
    reader.read(raw(asff()))
    assert reader.read(raw(asff()))[2] is Unmapped
