"""What was said in a thread, so that a follow-up can be understood."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of one thread, and the version that a writer must have seen."""

    messages: tuple[dict[str, Any], ...]
    """Strands messages: `{"role": ..., "content": [...]}`; plain JSON."""
    focus: tuple[str, ...] = ()
    """Ids of the tenants that an operator's thread is about; empty means all of them."""
    version: int = 0


EMPTY = Conversation(())


class ConversationStore(Protocol):
    """Short-term memory.

    Promises: a session id is derived by us from tenant, platform, channel and thread
    (`session_id`), so no text can select another thread's memory; a write with a version that is
    not the stored one is refused; what was saved is there after a restart.
    """

    def load(self, session_id: str) -> Conversation:
        """What was said so far; `EMPTY` for a new thread."""
        ...

    def save(
        self,
        session_id: str,
        messages: Sequence[dict[str, Any]],
        focus: Sequence[str],
        version: int,
    ) -> None:
        """Keep what was said; `version` is that of the conversation that was loaded.

        Raises:
            StaleWriteError: another answer in the same thread was saved meanwhile.
        """
        ...

    def erase(self, tenant_id: str) -> int:
        """Drop every thread of a tenant, and no operators' thread; how many went."""
        ...

    def forget(self, older_than_s: float) -> int:
        """Drop conversations untouched for so long; how many went."""
        ...
