"""How a thread and its memory are named."""

import hashlib
from dataclasses import dataclass

EVERY_TENANT = "*"
"""The tenant part of an operators' thread; no tenant's id has this form."""
_OF_TENANT = 16
"""Hexadecimal digits of a thread's name that are its tenant's."""


@dataclass(frozen=True, slots=True)
class ThreadKey:
    """Where a conversation is held, and whose it is."""

    tenant: str
    """A tenant's id, or `EVERY_TENANT`."""
    platform: str
    workspace: str
    channel: str
    thread: str

    @property
    def session_id(self) -> str:
        """The name of this thread's memory; see `session_id`."""
        return session_id(self.tenant, self.platform, self.workspace, self.channel, self.thread)

    @property
    def actor_id(self) -> str:
        """The name of the one who talks, as AgentCore Memory has it: a tenant's channel.

        66 characters of `[a-z0-9-]`, within its actorId (at most 255). Long-term memory in a
        namespace of the actor so belongs to a tenant and a channel, and to no person.
        """
        return "a-" + _digest(self.tenant, self.platform, self.workspace, self.channel)


def session_id(tenant_id: str, platform: str, workspace: str, channel: str, thread: str) -> str:
    """A name for one thread's memory that no text can choose.

    66 characters of `[a-z0-9-]`: within AgentCore's runtimeSessionId (33 to 256) and Memory's
    sessionId (at most 100, `[a-zA-Z0-9][a-zA-Z0-9-_]*`), from the AgentCore API reference. Each
    part is preceded by its length, so that no two different tuples read alike. It begins as
    `sessions_of` says, so that a tenant's can be found when the tenant is let go.
    """
    whole = _digest(tenant_id, platform, workspace, channel, thread)
    return sessions_of(tenant_id) + whole[:-_OF_TENANT]


def sessions_of(tenant_id: str) -> str:
    """How the names of all of a tenant's threads begin: 64 bits that no other tenant's have."""
    return f"s-{_digest(tenant_id)[:_OF_TENANT]}"


def _digest(*parts: str) -> str:
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
