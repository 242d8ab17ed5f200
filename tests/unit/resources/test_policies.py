"""IAM documents: what a statement lets whom do, and what takes it away again."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from integrations.resources.policies import (
    Grant,
    access_to,
    admits_everybody,
    document_of,
    grants_of,
    is_admin,
    managed_grants,
    principal_vertex,
    trust_of,
    url_auth_of,
)
from integrations.resources.port import INTERNET
from tests.builders import ACCOUNT
from tests.graph_builders import OTHER_ACCOUNT, arn, iam, policy, statement, trust

BUCKET = "arn:aws:s3:::data"
TABLE = arn("dynamodb", "table/orders")
OBJECTS = f"{BUCKET}/*"


def _access(*statements: dict[str, Any], service: str = "s3", on: str = BUCKET) -> str:
    return access_to(grants_of(policy(*statements)), service, on)


# -- documents


@pytest.mark.parametrize(
    "written",
    [
        policy(statement("s3:*")),
        json.dumps(policy(statement("s3:*"))),
        quote(json.dumps(policy(statement("s3:*")))),
        [policy(statement("s3:*"))],
        {"Version": "2012-10-17", "Statement": statement("s3:*")},
    ],
    ids=["object", "text", "url-encoded", "in a list", "one statement without a list"],
)
def test_a_document_is_read_in_every_form_that_config_writes(written: Any) -> None:
    assert grants_of(document_of(written)) == [Grant("Allow", ("s3:*",), ("*",))]


@pytest.mark.parametrize("broken", [None, "", "{", 3, [], ["x"], {"Statement": "x"}, "[" * 5_000])
def test_what_is_no_document_grants_nothing(broken: Any) -> None:
    assert grants_of(document_of(broken)) == []


# -- permissions


@pytest.mark.parametrize(
    ("action", "access"),
    [
        ("s3:GetObject", "read"),
        ("s3:getobject", "read"),
        ("S3:List*", "read"),
        ("s3:PutObject", "write"),
        ("s3:DeleteObject", "write"),
        ("s3:*", "admin"),
        ("*", "admin"),
        ("*:*", "admin"),
        ("s*:*", "admin"),
        ("s?:GetObject", "read"),
        ("dynamodb:*", ""),
        ("s3-object-lambda:*", ""),
        ("[s]3:*", ""),
    ],
)
def test_an_action_says_how_much_is_allowed(action: str, access: str) -> None:
    assert _access(statement(action)) == access


def test_of_several_actions_and_statements_the_most_counts() -> None:
    assert _access(statement(["s3:GetObject", "s3:PutObject"])) == "write"
    assert _access(statement("s3:GetObject"), statement("s3:*"), statement("s3:List*")) == "admin"


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("*", True),
        (BUCKET, True),
        (OBJECTS, True),
        (f"{BUCKET}/in/a/folder/*", True),
        (f"{BUCKET}/one-object", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::da*", True),
        ("arn:aws:s3:::da*/x/*", True),
        ("arn:aws:s3:::d?ta", True),
        ("arn:aws:s3:::${aws:username}", True),
        ("arn:aws:s3:::data-2", False),
        ("arn:aws:s3:::dat", False),
        ("arn:aws:s3:::[d]ata", False),
        ("arn:aws:s3:::${aws:username}-home/*", False),
    ],
)
def test_a_statement_is_about_the_resources_it_names(pattern: str, covered: bool) -> None:  # noqa: FBT001 - the expectation
    assert bool(_access(statement("s3:GetObject", pattern))) is covered


def test_parts_of_a_table_are_the_table() -> None:
    for pattern in (TABLE, f"{TABLE}/index/*", "arn:aws:dynamodb:*:*:table/*"):
        reads = statement("dynamodb:Query", pattern)
        assert _access(reads, service="dynamodb", on=TABLE) == "read"
    elsewhere = statement("dynamodb:Query", "arn:aws:dynamodb:*:*:table/o/index/*")
    assert _access(elsewhere, service="dynamodb", on=TABLE) == ""


def test_a_deny_of_everything_takes_everything_away() -> None:
    for action in ("s3:*", "*", "S3:*"):
        for on in ("*", OBJECTS, "arn:aws:s3:::*", [BUCKET, OBJECTS]):
            assert _access(statement("s3:*"), statement(action, on, effect="Deny")) == ""


@pytest.mark.parametrize(
    "deny",
    [
        statement("s3:DeleteObject", effect="Deny"),
        statement("dynamodb:*", effect="Deny"),
        statement("s3:*", f"{BUCKET}/secret/*", effect="Deny"),
        statement("s3:*", BUCKET, effect="Deny"),
        statement("s3:*", "arn:aws:s3:::other/*", effect="Deny"),
        statement("s3:*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}}),
        {"Effect": "Deny", "Action": "s3:*", "NotResource": "arn:aws:s3:::other/*"},
        {"Effect": "Deny", "NotAction": ["s3:Get*", "iam:*"], "Resource": "*"},
        {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*",
         "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
    ],
    ids=["one action", "another service", "a folder", "the bucket but no object",
         "another bucket", "conditional", "all but another", "not what is read",
         "without a second factor"],
)  # fmt: skip
def test_a_deny_of_a_part_hides_no_way_in(deny: dict[str, Any]) -> None:
    assert _access(statement("s3:*", [BUCKET, OBJECTS]), deny) == "admin"


def test_an_allow_with_conditions_allows() -> None:
    guarded = statement("s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    assert _access(guarded) == "read"


def test_every_action_but_some_is_spelled_out() -> None:
    but_identities = {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}
    assert _access(but_identities) == "admin"
    assert is_admin(grants_of(policy(but_identities))) is False
    but_buckets = {"Effect": "Allow", "NotAction": ["s3:*"], "Resource": "*"}
    assert _access(but_buckets) == ""
    assert _access(but_buckets, service="dynamodb", on=TABLE) == "admin"
    but_deleting = {"Effect": "Allow", "NotAction": "s3:DeleteObject", "Resource": OBJECTS}
    assert _access(but_deleting) == "admin"


def test_a_deny_of_every_action_but_some_denies_the_rest() -> None:
    only_identities = {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}
    assert _access(statement("s3:*"), only_identities) == ""


def test_a_statement_without_resource_is_about_everything() -> None:
    assert _access({"Effect": "Allow", "Action": "s3:GetObject"}) == "read"


@pytest.mark.parametrize("effect", ["allow", "", None, "Audit"])
def test_only_allow_and_deny_are_effects(effect: Any) -> None:
    assert grants_of(policy({"Effect": effect, "Action": "*", "Resource": "*"})) == []


@pytest.mark.parametrize(
    ("statements", "admin"),
    [
        ([statement("*")], True),
        ([statement("*:*")], True),
        ([statement(["s3:*", "*"])], True),
        ([statement("*", [BUCKET, "*"])], True),
        ([statement("*", BUCKET)], False),
        ([statement("s3:*")], False),
        ([statement("*", effect="Deny")], False),
        ([statement("*"), statement("*", effect="Deny")], False),
        ([], False),
    ],
)
def test_an_administrator_may_do_everything_with_everything(
    statements: list[dict[str, Any]],
    admin: bool,  # noqa: FBT001 - the expectation
) -> None:
    assert is_admin(grants_of(policy(*statements))) is admin


@pytest.mark.parametrize(
    ("name", "admin", "bucket"),
    [
        ("AdministratorAccess", True, "admin"),
        ("PowerUserAccess", False, "admin"),
        ("ReadOnlyAccess", False, "read"),
        ("AmazonS3FullAccess", False, "admin"),
        ("service-role/AmazonS3ReadOnlyAccess", False, "read"),
        ("AmazonSQSFullAccess", False, ""),
        ("NobodyKnowsThis", False, ""),
    ],
)
def test_awss_own_policies_are_known_by_name(name: str, admin: bool, bucket: str) -> None:  # noqa: FBT001 - the expectation
    grants = managed_grants(f"arn:aws:iam::aws:policy/{name}")
    assert (is_admin(grants), access_to(grants, "s3", BUCKET)) == (admin, bucket)


def test_a_customers_policy_of_the_same_name_is_not_awss() -> None:
    assert managed_grants(iam("policy/AdministratorAccess")) == []


# -- trust


@pytest.mark.parametrize(
    ("principal", "vertices"),
    [
        ("*", [INTERNET]),
        ({"AWS": "*"}, [INTERNET]),
        ({"AWS": OTHER_ACCOUNT}, [iam("root", OTHER_ACCOUNT)]),
        ({"AWS": iam("root", OTHER_ACCOUNT)}, [iam("root", OTHER_ACCOUNT)]),
        ({"AWS": [iam("user/ana"), iam("role/web")]}, [iam("user/ana"), iam("role/web")]),
        ({"AWS": [OTHER_ACCOUNT, OTHER_ACCOUNT]}, [iam("root", OTHER_ACCOUNT)]),
        ({"Service": "ec2.amazonaws.com"}, []),
        ({"Federated": "arn:aws:iam::1:saml-provider/x"}, []),
        (["*"], []),
        (None, []),
    ],
)
def test_a_trusted_principal_is_a_vertex(principal: Any, vertices: list[str]) -> None:
    assert list(trust_of(policy(trust(principal)), ACCOUNT).principals) == vertices


def test_services_and_federated_are_kept_apart() -> None:
    document = policy(
        trust({"Service": ["ec2.amazonaws.com", "lambda.amazonaws.com"]}),
        trust({"Federated": "arn:aws:iam::1:saml-provider/x"}),
        trust({"Service": "ec2.amazonaws.com"}),
    )
    read = trust_of(document, ACCOUNT)
    assert read.services == ("ec2.amazonaws.com", "lambda.amazonaws.com")
    assert read.federated == ("arn:aws:iam::1:saml-provider/x",)
    assert (read.principals, read.accounts) == ((), ())


def test_a_denied_principal_is_not_trusted() -> None:
    assert trust_of(policy(trust("*", "Deny")), ACCOUNT).principals == ()


def test_the_accounts_of_principals_are_told() -> None:
    document = policy(trust({"AWS": [OTHER_ACCOUNT, iam("role/mine")]}))
    assert trust_of(document, ACCOUNT).accounts == (OTHER_ACCOUNT, ACCOUNT)


EXTERNAL: dict[str, Any] = {"Condition": {"StringEquals": {"sts:ExternalId": "e-1"}}}


@pytest.mark.parametrize(
    ("statements", "asked"),
    [
        ([trust({"AWS": OTHER_ACCOUNT}, **EXTERNAL)], True),
        ([trust({"AWS": OTHER_ACCOUNT},
                Condition={"stringequals": {"STS:externalid": ["e-1"]}})], True),
        ([trust({"AWS": OTHER_ACCOUNT})], False),
        ([trust({"AWS": OTHER_ACCOUNT}, **EXTERNAL), trust({"AWS": "777788889999"})], False),
        ([trust({"AWS": OTHER_ACCOUNT}, **EXTERNAL), trust({"AWS": ACCOUNT})], True),
        ([trust({"AWS": OTHER_ACCOUNT},
                Condition={"StringNotEquals": {"sts:ExternalId": "x"}})], False),
        ([trust({"AWS": OTHER_ACCOUNT},
                Condition={"StringEquals": {"aws:RequestTag/x": "sts:ExternalId"}})], False),
        ([trust("*", **EXTERNAL)], True),
        ([trust({"AWS": ACCOUNT})], False),
        ([], False),
    ],
)  # fmt: skip
def test_an_external_id_is_required_when_every_other_account_needs_it(
    statements: list[dict[str, Any]],
    asked: bool,  # noqa: FBT001 - the expectation
) -> None:
    assert trust_of(policy(*statements), ACCOUNT).external_id is asked


def test_everybody_of_an_organisation_is_not_everybody() -> None:
    ours: dict[str, Any] = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}}
    assert trust_of(policy(trust("*", **ours)), ACCOUNT).principals == ()


def test_a_principal_is_its_own_vertex() -> None:
    assert principal_vertex(iam("role/web")) == iam("role/web")
    assert principal_vertex("AROAEXAMPLE123456789") == "AROAEXAMPLE123456789"


# -- resource policies


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": [ACCOUNT, "*"]}])
def test_a_policy_for_everybody_is_public(principal: Any) -> None:
    assert admits_everybody(policy(statement("s3:GetObject", OBJECTS, Principal=principal)))


@pytest.mark.parametrize("principal", [{"AWS": ACCOUNT}, {"Service": "*"}, None, "me", 3])
def test_a_policy_for_somebody_is_not(principal: Any) -> None:
    assert not admits_everybody(policy(statement("s3:GetObject", OBJECTS, Principal=principal)))


def test_everybody_but_some_is_public() -> None:
    but_one = {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "s3:GetObject"}
    assert admits_everybody(policy(but_one))
    assert not admits_everybody(policy(but_one | {"Effect": "Deny"}))


def test_what_is_denied_to_everybody_is_not_public() -> None:
    assert not admits_everybody(policy(statement("s3:*", effect="Deny", Principal="*")))


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        {"StringEquals": {"AWS:SourceOwner": ACCOUNT}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::logs"}},
        {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:*"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
        {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
    ],
)
def test_fixed_values_of_what_a_caller_cannot_choose_keep_everybody_out(
    condition: dict[str, Any],
) -> None:
    assert not admits_everybody(policy(statement("s3:*", Principal="*", Condition=condition)))


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"s3:ExistingObjectTag/public": "yes"}},
        {"StringLike": {"aws:Referer": "https://example.com/*"}},
        {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}},
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
        {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
        {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/reader"}},
        {"StringLike": {"aws:SourceAccount": "*"}},
        {"Null": {"aws:SourceVpc": "false"}},
        {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        {"StringEquals": "aws:SourceVpc"},
        "nonsense",
    ],
)
def test_other_conditions_keep_nobody_out(condition: Any) -> None:
    assert admits_everybody(policy(statement("s3:*", Principal="*", Condition=condition)))


def test_a_function_urls_auth_type_is_told() -> None:
    url = {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    assert url_auth_of(statement("lambda:InvokeFunctionUrl", Condition=url)) == "NONE"
    assert url_auth_of(statement("lambda:InvokeFunctionUrl")) == ""
    assert url_auth_of(statement("x", Condition={"StringEquals": "x"})) == ""
