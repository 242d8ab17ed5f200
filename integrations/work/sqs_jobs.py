"""Jobs as SQS and DynamoDB hold them."""

import json
from hashlib import sha256

from integrations.dynamodb import Item
from integrations.work.port import Job, Lease

SENDING, SENT, DONE, DEAD = "sending", "sent", "done", "dead"
"""What the record says of a job."""

ATTEMPTS, PAUSES_S = 6, (5, 20, 60, 300, 600)
"""Of what Slack or an engine stops: a quarter of an hour goes by before a job is kept aside."""


def held_by(lease: Lease) -> tuple[str, Item]:
    """The condition that nobody else has been given the job since."""
    return "#attempt = :mine AND #state = :held", {"mine": lease.attempt, "held": SENT}


def key_of(job_id: str) -> dict[str, str]:
    """Of the record."""
    return {"pk": digest(job_id), "sk": "job"}


def digest(text: str) -> str:
    """64 characters that SQS and DynamoDB take for an id, whatever the text is."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def text_of(job: Job) -> str:
    """A message."""
    return json.dumps({"id": job.id, "group": job.group, "body": job.body})


def job_in(text: str) -> Job | None:
    """None: it was not put by `put`."""
    try:
        told = json.loads(text)
        return Job(str(told["id"]), str(told["group"]), str(told["body"]))
    except (ValueError, TypeError, KeyError):
        return None
