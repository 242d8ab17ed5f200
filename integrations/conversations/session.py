"""How a thread's memory is named."""

import hashlib


def session_id(tenant_id: str, platform: str, workspace: str, channel: str, thread: str) -> str:
    """A name for one thread's memory that no text can choose.

    66 characters of `[a-z0-9-]`: within AgentCore's runtimeSessionId (33 to 256) and Memory's
    sessionId (at most 100, `[a-zA-Z0-9][a-zA-Z0-9-_]*`), from the AgentCore API reference. Each
    part is preceded by its length, so that no two different tuples read alike.
    """
    parts = (tenant_id, platform, workspace, channel, thread)
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return "s-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
