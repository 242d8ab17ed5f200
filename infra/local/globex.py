"""globex: payments. Production, priority 2; a great deal of noise and one attack."""

from datetime import datetime
from random import Random

from infra.local.account import Account, allow, trusting
from infra.local.crowd import came_and_went, crowd, failures, settled
from infra.local.estate import Estate, days, hours, instance_details
from infra.local.native_findings import camel, control, guardduty, resource_of

PAYMENTS, LEDGER = "222222222221", "222222222222"
_OPEN = {"HIGH": 180, "MEDIUM": 900, "LOW": 1700}


def globex(now: datetime) -> Estate:
    """The tenant's exports as of `now`."""
    random = Random(2)
    payments, ledger = Account(PAYMENTS, "eu-west-1", now), Account(LEDGER, "eu-west-1", now)
    estate = Estate("globex", [payments, ledger])
    for account, stem, vpc, size in (
        (payments, "pay", "vpc-0globex1", 60),
        (ledger, "ldg", "vpc-0globex2", 40),
    ):
        account.vpc(vpc, stem)
        subnets = account.subnets(vpc, f"0{stem}", 3, public=False)
        named = crowd(account, stem, vpc, subnets, size)
        share = 0.62 if account is payments else 0.38
        for severity, count in _OPEN.items():
            wanted = int(count * share)
            rows = failures(account, named, severity, wanted, random, days=200)
            again = failures(
                account, named, severity, wanted - len(rows), random, days=200, cis=True
            )
            for number, row in enumerate(again):
                row["Id"] = f"{row['Id'][:-6]}c{number:05d}"
            estate.security_hub += [*rows, *again]
        estate.security_hub += settled(account, named, 500, random)
        estate.security_hub += came_and_went(account, named, 60, random)
    _accepted_bucket(estate, payments)
    _attacked_node(estate, payments)
    _old_runtime(estate, payments)
    return estate


def _accepted_bucket(estate: Estate, payments: Account) -> None:
    """Public on purpose, and suppressed: it must not be reported."""
    bucket = payments.bucket("globex-public-docs", public=True, tags={"owner": "docs team"})
    about = resource_of(payments, bucket, "AwsS3Bucket", "globex-public-docs")
    note = "Public on purpose: the documentation site is served from here."
    estate.security_hub += [
        control(payments, "S3.2", about, days(300), workflow="SUPPRESSED", note=note),
        control(payments, "S3.8", about, days(300), workflow="SUPPRESSED", note=note),
    ]


def _attacked_node(estate: Estate, payments: Account) -> None:
    role = payments.role("eks-nodes", trusting(Service="ec2.amazonaws.com"), profile=True,
                         inline=allow(["ecr:GetAuthorizationToken"], ["*"]))  # fmt: skip
    cluster = payments.arn("eks", "cluster/payments")
    payments.add("AWS::EKS::Cluster", "payments", cluster, {
        "name": "payments", "arn": cluster, "version": "1.33", "roleArn": role,
        "resourcesVpcConfig": {"endpointPublicAccess": False, "subnetIds": ["subnet-0payb0"],
                               "securityGroupIds": ["sg-pay0app"]},
    }, name="payments")  # fmt: skip
    payments.instance("i-0e5node3", "payments-node-3", "subnet-0payb0", ["sg-pay0app"],
                      profile="eks-nodes", tags={"eks:cluster-name": "payments"})  # fmt: skip
    action = {
        "ActionType": "DNS_REQUEST",
        "DnsRequestAction": {"Domain": "pool.example.com", "Protocol": "UDP", "Blocked": False},
    }
    found = guardduty(payments, "CryptoCurrency:EC2/BitcoinTool.B!DNS",
                      "i-0e5node3 (payments-node-3) asks for a domain of a mining pool", 8.0,
                      instance_details("i-0e5node3", "payments-node-3"), action, hours(5),
                      count=41)  # fmt: skip
    estate.guardduty.append(camel(found))


def _old_runtime(estate: Estate, payments: Account) -> None:
    role = payments.role("statement-mailer", trusting(Service="lambda.amazonaws.com"))
    function = payments.function("statement-mailer", role, "python3.8")
    about = resource_of(payments, function, "AwsLambdaFunction", "statement-mailer")
    estate.security_hub.append(control(payments, "Lambda.2", about, days(77)))
