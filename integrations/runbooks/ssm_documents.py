"""Runbooks as documents in a tenant's account: put there when needed, never trusted by name.

A document's name carries the runbook's version, and what is run is the document version whose
content was compared. An undo carries its `Saved` as the default of the parameter, because SSM takes
parameters of up to 512 characters only (`AutomationParameterValue`, SSM API reference); so each
undo has a document of its own, which is taken away once its execution has ended.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from botocore.exceptions import ClientError

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code
from integrations.errors import UnavailableError
from integrations.runbooks.port import Order, UnsupportedDocumentError
from integrations.runbooks.text import parsed

_OF_AN_UNDO = re.compile(r"SecurityAssist-.+-[0-9a-f]{12}-Undo-[0-9a-f]{12}")
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOOKS = 10
_BETWEEN_LOOKS_S = 1.0
_VERSIONS = 20
"""How many versions below the newest are looked through for ours."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A document in an account."""

    name: str
    version: str
    """The document version, counted by SSM: `1`."""


def document_to_run(order: Order) -> tuple[str, Mapping[str, Any]]:
    """The name and the content of the document that an order runs.

    Raises:
        UnsupportedDocumentError: an undo is ordered of a runbook that has none.
    """
    runbook = order.runbook
    name = f"{runbook.name}-{runbook.version}"
    if order.undo_of is None:
        return name, runbook.fix
    if runbook.undo is None:
        raise UnsupportedDocumentError(f"{runbook.name} has no undo")
    saved = dict(order.undo_of)
    # The order's token too: what is taken away after one undo is no other's.
    own = f"{order.token} {json.dumps(saved, sort_keys=True)}"
    digest = hashlib.sha256(own.encode()).hexdigest()[:12]
    declared = dict(runbook.undo["parameters"])
    declared["Saved"] = {**declared["Saved"], "default": saved}
    return f"{name}-Undo-{digest}", {**runbook.undo, "parameters": declared}


def placed(
    ssm: Any, name: str, content: Mapping[str, Any], pause: Callable[[float], None]
) -> Placed:
    """Make sure that an account has a document with this content, and which version that is.

    Raises:
        UnavailableError: it was not ready in time.
        ClientError: AWS said no.
    """
    text: str = yaml.dump(
        dict(content), Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=100
    )
    for look in range(_LOOKS):
        if look > 1:
            pause(_BETWEEN_LOOKS_S)
        found = _version(ssm, name, "$LATEST")
        if found is None:
            _create(ssm, name, text)
        elif found.get("Status", "Active") == "Active":
            if version := _same(ssm, name, found, text):
                return Placed(name, version)
            _update(ssm, name, text)
    raise UnavailableError(f"the document {name} did not become ready")


def swept(ssm: Any, name: str) -> None:
    """Take the document of an undo that has ended out of the account; other documents stay.

    What SSM refuses is left: the execution is proven without it, and the next look tries again.
    """
    if not _OF_AN_UNDO.fullmatch(name):
        return
    with contextlib.suppress(ClientError, *NO_ANSWER):
        ssm.delete_document(Name=name)


def _same(ssm: Any, name: str, latest: Mapping[str, Any], text: str) -> str:
    """The newest version with our content; empty when there is none.

    SSM takes no content twice, so where ours was overwritten it is found below.
    """
    newest = int(latest["DocumentVersion"])
    # Told back as it was put there, which spares reading it; SSM may also write it its own way.
    if latest["Content"] == text:
        return str(newest)
    wanted = parsed(text)
    if _holds(latest, wanted):
        return str(newest)
    for number in range(newest - 1, max(0, newest - 1 - _VERSIONS), -1):
        older = _version(ssm, name, str(number))
        if older is not None and _holds(older, wanted):
            return str(number)
    return ""


def _holds(version: Mapping[str, Any], wanted: Any) -> bool:
    try:
        return bool(parsed(version["Content"]) == wanted)
    except UnsupportedDocumentError:
        return False


def _version(ssm: Any, name: str, version: str) -> Mapping[str, Any] | None:
    try:
        found: Mapping[str, Any] = ssm.get_document(
            Name=name, DocumentVersion=version, DocumentFormat="YAML"
        )
    except ClientError as error:
        if error_code(error.response) in {"InvalidDocument", "InvalidDocumentVersion"}:
            return None
        raise
    return found


def _create(ssm: Any, name: str, text: str) -> None:
    try:
        ssm.create_document(
            Name=name, Content=text, DocumentType="Automation", DocumentFormat="YAML"
        )
    except ClientError as error:
        # Somebody else was faster; the next look compares what they put there.
        if error_code(error.response) != "DocumentAlreadyExists":
            raise


def _update(ssm: Any, name: str, text: str) -> None:
    """The document was changed in the account: put ours above."""
    try:
        ssm.update_document(
            Name=name, Content=text, DocumentVersion="$LATEST", DocumentFormat="YAML"
        )
    except ClientError as error:
        if error_code(error.response) not in {"DuplicateDocumentContent", "TooManyUpdates"}:
            raise
