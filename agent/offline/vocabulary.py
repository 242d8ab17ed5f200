"""The words that questions are made of, and what they mean."""

from agent.offline.wordings import SPELLED

SEVERITIES: dict[str, str] = {
    "critical": "critical", "criticals": "critical", "crits": "critical", "crit": "critical",
    "fatal": "fatal", "high": "high", "highs": "high", "severe": "high",
    "medium": "medium", "mediums": "medium", "moderate": "medium", "low": "low", "lows": "low",
    "informational": "informational", "informationals": "informational",
}  # fmt: skip

SERVICES: dict[str, str] = {
    "s3": "S3", "bucket": "S3", "buckets": "S3", "ec2": "EC2", "instance": "EC2",
    "instances": "EC2", "servers": "EC2", "vms": "EC2", "iam": "IAM", "identity": "IAM",
    "rds": "RDS", "database": "RDS", "databases": "RDS", "lambda": "Lambda", "lambdas": "Lambda",
    "functions": "Lambda", "kms": "KMS", "keys": "KMS", "eks": "EKS", "kubernetes": "EKS",
    "ecs": "ECS", "containers": "ECS", "ecr": "ECR", "images": "ECR", "sqs": "SQS",
    "queues": "SQS", "sns": "SNS", "topics": "SNS", "dynamodb": "DynamoDB", "dynamo": "DynamoDB",
    "tables": "DynamoDB", "cloudtrail": "CloudTrail", "elb": "ELB", "alb": "ELB",
    "balancers": "ELB", "redshift": "Redshift", "config": "Config", "guardduty": "GuardDuty",
    "ssm": "SSM", "secretsmanager": "SecretsManager", "secrets": "SecretsManager",
    "autoscaling": "AutoScaling", "cloudfront": "CloudFront", "apigateway": "APIGateway",
    "dms": "DMS", "opensearch": "Opensearch", "codebuild": "CodeBuild", "waf": "WAF",
}  # fmt: skip

ORDINALS: dict[str, int] = {
    "first": 1, "1st": 1, "top": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4,
    "4th": 4, "fifth": 5, "5th": 5, "last": -1,
}  # fmt: skip

PORTS: dict[str, int] = {
    "ssh": 22, "rdp": 3389, "mysql": 3306, "mariadb": 3306, "postgres": 5432, "postgresql": 5432,
    "redis": 6379, "mongo": 27017, "mongodb": 27017, "telnet": 23, "ftp": 21, "smb": 445,
    "mssql": 1433, "elasticsearch": 9200, "memcached": 11211,
}  # fmt: skip
"""The ports that services listen at (IANA's registry, or the product's own default)."""

_WORDS = """
able about access account accounts across active advice affected after again alert alerts all
anything attached attack attacker attackers attacks attention bad behind between blast breach bring
buckets called can change changed changes clean close closed cloudtrail come compare compliance
compliant connected connection connections control controls could create critical criticals
customer customers danger dangerous data databases days ddos delete denial deploy describe detail
details difference different disable draw encrypt encrypted encryption environment everything
exceptions explain exploit exploitable exploited exploits exposed exposure exposures external
failed failing find finding findings fire first fix fixed from functions graph group groups
guardduty happen happened happening help here high highest highs hole holes identities identity
important incident incidents instance instances internet issue issues keys know lambda latest list
logging logs longest look lowest matter matters medium mediums monitored monitoring more most muted
neighbours networks never news next number oldest open opened outdated outside overview owner
owners owns page password passwords path paths people permissions picture plan policies policy port
ports position posture principals priorities prioritise prioritize priority problem problems public
publicly question radius rank ranked reach reachable reboot recent regressed regression regressions
related remediate remediation remedy report resolve resolved resource resources restart risk
riskiest risks risky role roles runbook runbooks runtime runtimes same score second secure security
service services severity should show since snapshot snapshots solve something standing start state
status stopped storage summarise summarize summary suppress suppressed suspicious tell tenant
tenants terminate thanks third threat threats today topology traffic trend under unencrypted
unmonitored unsupported urgent urgently users vulnerabilities vulnerability vulnerable wants week
weeks what when where which who why wide wide-open world worse worst write wrong yesterday
"""
_SHORTEST_MENDED = 4

SHORT: dict[str, str] = {
    "teh": "the", "hte": "the", "adn": "and", "nad": "and", "hwo": "how", "hw": "how",
    "wat": "what", "wht": "what", "wut": "what", "wot": "what", "y": "why", "u": "you", "r": "are",
    "pls": "please", "plz": "please", "n": "and", "fxi": "fix", "fixx": "fix", "ti": "it",
    "jus": "just", "jsut": "just", "whats": "what", "wats": "what", "whos": "who", "hows": "how",
    "wheres": "where", "whys": "why", "wy": "why",
    "cn": "can", "cna": "can", "cud": "could", "hav": "have",
    "ther": "there", "dose": "does", "taht": "that", "tel": "tell", "shud": "should",
    "vuln": "vulnerability", "vulns": "vulnerabilities", "sg": "group", "sgs": "groups",
    "frist": "first", "fisrt": "first", "fixd": "fixed", "doin": "doing", "goin": "going",
}  # fmt: skip
"""Words that are written so often in haste that they are known; some are too short to be mended."""

WORDS: frozenset[str] = (
    frozenset(_WORDS.split())
    | SPELLED
    | SEVERITIES.keys()
    | {word for word in SERVICES if len(word) >= _SHORTEST_MENDED}
)
"""What a mistyped word may have been meant to be."""

AS_WRITTEN: frozenset[str] = frozenset(
    """
    against being came clear code company date fine form held hold home hope image knew lock lost
    loss lots must plain play rule safe sale save several shop shot slow some stage star store
    table user want weak were wife word doing keeps night somebody nobody mode
    move core wore mere sore fore owned born blank black bless going file five firm dealt fires
    """.split()  # noqa: SIM905 - words read best as text
)
"""Ordinary words that are one letter away from one of ours, and are not it."""

COMMON: frozenset[str] = frozenset(
    """
    able above across actually afternoon ahead along also always among another anyone anything
    anywhere aren around aware away back basically because become been before begin behind below
    beside best better between beyond bigger biggest boss both cannot care case cause cloud
    colourless come companies company could coworker currently customer daily day dear development
    didn different does doesn doing dolor done down dream during each early easy either else enough
    environment even evening ever every everybody everyone exactly example exist existing exists
    fast feel finally fine football friday friend full furiously further gave general generally get
    getting give given goes good great green group guess guys half hand happy hard has have haven
    having hear hello hence here himself honestly hope hour hours house however idea ideas infra
    infrastructure inside instead interesting into ipsum isn itself job joke just keep kind know
    large last late lately later least leave left less life like likely list little live long look
    lorem lot lots machine machines made main make makes many maybe mean meaning meeting might mind
    minute minutes monday money month months more morning most mostly much music myself name named
    near need never nice night none nothing notice often once only opinion other otherwise ours
    over overall own part past people per perhaps person pizza place please plus poem point
    possible probably prod production project quick quickly quite rather ready real really reason
    recently regard regarding regards related relevant respect right road run running said same
    saturday saw say saying see seem seems seen sense sent seriously set shall she side similar
    simple single small smaller some someone something sometimes soon sorry sort speak specific
    staging stand standing standup start started starting still stuff such sunday sure system
    systems take taken talk team teams than thank them themselves then there thing things think
    thought through thursday till time times tonight tool tools totally toward trouble true trust
    try trying tuesday turn type unable under understand unless until upon used using usual usually
    very wait want wants watch way weather wednesday went what whatever whenever whether while
    whole whom wish within without wonder work works would wouldn year years yet your yours
    yourself
    """.split()  # noqa: SIM905 - words read best as text
)
"""Ordinary words that are nobody's name, though no question is made of them."""
