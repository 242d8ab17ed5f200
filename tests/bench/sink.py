"""A cluster that takes everything in and keeps nothing: what is left is what the client costs.

python -m tests.bench.sink    prints its port, and ends when its input does
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typing_extensions import override


class Sink(BaseHTTPRequestHandler):
    """Multi-get finds nothing; bulk and single writes succeed."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer as OpenSearch does, as far as the client looks."""
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if "/_mget" in self.path:
            ids = json.loads(body)["ids"]
            answer: object = {"docs": [{"_id": i, "found": False} for i in ids]}
        elif "/_search" in self.path:
            answer = {}
        elif self.path.startswith("/_bulk"):
            answer = {"errors": False, "items": _items(body, short="filter_path" in self.path)}
        else:
            answer = {"_id": "1", "result": "created"}
        sent = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_PUT = do_POST  # noqa: N815 - the library's name for it

    @override
    def log_message(self, *_: object) -> None:
        """Nothing."""


def _items(body: bytes, *, short: bool) -> list[dict[str, object]]:
    count = body.count(b"\n") // 2
    told: dict[str, object] = {"status": 201}
    if not short:
        told |= {"_index": "i", "_id": "x" * 40, "_version": 1, "result": "created"}
        told |= {"_shards": {"total": 1, "successful": 1, "failed": 0}, "_seq_no": 1}
    return [{"create": told}] * count


def main() -> None:
    """Serve on a free port of loopback until the input ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
