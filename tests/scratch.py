"""Folders for tests that write much: in memory where the system has such a place."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's folder in memory; elsewhere the usual place


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards. What is flushed to it survives a process, not a machine."""
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
