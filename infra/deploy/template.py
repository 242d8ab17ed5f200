"""Templates as data: CloudFormation's short forms become the long ones, `!Ref x` {"Ref": "x"}."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.deploy.imports import ROOT

MAIN = ROOT / "template.yaml"
NESTED = ROOT / "infra"


class _Loader(yaml.SafeLoader):
    """YAML, and CloudFormation's tags."""


def _long(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - there is no fourth kind
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long)


def read(path: Path = MAIN) -> dict[str, Any]:
    """A template of ours.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    return found


def all_templates() -> dict[str, dict[str, Any]]:
    """Every template of the project, by its path in the checkout."""
    paths = [MAIN, *sorted(NESTED.glob("*.yaml"))]
    found = {str(path.relative_to(ROOT)): read(path) for path in paths}
    return {name: told for name, told in found.items() if "Resources" in told}


def of_type(template: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(logical id, properties) of a template's resources of one type."""
    for name, told in template["Resources"].items():
        if told["Type"] == kind:
            yield name, told.get("Properties", {})
