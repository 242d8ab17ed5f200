"""The demo's tenants, channels, findings and resources, through the ordinary ingest."""

from datetime import datetime
from pathlib import Path

from infra.local import story
from integrations.connect import Connections
from integrations.ingest.ingest import Ingest
from integrations.ingest.summary import IngestSummary
from integrations.tenants.port import Binding, ChannelKey, Tenant


def register(connections: Connections) -> list[Tenant]:
    """Say who there is and which channel sees whom; the tenants as they are kept."""
    tenants = [connections.directory.put(tenant) for tenant in story.TENANTS]
    for channel in story.CHANNELS:
        if channel.tenant_id or channel.operator:
            key = ChannelKey("slack", story.WORKSPACE, channel.id)
            connections.directory.bind(Binding(key, channel.tenant_id))
    return tenants


def fill(connections: Connections, sources: Path, now: datetime) -> IngestSummary:
    """Register who there is, write the sources' own files below `sources`, and take them in.

    Doing it again on the same stores moves the story on to `now`.
    """
    register(connections)
    story.write(sources, now)
    ingest = Ingest(connections.directory, connections.systems)
    return ingest.run([sources], connections.rejects(), lambda *_: None)
