"""What people write, and the tool call that answers it: `tool argument=value ...`."""

from tests.unit.agent.offline import finding_phrasings, hasty_phrasings

# Grouped by the call that must come out; each line below a call is one way to ask for it.
TABLE = """
list_tenants
    list tenants
    which tenants are there?
    what accounts do we look after
    who are our customers?
    show me all tenants
    how many tenants do we have
    which customers do you know
    list the tennants

posture_summary
    posture
    how are we doing?
    how is acme doing
    give me an overview
    summary please
    security posture of globex
    sumary
    where do we stand?
    how secure are we
    what is the status
    state of the union
    posutre
    compare tenants
    compare the tenants
    compare acme and globex
    acme vs globex
    is initech worse than acme?
    what's going on in globex
    whats up
    which tenant is worst?
    how does acme compare with globex

exposures about=all limit=5
    what needs attention first?
    What needs attention first
    WHAT NEEDS ATTENTION FIRST???
    what neeeds atention frist
    what should i fix first?
    where do I start?
    where should we begin
    top risks
    what's urgent
    anything on fire?
    what keeps me up at night
    biggest problems
    hey, could you pls show me what matters most right now?
    good morning, what should I look at?
    prioritize my day
    what should we worry about
    worst things in acme
    what needs attention first in acme?
    what needs attention first for globex
    top 5 risks
    riskiest things
    anything urgent?
    what do I do first
    why?
    show me
    plan the fix

exposures about=all limit=10
    show all exposures
    list every exposure
    all exposures

risky_identities
    risky identities
    which users are risky?
    old access keys
    stale access keys
    who has admin access
    overprivileged roles
    dangerous roles
    show me admin users
    riskiest identities
    risky identites
    identity risks

exposures about=blind_spot limit=5
    blind spots
    is logging on everywhere
    where are we blind spot wise
    what is unmonitored

exposures about=data limit=5
    sensitive data at risk
    paths to customer data
    customer data exposure
    could data be exfiltrated

exposures about=internet limit=5
    attack paths
    show attack paths

remediation_advice about=EC2.13
    how to fix open ssh
    how can I close port 22
    hwo do i fix the ssh thing
    close ssh please

remediation_advice about=EC2.14
    how do I fix the open RDP

public_resources kind=all
    what is public?
    whats exposed to the internet
    what is reachable from outside
    public resources
    internet-facing things
    what can anyone on the internet reach
    what is publc

public_resources kind=all unpatched=True
    internet facing and unpatched
    which internet-facing things have vulnerabilities?
    public and vulnerable

public_resources kind=compute unpatched=True
    unpatched servers reachable from the internet

public_resources kind=databases
    which databases are public?
    public rds

public_resources kind=compute
    any public lambda functions?
    public instances

public_resources kind=security_groups
    open security groups
    which security groups are open to the world?
    security groups open to 0.0.0.0/0
    open ports
    opne securty groups

public_resources kind=security_groups port=22
    is ssh open anywhere
    is port 22 open?
    port 22

public_resources kind=security_groups port=3389
    rdp exposed?

public_resources kind=security_groups port=3306
    is mysql exposed
    port 3306

public_resources kind=storage
    public buckets
    are any buckets public
    world readable s3 buckets?
    public snapshots
    pubilc buckets

public_resources kind=ddos
    are we exposed to ddos?
    ddos exposure
    what could be flooded
    denial of service risk
    how bad is our DDoS exposure?

top_resources limit=5
    top resources
    which resources have the most findings?
    noisiest resources
    worst resources

top_resources limit=5 service=S3
    top 5 buckets

changes since=yesterday
    what changed since yesterday
    what's new?
    what happened overnight
    regressions
    waht chnaged since yesterday

changes since=last_week
    what changed since last week
    trend

changes since=last_month
    changes in the last month

changes since=this_week
    what changed this week

changes since=this_month
    what is new this month

changes since=monday
    what changed since Monday
    what is new since last monday

changes since=14d
    what changed in the last two weeks

changes since=yesterday about=fixed
    what was resolved

changes since=last_week about=fixed
    what got fixed last week
    waht got fixd last week

changes since=last_week
    what was fixed and what is new since last week

changes since=today
    anything new today?

finding_detail ref=F-0123ABCD
    explain F-0123ABCD
    what is F-0123ABCD
    f-0123abcd
    explain this finding: F-0123ABCD

explain_exposure ref=X-ABC123
    why X-ABC123
    explain x-abc123

connections resource=X-ABC123 question=connected draw=True
    show the graph of X-ABC123
    draw X-ABC123
    path of X-ABC123

connections resource=web-7 question=connected draw=False
    what is connected to web-7
    what's around web-7
    what does web-7 talk to
    neighbours of `web-7`

connections resource=web-7 question=connected draw=True
    show me web-7
    draw web-7
    graph of web-7
    picture of web-7

connections resource=web-7 question=can_reach draw=False
    what could an attacker reach from web-7?
    blast radius of web-7
    if web-7 is compromised, what else?
    what can somebody get at from web-7

connections resource=web-7 question=from_internet draw=True
    path from the internet to web-7
    how does the internet get to web-7

connections resource=acme-customer-exports question=who_can_reach draw=False
    who can reach acme-customer-exports
    who has access to acme-customer-exports?
    who could read acme-customer-exports

resource_detail resource=web-7
    tell me about web-7
    web-7
    what is wrong with web-7
    is web-7 ok?

remediation_advice about=F-0123ABCD
    how do I fix F-0123ABCD
    fix f-0123abcd

remediation_advice about=X-ABC123
    plan the fix of X-ABC123
    how do I fix X-ABC123

remediation_advice about=S3.2
    how do I fix S3.2?
    remediate S3.2
    what would fix S3.2

remediation_advice about=EC2.19
    fix EC2.19
    is there a runbook for EC2.19?

ask_back I answer from
    help
    hi
    hello there
    what can you do?
    how do you work

ask_back Any time
    thanks
    thank you!

ask_back I can't restart
    restart web-7
    terminate i-0a7web7
    please stop the instance

ask_back I can't do that by a word
    delete the bucket
    rotate the key
    encrypt everything

ask_back I can't see costs
    how much does it cost

ask_back I can't see log events
    show me cloudtrail logs

ask_back I can't help to attack
    write an exploit for CVE-2024-6387

ask_back I can't help with that
    order me a pizza
    what's the weather

ask_back I can't tell
    who is on call
    asdf qwer

ask_back What would you like
    ?
    @assist
"""


def cases() -> list[tuple[str, str]]:
    """(question, the calls in one line)."""
    found = []
    expected = ""
    for line in f"{TABLE}{finding_phrasings.TABLE}{hasty_phrasings.TABLE}".splitlines():
        if line.startswith("    "):
            found.append((line.strip(), expected))
        elif line:
            expected = line
    return found
