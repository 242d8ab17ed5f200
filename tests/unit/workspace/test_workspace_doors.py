"""Who may come in: this computer, and its own page; and what the page is told."""

import http.client
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from bot.workspace import page_state
from tests.unit.workspace.stage import ACME, ANALYST, GLOBEX, OTHER, TOKEN, Stage


def said(stage: Stage, **headers: str) -> int:
    body = {"person": ANALYST, "channel": ACME, "text": "hi"}
    return stage.asked("POST", "/ui/say", body, **headers)[0]


def test_the_page_is_served_with_a_strict_policy(stage: Stage) -> None:
    status, headers, body = stage.asked("GET", "/")
    assert status == 200
    assert b"Nothing leaves it." in body
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in headers


def test_the_page_names_no_other_computer(stage: Stage) -> None:
    folder = Path(page_state.__file__).parent / "page"
    files = sorted(folder.iterdir())
    assert len(files) > 10
    for file in files:
        status, _, body = stage.asked("GET", f"/page/{file.name}")
        assert status == 200
        others = set(re.findall(r"//[\w-]+\.[\w.-]+", body.decode())) - {"//www.w3.org"}
        assert others == set(), file.name


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80"])
def test_other_names_for_this_address_are_refused(stage: Stage, host: str) -> None:
    for path in ("/", "/ui/events", "/files/F0WS0000001", "/api/auth.test"):
        assert stage.asked("GET", path, Host=host)[0] == 421


def test_the_page_may_speak_and_other_sites_may_not(stage: Stage) -> None:
    own, json_type = stage.server.url, "application/json"
    assert said(stage, Origin=own, Content_Type=json_type) == 200
    assert said(stage, Origin="http://evil.example", Content_Type=json_type) == 403
    assert said(stage, Origin="null", Content_Type=json_type) == 403
    assert said(stage, Content_Type=json_type) == 403
    assert said(stage, Origin=own, Content_Type="text/plain") == 403
    assert said(stage, Origin=own) == 403
    assert len(stage.workspace.messages(ACME)) == 1


def test_other_sites_reach_neither_the_api_nor_a_response_url(stage: Stage) -> None:
    headers = {"Origin": "http://evil.example", "Authorization": f"Bearer {TOKEN}"}
    assert stage.asked("POST", "/api/auth.test", {}, **headers)[0] == 403
    assert stage.asked("POST", "/response/R0WS0000001", {}, **headers)[0] == 403


def test_the_server_listens_on_this_computer_only(stage: Stage) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.1", stage.port)) == 0
        assert probe.getpeername()[0] == "127.0.0.1"
    assert stage.server.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"person": ANALYST},
        {"person": ANALYST, "channel": GLOBEX, "text": " "},
        {"person": OTHER, "channel": GLOBEX, "text": "hi"},
        {"person": "U0NOBODY", "channel": ACME, "text": "hi"},
        {"person": ANALYST, "channel": ACME, "text": "x" * 12_001},
        {"person": ANALYST, "channel": ACME, "text": "hi", "thread": "9.9"},
    ],
)
def test_what_makes_no_sense_is_said_to_be_wrong(stage: Stage, body: Any) -> None:
    headers = {"Origin": stage.server.url, "Content_Type": "application/json"}
    status, _, answer = stage.asked("POST", "/ui/say", body, **headers)
    assert status == 400
    assert json.loads(answer)["error"]


@pytest.mark.parametrize("path", ["/page/../server.py", "/page/%2e%2e/server.py", "/page/none.js"])
def test_only_the_pages_own_files_are_served(stage: Stage, path: str) -> None:
    assert stage.asked("GET", path)[0] == 404


def seen_by(stage: Stage, person: str) -> dict[str, Any]:
    state = stage.workspace.state
    with state.held():
        return page_state.whole(state, person)


def test_a_person_sees_their_channels_and_their_whispers_only(stage: Stage) -> None:
    stage.root("in globex", GLOBEX)
    stage.client.chat_postEphemeral(channel=ACME, user=ANALYST, text="psst")
    mine, theirs = seen_by(stage, ANALYST), seen_by(stage, OTHER)
    assert [message["text"] for message in mine["messages"]] == ["in globex", "psst"]
    assert theirs["messages"] == []
    assert [c["id"] for c in theirs["channels"]] == [ACME, "C0RANDOM", "D0ANALYST2"]


def test_the_page_hears_of_each_changed_thing_once_as_it_is_now(stage: Stage) -> None:
    state = stage.workspace.state
    before = state.count
    root = stage.root()
    stream = stage.stream(root, buffer_size=1)
    for word in ("one ", "two ", "three"):
        stream.append(markdown_text=word)
    changes = state.changes_after(before, 1)
    assert changes is not None
    with state.held():
        news = page_state.changed(state, ANALYST, changes)
        assert page_state.changed(state, "U0NOBODY", changes) == []
    messages = [piece for piece in news if piece["kind"] == "message"]
    assert [piece["ts"] for piece in messages] == [root, stream.ts]
    assert messages[1]["blocks"][0]["text"] == "one two three"
    assert messages[1]["streaming"] is True


def test_a_stream_of_events_begins_with_everything(stage: Stage) -> None:
    stage.root("first")
    connection = http.client.HTTPConnection("127.0.0.1", stage.port, timeout=5)
    connection.request("GET", f"/ui/events?person={ANALYST}")
    response = connection.getresponse()
    try:
        assert response.readline() == b"event: whole\n"
        whole = json.loads(response.readline().removeprefix(b"data: "))
        assert whole["you"] == ANALYST
        assert [message["text"] for message in whole["messages"]] == ["first"]
        assert response.readline() == b"\n"
        stage.root("second")
        assert response.readline() == b"event: news\n"
        news = json.loads(response.readline().removeprefix(b"data: "))
        assert [piece["text"] for piece in news] == ["second"]
    finally:
        response.close()
        connection.close()


def test_no_secret_is_on_the_page_or_in_words(stage: Stage) -> None:
    assert TOKEN not in json.dumps(seen_by(stage, ANALYST))
    assert TOKEN not in repr(stage.workspace.state.bot)
    assert "not-a-secret" not in repr(stage.workspace.state.bot)
