"""What people write in a hurry, in their own words: in the form of `phrasings.TABLE`."""

TABLE = """
exposures about=all limit=5
    yo what do i fix first
    whats the worst thing right now in our prod account
    who is the worst
    top 3
    what should I fix first, and why not the rest
    what could an attacker reach from the internet?
    how far does a hacker get from the outside

posture_summary
    what should i tell my boss
    give me the summary for the standup
    how does globex stand
    how is acme doin

risky_identities
    who has admin
    unused credentials
    riskiest users n roles

changes since=yesterday
    what got worse
    what got better since yesterday
    anything new overnight
    how's globex doing compared to yesterday
    what came back

changes since=this_week about=fixed
    did anyone fix anything this week

changes since=last_week
    changes last weak
    show me a trend of criticals

list_tenants
    who is responsible for globex
    what accounts does acme have

search_findings limit=5 severities=critical
    globex: criticals
    which tenant has the most criticals

search_findings limit=5 severities=critical,high
    how many criticals and highs

search_findings limit=5 region=us-east-1
    findings in us-east-1

search_findings limit=5 account=111111111112
    findings in account 111111111112

search_findings limit=5 order=oldest

search_findings limit=5 kind=vulnerability text=kernel
    kernel vulnerabilities

search_findings limit=5 service=S3 text=logging
    which buckets have no logging

search_findings limit=5 service=SQS text=encrypt
    is encryption on for the queues

search_findings limit=5 service=EC2 text=patch
    which instances are not patched

search_findings limit=5 text=mfa
    mfa status

search_findings limit=5 text=imds
    imdsv1 hosts

search_findings limit=5 text=backup
    are backups on

search_findings kind=threat limit=5 | exposures about=threat limit=3
    is the attacker still in
    did the brute force succeed
    anyone being atacked
    which tenants have active threats

search_findings kind=threat resource=web-7 limit=5
    was web-7 hacked?
    has web-7 been attacked

public_resources kind=ddos
    load balancers without waf
    do we have a waf

public_resources kind=storage
    which tenant has public buckets

public_resources kind=compute
    which instances have public ips

public_resources kind=databases
    can anyone from the internet reach the database

resource_detail resource=orders
    tell me about orders

resource_detail resource=openssl
    openssl
    which hosts run openssl

resource_detail resource=web-7
    web 7
    what does web-7 do
    whats going on with web-7

resource_detail resource=deploy-bot
    show me everything about deploy-bot
    when was deploy-bot's key last rotated

resource_detail resource=acme-logs
    who do i call about acme-logs

connections resource=orders question=connected draw=False
    what is connected to orders

connections resource=deploy-bot question=can_reach draw=False
    if deploy-bot's key leaks what then

connections resource=coupon-preview question=can_reach draw=False
    what would happen if coupon-preview was hacked

ask_back Nothing was asked in this thread yet
    and?
    same for globex

ask_back I can't restart
    can you restart web-7
    restrat web-7 pls

ask_back I can't help to attack
    exploit code for CVE-2024-6387
    wrtie me an exploit

ask_back I can't tell
    lorem ipsum
"""
