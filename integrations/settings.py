"""What the environment says of the systems that are reached."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from platformdirs import user_data_path

_RUNBOOKS = Path(__file__).resolve().parents[1] / "infra" / "runbooks"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the embedded engines keep their files."""

    state: Path
    runbooks: Path = _RUNBOOKS
    """The folder of the runbooks that may be run."""

    @classmethod
    def from_env(cls, state: Path | None = None) -> Self:
        """The given folder, else `SECURITY_ASSIST_STATE`, else the user's data directory."""
        named = os.environ.get("SECURITY_ASSIST_STATE")  # noqa: TID251 - this is the settings module
        return cls(state=state or (Path(named) if named else user_data_path("security-assist")))
