"""The environment that the emulated AWS runs in."""

import os
from collections.abc import Mapping


def environment() -> Mapping[str, str]:
    """This process's own, without what would steer AWS clients or moto from outside."""
    kept = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251 - this is the settings module
        if not name.startswith(("AWS_", "MOTO_", "BOTO_"))
    }
    return kept | {
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "false",
    }
