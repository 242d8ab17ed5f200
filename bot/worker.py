"""Takes jobs from the queue and has the conversation about them: a platform's worker."""

import logging
import secrets
import threading
from collections.abc import Callable

from integrations.work.port import Job, Lease, WorkQueue

_log = logging.getLogger(__name__)

_WAIT_S = 0.5


class Workers:
    """Some threads over one queue; jobs of one thread of talk never overlap."""

    def __init__(self, queue: WorkQueue, handle: Callable[[Job], None], threads: int = 4) -> None:
        """`handle` does one job, and may be called again for the same one after a crash."""
        self._queue = queue
        self._handle = handle
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{n}", daemon=True)
            for n in range(threads)
        ]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the jobs at hand and end; jobs still queued wait for the next start."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def _work(self) -> None:
        while not self._stopping.is_set():
            lease = self._queue.take(_WAIT_S)
            if lease is not None:
                self._do(lease)

    def _do(self, lease: Lease) -> None:
        try:
            self._handle(lease.job)
        except Exception as error:  # noqa: BLE001 - a door: the next job is served whatever this one did
            ref = secrets.token_hex(4)
            _log.exception("job=<%s>, attempt=<%d>, ref=<%s> | failed", *_named(lease), ref)
            self._queue.failed(lease, f"{type(error).__name__} (ref {ref})")
        else:
            self._queue.done(lease)


def _named(lease: Lease) -> tuple[str, int]:
    return lease.job.id, lease.attempt
