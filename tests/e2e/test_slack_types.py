"""What we send, and what the workspace answers and delivers, against the vendor's own types."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

from agent import canonical
from agent.approval import Refusal
from agent.assistant import Answer, Done, Question, StepState
from agent.views import Proposal, View
from bot.cards import reply_for
from bot.cards.details import details
from bot.cards.remediation import remediation_card
from bot.local_assistant import local_assistant
from bot.messages import Picture, Prose, Reply
from bot.slack.render import render
from integrations.connect import Connections
from integrations.findings.port import Severity
from tests.demo import scope_in
from tests.e2e import slack_stage
from tests.e2e.slack_calls import RecordingClient, every_call, trigger
from tests.e2e.vendor_types import Sample, VendorTypes
from tests.e2e.workspace_bot import cards, picture, reason_view
from tests.remediating import ONCALL, ONCALL2, staged
from tests.unit.workspace.stage import ACME, ANALYST, OTHER, Stage, on_stage

BLOCKS = "slack.KnownBlock[]"
QUESTIONS = {
    "acme-security": (
        canonical.ATTENTION,
        "why the first?",
        "who can approve fixes?",
        "show me",
        "how do I fix it?",
        canonical.POSTURE,
        canonical.PUBLIC,
        canonical.CHANGED_WEEK,
        canonical.TOP_RESOURCES,
        canonical.OLDEST_CRITICALS,
        canonical.EXPLOITABLE,
        canonical.RISKY_IDENTITIES,
        canonical.DDOS,
        canonical.HELP,
        "all open highs",
        "the second one",
        "what is web-7?",
        "what is connected to web-7?",
        "what about the acme bucket?",
    ),
    "globex-security": (canonical.THREATS, canonical.POSTURE),
    "initech-security": (canonical.ATTENTION,),
    "secops": (canonical.TENANTS, canonical.COMPARE, canonical.ATTENTION, canonical.PUBLIC),
}
"""Asked in turn in one thread of each channel: together they make every kind of card."""


def answers(estate: Connections) -> Iterator[tuple[str, Answer]]:
    for channel, questions in QUESTIONS.items():
        scope = scope_in(estate, channel)
        assistant = local_assistant(estate.conversations())
        for words in questions:
            asked = Question(text=words, session_id=f"types-{channel}", scope=scope)
            done = [event for event in assistant.answer(asked) if isinstance(event, Done)]
            yield f"#{channel}: {words}", done[-1].answer


def test_every_kind_of_card_is_made_of_the_vendors_blocks(
    vendor: VendorTypes, estate: Connections
) -> None:
    said = list(answers(estate))
    kinds = {type(view) for _, answer in said for view in answer.views}
    assert kinds == set(get_args(View)) - {Proposal}, "a kind of card is not asked for"
    now = datetime.now(UTC)
    pages = [
        (f"{name}, page {number}", blocks)
        for name, answer in said
        for number, blocks in enumerate(render(reply_for(answer, now=now, operator=True)))
    ]
    assert {block["type"] for _, page in pages for block in page} >= {
        "actions", "context", "context_actions", "divider", "rich_text", "table",
    }  # fmt: skip
    assert vendor.complaints([Sample(name, BLOCKS, page) for name, page in pages]) == []


def test_a_fixs_card_is_made_of_the_vendors_blocks_at_every_stage(
    vendor: VendorTypes, tmp_path: Path
) -> None:
    with staged(tmp_path, severity=Severity.CRITICAL) as stage:
        proposed = stage.proposed()
        approve = partial(stage.requests.approve, proposed.id, proposed.plan.hash)
        half = approve(ONCALL, "seen")
        approve(ONCALL2, "seen too")
        done = stage.seen_through(proposed.id)
        shown = [r for r in (proposed, half, done) if not isinstance(r, Refusal)]
        replies = [remediation_card(request, stage.tenant) for request in shown]
    assert [str(request.stage) for request in shown] == ["proposed", "proposed", "verified"]
    replies.append(details(done))
    pages = [page for reply in replies for page in render(reply)]
    assert {block["type"] for page in pages for block in page} >= {"input", "actions", "header"}
    samples = [Sample(f"stage {n}", BLOCKS, page) for n, page in enumerate(pages)]
    assert vendor.complaints(samples) == []


def wrong(change: Any) -> Any:
    blocks = cards()
    change(blocks)
    return blocks


WRONG = [
    Sample("style", BLOCKS, wrong(lambda b: b[2]["elements"][0].update(style="loud"))),
    Sample("mrkdwn", BLOCKS, wrong(lambda b: b[2]["elements"][0]["text"].update(type="mrkdwn"))),
    Sample("unknown field", BLOCKS, wrong(lambda b: b[0].update(colour="red"))),
    Sample(
        "no alt", BLOCKS, wrong(lambda b: b.append({"type": "image", "image_url": "https://e"}))
    ),
    Sample("disabled", "Modal", {**reason_view(), "submit_disabled": True}),
    Sample("title", "Modal", {**reason_view(), "title": "Plan"}),
    Sample("home", "Home", reason_view()),
    Sample("answer", "Told<web.ChatDeleteResponse>", {"ok": True, "deleted": True}),
]
RIGHT = [
    Sample("a modal", "Modal", reason_view()),
    Sample("a home tab", "Home", {"type": "home", "blocks": cards()[:1]}),
    Sample("cards", BLOCKS, cards()),
]


def test_the_vendors_compiler_tells_right_from_wrong(vendor: VendorTypes) -> None:
    named = [complaint.split(":")[0] for complaint in vendor.complaints([*WRONG, *RIGHT])]
    assert list(dict.fromkeys(named)) == [sample.name for sample in WRONG]


def pascal(method: str) -> str:
    """`chat.postMessage` as the vendor writes it in type names."""
    words = [part[0].upper() + part[1:] for part in method.split(".")]
    return "".join(["API" if word == "Api" else word for word in words])


def answered_with(method: str) -> str:
    more = " & Direct" if method == "conversations.info" else ""
    return f"Told<web.{pascal(method)}Response>{more}"


def asked_with(method: str) -> str:
    more = " & Alt" if method == "files.getUploadURLExternal" else ""
    return f"web.{pascal(method)}Arguments{more}"


def test_every_answer_of_the_workspace_has_only_keys_the_vendor_knows(
    vendor: VendorTypes,
) -> None:
    with on_stage() as stage:
        calls = every_call(stage)
        assert {call.method for call in calls} == stage.workspace.api.names
    samples = [
        Sample(call.method, answered_with(call.method), call.answer)
        for call in calls
        if call.method != "api.test"  # its answer echoes, and the vendor's type says nothing
    ]
    assert vendor.complaints(samples) == []


def test_every_call_of_the_adapter_has_only_arguments_the_vendor_knows(
    vendor: VendorTypes,
) -> None:
    with slack_stage.on_stage() as stage:
        client = RecordingClient(stage.client.base_url)
        stage.client = client
        root = stage.ask()
        channel = stage.channel(root)
        channel.status("Reading 912 findings")
        stream = channel.stream()
        stream.step("1", "Reading 912 findings", StepState.RUNNING)
        stream.text("The verdict, long enough to be sent before the end of it is known. " * 3)
        stream.finish(Reply(plain="The verdict.", parts=(Prose(text="All is **well**."),)))
        withdrawn = channel.stream()
        withdrawn.text("Something that will be withdrawn, and long enough to have been seen. " * 3)
        withdrawn.replace("Something else.")
        withdrawn.finish(Reply(plain="Something else."))
        channel.post(Reply(plain="Posted.", parts=(Prose(text="Posted."),)))
        channel.whisper(Reply(plain="Whispered.", parts=(Prose(text="Whispered."),)))
        channel.picture(Picture(png=picture(90, 240), title="A path", alt="A path"))
        channel.members(slack_stage.ACME)
        stage.settle()
    assert {call.method for call in client.calls} == {
        "assistant.threads.setStatus",
        "chat.appendStream",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.startStream",
        "chat.stopStream",
        "chat.update",
        "conversations.members",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
    }
    samples = [Sample(call.method, asked_with(call.method), call.asked) for call in client.calls]
    assert vendor.complaints(samples) == []


EVENTS = {
    "app_mention": "Event<slack.AppMentionEvent>",
    "app_home_opened": "Event<slack.AppHomeOpenedEvent>",
    "message": "Event<OwnMessage>",
    "message_changed": "Event<Changed>",
    "message_deleted": "Event<Deleted>",
    "file_share": "Event<Shared>",
}
INTERACTIONS = {
    "block_actions": "OrNull<bolt.BlockAction>",
    "view_submission": "Submitted",
    "view_closed": "Closed",
}


def delivered(stage: Stage) -> Iterator[dict[str, Any]]:
    """Each kind of delivery."""
    workspace, client = stage.workspace, stage.client
    root = workspace.say(ANALYST, ACME, "@assist hello")
    workspace.say(OTHER, ACME, "a reply", root)
    workspace.say(ANALYST, "D0ANALYST1", "a direct message")
    ts = str(client.chat_postMessage(channel=ACME, thread_ts=root, text="x", blocks=cards())["ts"])
    client.chat_update(channel=ACME, ts=ts, text="y", blocks=cards())
    workspace.click(ANALYST, ACME, ts, "feedback", choice="up")
    view = {**reason_view(), "notify_on_close": True}
    values = {"why": {"reason": {"type": "plain_text_input", "value": "it ends the path"}}}
    opened = client.views_open(trigger_id=trigger(stage, ts), view=view)
    workspace.submit(ANALYST, opened["view"]["id"], values)
    opened = client.views_open(trigger_id=trigger(stage, ts), view=view)
    workspace.interactions.dismiss(ANALYST, opened["view"]["id"])
    client.files_upload_v2(file=picture(90, 240), filename="a.png", channel=ACME, thread_ts=root)
    client.chat_delete(channel=ACME, ts=ts)
    for tab in ("messages", "home"):
        workspace.open_app(ANALYST, tab)
    workspace.wait_until_quiet(10)
    return (received.payload for received in stage.app.received)


def test_every_delivery_has_what_the_vendor_promises_and_nothing_else(
    vendor: VendorTypes,
) -> None:
    samples, seen = [], set()
    with on_stage() as stage:
        for payload in delivered(stage):
            event = payload.get("event", {})
            kind = str(event.get("subtype") or event.get("type") or payload["type"])
            seen.add(kind)
            samples.append(Sample(kind, (EVENTS | INTERACTIONS)[kind], payload))
    assert seen == {*EVENTS, *INTERACTIONS}
    assert vendor.complaints(samples) == []
