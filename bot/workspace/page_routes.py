"""The page's own addresses: its files, its stream of changes, and what a person does on it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from bot.workspace import page_state
from bot.workspace.interactions import NothingToPressError
from bot.workspace.page_files import PageFiles
from bot.workspace.records import JsonObject
from bot.workspace.refusals import SlackRefusalError
from bot.workspace.workspace import Workspace

_HEARTBEAT_S = 5.0
_LONGEST = 12_000


def page_routes(workspace: Workspace, folder: Path) -> Blueprint:
    """The routes over one workspace, with the page's files from `folder`."""
    files = PageFiles(folder)
    routes = Blueprint("page", __name__)
    routes.before_request(_own_page_only)

    @routes.get("/")
    def index() -> Response:
        return files.response("index.html", request)

    @routes.get("/page/<name>")
    def asset(name: str) -> Response:
        return files.response(name, request)

    @routes.get("/ui/events")
    def events() -> Response:
        person = request.args.get("person", "")
        if person not in workspace.state.people:
            person = next(iter(workspace.state.people))
        return Response(_events(workspace, person), mimetype="text/event-stream")

    for name, act in _ACTS.items():
        routes.add_url_rule(f"/ui/{name}", name, _acting(workspace, act), methods=["POST"])
    return routes


def _own_page_only() -> Response | None:
    """A person's acts come from this page alone, as JSON, which other sites cannot send."""
    if request.method == "GET":
        return None
    if request.mimetype != "application/json" or request.headers.get("Origin") is None:
        return Response("Only the workspace's own page may do that.", 403)
    return None


def _events(workspace: Workspace, person: str) -> Iterator[str]:
    """Server-sent events: `whole` first, then `news`, and a heartbeat in quiet times."""
    state = workspace.state
    with state.held():
        number, first = state.count, page_state.whole(state, person)
    yield _event("whole", first)
    while not state.closed:
        changes = state.changes_after(number, _HEARTBEAT_S)
        with state.held():
            if not changes:
                state.end_old_streams()
            if changes is None:
                number, first = state.count, page_state.whole(state, person)
                news: Any = None
            else:
                number = changes[-1].number if changes else number
                news = page_state.changed(state, person, changes)
        yield _event("whole", first) if news is None else _event("news", news)


def _event(name: str, content: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(content)}\n\n"


Act = Callable[[Workspace, str, JsonObject], JsonObject]


def _acting(workspace: Workspace, act: Act) -> Callable[[], tuple[JsonObject, int]]:
    def route() -> tuple[JsonObject, int]:
        body = request.get_json(silent=True)
        if not isinstance(body, dict) or not isinstance(body.get("person"), str):
            return {"error": "a JSON object with a person is needed"}, 400
        try:
            return act(workspace, body["person"], body), 200
        except (LookupError, TypeError, ValueError, NothingToPressError) as problem:
            return {"error": f"{problem}"}, 400
        except SlackRefusalError as refusal:
            return {"error": refusal.error}, 400

    return route


def _say(workspace: Workspace, person: str, body: JsonObject) -> JsonObject:
    text = str(body["text"]).strip()
    if not 0 < len(text) <= _LONGEST:
        raise ValueError(f"a message has 1 to {_LONGEST} characters")
    thread = str(body.get("thread") or "")
    return {"ts": workspace.say(person, str(body["channel"]), text, thread or None)}


def _click(workspace: Workspace, person: str, body: JsonObject) -> JsonObject:
    outcome = workspace.interactions.press(
        person,
        (str(body.get("channel") or ""), str(body["source"])),
        str(body["action"]),
        block_id=str(body.get("block") or ""),
        choice=body.get("choice"),
        values=body.get("values") or {},
    )
    return {"outcome": outcome}


def _submit(workspace: Workspace, person: str, body: JsonObject) -> JsonObject:
    return workspace.submit(person, str(body["view"]), body.get("values") or {})


def _dismiss(workspace: Workspace, person: str, body: JsonObject) -> JsonObject:
    workspace.interactions.dismiss(person, str(body["view"]))
    return {}


def _open(workspace: Workspace, person: str, body: JsonObject) -> JsonObject:
    tab = "home" if body.get("tab") == "home" else "messages"
    return {"channel": workspace.open_app(person, tab)}


_ACTS: dict[str, Act] = {
    "say": _say,
    "click": _click,
    "submit": _submit,
    "dismiss": _dismiss,
    "open": _open,
}
