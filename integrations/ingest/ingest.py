"""Files to stores: every record to the tenant whose account it is of, or to the rejects, with why.

Stores keep the latest state by identity, so a run that was killed half-way is simply run again.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from integrations.ingest.intake import ADDING, Intake
from integrations.ingest.reading import read
from integrations.ingest.records import Reject
from integrations.ingest.summary import IngestSummary
from integrations.systems import Systems
from integrations.tenants.port import TenantDirectory

Progress = Callable[[int, int], None]
"""Told how many bytes of the files and how many records have been read so far."""


class Ingest:
    """Takes in files of findings and AWS Config items for every tenant of a directory."""

    def __init__(
        self, directory: TenantDirectory, systems_of: Callable[[str], Systems], adding: str = ADDING
    ) -> None:
        """`adding` is the command that takes a tenant on, for whoever reads the rejects."""
        self._adding = adding
        self._directory = directory
        self._systems_of = systems_of

    def run(self, paths: Sequence[Path], rejects: Path, progress: Progress) -> IngestSummary:
        """Take in every record of the paths; see `reading.read` for what a path may be.

        What cannot be taken in is written to `rejects` (JSON lines: file, line, index, reason and
        the record's first 200 characters), which is replaced; without rejects there is no such
        file afterwards.
        """
        with _Rejects(rejects) as kept:
            intake = Intake(
                self._directory.owner_of, self._systems_of, kept.write, adding=self._adding
            )
            position = 0

            def at(done: int) -> None:
                nonlocal position
                position = done

            for record in read(paths, at):
                intake.take(record)
                intake.store_full()
                progress(position, intake.summary.records)
            intake.store_all()
        return intake.summary


class _Rejects:
    """The rejects file: made with the first reject, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, rejected: Reject) -> None:
        """Append one reject."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._file = self._path.open("w", encoding="utf-8")
        told = {
            "file": rejected.file,
            "line": rejected.line,
            "index": rejected.index,
            "reason": rejected.reason,
            "excerpt": rejected.excerpt,
        }
        self._file.write(json.dumps(told) + "\n")
