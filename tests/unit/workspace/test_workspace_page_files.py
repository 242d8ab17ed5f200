"""The page's own files: what they are sent as, and what a connection that ends early leaves."""

import gc
import re
import socket
import struct
import threading
import warnings
from itertools import product
from pathlib import Path

import pytest

from bot.workspace import page_files
from tests.unit.workspace.stage import Stage

LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER: on, no seconds. Closing then resets the connection instead of ending it."""


def reset_amid(stage: Stage, path: str) -> None:
    """Ask for a file, and be gone after its first byte: as a browser that moves on."""
    with socket.create_connection(("127.0.0.1", stage.port), timeout=5) as gone:
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        host = f"127.0.0.1:{stage.port}"
        gone.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert gone.recv(1) == b"H"


def answers_ended(before: set[threading.Thread]) -> None:
    """Wait for whatever the server is still sending; threads from before are other servers'."""
    for thread in set(threading.enumerate()) - before:
        if "process_request_thread" in thread.name:
            thread.join(5)
            assert not thread.is_alive()


@pytest.mark.parametrize("path", ["/", "/page/style.css", "/page/icon.svg"])
def test_a_connection_that_drops_leaves_no_file_open(stage: Stage, path: str) -> None:
    before = set(threading.enumerate())
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        for _ in range(5):
            reset_amid(stage, path)
        answers_ended(before)
        gc.collect()
    unclosed = [f"{warning.message}" for warning in seen if "page/" in f"{warning.message}"]
    assert unclosed == []
    assert stage.asked("GET", path)[0] == 200


def test_a_file_that_the_browser_has_is_not_sent_again(stage: Stage) -> None:
    status, headers, body = stage.asked("GET", "/page/style.css")
    assert (status, headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert int(headers["content-length"]) == len(body) > 1_000
    again, unchanged, nothing = stage.asked("GET", "/page/style.css", If_None_Match=headers["etag"])
    assert (again, unchanged["etag"], nothing) == (304, headers["etag"], b"")
    assert headers["cache-control"] == "no-cache"
    assert stage.asked("GET", "/page/style.css", If_None_Match='"other"')[0] == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/page/page.js", "text/javascript; charset=utf-8"),
        ("/page/icon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_a_file_is_sent_as_what_it_is(stage: Stage, path: str, kind: str) -> None:
    assert stage.asked("GET", path)[1]["content-type"] == kind


PAGE = Path(page_files.__file__).parent / "page"
COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
READ_ON = [
    *product(("ink", "soft", "faint", "accent", "danger"), ("paper", "rail", "raised", "hover")),
    *((name, f"{name}-soft") for name in ("accent", "danger", "warn", "good", "info")),
    ("ink", "accent-soft"),
    ("mention-ink", "mention"),
    ("accent-ink", "accent"),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, from `#rrggbb`."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out_from_its_ground(scheme: str) -> None:
    light, dark = (PAGE / "style.css").read_text().split("prefers-color-scheme: dark", 1)
    colours = dict(COLOUR.findall(light if scheme == "light" else dark))
    for word, ground in READ_ON:
        bright, dim = sorted((luminance(colours[word]), luminance(colours[ground])), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= 4.5, f"{word} on {ground}"
