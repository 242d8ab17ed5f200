"""People of the demo who talk with the bot in a workspace, and press what it offers."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.workspace.limits import Limits
from bot.workspace.records import WorkspaceChannel, WorkspacePerson
from bot.workspace.workspace import Workspace
from infra.local import story
from tests.e2e.slack_stage import BOT

CHANNEL = next(channel.id for channel in story.CHANNELS if channel.name == "acme-security")
ANALYST, FIRST, SECOND = "U0ANALYST1", "U0ONCALL01", "U0ONCALL02"
PATIENCE_S = 180.0


@dataclass
class Talk:
    """What is said in acme's channel."""

    workspace: Workspace

    def say(self, words: str) -> str:
        """Ask, and wait for nothing; the thread's root."""
        return self.workspace.say(ANALYST, CHANNEL, f"@assist {words}")

    def thread(self, root: str) -> str:
        """All that the bot said in a thread, as JSON."""
        said = [m for m in self.workspace.messages(CHANNEL, root) if "bot_id" in m]
        return json.dumps(said, ensure_ascii=False)

    def ask(self, words: str) -> str:
        """Ask in acme's channel, and wait for the answer; the thread's root."""
        root = self.say(words)
        self.workspace.wait_for_answer(CHANNEL, root, PATIENCE_S)
        return root

    def wait_for(self, root: str, words: str) -> None:
        """Wait until the bot has said something in a thread."""
        try:
            self.workspace.wait_for(lambda: words in self.thread(root), PATIENCE_S)
        except TimeoutError as error:
            raise AssertionError(f"nobody said {words!r} in {self.thread(root)}") from error

    def press(self, user: str, root: str, label: str, reason: str = "") -> None:
        """Press the newest button of a label in a thread, with a reason where one can be given."""
        for message in reversed(self.workspace.messages(CHANNEL, root)):
            blocks = message.get("blocks", [])
            pressed = next(_buttons(blocks, label), None)
            if pressed is None:
                continue
            typed = {
                b["block_id"]: {b["element"]["action_id"]: {"value": reason}}
                for b in blocks
                if b["type"] == "input" and reason
            }
            outcome = self.workspace.interactions.press(
                user, (CHANNEL, message["ts"]), pressed[1], block_id=pressed[0], values=typed
            )
            assert outcome == "ok"
            return
        raise AssertionError(f"nobody sees a button {label!r}")


def _buttons(blocks: list[dict[str, Any]], label: str) -> Iterator[tuple[str, str]]:
    """Block and action of each button with a label."""
    for block in blocks:
        for element in block.get("elements", []):
            if element.get("type") == "button" and element["text"]["text"] == label:
                yield block["block_id"], element["action_id"]


def workspace_at(deliver_to: str) -> Workspace:
    """The demo's workspace, which delivers to an app."""
    everybody = tuple(person.id for person in story.PEOPLE)
    return Workspace(
        tuple(WorkspacePerson(user_id=one.id, name=one.name) for one in story.PEOPLE),
        tuple(
            WorkspaceChannel(channel_id=one.id, name=one.name, members=everybody)
            for one in story.CHANNELS
        ),
        team_id=story.WORKSPACE,
        team_name="Demo",
        bot=BOT,
        clock=time.time,
        deliver_to=deliver_to,
        limits=Limits(ack_s=30.0),
    )
