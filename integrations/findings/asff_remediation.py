"""The remediation of an ASFF finding.

Facts: the `Remediation` object of the ASFF syntax.
"""

from typing import Any

import msgspec
from msgspec import Struct

from integrations.findings import event as ocsf
from integrations.findings.fitting import fitted


class _Recommendation(Struct, rename="pascal", forbid_unknown_fields=True):
    text: str = ""
    url: str = ""


class _Remediation(Struct, rename="pascal", forbid_unknown_fields=True):
    recommendation: _Recommendation = msgspec.field(default_factory=_Recommendation)


def remediation_of(raw: bytes, left: dict[str, Any]) -> ocsf.Remediation | None:
    """OCSF `remediation`; what it has no place for goes to `left`."""
    said, rest = fitted(raw, _Remediation)
    if rest is not None:
        left["Remediation"] = rest
    advice = said.recommendation
    if not advice.text and not advice.url:
        return None
    return ocsf.Remediation(advice.text or advice.url, [advice.url] if advice.url else None)
