"""The resource graph at Amazon Neptune, over its Gremlin websocket.

Where a cluster has IAM authentication, the request that opens the websocket is signed (Signature
Version 4, service `neptune-db`: Neptune user guide, "Connecting to Neptune using IAM
authentication with Python and Gremlin"). A signature is good for five minutes and is checked when
the connection is opened, so each connection gets one of its own; the connection itself ends after
ten days at the latest, or when the instance says so, and is then made again.
"""

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.session import Session

from integrations.errors import InvalidSettingError, UnavailableError
from integrations.resources.gremlin_network import Endpoint, GremlinGraphs
from integrations.resources.gremlin_rows import Sizes

RECORDS = 200
"""Labels and properties that one request writes best ("Best practices: efficient upserts with
Gremlin mergeV and mergeE": batches of about 200 records)."""
_OF_A_VERTEX, _OF_AN_EDGE = 14, 4
"""A label and what `gremlin_rows` gives it."""
_SIZES = Sizes(vertices=RECORDS // _OF_A_VERTEX, edges=RECORDS // _OF_AN_EDGE)
_SERVICE = "neptune-db"


class NeptuneGraphs(GremlinGraphs):
    """Every tenant's graph in one cluster; what a request wrote is kept when it ends.

    Every request is a transaction of its own; several are not one: see the port.
    """

    def __init__(
        self,
        url: str,
        *,
        signed: bool = True,
        credentials: Callable[[], ReadOnlyCredentials] | None = None,
        region: str = "",
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Reached at `url` (`wss://host:port/gremlin`).

        `credentials` answers those of the moment (None: botocore's own search). The region is read
        from the host's name (`x.cluster-y.eu-west-1.neptune.amazonaws.com`); `region` is for a name
        that does not tell it.

        Raises:
            InvalidSettingError: the region is neither told by the host's name nor given.
        """
        headers: Callable[[], Mapping[str, str]] = dict
        if signed:
            where = _region_of(url) or region
            if not where:
                raise InvalidSettingError("Neptune's region is not part of its host's name")
            found = credentials or _SearchedCredentials()
            headers = lambda: handshake(url, found(), where)  # noqa: E731 - one line says it
        super().__init__(Endpoint(url, "g", headers, sizes=_SIZES), clock, pause)


def handshake(url: str, credentials: ReadOnlyCredentials, region: str) -> dict[str, str]:
    """The headers that sign the request which opens a websocket at `url`."""
    parts = urlsplit(url)
    plain = {"ws": "http", "wss": "https"}[parts.scheme]
    request = AWSRequest(
        method="GET",
        url=f"{plain}://{parts.netloc}{parts.path}",
        # The port belongs to it: the client sends it too.
        headers={"Host": parts.netloc},
    )
    SigV4Auth(credentials, _SERVICE, region).add_auth(request)
    return dict(request.headers.items())


class _SearchedCredentials:
    """Those that botocore finds, in the environment, a profile, a container; it renews them."""

    def __init__(self) -> None:
        self._session: Session | None = None

    def __call__(self) -> ReadOnlyCredentials:
        """Those of this moment.

        Raises:
            UnavailableError: there are none.
        """
        self._session = self._session or Session()
        found = self._session.get_credentials()
        if found is None:
            raise UnavailableError("no AWS credentials were found to sign for Neptune with")
        return found.get_frozen_credentials()


def _region_of(url: str) -> str:
    labels = (urlsplit(url).hostname or "").split(".")
    if "neptune" in labels[1:]:
        return labels[labels.index("neptune", 1) - 1]
    return ""
