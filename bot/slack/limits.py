"""Slack's limits, and how things are cut to them.

Sources: the Block Kit reference and the method pages at docs.slack.dev as slack_sdk 3.47 encodes
them. The total of a message's blocks: slackapi/bolt-js#2509 and #2867 (`msg_blocks_too_long`:
11,341 characters in 45 blocks were refused, 9,597 in 50 were taken). One table to a message: the
table block's page (`invalid_attachments`).
"""

BLOCKS = 50
"""Blocks of a message."""
MARKDOWN = 12_000
"""Characters of a message's Markdown, over all that is appended to it."""
MESSAGE = 11_000
"""Characters of all blocks of a message, each block counting `PER_BLOCK` besides its own."""
PER_BLOCK = 40
SECTION = 3000
"""Characters of a section's text; also kept for a rich text block."""
HEADER = 150
BUTTONS = 25
"""Elements of an actions block; five are what a phone shows."""
BUTTON_TEXT = 75
CONFIRM_TITLE, CONFIRM_TEXT, CONFIRM_BUTTON = 100, 300, 30
BUTTON_VALUE = 2000
ACCESSIBILITY_LABEL = 75
ACTION_ID = 255
TABLE_ROWS = 100
TABLE_COLUMNS = 20
TABLE_CHARACTERS = 9_000
"""Of all cells of a message's tables (Slack: 10,000), so that a table fits into a message."""
CELL = 300
"""Characters of a table's cell: ours, three lines of it."""
ALT_TEXT = 2000
TITLE = 150
"""Characters of a task's or a file's title: ours, nothing is documented."""
FALLBACK = 3000
"""Characters of a message's `text`: below the 4,000 that chat.update takes (chat.postMessage takes
40,000); a notification shows a line."""
PROMPTS = 4
"""Suggested prompts of the agent pane."""

ELLIPSIS = "…"
_BMP = 0xFFFF
"""Characters above it take two UTF-16 code units."""


def cut(text: str, longest: int) -> str:
    """The text, or its beginning with an ellipsis: never longer than `longest` characters.

    Slack counts UTF-16 code units in places: so do we, which is never less than characters.
    """
    if units(text) <= longest:
        return text
    kept: list[str] = []
    room = longest - 1
    for character in text:
        room -= units(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + ELLIPSIS


def units(text: str) -> int:
    """How long a text is in UTF-16 code units."""
    return len(text) + sum(1 for character in text if ord(character) > _BMP)
