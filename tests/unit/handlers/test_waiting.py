"""How long somebody waited is told for each answer, and for nothing else."""

import json
from typing import cast

import pytest

from bot.handlers.redelivery import Redelivery
from bot.handlers.waiting import METRIC, NAMESPACE, Waiting
from bot.handlers.worker import Worker
from bot.slack_bot import SlackBot
from infra.deploy.imports import ROOT
from tests.lambda_slack import NOW
from tests.unit.handlers.test_worker_door import INSTALL, Batches, Heard, record


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def worker(lines: list[str]) -> Worker:
    waiting = Waiting("sa-worker", lambda: NOW + 4.25, lines.append)
    redelivery = Redelivery(INSTALL, lambda _place: False)
    return Worker(Batches(), cast("SlackBot", Heard()), redelivery, waiting.over)


def test_an_answer_tells_how_long_it_took_since_the_ingress_had_the_delivery(
    worker: Worker, lines: list[str]
) -> None:
    worker.take({"Records": [record(1, "what is public?", "a")]})
    (line,) = lines
    told = json.loads(line)
    assert told[METRIC] == 4.25
    (metric,) = told["_aws"]["CloudWatchMetrics"]
    assert (metric["Namespace"], metric["Metrics"][0]["Name"]) == (NAMESPACE, METRIC)
    assert [told[name] for (name,) in metric["Dimensions"]] == ["sa-worker"]
    assert "public" not in line


def test_what_failed_is_no_answer(worker: Worker, lines: list[str]) -> None:
    worker.take({"Records": [record(1, "fall", "a")]})
    assert lines == []


def test_the_alarm_looks_at_what_is_told() -> None:
    text = (ROOT / "infra" / "operations.yaml").read_text(encoding="utf-8")
    assert f"Namespace: {NAMESPACE}\n      MetricName: {METRIC}\n" in text
    assert 'Dimensions: [{Name: FunctionName, Value: !Sub "${Name}-worker"}]' in text
