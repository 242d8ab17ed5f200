"""A month's bill from what was measured: every price and every habit is an input, in one place."""

from collections.abc import Iterator
from dataclasses import dataclass

TENANTS = (10, 100, 1_000)
DAYS, HOURS = 30, 730

PRICES_AS_OF = "November 2026, US East (N. Virginia), on demand, without free tiers and taxes"
PRICES = {
    "Lambda arm64, GB-second": 0.0000133334,
    "Lambda, request": 0.20e-6,
    "SQS FIFO, request": 0.50e-6,
    "SQS standard, request": 0.40e-6,
    "DynamoDB, write unit": 0.625e-6,
    "DynamoDB, read unit": 0.125e-6,
    "EventBridge, event to another account's bus": 1.00e-6,
    "CloudWatch, GB of logs": 0.50,
    "CloudWatch, alarm's metric and month": 0.10,
    "CloudWatch, dashboard and month": 3.00,
    "Secrets Manager, secret and month": 0.40,
    "AgentCore Runtime, vCPU-hour": 0.0895,
    "AgentCore Runtime, GB-hour": 0.00945,
    "NAT gateway, hour": 0.045,
    "NAT gateway, GB": 0.045,
    "public IPv4 address, hour": 0.005,
    "model, token in": 3.00e-6,
    "model, token in, from the cache": 0.30e-6,
    "model, token out": 15.00e-6,
    "OpenSearch t3.small.search, hour": 0.036,
    "OpenSearch r6g.large.search, hour": 0.167,
    "OpenSearch gp3, GB and month": 0.122,
    "Neptune db.t4g.medium, hour": 0.0910,
    "Neptune db.r6g.large, hour": 0.3287,
    "Neptune db.r6g.xlarge, hour": 0.6574,
}
"""Dollars. Every one of them is a list price as its author remembered it, looked up nowhere: put in
what your own bill or AWS's pricing page of the service says, and run `python -m tests.bench cost`.
"""

HABITS = {
    "questions and presses a tenant and day": 20,
    "findings of a tenant": 10_000,
    "finding events of a tenant and day": 20_000,
    "resources of a tenant": 2_000,
    "channels of a tenant": 1,
    "messages in a batch of findings": 50,
    "minutes between sweeps": 1,
    "minutes between syncs": 15,
    "minutes between pulls of findings": 15,
    "minutes between rankings": 5,
    "bytes of a token": 4,
    "seconds that a question waits for Slack, AWS and a model": 5,
    "seconds between two requests of a sync": 0.25,
    "seconds between two pages of a pull": 1 / 3,
    "seconds that a pull waits for STS and Security Hub": 0.5,
    "seconds that a runtime's session stays after an answer": 900,
    "GB of memory that it holds": 0.5,
}
"""What a tenant does; change them with the prices."""

_OPENSEARCH = {
    10: (2, "t3.small.search", 10),
    100: (2, "r6g.large.search", 20),
    1_000: (3, "r6g.large.search", 40),
}
"""By tenants: nodes, their kind, GB of volume at each. The largest is that of docs/scale.md."""
_NEPTUNE = {10: "db.t4g.medium", 100: "db.r6g.large", 1_000: "db.r6g.xlarge"}
GB = {
    "ingress": 0.5,
    "worker": 1.73,
    "sweep": 1.0,
    "findings": 1.0,
    "exposures": 1.73,
    "sync": 1.73,
    "pull": 1.0,
    "digests": 1.73,
}
"""Of memory of each function; template.yaml says it."""
LONGEST_S = 900.0
"""That one run of a sync or a pull may take; whose turn has not come is first in the next."""
ALARMS, NAT_GATEWAYS = 30, 1
"""Metrics that alarms watch, without Security Lake's; gateways of infra/data-plane.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One of each, as counted by `cost`; seconds are of one busy core."""

    question_sqs: float
    """Sent; deleted by the worker; received and deleted by Lambda's poller."""
    question_writes: float
    question_reads: float
    question_s: float
    question_model_in: float
    """Bytes that go to a model in all its calls."""
    question_model_repeated: float
    """Of these: standing instructions and descriptions of tools, which a cache may hold."""
    question_model_out: float
    sweep_reads: float
    """Of one tenant in one sweep."""
    sweep_s: float
    message_writes: float
    message_reads: float
    message_s: float
    """Of one message with one finding, store included."""
    sync_calls: float
    """Requests to Config's aggregator, which cost nothing but their pace."""
    sync_writes: float
    sync_reads: float
    sync_s: float
    """Of one tenant of `resources of a tenant` of which nothing changed."""
    sync_bytes: float
    """Of the answers of Config's aggregator."""
    pull_writes: float
    pull_reads: float
    pull_s: float
    """Of one account in which nothing was updated since."""
    page_s: float
    """Of 100 findings that are stored already, once a day: a pass through all."""
    page_bytes: float
    rank_reads: float
    """Of one tenant whose ranking still holds."""
    rank_s: float
    digest_writes: float
    digest_reads: float
    digest_s: float
    look_reads: float
    """Of a channel that has its digest already."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a bill."""

    what: str
    how: str
    dollars: float


@dataclass(frozen=True, slots=True)
class Month:
    """How often everything happens in a month of so many tenants."""

    tenants: int

    @property
    def asked(self) -> float:
        """Questions and presses."""
        return self.tenants * HABITS["questions and presses a tenant and day"] * DAYS

    @property
    def events(self) -> float:
        """Findings that are told of."""
        return self.tenants * HABITS["finding events of a tenant and day"] * DAYS

    @property
    def batches(self) -> float:
        """Of messages with findings."""
        return self.events / HABITS["messages in a batch of findings"]

    @property
    def sweeps(self) -> float:
        """Runs, each over all tenants."""
        return DAYS * 1_440 / HABITS["minutes between sweeps"]

    def syncs(self, m: Measured) -> float:
        """Of one tenant each: as many as the runs have time for."""
        runs = DAYS * 1_440 / HABITS["minutes between syncs"]
        return min(self.tenants * runs, runs * LONGEST_S / (_sync_s(m) or 1.0))

    def pulls(self, m: Measured) -> float:
        """Of one account each, beside the daily pass through all: as many as there is time for."""
        runs = DAYS * 1_440 / HABITS["minutes between pulls of findings"]
        left_s = runs * LONGEST_S - self.pages * _page_s(m)
        return min(self.tenants * runs, max(0.0, left_s) / _pull_s(m))

    @property
    def pages(self) -> float:
        """Of 100 findings, in the daily passes through all."""
        return self.tenants * HABITS["findings of a tenant"] / 100 * DAYS

    @property
    def rankings(self) -> float:
        """Of one tenant each."""
        return self.tenants * DAYS * 1_440 / HABITS["minutes between rankings"]

    @property
    def mornings(self) -> float:
        """Digests."""
        return self.tenants * HABITS["channels of a tenant"] * DAYS


def bill(m: Measured, tenants: int) -> Iterator[Row]:
    """The lines of a month for so many tenants; the formula of each is in its arithmetic."""
    of = Month(tenants)
    yield from _functions(m, of)
    fifo, standard = of.asked * m.question_sqs, of.events + of.events / 10 * 2
    yield Row(
        "SQS",
        f"{fifo / 1e6:.2f} M FIFO, {standard / 1e6:.1f} M standard requests",
        fifo * PRICES["SQS FIFO, request"] + standard * PRICES["SQS standard, request"],
    )
    writes = (
        of.asked * m.question_writes
        + of.events * m.message_writes
        + of.syncs(m) * m.sync_writes
        + of.pulls(m) * m.pull_writes
        + of.mornings * m.digest_writes
    )
    reads = (
        of.asked * m.question_reads
        + of.events * m.message_reads
        + of.sweeps * tenants * m.sweep_reads
        + of.syncs(m) * m.sync_reads
        + of.pulls(m) * m.pull_reads
        + of.rankings * m.rank_reads
        + of.mornings * (m.digest_reads + 23 * m.look_reads)
    )
    yield Row(
        "DynamoDB",
        f"{writes / 1e6:.2f} M write and {reads / 1e6:.1f} M read units",
        writes * PRICES["DynamoDB, write unit"] + reads * PRICES["DynamoDB, read unit"],
    )
    nodes, kind, disk = _OPENSEARCH[tenants]
    volumes = nodes * disk * PRICES["OpenSearch gp3, GB and month"]
    hours = nodes * HOURS * PRICES[f"OpenSearch {kind}, hour"]
    yield Row("OpenSearch", f"{nodes} x {kind}, {disk} GB each", hours + volumes)
    instance = _NEPTUNE[tenants]
    yield Row("Neptune", f"1 x {instance}", HOURS * PRICES[f"Neptune {instance}, hour"])
    yield _rest(m, of)


def _sync_s(m: Measured) -> float:
    return m.sync_s + m.sync_calls * HABITS["seconds between two requests of a sync"]


def _pull_s(m: Measured) -> float:
    return m.pull_s + HABITS["seconds that a pull waits for STS and Security Hub"]


def _page_s(m: Measured) -> float:
    return max(m.page_s, HABITS["seconds between two pages of a pull"])


def _rest(m: Measured, of: Month) -> Row:
    through = (of.syncs(m) * m.sync_bytes + of.pages * m.page_bytes) / 1e9
    logs = (of.asked * 600 + of.batches * 300) / 1e9
    dollars = (
        NAT_GATEWAYS * HOURS * (PRICES["NAT gateway, hour"] + PRICES["public IPv4 address, hour"])
        + through * PRICES["NAT gateway, GB"]
        + ALARMS * PRICES["CloudWatch, alarm's metric and month"]
        + PRICES["CloudWatch, dashboard and month"]
        + 3 * PRICES["Secrets Manager, secret and month"]
        + logs * PRICES["CloudWatch, GB of logs"]
    )
    how = f"1 NAT gateway, {through:,.0f} GB through it, {logs:.1f} GB of logs"
    return Row("network, alarms, secrets, logs", how, dollars)


def _functions(m: Measured, of: Month) -> Iterator[Row]:
    """Lambda: seconds of work and of waiting, times the memory that is held meanwhile."""
    waits = HABITS["seconds that a question waits for Slack, AWS and a model"]
    asking = of.asked * (0.1 * GB["ingress"] + (m.question_s + waits) * GB["worker"])
    syncing = of.syncs(m) * _sync_s(m) * GB["sync"]
    pulling = (of.pulls(m) * _pull_s(m) + of.pages * _page_s(m)) * GB["pull"]
    others = (
        of.sweeps * of.tenants * m.sweep_s * GB["sweep"]
        + of.events * m.message_s * GB["findings"]
        + of.rankings * m.rank_s * GB["exposures"]
        + of.mornings * m.digest_s * GB["digests"]
    )
    requests = of.asked * 2 + of.sweeps + of.batches + DAYS * (288 + 96 + 96 + 24)
    for name, gb_s in (
        ("questions", asking), ("syncs", syncing), ("pulls", pulling), ("the rest", others),
    ):  # fmt: skip
        dollars = gb_s * PRICES["Lambda arm64, GB-second"]
        every = _every_min(m, of, name)
        yield Row(f"Lambda, {name}", f"{gb_s / 1e6:.2f} M GB-seconds{every}", dollars)
    price = requests * PRICES["Lambda, request"]
    yield Row("Lambda, requests", f"{requests / 1e6:.2f} M", price)


def _every_min(m: Measured, of: Month, name: str) -> str:
    """How often a tenant has its turn."""
    done = {"syncs": of.syncs, "pulls": of.pulls}
    if name not in done or not done[name](m):
        return ""
    return f", a tenant every {of.tenants * DAYS * 1_440 / done[name](m):.0f} min"


def beside(tenants: int) -> Row:
    """What the tenants' own accounts pay for."""
    events = Month(tenants).events
    return Row(
        "on the tenants' bills: EventBridge",
        f"{events / 1e6:.1f} M events to the hub's bus",
        events * PRICES["EventBridge, event to another account's bus"],
    )


def model(m: Measured, tenants: int) -> Iterator[Row]:
    """What a language model adds, without its cache and with it, and the runtime that it is in."""
    asked = Month(tenants).asked
    a_token = HABITS["bytes of a token"]
    out = asked * m.question_model_out / a_token
    fresh = asked * m.question_model_in / a_token
    repeated = asked * m.question_model_repeated / a_token
    said = out * PRICES["model, token out"]
    yield Row(
        "model, nothing from the cache",
        f"{fresh / 1e6:,.0f} M tokens in, {out / 1e6:,.1f} M out",
        fresh * PRICES["model, token in"] + said,
    )
    yield Row(
        "model, what repeats from the cache",
        f"{repeated / 1e6:,.0f} M of those in repeat",
        (fresh - repeated) * PRICES["model, token in"]
        + repeated * PRICES["model, token in, from the cache"]
        + said,
    )
    held = HABITS["seconds that a runtime's session stays after an answer"] / 3_600
    memory = asked * held * HABITS["GB of memory that it holds"]
    busy = asked * m.question_s / 3_600 * PRICES["AgentCore Runtime, vCPU-hour"]
    price = memory * PRICES["AgentCore Runtime, GB-hour"] + busy
    yield Row("AgentCore Runtime", f"{memory:,.0f} GB-hours", price)
