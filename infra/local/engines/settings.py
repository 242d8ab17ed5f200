"""What the environment says of this machine's engines."""

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_cache_path

ENGINES = "SECURITY_ASSIST_ENGINES"
"""Names the JSON file that says which engines run and where."""


def running() -> Path | None:
    """The file that says which engines run already, if somebody started them."""
    named = os.environ.get(ENGINES)  # noqa: TID251 - this is the settings module
    return Path(named) if named else None


def cache() -> Path:
    """Where what is fetched is kept: in `SECURITY_ASSIST_CACHE`, or in the user's cache folder."""
    named = os.environ.get("SECURITY_ASSIST_CACHE")  # noqa: TID251 - this is the settings module
    return (Path(named) if named else user_cache_path("security-assist")) / "engines"


def gremlin_version(usual: str) -> str:
    """Which Gremlin Server: `SECURITY_ASSIST_GREMLIN_SERVER`, such as 3.7.4, or the usual one."""
    return os.environ.get("SECURITY_ASSIST_GREMLIN_SERVER") or usual  # noqa: TID251 - this is the settings module


def java_home() -> Path | None:
    """`JAVA_HOME`."""
    named = os.environ.get("JAVA_HOME")  # noqa: TID251 - this is the settings module
    return Path(named) if named else None


def environment() -> Mapping[str, str]:
    """This process's own, without what would steer Java or an AWS emulator from outside."""
    return {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - this is the settings module
        if not name.startswith(("AWS_", "MINISTACK_", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"))
    }


def everything() -> Mapping[str, str]:
    """This process's own, for a command that is run on the user's behalf."""
    return dict(os.environ)  # noqa: TID251 - this is the settings module
