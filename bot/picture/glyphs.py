"""Our own simple glyphs, one per family of services, drawn in a box of 24 by 24."""

from typing import NamedTuple


class Family(NamedTuple):
    """How resources of one family look."""

    colour: str
    glyph: str
    """Path operators of a PDF page with y downward, stroked in white on the colour."""


COMPUTE = Family(
    "#D86613",
    "7 7 m 17 7 l 17 17 l 7 17 l h 10 3 m 10 7 l 14 3 m 14 7 l 10 17 m 10 21 l 14 17 m "
    "14 21 l 3 10 m 7 10 l 3 14 m 7 14 l 17 10 m 21 10 l 17 14 m 21 14 l",
)
FUNCTION = Family(
    "#D86613",
    "6 20 m 11 9 l 8.5 4 l 12 4 l 19 20 l 6 20 m 9.5 20 l 12.5 13 l",
)
STORAGE = Family(
    "#4B8B2B",
    "4 6 m 4 8 20 8 20 6 c 20 4 4 4 4 6 c 6 19 l 6 20.8 18 20.8 18 19 c 20 6 l",
)
DATABASE = Family(
    "#3355C8",
    "5 6 m 5 8.6 19 8.6 19 6 c 19 3.4 5 3.4 5 6 c 5 18 l 5 20.6 19 20.6 19 18 c 19 6 l "
    "5 12 m 5 14.6 19 14.6 19 12 c",
)
IDENTITY = Family(
    "#C2274B",
    "12 12 m 14.21 12 16 10.21 16 8 c 16 5.79 14.21 4 12 4 c 9.79 4 8 5.79 8 8 c "
    "8 10.21 9.79 12 12 12 c 4.5 20.5 m 5.5 15.5 8.5 14 12 14 c "
    "15.5 14 18.5 15.5 19.5 20.5 c",
)
NETWORK = Family(
    "#7A3FC4",
    "12 4 m 12 9 l 12 9 m 6 9 l 6 13 l 12 9 m 18 9 l 18 13 l 3.5 13 m 8.5 13 l 8.5 18 l "
    "3.5 18 l h 15.5 13 m 20.5 13 l 20.5 18 l 15.5 18 l h",
)
BALANCER = Family(
    "#7A3FC4",
    "4 12 m 9 12 l 9 12 m 17 6 l 9 12 m 17 12 l 9 12 m 17 18 l 17 4.5 m 17 7.5 l "
    "17 10.5 m 17 13.5 l 17 16.5 m 17 19.5 l",
)
GUARD = Family(
    "#7A3FC4",
    "12 3 m 19.5 6 l 19.5 11.5 l 19.5 16 16.5 19.5 12 21 c 7.5 19.5 4.5 16 4.5 11.5 c 4.5 6 l h",
)
KEY = Family(
    "#C2274B",
    "12 12 m 12 14.21 10.21 16 8 16 c 5.79 16 4 14.21 4 12 c 4 9.79 5.79 8 8 8 c "
    "10.21 8 12 9.79 12 12 c 21 12 l 17.5 12 m 17.5 16 l 20.5 12 m 20.5 15 l",
)
MESSAGE = Family(
    "#B0226E",
    "4 6 m 20 6 l 20 17 l 9 17 l 4 20.5 l h",
)
LOG = Family(
    "#5B6472",
    "6 3.5 m 15 3.5 l 19 7.5 l 19 20.5 l 6 20.5 l h 9 11 m 16 11 l 9 14.5 m 16 14.5 l",
)
INTERNET = Family(
    "#1F2937",
    "12 3 m 7.03 3 3 7.03 3 12 c 3 16.97 7.03 21 12 21 c 16.97 21 21 16.97 21 12 c "
    "21 7.03 16.97 3 12 3 c 3 12 m 21 12 l 12 3 m 6 8 6 16 12 21 c 12 3 m "
    "18 8 18 16 12 21 c",
)
OTHER = Family(
    "#5B6472",
    "5 8 m 12 4 l 19 8 l 19 16 l 12 20 l 5 16 l h 5 8 m 12 12 l 19 8 l 12 12 m 12 20 l",
)
FOLDED = Family(
    "#8892A0",
    "6 7 m 18 7 l 6 12 m 18 12 l 6 17 m 18 17 l",
)

_BY_BEGINNING = (
    ("Internet", INTERNET),
    ("AwsLambda", FUNCTION),
    ("AwsEc2Instance", COMPUTE),
    ("AwsAutoScaling", COMPUTE),
    ("AwsEcs", COMPUTE),
    ("AwsEks", COMPUTE),
    ("AwsEcr", STORAGE),
    ("AwsS3", STORAGE),
    ("AwsEc2Volume", STORAGE),
    ("AwsEc2Snapshot", STORAGE),
    ("AwsEfs", STORAGE),
    ("AwsRds", DATABASE),
    ("AwsDynamoDb", DATABASE),
    ("AwsRedshift", DATABASE),
    ("AwsIam", IDENTITY),
    ("AwsAccount", IDENTITY),
    ("AwsEc2SecurityGroup", GUARD),
    ("AwsEc2NetworkAcl", GUARD),
    ("AwsWaf", GUARD),
    ("AwsElb", BALANCER),
    ("AwsCloudFront", BALANCER),
    ("AwsApiGateway", BALANCER),
    ("AwsEc2", NETWORK),
    ("AwsKms", KEY),
    ("AwsSecretsManager", KEY),
    ("AwsSqs", MESSAGE),
    ("AwsSns", MESSAGE),
    ("AwsCloudTrail", LOG),
)


def family_of(resource_type: str) -> Family:
    """The family of a resource type, as Security Hub names types."""
    for beginning, family in _BY_BEGINNING:
        if resource_type.startswith(beginning):
            return family
    return OTHER
