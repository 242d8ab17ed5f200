"""Text from findings, tags and names, made harmless: data, whatever it says."""

import re
from typing import Any

LONGEST = 1500
"""Characters of one value that are kept; AWS's own ids and ARNs are shorter (2,048 is IAM's bound
for policies' ARNs in theory, none in practice passes 600)."""

# Control characters other than newline and tab, soft hyphen, zero-width characters, bidirectional
# controls (Unicode TR9), the language tags block, variation selectors, and lone surrogates.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)


def clean(text: str, longest: int = LONGEST) -> str:
    """Without hidden characters, and cut to a length; the cut is marked with an ellipsis."""
    visible = _HIDDEN.sub("", text)
    return visible if len(visible) <= longest else visible[: longest - 1] + "…"


def cleaned(value: Any) -> Any:
    """A JSON value with every string in it (keys too) made harmless."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(k) if isinstance(k, str) else k: cleaned(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(v) for v in value]
    return value
