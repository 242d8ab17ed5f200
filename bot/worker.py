"""Takes jobs from the queue and has the conversation about them: a platform's worker."""

import logging
import secrets
import threading
from collections.abc import Callable

from integrations.errors import SecurityAssistError
from integrations.work.port import Job, Lease, WorkQueue

_log = logging.getLogger(__name__)

_WAIT_S = 0.5
_EXTEND_EVERY_S = 15.0
"""A quarter of the leases that the queues give."""


class Workers:
    """Some threads over one queue; jobs of one thread of talk never overlap.

    One more extends the leases of what is being done, so that a long job is given to nobody else.
    """

    def __init__(
        self,
        queue: WorkQueue,
        handle: Callable[[Job], None],
        threads: int = 4,
        extend_every_s: float = _EXTEND_EVERY_S,
    ) -> None:
        """Begin nothing yet.

        Args:
            queue: Hands out the jobs; its leases have to be longer than `extend_every_s`.
            handle: Does one job, and may be called again for the same one after a crash.
            threads: How many jobs are done at once.
            extend_every_s: Seconds between two extensions of a lease.
        """
        self._queue = queue
        self._handle = handle
        self._extend_every_s = extend_every_s
        self._stopping = threading.Event()
        self._finished = threading.Event()
        self._held: set[Lease] = set()
        self._guard = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{n}", daemon=True)
            for n in range(threads)
        ]
        self._extending = threading.Thread(target=self._extend, name="leases", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        for thread in (*self._threads, self._extending):
            thread.start()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Finish the jobs at hand and end; jobs still queued wait for the next start."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)
        self._finished.set()
        self._extending.join(timeout_s)

    def _work(self) -> None:
        while not self._stopping.is_set():
            lease = self._queue.take(_WAIT_S)
            if lease is not None:
                self._do(lease)

    def _extend(self) -> None:
        while not self._finished.wait(self._extend_every_s):
            with self._guard:
                held = list(self._held)
            for lease in held:
                try:
                    self._queue.extend(lease)
                except SecurityAssistError as error:
                    # The next time comes before the lease has run out.
                    _log.warning("error=<%s> | a lease was not extended", type(error).__name__)

    def _do(self, lease: Lease) -> None:
        with self._guard:
            self._held.add(lease)
        try:
            self._handle(lease.job)
        except Exception as error:  # noqa: BLE001 - a door: the next job is served whatever this one did
            ref = secrets.token_hex(4)
            _log.exception("job=<%s>, attempt=<%d>, ref=<%s> | failed", *_named(lease), ref)
            self._let_go(lease)
            self._queue.failed(lease, f"{type(error).__name__} (ref {ref})")
        else:
            self._let_go(lease)
            self._queue.done(lease)

    def _let_go(self, lease: Lease) -> None:
        """Before the queue is told: nobody extends what somebody else may have the next moment."""
        with self._guard:
            self._held.discard(lease)


def _named(lease: Lease) -> tuple[str, int]:
    return lease.job.id, lease.attempt
