"""How people word what they mean: one table of phrases for each meaning.

A phrase is matched as whole words anywhere in a question that `understand` has read (lower case,
spelling mended, names and refs taken out). Three shorthands keep the tables readable: `*` ends a
stem (`compromis*`), ` .. ` is anything between, and `^` is the question's beginning. Groups are
alternatives: `(do|can) i`.
"""

import re

_WHOLE = re.compile(r"(?<![a-z])[a-z]{4,}(?![a-z*\[?])")
"""A word of a phrase that stands there in full: no stem, no ending that may be left out."""

_FORM = re.compile(r"[a-z]{3,}[a-z*?\[\]]*")
_SPELLED: set[str] = set()
_FORMS: set[str] = set()


def _any(*phrases: str) -> re.Pattern[str]:
    for phrase in phrases:
        _SPELLED.update(_WHOLE.findall(phrase))
        _FORMS.update(form.replace("*", r"\w*") for form in _FORM.findall(phrase))
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
    "plan", "advice", "repair", "harden", "runbooks?", "(do|done|doing) about",
)  # fmt: skip
ASKS_TO_FIX = _any(
    "^(please |can you |could you )?(fix|remediate|plan|close|mitigate|advice)",
    "fix",
    "remed*",
    "runbooks?",
    "do about",
)
DO_FIX = _any(
    "^(ok |just |please )?do (it|that|so)$",
    "go ahead",
    "fix",
    "remediate",
    "plan",
    "close",
    "mitigate",
    "resolve",
    "repair",
    "harden",
)
_WHO_FIXES = (
    "who (should|must|has to|needs to|will|would|is going to) (fix|close|remediate|resolve|solve)",
    "who (fixes|closes|remediates|resolves)",
)
WHO_FIXES = _any(*_WHO_FIXES)
IS_FIXED = _any("^(and |so |but |ok )*(is|are) .. (fixed|closed|resolved|solved|remediated)")
ASKS_OF_THE_FIX = _any(
    "^(and |so |but |ok )*(who|why|when|where|which|is|are|was|were|does|did|has|have|should)",
    "^(and |so |but |ok )*do (i|we|they|you)",
)
"""A question about a fix, which must not put a request before those who approve."""
WHAT_FIXING_DOES = _any("what (would|will|does) (fixing|closing|the fix|it)", "preview", "dry run")
WAS_FIXED = _any(
    "(what|anything|findings?) (was|were|got|been)",
    "^(fixed|resolved|closed)",
    "(did|has|have) [a-z]+ (fix|fixed|resolve|resolved|close|closed)",
)
DRAW = _any(
    "graph", "draw", "picture", "diagram", "map", "topology", "visuali[sz]e", "image",
    "show me", "show it",
)  # fmt: skip
SHOW_ALONE = _any(
    "^(please )?show (me|it)( (it|that|please|the (graph|picture|path)))?$",
    "^(draw|graph|picture)",
)
SHOW_A_LIST = _any("show me (what|the (top|worst|risk))")
DRAW_IT = _any("draw", "graph", "picture", "map", "diagram", "image", "path")
SEE = _any("show", "draw", "graph", "picture", "map", "diagram", "see")
PATH = _any("path", "paths")
WHY = _any("why", "reason", "score", "how come")
WHY_ALONE = _any("why", "how come")
WHO_APPROVES = _any(
    "who (can|could|may|must|should|has to|needs to|will) (approve|authori[sz]e|sign off)",
    "who (approves|authori[sz]es|signs off|is (an )?approver)",
    "(who|which|what|list|show) .. approvers",
    "^approvers",
)
WHO_OWNS = _any(
    "who (own|owns|is responsible|is the contact|is in charge|manages|maintains|looks after)",
    "owners?",
    "whose",
    "who (do|should|can) (i|we) (ask|talk to|call|contact)",
    *_WHO_FIXES,
    "contact",
)
WHO_REACHES = _any(
    "who (can|could) (reach|access|get|use|read|assume)", "can reach", "has access", "who has"
)
WHO_CAN = _any("who (can|could)")
FROM_INTERNET = _any(
    "(from|by) the (internet|outside|world)",
    "internet .. (path|get|gets|reach)",
    "path .. internet",
)
ANYONE = _any("reachable", "(anyone|anybody|everyone|everybody)", "what is", "public*")
REACH = _any(
    "blast",
    "radius",
    "reach",
    "attacker",
    "hack*",
    "get at",
    "compromised?",
    "pivot",
    "lateral",
    "leak*",
    "stolen",
    "taken over",
    "breach*",
    "pwned",
    "loses?",
    "lost",
)
CONNECTED = _any(
    "connected", "connections?", "attached", "neighbou?rs?", "related", "around", "next to",
    "linked", "talks? to", "depends?",
)  # fmt: skip
ABOUT = _any("about", "everything", "details?")
HAPPENED = _any("^(is|was|has|did|were|are|somebody|someone|any|anything)")
FIX_FIRST = _any("(what|which|where) (do|should|must|shall|can|to|would|needs?|ones?|one)")
RUNS = _any("run|runs|running|use|uses|using|have|has|version|package|packages|library|affected by")
HOW_LONG = _any("how (long|old)", "since when", "how many (days|weeks)")
YES_NO = _any("^(and |so |but |ok )*(is|are|can|could|does|do|will|would)")
DETAIL = _any(
    "why",
    "explain",
    "details?",
    "tell",
    "more about",
    "what is",
    "when",
    "how long",
    "how come",
    "how (bad|serious|severe|urgent|dangerous|old)",
    "ignore",
    "leave it",
    "real",
    "really",
    "serious",
    "exploitable",
    "happens? (if|when)",
)
FINDINGS = _any("findings?")
PROBLEMS = _any("findings?", "issues?", "problems?", "alerts?", "vulnerabilit*")
TOPIC = _any(
    "port [0-9]+", "ssh|rdp|imds|imdsv1|imdsv2|mfa|tls|root", "(un)?encrypt*", "passwords?",
    "runtimes?", "logging", "backups?", "versioning", "rotat*", "patch*", "tags?", "tagg*",
    "deletion protection",
)  # fmt: skip
"""What controls are about, in the words of their titles: searched for when nothing else fits."""

# What a question is about

HELP = _any(
    "help", "^(hi|hello|hey|yo|hallo|good (morning|evening|afternoon))( (there|all|team|bot))?$",
    "what can (you|i) (do|ask)", "how do (you|i) (work|use)",
)  # fmt: skip
THANKS = _any("^(thanks?|thank you|thx|ty|cheers|great|ok|okay|perfect|cool|nice|danke|got it)")
ASKS_ABOUT = _any("what (needs|should|changed)", "why", "could i", "where (do|should|to|shall)")
ABOUT_FINDINGS = _any("findings?", "encrypted", "controls?")
COMPARE = _any(
    "compare", "comparison", "versus", "vs", "worst tenant", "^(is|are) (worse|better|safer) than",
    "which (tenant|customer|account) is (the )?(worst|best)",
)  # fmt: skip
TENANTS = _any(
    "tenants", "customers", "(list|which|what|how many|show) .. (tenants?|customers?|accounts)"
)
POSTURE = _any(
    "postur*", "overview", "summary", "summar*", "status", "state of", "how bad", "health",
    "score ?card", "where do we stand", "boss", "management", "ciso", "board", "executives?",
    "report", "how (secure|safe)",
    "how (are|is) (we|it|things|things going|everything|our|the)", "how (are|is) .. doing",
    "what( is| s)? going on", "^what( is| s)? up$",
    "^how (is|are) (doing|going)", "how (does|do) .. stand", "^how (does|do) stand",
)  # fmt: skip
CHANGES = _any(
    "chang*", "what( is| s)? new", "news?", "(got|gotten) (worse|better)", "improv*",
    "(did|has|have|was|were) [a-z]+ (fix|fixed|resolve|resolved|close|closed)",
    "happen*", "differen*", "regress*", "trend*",
    "came (in|back)", "come back", "reopen*", "recent*", "what (was|got|were) (fixed|resolved)",
    "compare .. (week|month|yesterday)",
    "fixed .. (week|yesterday|today|month)",
)  # fmt: skip
SINCE_THEN = _any("since")
ONLY_FIXED = _any("fix", "fixed", "resolved?", "closed?", "solved", "remediated")
NOT_ONLY_FIXED = _any("chang*", "new", "came", "opened", "back", "happen*")
TREND = _any("trend*", "compare*")
BACK = _any("regress*", "(came|come|coming|is|are|anything) back", "reopen*", "again")
DDOS = _any(
    "(without|no|a|our|the|have|any) (a )?waf",
    "(without|no) .. acls?",
    "ddos",
    "denial of service",
    "flood*",
    "dos attack*",
)
OPEN_GROUPS = _any(
    "(security )?groups?", "open ports?", "open ssh", "ssh open", "ports? .. open", "rdp"
)
PUBLIC = _any(
    "public*", "internet", "exposed", "open to (the|everyone|all|any)", "world", "outside",
    "reachable", "anyone", "anonymous*", "facing",
)  # fmt: skip
AT_A_PORT = _any(
    "open", "exposed", "public*", "internet", "world", "reachable", "ports?", "listen*"
)
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
THREATS = _any(
    "threats?", "under attack", "(being|been|was|were) (attacked|breached|hacked)",
    "active attacks?", "intrus*", "intruders?", "hack*", "compromis*", "malicious", "suspicious",
    "guardduty", "incidents?", "breach*", "crypto ?min*", "brute ?forc*", "attacked",
    "attackers?",
)  # fmt: skip
EXPOSURES_ABOUT = (
    (
        _any(
            "ident*", "access keys?", "admins?", "who has admin", "privileges?",
            "(risky|riskiest|worst|dangerous|admin*|privileged|overprivileged|old|stale|unused) "
            "([a-z]+ )?(users?|roles?|keys?|identit*|credentials?|access)",
            "(users?|roles?|keys?|credentials?) .. (risky|dangerous|privileged|admin*|stale)",
        ),
        "identity",
    ),
    (THREATS, "threat"),
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
    "what matters", "on fire", "burning", "exposures?", "worried", "worry", "to ?do",
    "(lose|losing|my) sleep", "^top( [0-9]+)?( things?)?$",
    "top ([0-9]+ )?(risks?|issues?|problems?|exposures?|things?|findings?|priorit*)",
    "where (do|should|to|shall) ([a-z]+ )?(start|begin)",
    "what (should|do|must|shall) (i|we) (do|fix|look|worry|work|tackle|focus)",
    "anything (wrong|bad|urgent|critical)", "what is wrong", "whats wrong",
)  # fmt: skip
COUNTS_OR_AGES = _any("oldest", "longest", "how many", "count")
EVERYTHING = _any("all", "every", "list")
AND_HOW_MANY = _any("how many .. (and|but)( of (them|those|these)| how many)")
LISTED = _any("how many", "count", "list", "findings?", "vulnerabilit*", "cves?", "opened")
TOP_RESOURCES = _any(
    "top ([0-9]+ )?(resources?|assets?|hosts?|instances?|buckets?|offenders?)",
    "resources? .. (most|worst)", "(most|worst) .. resources?", "which resources?", "noisiest",
)  # fmt: skip
ANY_FINDINGS = _any(
    "findings?", "issues?", "alerts?", "vulnerabilit*", "vulnerable", "vulns?", "cves?",
    "exploit*", "muted", "suppress*", "accepted", "resolved", "failed", "failing", "compliance",
    "checks?", "oldest", "longest", "problems?", "controls?", "misconfig*", "how many", "newest",
    "latest", "(older|newer) than",
)  # fmt: skip

# How a list of findings is narrowed

EXPLOITABLE = _any("exploit*")
VULNERABILITIES = _any("vuln*", "cves?")
NAMES_A_WORD = _any("vuln*", "cves?", "about", "mention*", "contain*", "with the word", "called")
UNPATCHED = _any(
    "unpatched", "(not|never|no|without) patch*", "vuln*", "cves?", "exploit*", "outdated",
    "out of date", "missing patches", "patch*",
)  # fmt: skip
COMPLIANCE = _any("compliance", "checks?", "controls?")
MUTED = _any("muted", "suppress*", "accepted", "exceptions?")
OPEN = _any("open")
RESOLVED = _any("resolved", "closed", "fixed")
OLDEST = _any("oldest", "older", "by age", "longest", "forgotten", "ageing", "aging")
OLDER_THAN = _any(
    "(older|longer|newer|younger) than", "(over|more than|less than) [0-9]+ (days?|weeks?|months?)"
)
NEWEST = _any("newest", "latest", "most recent")

# What leans on what was said before

SAME = _any(
    "^(and |now |the |do )*(same|again|repeat)",
    "^(and|what about|how about|what|how|now|only|just|then|but|alone|or|in|for|of|with| )+$",
)
MORE = _any(
    "^what else$",
    "^(and |show |give |list )*(me |us )?(the )?(some )?(more|next|rest|others)( ones?)?"
    "( (results|findings|of (them|those)))?( please)?$",
)
ONLY = _any(
    "^(and|what about|how about|only|just|now|also|or|but|then|ok|okay)", "ones?",
    "those|them|these", "^sort*", "^(the )?[a-z0-9_]+$",
)  # fmt: skip
POINTS = _any("it|its|this|that|them|they|one|ones|there|those|these")
IT = _any(
    "it|its|this|that|them|they|one|ones|there|here|those|these",
    "^(since when|how long|when)",
    "^(why|show|draw|explain|more|who|fix|how|graph|details?|owners?|blast|reason|and|tell)",
    "^the [a-z0-9_]+$",
)
BY_ITSELF = _any(
    "attention", "findings? .. in", "public*", "changed?", "posture", "tenants?", "top resources",
    "first .. (do|fix|look|attention)", "(do|fix|look|need*) .. first", "(so|ok|then) what first",
    "top (risks?|issues?|problems?)",
)  # fmt: skip
STARTS_ANEW = _any("^(all|list|how many|show all)")
OF_THEM = _any("(of|among) (them|those|these)", "(are|is) (they|those|these|it)")
TO_LIST = _any("back to", "go back", "(the|that) (list|ranking|overview) again", "^the list")
DESCRIBED = _any("the [a-z0-9 ]+ one$", "the one (with|on|about|in|of|for|that)")
IT_IS_BAD = _any("how (bad|serious|severe|urgent|dangerous) (is|are) (it|this|that|they)")
FIX_IT = _any(
    "fix*|remed*|plan|close|mitigate|solve|resolve|patch|update|upgrade|do about|approv*",
    "^(ok |just )?do (it|that|so)$",
    "go ahead",
)
REACH_FROM_IT = _any("reach*", "blast", "attacker", "radius", "get at", "lateral", "pivot")
CONNECTED_TO_IT = _any("connected", "neighbou?rs", "around")
FINDINGS_ON_IT = _any("findings", "issues", "problems", "what (is|else is|else) wrong")

# What cannot be done: the end of "I can't ..."

_CHANGE = "do that by a word: I plan fixes of findings, and people approve them"
CANNOT = (
    (
        _any(
            "^(just |now |go |and |then |also )*(restart|reboot|start|stop|terminate|shut ?down)",
            "^(just |now |go |and |then |also )*(resize|launch|kill)",
        ),
        "restart or stop things",
    ),
    (
        _any(
            "^(just |now |go |and |then |also )*(delete|remove|destroy|drop|wipe|detach|revoke)",
            "^(just |now |go |and |then |also )*(disable|block|create|deploy|provision|install)",
            "^(just |now |go |and |then |also )*(upgrade|patch|rotate|encrypt|enable|apply)",
        ),
        _CHANGE,
    ),
    (_any("cost|costs|bill|billing|spend|price|budget"), "see costs yet"),
    (_any("(cloudtrail|audit|flow|access) (events?|logs?)", "logs"), "see log events yet"),
    (
        _any("(jira|ticket|email|pagerduty|call|message) ([a-z]+ )?(for|to|the|me|him|her|them)"),
        "write to people or open tickets",
    ),
    (
        _any(
            "(write|build|generate|make|give me) .. (exploit|malware|payload|attack)",
            "(exploit|attack) (code|script|payload)",
        ),
        "help to attack",
    ),
    (_any("weather|joke|poem|recipe|translate|football|pizza|music"), "help with that"),
)

SPELLED: frozenset[str] = frozenset(_SPELLED)
"""Every whole word of these tables."""

KNOWN = re.compile("|".join(sorted(_FORMS)))
"""Every word that some phrase of these tables would take, in any of its forms."""
