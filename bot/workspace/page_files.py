"""The page's own files, in memory: whatever a connection does, no file stays open behind it.

The server forgets to close what it was sending when the other side resets the connection
(werkzeug's `execute` reads from the socket before it closes), so there is nothing here to close.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from flask import Request, Response

_KINDS = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Ours, because what the computer's own table says of them differs from one to the next."""


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is sent."""

    data: bytes = field(repr=False)
    mimetype: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of a known kind.

        Raises:
            KeyError: The page has no files of that kind.
            OSError: The file cannot be read.
        """
        data = path.read_bytes()
        return cls(data, _KINDS[path.suffix], hashlib.sha256(data).hexdigest()[:20])


class PageFiles:
    """All files of one folder, read once."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.name: PageFile.read(path) for path in sorted(folder.iterdir())}

    def response(self, name: str, asked: Request) -> Response:
        """A file, or 304 for who has it already, or 404."""
        file = self._files.get(name)
        if file is None:
            return Response("No such file.", 404, mimetype="text/plain")
        response = Response(file.data, mimetype=file.mimetype)
        response.set_etag(file.etag)
        response.headers["Cache-Control"] = "no-cache"
        response.make_conditional(asked)
        return response
