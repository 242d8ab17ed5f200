"""boto3 as every engine uses it: sessions with their endpoint, and time limits."""

import os
import re
from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader, create_loader
from botocore.parsers import ResponseParserError
from typing_extensions import override

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 20.0
ATTEMPTS = 3

ONE_TRY = Config(retries={"mode": "standard", "total_max_attempts": 1})
"""For clients whose engine tries again by itself."""

QUICK = Config(connect_timeout=1.0, read_timeout=2.5)
"""For DynamoDB, which answers within milliseconds or not at all: who asked in a thread is told so
within the 30 s that three tries with these limits leave far behind."""

UNCHECKED = Config(parameter_validation=False)
"""For clients that send what they are given, so that AWS refuses it and not botocore."""

NO_ANSWER = (BotoCoreError, ResponseParserError, UnicodeDecodeError)
"""What is raised when AWS cannot be reached, or what came back is not AWS's (a proxy's page)."""


class AwsSession(boto3.Session):
    """A session whose clients go to one endpoint, within time limits.

    Credentials and region are those given, whatever profile a machine has. As with boto3's own
    sessions, one serves one thread at a time; its clients serve all.
    """

    def __init__(
        self,
        *,
        access_key: str,
        secret_key: str,
        token: str | None,
        region: str,
        endpoint_url: str | None = None,
    ) -> None:
        """`endpoint_url` None: AWS itself."""
        core = botocore.session.Session(
            session_vars={
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        core.register_component("data_loader", _models())
        super().__init__(
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            region_name=region,
            botocore_session=core,
        )
        # Every session of boto3 adds the same folder to the loader that ours share.
        paths = _models().search_paths
        paths[:] = dict.fromkeys(paths)
        self.endpoint_url = endpoint_url

    @override
    def client(self, service_name: str, *args: Any, **options: Any) -> Any:
        if options.get("endpoint_url") is None:
            options["endpoint_url"] = self.endpoint_url
        own = options.get("config")
        base = client_config(local=self.endpoint_url is not None)
        options["config"] = base.merge(own) if own else base
        client = super().client(service_name, *args, **options)  # type: ignore[call-overload]
        if service_name == "s3control" and self.endpoint_url is not None:
            client.meta.events.register("before-call.s3-control", one_host)
        return client


def one_host(params: dict[str, Any], **_: Any) -> None:
    """S3 Control puts the account before any endpoint's host, which a single endpoint has not."""
    params["url"] = re.sub(r"(?<=//)\d{12}\.", "", params["url"])


class AmbientSession(AwsSession):
    """A session with the credentials that boto3 itself finds: a profile, a role, the environment.

    They are renewed by boto3 where their source renews them.
    """

    def __init__(self, *, region: str) -> None:
        boto3.Session.__init__(self, region_name=region)
        self.endpoint_url = None


@cache
def _models() -> Loader:
    """The descriptions of the services, read once: EC2's alone takes a quarter of a second."""
    return create_loader()


def client_config(*, local: bool) -> Config:
    """Time limits and bounded retries; one endpoint has no host per account when `local`."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        inject_host_prefix=not local,
    )


def endpoint_of(session: boto3.Session) -> str | None:
    """The endpoint that a session was made for; None for AWS itself."""
    return session.endpoint_url if isinstance(session, AwsSession) else None
