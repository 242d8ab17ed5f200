"""How people word what they mean: one table of phrases for each meaning.

A phrase is matched as whole words anywhere in a question that `understand` has read (lower case,
spelling mended, names and refs taken out). Three shorthands keep the tables readable: `*` ends a
stem (`compromis*`), ` .. ` is anything between, and `^` is the question's beginning. Groups are
alternatives: `(do|can) i`.
"""

import re


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(_pattern(phrase) for phrase in phrases))


def _pattern(phrase: str) -> str:
    start = "^" if phrase.startswith("^") else r"\b"
    body = re.sub(r"(?<=[a-z])\*", r"\\w*", phrase.removeprefix("^"))
    body = body.replace("(", "(?:").replace(" .. ", ".*")
    return rf"{start}(?:{body})\b"


# What is wanted of a thing

HOW = _any("how (do|can|could|would|should|to)", "what would", "what does it take")
FIX = _any(
    "fix", "fixed", "fixing", "remediat*", "remedy", "mitigate", "resolve", "solve", "close",
    "plan", "advice", "repair", "harden", "runbooks?",
)  # fmt: skip
ASKS_TO_FIX = _any(
    "^(please |can you |could you )?(fix|remediate|plan|close|mitigate|advice)",
    "fix",
    "remed*",
    "runbooks?",
)
WAS_FIXED = _any("(what|anything|findings?) (was|were|got|been)")
DRAW = _any(
    "graph", "draw", "picture", "diagram", "map", "topology", "visuali[sz]e", "image",
    "show me", "show it",
)  # fmt: skip
SHOW_ALONE = _any(
    "^(please )?show (me|it)( (it|that|please|the (graph|picture|path)))?$",
    "^(draw|graph|picture)",
)
SHOW_A_LIST = _any("show me (what|the (top|worst|risk))")
SEE = _any("show", "draw", "graph", "picture", "map", "diagram", "see")
PATH = _any("path", "paths")
WHY = _any("why", "reason", "score")
WHY_ALONE = _any("why")
WHO_OWNS = _any("who (own|owns|is responsible|manages)", "owners?", "whose")
WHO_REACHES = _any(
    "who (can|could) (reach|access|get|use|read|assume)", "can reach", "has access", "who has"
)
WHO_CAN = _any("who (can|could)")
FROM_INTERNET = _any(
    "(from|by) the (internet|outside|world)",
    "internet .. (path|get|gets|reach)",
    "path .. internet",
)
REACH = _any(
    "blast", "radius", "reach", "attacker", "hacker", "get at", "compromised?", "pivot", "lateral"
)
CONNECTED = _any(
    "connected", "connections?", "attached", "neighbou?rs?", "related", "around", "next to",
    "linked", "talks? to", "depends?",
)  # fmt: skip
DETAIL = _any("why", "explain", "details?", "tell", "more about", "what is")
FINDINGS = _any("findings?")
PROBLEMS = _any("findings?", "issues?", "problems?", "alerts?", "vulnerabilit*")
TOPIC = _any(
    "port [0-9]+", "ssh|rdp|imds|imdsv1|imdsv2|mfa|tls|root", "(un)?encrypt*", "passwords?",
    "backups?", "versioning", "rotat*", "patch*", "tags?", "tagg*", "deletion protection",
)  # fmt: skip
"""What controls are about, in the words of their titles: searched for when nothing else fits."""

# What a question is about

HELP = _any(
    "help", "^(hi|hello|hey|yo|hallo|good (morning|evening|afternoon))( (there|all|team|bot))?$",
    "what can (you|i) (do|ask)", "how do (you|i) (work|use)",
)  # fmt: skip
THANKS = _any("^(thanks?|thank you|thx|cheers|great|ok|okay|perfect|cool|nice|danke)")
ASKS_ABOUT = _any("what (needs|should|changed)", "why", "could i", "where (do|should|to|shall)")
ABOUT_FINDINGS = _any("findings?", "encrypted", "controls?")
COMPARE = _any(
    "compare", "comparison", "versus", "vs", "worst tenant",
    "which (tenant|customer|account) is (the )?(worst|best)",
)  # fmt: skip
TENANTS = _any(
    "tenants", "customers", "(list|which|what|how many|show) .. (tenants?|customers?|accounts)"
)
POSTURE = _any(
    "postur*", "overview", "summary", "summar*", "status", "state of", "how bad", "health",
    "score ?card", "where do we stand", "how (secure|safe)",
    "how (are|is) (we|it|things|things going|everything|our|the)", "how (are|is) .. doing",
    "^how is doing",
)  # fmt: skip
HOW_ARE = _any("how are")
CHANGES = _any(
    "chang*", "what( is| s)? new", "news?", "happen*", "differen*", "regress*", "trend*", "since",
    "came in", "reopened", "recent*", "what (was|got|were) (fixed|resolved)",
    "fixed .. (week|yesterday|today|month)",
)  # fmt: skip
TREND = _any("trend*")
DDOS = _any("ddos", "denial of service", "flood*", "dos attack*")
OPEN_GROUPS = _any(
    "(security )?groups?", "open ports?", "open ssh", "ssh open", "ports? .. open", "rdp"
)
PUBLIC = _any(
    "public*", "internet", "exposed", "open to (the|everyone|all|any)", "world", "outside",
    "reachable", "anyone", "anonymous*", "facing",
)  # fmt: skip
PUBLIC_KINDS = (
    (_any("buckets?", "s3", "storage", "snapshots?"), "storage"),
    (_any("databases?", "rds", "dbs?", "redshift"), "databases"),
    (
        _any(
            "instances?", "ec2", "servers?", "compute", "lambdas?", "functions?", "hosts?", "vms?"
        ),
        "compute",
    ),
)
EXPOSURES_ABOUT = (
    (
        _any(
            "ident*", "access keys?", "admins?", "who has admin", "privileges?",
            "(risky|dangerous|admin*|privileged|overprivileged|old|stale|unused) "
            "([a-z]+ )?(users?|roles?|keys?|identit*|credentials?|access)",
            "(users?|roles?|keys?|credentials?) .. (risky|dangerous|privileged|admin*|stale)",
        ),
        "identity",
    ),
    (
        _any(
            "threats?", "under attack", "being attacked", "active attacks?", "intrus*",
            "intruders?", "hack*", "compromis*", "malicious", "suspicious", "guardduty",
            "incidents?", "breach*",
        ),
        "threat",
    ),
    (_any("blind ?spots?", "logging", "monitor*", "visibility", "unmonitored"), "blind_spot"),
    (
        _any(
            "sensitive", "customer data", "data (leak|loss|expos*|at risk)", "exfil*",
            "path* to ([a-z]+ )?data",
        ),
        "data",
    ),
    (_any("attack paths?", "paths? from", "from the internet"), "internet"),
)  # fmt: skip
EXPOSURES = _any("exposures?")
ATTENTION = _any(
    "attention", "first", "urgent*", "priorit*", "worst", "biggest", "riskiest", "risks?",
    "up at night", "most (important|urgent|dangerous|critical|risky|serious)",
    "matters? (most|now)",
    "what matters", "on fire", "burning", "exposures?", "worried", "worry", "to ?do", "sleep",
    "top ([0-9]+ )?(risks?|issues?|problems?|exposures?|things?|findings?|priorit*)",
    "where (do|should|to|shall) ([a-z]+ )?(start|begin)",
    "what (should|do|must|shall) (i|we) (do|fix|look|worry|work|tackle|focus)",
    "anything (wrong|bad|urgent|critical)", "what is wrong", "whats wrong",
)  # fmt: skip
COUNTS_OR_AGES = _any("oldest", "longest", "how many", "count")
EVERYTHING = _any("all", "every", "list")
TOP_RESOURCES = _any(
    "top ([0-9]+ )?(resources?|assets?|hosts?|instances?|buckets?|offenders?)",
    "resources? .. (most|worst)", "(most|worst) .. resources?", "which resources?", "noisiest",
)  # fmt: skip
ANY_FINDINGS = _any(
    "findings?", "issues?", "alerts?", "vulnerabilit*", "vulnerable", "vulns?", "cves?",
    "exploit*", "muted", "suppress*", "accepted", "resolved", "failed", "failing", "compliance",
    "checks?", "oldest", "longest", "problems?", "controls?", "misconfig*", "how many", "newest",
    "latest",
)  # fmt: skip

# How a list of findings is narrowed

EXPLOITABLE = _any("exploit*")
VULNERABILITIES = _any("vuln*", "cves?")
COMPLIANCE = _any("compliance", "checks?", "controls?")
MUTED = _any("muted", "suppress*", "accepted", "exceptions?")
RESOLVED = _any("resolved", "closed", "fixed")
OLDEST = _any("oldest", "longest", "forgotten", "ageing", "aging")
NEWEST = _any("newest", "latest", "most recent")

# What leans on what was said before

SAME = _any("^(and |now |the )*(same|again|repeat)", "^(and|what about|how about|now)$")
MORE = _any(
    "^(and |show |give |list )*(me |us )?(the )?(some )?(more|next|rest|others)",
)
ONLY = _any(
    "^(and|what about|how about|only|just|now|also|or)", "ones?", "those|them|these",
    "^(the )?[a-z0-9_]+$",
)  # fmt: skip
IT = _any("it|this|that|them|one|ones", "^(why|show|draw|explain|more|who|fix)", "^the [a-z0-9_]+$")
BY_ITSELF = _any(
    "attention", "findings? .. in", "public", "changed?", "posture", "tenants?", "top resources",
    "first .. (do|fix|look|attention)", "(do|fix|look|need*) .. first",
)  # fmt: skip
STARTS_ANEW = _any("^(all|list|how many|show all)")
FIX_IT = _any("fix|remediate|plan|close|mitigate|solve|resolve")
REACH_FROM_IT = _any("reach", "blast", "attacker")
CONNECTED_TO_IT = _any("connected", "neighbou?rs", "around")

# What cannot be done: the end of "I can't ..."

_CHANGE = "change anything in an account yet"
CANNOT = (
    (
        _any("restart|reboot|start|stop|terminate|shut ?down|resize|launch"),
        "restart or stop things",
    ),
    (_any("delete|remove|destroy|drop|wipe|detach|revoke|disable|block|kill"), _CHANGE),
    (_any("create|deploy|provision|install|upgrade|patch|rotate|encrypt|enable|apply"), _CHANGE),
    (_any("cost|costs|bill|billing|spend|price|budget"), "see costs yet"),
    (_any("(cloudtrail|audit|flow|access) (events?|logs?)", "logs"), "see log events yet"),
    (
        _any("(jira|ticket|email|pagerduty|call|message) ([a-z]+ )?(for|to|the|me|him|her|them)"),
        "write to people or open tickets",
    ),
    (_any("(write|build|generate) .. (exploit|malware|payload|attack)"), "help to attack"),
    (_any("weather|joke|poem|recipe|translate|football|pizza|music"), "help with that"),
)
