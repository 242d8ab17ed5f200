"""The demo's estate in a folder of the test's own, and the scopes of its channels."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.assistant import Scope
from agent.scope import OutsideScope, scope_for
from infra.local import story
from infra.local.fill import fill
from integrations.connect import Connections
from integrations.settings import Settings
from integrations.tenants.port import Binding, ChannelKey


@contextmanager
def demo_estate(folder: Path) -> Iterator[Connections]:
    """The three tenants with all that they have, as it is now."""
    with Connections(Settings(state=folder)) as connections:
        fill(connections, folder / "sources", datetime.fromtimestamp(time.time(), tz=UTC))
        yield connections


def channel_key(name: str) -> ChannelKey:
    """The place of one of the demo's channels, such as `acme-security`."""
    channel = next(c for c in story.CHANNELS if c.name == name)
    return ChannelKey("slack", story.WORKSPACE, channel.id)


def binding_of(estate: Connections, name: str) -> Binding:
    """What one of the demo's channels is mapped to."""
    binding = estate.directory.binding(channel_key(name))
    assert binding is not None, f"#{name} is mapped to nobody"
    return binding


def scope_in(estate: Connections, name: str, text: str = "") -> Scope:
    """What a question in one of the demo's channels may read."""
    scope = scope_for(binding_of(estate, name), text, (), estate)
    assert not isinstance(scope, OutsideScope)
    return scope


def beside(state: Mapping[str, Any], *groups: str) -> dict[str, Any]:
    """An account without some security groups, and without the runbook that was put there."""
    apart = ("ssm/us-east-1/_documents", *groups)
    return {path: v for path, v in state.items() if not any(word in path for word in apart)}
