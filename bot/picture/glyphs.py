"""Our own simple glyphs, one per family of services, drawn in a box of 24 by 24."""

from typing import NamedTuple


class Family(NamedTuple):
    """How resources of one family look."""

    colour: str
    glyph: str
    """SVG path data, stroked in white on the colour."""


COMPUTE = Family(
    "#D86613", "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4"
)
FUNCTION = Family("#D86613", "M6 20 L11 9 L8.5 4 H12 L19 20 M6 20 h3.5 L12.5 13")
STORAGE = Family("#4B8B2B", "M4 6c0 2 16 2 16 0s-16-2-16 0l2 13c0 1.8 12 1.8 12 0l2-13")
DATABASE = Family(
    "#3355C8", "M5 6c0 2.6 14 2.6 14 0s-14-2.6-14 0v12c0 2.6 14 2.6 14 0V6M5 12c0 2.6 14 2.6 14 0"
)
IDENTITY = Family(
    "#C2274B",
    "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 20.5c1-5 4-6.500 7.500-6.500s6.500 1.500 7.500 6.500",
)
NETWORK = Family("#7A3FC4", "M12 4v5M12 9H6v4M12 9h6v4M3.500 13h5v5h-5zM15.500 13h5v5h-5z")
BALANCER = Family("#7A3FC4", "M4 12h5M9 12l8-6M9 12h8M9 12l8 6M17 4.500v3M17 10.500v3M17 16.500v3")
GUARD = Family(
    "#7A3FC4", "M12 3l7.500 3v5.500c0 4.500-3 8-7.500 9.500-4.500-1.500-7.500-5-7.500-9.500V6z"
)
KEY = Family("#C2274B", "M8 12a4 4 0 1 0 0 .1M12 12h9M17.500 12v4M20.500 12v3")
MESSAGE = Family("#B0226E", "M4 6h16v11H9l-5 3.500z")
LOG = Family("#5B6472", "M6 3.500h9l4 4v13H6zM9 11h7M9 14.500h7")
INTERNET = Family(
    "#1F2937", "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c-6 5-6 13 0 18M12 3c6 5 6 13 0 18"
)
OTHER = Family("#5B6472", "M5 8l7-4 7 4v8l-7 4-7-4zM5 8l7 4 7-4M12 12v8")
FOLDED = Family("#8892A0", "M6 7h12M6 12h12M6 17h12")

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
