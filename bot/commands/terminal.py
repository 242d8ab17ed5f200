"""What a terminal is: its width, whether it wants colour."""

import os
import shutil
import sys


def width() -> int:
    """Columns to wrap at: the terminal's, at most 100."""
    return min(100, shutil.get_terminal_size((88, 24)).columns)


def colour() -> bool:
    """Whether to colour: only on a terminal, and not where NO_COLOR asks for none."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")  # noqa: TID251 - a terminal's own convention (no-color.org)
