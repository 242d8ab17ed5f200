"""The mornings' digests, posted into the simulated workspace as Slack would get them."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.digests import Digests, NotSaidError, hour_of
from bot.local import LocalBot
from bot.messages import Actions, Button, Place, Prose, Reply
from bot.slack.calls import web_client
from bot.slack.channel import SlackChannel
from bot.slack.digests import slack_digests
from bot.slack_bot import SlackInstall
from bot.workspace.records import WorkspaceBot, WorkspaceChannel, WorkspacePerson
from bot.workspace.server import serve
from bot.workspace.workspace import Workspace
from infra.local import story
from integrations.connect import Connections
from integrations.errors import InvalidSettingError, UnavailableError
from integrations.settings import Settings
from integrations.tenants.port import Binding, ChannelKey
from tests.builders import ocsf_event, tenant
from tests.demo import channel_key, demo_estate
from tests.e2e.slack_stage import ACME, SECRET, TOKEN, on_stage
from tests.e2e.test_slack_channel import shown
from tests.ingesting import assist
from tests.lambda_runtime import on_lambda

TEAM = story.WORKSPACE
MORNING = datetime(2026, 11, 24, 7, 30, tzinfo=UTC).timestamp()
DAY_S = 86_400.0


@dataclass
class Town:
    """A workspace with the demo's channels, and the demo's estate."""

    workspace: Workspace
    api_url: str
    connections: Connections
    folder: Path
    ahead_s: float = 0.0

    def digests(self) -> Digests:
        client = web_client(TOKEN, self.api_url)
        return slack_digests(self.connections, client, TEAM, lambda: self._by_day() + self.ahead_s)

    def _by_day(self) -> float:
        """Now, but not before noon UTC: by then every tenant's hour has come."""
        return max(time.time(), time.time() // DAY_S * DAY_S + DAY_S / 2)

    def said_in(self, name: str) -> list[str]:
        return [shown(m) for m in self.workspace.messages(channel_key(name).channel)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    people = tuple(p.id for p in story.PEOPLE)
    workspace = Workspace(
        [WorkspacePerson(user_id=p.id, name=p.name) for p in story.PEOPLE],
        [WorkspaceChannel(channel_id=c.id, name=c.name, members=people) for c in story.CHANNELS],
        team_id=TEAM,
        team_name="Demo",
        bot=WorkspaceBot(
            user_id="U0ASSIST",
            bot_id="B0ASSIST",
            app_id="A0ASSIST",
            token=TOKEN,
            signing_secret=SECRET,
        ),
        clock=time.time,
        deliver_to="http://127.0.0.1:9/slack/events",
    )
    server = serve(workspace)
    try:
        with demo_estate(folder) as connections:
            direct = ChannelKey("slack", TEAM, "D0SOMEBODY")
            connections.directory.bind(Binding(direct, "acme"))
            yield Town(workspace, server.api_url, connections, folder)
    finally:
        server.close()


MAPPED = ["acme-security", "globex-security", "initech-security", "secops"]


def test_every_mapped_channel_has_its_digest_once_a_day(town: Town) -> None:
    first = town.digests().run(TEAM)
    assert sorted(first.posted) == sorted(str(channel_key(name)) for name in MAPPED)
    assert first.failed == {}
    again = town.digests().run(TEAM)
    assert (again.posted, len(again.before)) == ([], 4)
    assert all(len(town.said_in(name)) == 1 for name in MAPPED)
    assert town.said_in("random") == [], "mapped to nobody"
    town.ahead_s = DAY_S
    assert len(town.digests().run(TEAM).posted) == 4
    assert all(len(town.said_in(name)) == 2 for name in MAPPED)


def test_a_digest_says_what_is_new_what_is_first_and_what_to_press(town: Town) -> None:
    (message, *_) = town.workspace.messages(channel_key("acme-security").channel)
    said, buttons = shown(message), json.dumps(message["blocks"])
    assert message.get("thread_ts") in (None, message["ts"]), "a message of its own"
    assert "New since yesterday" in said
    assert message["text"].startswith("acme - ")
    for words in ("Open again", "S3.2 on acme-logs", "Oldest", "412 days"):
        assert words in said
    for label in ("Show graph", "Plan the fix", "What needs attention first", "What changed"):
        assert label in buttons
    assert said.count("CRITICAL 9") == 2


def test_a_quiet_tenant_is_told_in_one_line(town: Town) -> None:
    (message, *_) = town.workspace.messages(channel_key("initech-security").channel)
    assert len(message["blocks"]) == 1
    assert "nothing critical or high, 14 mediums open" in message["text"]
    assert message["text"].endswith("All sources reporting.")


def test_operators_have_every_tenant_in_one_message_the_worst_first(town: Town) -> None:
    (message, *_) = town.workspace.messages(channel_key("secops").channel)
    said = json.dumps(message["blocks"])
    places = [said.index(f'"{name}"') for name in ("acme", "globex", "initech")]
    assert places == sorted(places)
    assert "First in acme" in said


def test_what_a_finding_says_pings_nobody_and_links_nowhere(town: Town) -> None:
    written = json.dumps([town.workspace.messages(channel_key(n).channel) for n in MAPPED])
    for forbidden in ("<!channel", "<!here", "<!everyone", "<@U"):
        assert forbidden not in written


def test_a_press_on_a_digest_is_answered_in_its_thread() -> None:
    with on_stage() as stage:
        place = replace(stage.channel("").place, user="")
        button = Button(label="What changed", action="ask", value="what changed since yesterday")
        reply = Reply(plain="acme", parts=(Prose(text="acme"), Actions(buttons=(button,))))
        ts = SlackChannel(stage.client, place, place.key.workspace).post(reply)
        (message,) = stage.workspace.messages(ACME)
        (action,) = [
            e["action_id"]
            for b in message["blocks"]
            if b["type"] == "actions"
            for e in b["elements"]
        ]
        stage.workspace.click("U0ANALYST1", ACME, ts, action)
        stage.settle()
        (click,) = stage.clicks
        assert (click.place.thread, click.value) == (ts, "what changed since yesterday")


# -- once, whatever happens


@dataclass
class Square:
    """Three tenants with a channel each, and a platform that fails as it is told to."""

    connections: Connections
    said: list[tuple[str, Reply]] = field(default_factory=list)
    fails: dict[str, BaseException] = field(default_factory=dict)
    now: float = MORNING
    lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, place: Place, reply: Reply) -> None:
        with self.lock:
            if place.key.channel in self.fails:
                raise self.fails[place.key.channel]
            self.said.append((place.key.channel, reply))

    def run(self, *channels: str, **named: Any) -> Any:
        digests = Digests(
            self.connections.directory,
            self.connections,
            self.connections.checkpoints(),
            self.say,
            lambda: self.now,
        )
        return digests.run("T1", channels=[f"slack/T1/{c}" for c in channels], **named)

    @property
    def heard(self) -> list[str]:
        return sorted(channel for channel, _ in self.said)


@pytest.fixture
def square(tmp_path: Path) -> Iterator[Square]:
    with Connections(Settings(state=tmp_path)) as connections:
        for number, name in enumerate(("a", "b", "c"), start=1):
            connections.directory.put(tenant(name, f"{number}" * 12))
            connections.directory.bind(Binding(ChannelKey("slack", "T1", f"C{number}"), name))
            connections.systems(name).findings.upsert([ocsf_event()])
        connections.directory.bind(Binding(ChannelKey("slack", "T2", "C9"), "a"))
        yield Square(connections)


def test_one_channel_that_fails_stops_no_other_and_is_tried_by_the_next_run(
    square: Square,
) -> None:
    square.fails["C2"] = NotSaidError("Slack refused chat.postMessage: not_in_channel")
    first = square.run()
    assert (square.heard, list(first.failed)) == (["C1", "C3"], ["slack/T1/C2"])
    square.fails.clear()
    assert square.run().posted == ["slack/T1/C2"]
    assert square.heard == ["C1", "C2", "C3"]


@pytest.mark.parametrize("fault", [KeyError("what somebody wrote"), ZeroDivisionError()])
def test_a_fault_of_ours_stops_no_other_channel_and_is_not_said_in_its_words(
    square: Square, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    square.fails["C1"] = fault
    done = square.run()
    assert square.heard == ["C2", "C3"]
    assert "wrote" not in caplog.text + str(done.failed)


def test_a_message_that_may_be_there_is_not_sent_again_that_day(square: Square) -> None:
    square.fails["C1"] = UnavailableError("Slack did not answer chat.postMessage")
    assert list(square.run().failed) == ["slack/T1/C1"]
    square.fails.clear()
    assert "slack/T1/C1" in square.run().before
    assert square.heard == ["C2", "C3"]
    square.now += DAY_S
    square.run()
    assert square.heard.count("C1") == 1


class KilledError(BaseException):
    """The process ends here."""


def test_a_run_that_is_killed_between_mark_and_message_posts_nothing_twice(
    square: Square,
) -> None:
    square.fails["C2"] = KilledError()
    with pytest.raises(KilledError):
        square.run()
    square.fails.clear()
    done = square.run()
    assert (done.posted, square.heard) == (["slack/T1/C3"], ["C1", "C3"])
    square.now += DAY_S
    assert len(square.run().posted) == 3


def test_of_many_runs_at_once_each_channel_hears_one(square: Square) -> None:
    begin = threading.Barrier(6)

    def run() -> None:
        begin.wait()
        square.run()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert square.heard == ["C1", "C2", "C3"]


def test_a_run_that_has_no_time_left_is_gone_on_with(square: Square) -> None:
    left = iter([1.0, 0.0])
    first = square.run(left_s=lambda: next(left))
    assert (first.posted, first.unfinished) == (["slack/T1/C1"], True)
    assert square.run().posted == ["slack/T1/C2", "slack/T1/C3"]


def set_digest(square: Square, name: str, told: str) -> None:
    directory = square.connections.directory
    directory.put(replace(directory.get(name), settings={"digest": told}))


def test_a_tenant_has_its_own_hour_and_zone_or_none(square: Square) -> None:
    set_digest(square, "a", "08:00 Europe/Berlin")
    set_digest(square, "b", "off")
    set_digest(square, "c", "7 o'clock")
    square.now = datetime(2026, 11, 24, 6, 59, tzinfo=UTC).timestamp()
    early = square.run()
    assert (early.posted, early.later) == ([], ["slack/T1/C1", "slack/T1/C2"])
    assert "08:00 Europe/Berlin" in early.failed["slack/T1/C3"]
    square.now += 60
    assert square.run().posted == ["slack/T1/C1"]
    assert square.run("C2").posted == ["slack/T1/C2"], "who is named has theirs at once"
    set_digest(square, "c", "09:00 America/New_York")
    square.now = datetime(2026, 11, 25, 3, 0, tzinfo=UTC).timestamp()
    assert square.run("C3").posted == ["slack/T1/C3"]
    ((_, reply),) = [one for one in square.said if one[0] == "C3"]
    assert reply.plain.startswith("c - Tuesday 24 Nov"), "it is still yesterday in New York"


@pytest.mark.parametrize("told", ["24:00 UTC", "8:00", "08:00 Nowhere/City", "08:00 ../etc", "on"])
def test_an_hour_that_is_none_is_refused(told: str) -> None:
    with pytest.raises(InvalidSettingError, match="the setting digest"):
        hour_of(told)


# -- the door and the command


def test_the_door_posts_what_is_due_and_says_how_much(town: Town, tmp_path: Path) -> None:
    with Connections(Settings(state=tmp_path / "state")) as connections:
        for known in story.TENANTS[:2]:
            connections.directory.put(known)
        connections.directory.bind(Binding(channel_key("acme-security"), "acme"))
        connections.directory.bind(Binding(channel_key("globex-security"), "globex"))
    before = len(town.said_in("acme-security"))
    environment = {
        "SECURITY_ASSIST_STATE": str(tmp_path / "state"),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_API_URL": town.api_url,
    }
    log = tmp_path / "digests.log"
    with on_lambda("bot.handlers.digests.lambda_handler", environment, log) as door:
        counts = door.invoke({"tenants": ["acme"]})
        assert (counts["posted"], counts["failed"]) == (1, 0)
        assert door.invoke({"tenants": ["acme"]})["before"] == 1
    assert len(town.said_in("acme-security")) == before + 1
    assert "no source has told anything yet" in town.said_in("acme-security")[-1]


def test_a_bot_on_this_computer_posts_them_when_their_hour_comes(
    town: Town, tmp_path: Path
) -> None:
    install = SlackInstall(
        team_id=TEAM,
        bot_user_id="U0ASSIST",
        bot_id="B0ASSIST",
        token=TOKEN,
        signing_secret=SECRET,
        api_url=town.api_url,
    )
    clock = [MORNING - 3_600]
    with Connections(Settings(state=tmp_path)) as connections:
        connections.directory.put(tenant("globex"))
        connections.directory.bind(Binding(channel_key("globex-security"), "globex"))
        before = len(town.said_in("globex-security"))
        bot = LocalBot(connections, install, lambda: clock[0], mornings=True)
        bot.post_digests()
        assert len(town.said_in("globex-security")) == before, "too early"
        clock[0] += 3_600
        bot.post_digests()
        bot.post_digests()
        assert len(town.said_in("globex-security")) == before + 1
        LocalBot(connections, install, lambda: clock[0] + DAY_S).post_digests()
        assert len(town.said_in("globex-security")) == before + 1, "it was not asked to"


def test_the_command_shows_a_digest_and_posts_it_on_the_workspace_of_a_demo(
    town: Town, tmp_path: Path
) -> None:
    shown_here = assist(town.folder, "digest", "--tenant", "initech")
    assert (shown_here.code, "14 mediums open" in " ".join(shown_here.out.split())) == (0, True)
    nowhere = assist(tmp_path, "digest", "--post")
    assert (nowhere.code, "SLACK_BOT_TOKEN is not set" in nowhere.err) == (1, True)
    with Connections(Settings(state=tmp_path)) as connections:
        connections.directory.put(tenant("initech"))
        connections.directory.bind(Binding(channel_key("initech-security"), "initech"))
    told = {"token": TOKEN, "api_url": town.api_url}
    (tmp_path / "workspace.json").write_text(json.dumps(told), encoding="utf-8")
    posted = assist(tmp_path, "digest", "--tenant", "initech", "--post")
    assert (posted.code, posted.err) == (0, "")
    assert posted.out == f"posted in {channel_key('initech-security')}\n"
    with Connections(Settings(state=tmp_path)) as connections:
        connections.directory.bind(Binding(channel_key("secops"), None))
    every = assist(tmp_path, "digest", "--post")
    assert every.out.splitlines() == [
        f"posted in {channel_key('secops')}",
        f"had theirs today: {channel_key('initech-security')}",
    ]
