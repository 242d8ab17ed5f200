"""What an account's owner makes first, for controls of more than one service."""

import io
import json
import zipfile
from typing import Any

from tests.unit.local_aws.wrongs.wrong import REGION, Service, draw


def vpc(of: Service) -> str:
    """A VPC of the account; a new one when it has none."""
    filters = [{"Name": "cidr", "Values": ["10.0.0.0/16"]}]
    found = of("ec2").describe_vpcs(Filters=filters)["Vpcs"]
    made = found[0] if found else of("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    return str(made["VpcId"])


def subnets(of: Service, count: int = 2) -> list[str]:
    """Subnets of that VPC."""
    where, ec2 = vpc(of), of("ec2")
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [where]}])["Subnets"]
    for n in range(len(found), count):
        found.append(
            ec2.create_subnet(
                VpcId=where, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{'abc'[n]}"
            )["Subnet"]
        )
    return [subnet["SubnetId"] for subnet in found]


def make_role(of: Service, service: str) -> str:
    """The ARN of a new role for a service."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole",
                 "Principal": {"Service": f"{service}.amazonaws.com"}}  # fmt: skip
    made = of("iam").create_role(
        RoleName=draw("role"),
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return str(made["Role"]["Arn"])


def bucket(of: Service) -> str:
    """A new bucket."""
    name = draw("bucket")
    of("s3").create_bucket(Bucket=name)
    return name


def statement_of(name: str, **more: Any) -> dict[str, Any]:
    """A statement of a bucket's policy; lets everybody read when nothing else is said."""
    return {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{name}/*", **more}  # fmt: skip


def put_policy(of: Service, name: str, *statements: dict[str, Any]) -> None:
    """The policy of a bucket."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    of("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(document))


def key(of: Service) -> str:
    """The ARN of a new key."""
    return str(of("kms").create_key()["KeyMetadata"]["Arn"])


def function(of: Service) -> str:
    """The ARN of a new function."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): pass")
    made = of("lambda").create_function(
        FunctionName=draw("function"), Runtime="python3.13", Handler="app.handler",
        Role=make_role(of, "lambda"), Code={"ZipFile": packed.getvalue()},
    )  # fmt: skip
    return str(made["FunctionArn"])
