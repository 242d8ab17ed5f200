"""A folder that SAM can deploy from: the templates, and beside them the zips that they name."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from infra.deploy.imports import ROOT


def staged(folder: Path, zips: Iterable[Path]) -> Path:
    """Copy the templates into a folder, and the zips into its `build`; the path of the main one.

    What is deployed from the checkout itself needs no such copy: `make package` puts its zips into
    `build` there.
    """
    (folder / "infra").mkdir(parents=True)
    (folder / "build").mkdir()
    for path in (ROOT / "infra").glob("*.yaml"):
        shutil.copyfile(path, folder / "infra" / path.name)
    for path in zips:
        (folder / "build" / path.name).symlink_to(path.resolve())
    return Path(shutil.copyfile(ROOT / "template.yaml", folder / "template.yaml"))
