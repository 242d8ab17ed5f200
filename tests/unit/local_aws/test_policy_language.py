"""The policy language, on its own."""

from typing import Any

import pytest

from infra.local.aws.policies import Asked, document, judge, judge_resource

BUCKET = "arn:aws:s3:::b"


def _policy(**statement: Any) -> dict[str, Any]:
    return {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", **statement}}


@pytest.mark.parametrize(
    ("operator", "wanted", "got", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a", "A", False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", None, True),
        ("StringLike", "a*c", "abc", True),
        ("StringLike", "a?c", "abbc", False),
        ("ArnLike", "arn:aws:iam::*:role/R", "arn:aws:iam::1:role/R", True),
        ("Bool", "true", "true", True),
        ("Bool", False, "true", False),
        ("Null", "true", None, True),
        ("Null", "false", None, False),
        ("Null", "false", "a", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThan", "10", "nine", False),
        ("ForAnyValue:StringEquals", ["a"], ["a", "z"], True),
        ("ForAllValues:StringEquals", ["a"], ["a", "z"], False),
        ("ForAllValues:StringEquals", ["a"], None, True),
        ("ForAnyValue:StringEquals", ["a"], None, False),
        ("NobodyKnows", "a", "a", False),
    ],
)
def test_a_condition_holds_as_iam_says(
    operator: str,
    wanted: Any,
    got: Any,
    holds: bool,  # noqa: FBT001 - the expectation
) -> None:
    context = {} if got is None else {"aws:key": got}
    asked = Asked(action="s3:GetObject", resource=BUCKET, context=context)

    assert judge([_policy(Condition={operator: {"AWS:Key": wanted}})], asked).allowed is holds


def test_an_operator_nobody_knows_still_denies() -> None:
    asked = Asked(action="s3:GetObject", resource=BUCKET, context={"aws:key": "a"})
    deny = _policy(Effect="Deny", Condition={"NobodyKnows": {"aws:key": "a"}})

    assert not judge([_policy(), deny], asked).allowed


def test_nothing_is_allowed_that_nobody_allows() -> None:
    asked = Asked(action="s3:GetObject", resource=BUCKET)

    assert not judge([], asked).allowed
    assert not judge([{}], asked).allowed
    assert not judge([_policy(Action="s3:GetObjectAcl")], asked).allowed
    assert not judge([_policy(Resource=f"{BUCKET}?")], asked).allowed


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": "111111111111"}, True),
        ({"AWS": "arn:aws:iam::111111111111:root"}, True),
        ({"AWS": ["arn:aws:iam::222222222222:root", "arn:aws:iam::111111111111:role/R"]}, True),
        ({"AWS": "arn:aws:iam::111111111111:role/Other"}, False),
        ({"AWS": "arn:aws:iam::111111111111:role/*"}, False),
        ({"Service": "ssm.amazonaws.com"}, False),
        (None, False),
    ],
)
def test_a_principal_is_meant_by_its_arn_its_account_or_everybody(
    principal: Any,
    trusted: bool,  # noqa: FBT001 - the expectation
) -> None:
    trust = _policy(Action="sts:AssumeRole", Principal=principal)
    asked = Asked(action="sts:AssumeRole", resource="arn:aws:iam::333333333333:role/T")
    names = frozenset({"arn:aws:iam::111111111111:role/R"})

    assert judge_resource(trust, asked, names, "111111111111").allowed is trusted


def test_a_document_is_read_whether_or_not_it_is_url_encoded() -> None:
    assert document("%7B%22Statement%22%3A%5B%5D%7D") == {"Statement": []}
    assert document('{"Statement": []}') == {"Statement": []}
    assert document("") == {}
