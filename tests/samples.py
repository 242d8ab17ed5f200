"""Third-party samples: read through one setting, and said so when they are absent."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data"


def samples() -> Path:
    """The folder named by `SECURITY_ASSIST_SAMPLES`; skips the test when it is not there."""
    folder = Path(os.environ.get("SECURITY_ASSIST_SAMPLES", str(_DEFAULT)))  # noqa: TID251 - the one setting
    if not folder.is_dir():
        pytest.skip(f"third-party samples are not at {folder} (set SECURITY_ASSIST_SAMPLES)")
    return folder


def records(name: str) -> Iterator[dict[str, Any]]:
    """The records of one sample file, as their owners wrote them."""
    for line in (samples() / name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)["record"]
