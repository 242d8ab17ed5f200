"""What people write to see findings: in the form of `phrasings.TABLE`."""

TABLE = """
search_findings limit=5 severities=critical
    show me the criticals
    critical findings
    criticals in acme
    crits?
    how many criticals are open?
    show criticals of globex
    critcal findings
    any criticals?

search_findings limit=5 severities=high
    show highs of globex
    high findings
    what highs are open

search_findings limit=10 severities=high
    list high findings
    all highs

search_findings limit=5 severities=critical,high
    critical and high findings
    criticals and highs

search_findings limit=10 severities=critical service=S3
    all critical s3 findings
    list critical bucket findings

search_findings limit=5 severities=high service=EC2
    high severity ec2 issues
    high ec2 findings

search_findings limit=5 severities=medium service=RDS
    medium findings in rds

search_findings limit=5
    how many findings do we have
    findings
    open issues

search_findings limit=5 resource=web-7
    findings on web-7
    what issues does web-7 have
    show me problems of web-7

search_findings resource=web-7 limit=5
    what would fix web-7
    how do I fix web-7

search_findings limit=5 severities=critical resource=i-0a7web7
    criticals on i-0a7web7

search_findings limit=5 resource=arn:aws:s3:::acme-logs
    findings for arn:aws:s3:::acme-logs

search_findings limit=5 service=IAM
    iam findings
    iam issues

search_findings limit=5 service=KMS
    kms problems

search_findings limit=5 service=Lambda
    lambda issues

search_findings limit=5 control=EC2.19
    EC2.19 findings

search_findings limit=5 control=S3.8
    who fails S3.8?

search_findings limit=5 kind=vulnerability exploitable=True
    exploitable vulnerabilities
    which cves have a known exploit
    exploitable cves
    what can be exploited
    exploitable vulnerabilites

search_findings limit=5 kind=vulnerability
    vulnerabilities
    show vulnerabilities
    open cves

search_findings text=CVE-2024-6387 limit=10
    where is CVE-2024-6387?
    are we affected by CVE-2024-6387
    cve-2024-6387

search_findings kind=threat limit=5 | exposures about=threat limit=3
    active threats
    any active threats?
    are we under attack
    guardduty findings
    anything suspicious
    is somebody hacking us
    incidents
    have we been compromised?
    active thraets

search_findings limit=5 severities=critical order=oldest
    oldest open criticals
    which critical is open longest

search_findings limit=5 order=oldest
    oldest findings
    what has been open longest

search_findings limit=5 severities=high order=oldest
    oldest high findings

search_findings limit=5 order=newest
    newest findings
    latest findings

search_findings limit=5 severities=critical order=newest
    latest criticals

search_findings limit=5 first_seen_since=this_month
    how many findings were opened this month
    findings opened this month

search_findings limit=5 first_seen_since=monday
    how many findings since Monday

search_findings limit=5 first_seen_since=2026-11-01
    findings opened since 2026-11-01

search_findings limit=5 first_seen_since=36h
    findings of the last 36 hours
    findings not older than 36h

search_findings limit=5 severities=critical first_seen_since=14d
    criticals of the last 14 days
    criticals newer than two weeks

search_findings limit=5 severities=high first_seen_since=today
    highs opened today

search_findings limit=5 severities=critical
    how many criticals do we have today

search_findings limit=5 first_seen_before=90d order=oldest
    findings older than 90 days
    which findings have been open for over 90 days
    findings 90 days old

search_findings limit=5 severities=high first_seen_before=365d order=oldest
    highs older than a year

search_findings limit=10 first_seen_before=monday order=oldest
    all open findings opened before monday by age

search_findings limit=5 state=muted
    muted findings
    what is suppressed

search_findings limit=5 state=resolved
    resolved findings

search_findings limit=5 kind=compliance
    compliance failures
    failing checks

search_findings limit=5 text=mfa
    who has no mfa
    mfa

search_findings limit=10 text=encrypt
    are all volumes encrypted?

search_findings limit=5 text=encrypt
    unencrypted volumes

search_findings text=ssh limit=5
    how do i fix the ssh brute force attack

search_findings resource=acme-logs limit=5
    what should I do about acme-logs
    what can we do about acme-logs?

search_findings text=CVE-2024-6387 limit=5
    how do I fix CVE-2024-6387?
"""
