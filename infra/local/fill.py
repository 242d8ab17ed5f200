"""The demo's tenants, channels, findings and resources, through the ordinary ingest."""

from datetime import datetime
from pathlib import Path

from infra.local import story
from integrations.connect import Connections
from integrations.ingest.ingest import Ingest, Progress
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


def _quietly(_bytes: int, _records: int) -> None:
    """Tell nobody how far it is."""


def fill(
    connections: Connections, sources: Path, now: datetime, progress: Progress = _quietly
) -> IngestSummary:
    """Register who there is, write the sources' own files below `sources`, and take them in.

    Doing it again on the same stores moves the story on to `now`. `progress` hears now and then of
    bytes read and records seen so far.
    """
    register(connections)
    story.write(sources, now)
    ingest = Ingest(connections.directory, connections.systems)
    summary = ingest.run([sources], connections.rejects(), progress)
    connections.settle()
    return summary
