"""What the environment says of a deployment."""

import os
from collections.abc import Mapping


def environment() -> Mapping[str, str]:
    """This process's own, without what would steer the tools that are started from it."""
    own = {"SAM_CLI_TELEMETRY": "0", "UV_PYTHON_DOWNLOADS": "never", "UV_LINK_MODE": "copy"}
    found = dict(os.environ)  # noqa: TID251 - this is the settings module
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        found.pop(name, None)
    return {**found, **own}


def compiler_named() -> str:
    """`COMPILE_WITH`: the Python that compiles what is shipped; empty: one is looked for."""
    return os.environ.get("COMPILE_WITH", "")  # noqa: TID251 - this is the settings module
