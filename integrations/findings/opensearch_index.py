"""How findings are kept in OpenSearch: one index for each OCSF class, with every mapping explicit.

A document is the OCSF event as it is, and beside it, under `security_assist`, what questions read:
so a dashboard over OCSF's own attributes works too, and no attribute that somebody invents adds a
field to the mapping (`dynamic` is false, `unmapped` is not even parsed).

Facts: OpenSearch's documentation of index templates, mapping parameters and the `char_group`
tokenizer.
"""

from collections.abc import Mapping
from typing import Any, Final

from integrations.findings.port import FindingClass

OURS: Final = "security_assist"
"""The field that holds what is ours in a document."""

WINDOW: Final = 100_000
"""How deep a page may begin."""

_KEYWORD: Final = {"type": "keyword", "ignore_above": 8_191}
_SAID: Final = {**_KEYWORD, "copy_to": f"{OURS}.words"}
_DATE: Final = {"type": "date", "format": "epoch_millis"}
_TITLE: Final = {"type": "keyword", "index": False, "doc_values": False, "copy_to": f"{OURS}.words"}

_READ: Final[Mapping[str, Any]] = {
    "tenant": {"type": "keyword"},
    "uid": _KEYWORD,
    "ref": _SAID,
    "time": _DATE,
    "cls": {"type": "short"},
    "title": _TITLE,
    "description": _TITLE,
    "severity": {"type": "byte"},
    "state": {"type": "keyword"},
    "status": {"type": "keyword", "index": False, "doc_values": False},
    "control": _SAID,
    "kind": _SAID,
    "source": _KEYWORD,
    "service": _SAID,
    "account": _KEYWORD,
    "region": _KEYWORD,
    "resource": _KEYWORD,
    "resource_type": _KEYWORD,
    "resources": _SAID,
    "first_seen": _DATE,
    "last_seen": _DATE,
    "resolved_at": _DATE,
    "reopened_at": _DATE,
    "epss": {"type": "double"},
    "exploitable": {"type": "boolean"},
    "fixable": {"type": "boolean", "index": False},
    "words": {"type": "text", "analyzer": "said", "norms": False, "index_options": "docs"},
    "spells": {
        "type": "nested",
        "properties": {"begin": _DATE, "end": _DATE, "severity": {"type": "byte"}},
    },
    "history": {"type": "object", "enabled": False},
    "told": {"type": "keyword", "index": False, "doc_values": False},
}

_OF_EVERY_CLASS: Final[Mapping[str, Any]] = {
    "class_uid": {"type": "integer"},
    "severity_id": {"type": "integer"},
    "status_id": {"type": "integer"},
    "time": _DATE,
    "unmapped": {"type": "object", "enabled": False},
}
_OF_CLASS: Final[Mapping[FindingClass, Mapping[str, Any]]] = {
    FindingClass.VULNERABILITY: {
        "vulnerabilities": {
            "dynamic": False,
            "properties": {"cve": {"dynamic": False, "properties": {"uid": _KEYWORD}}},
        }
    },
    FindingClass.COMPLIANCE: {
        "compliance": {
            "dynamic": False,
            "properties": {"standards": _KEYWORD, "status_id": {"type": "integer"}},
        }
    },
    FindingClass.DETECTION: {
        "confidence_id": {"type": "integer"},
        "risk_level_id": {"type": "integer"},
    },
    FindingClass.DATA_SECURITY: {"confidence_id": {"type": "integer"}},
}

_ANALYSIS: Final = {
    "analyzer": {
        "said": {
            "type": "custom",
            "tokenizer": "words",
            "filter": ["lowercase", "asciifolding"],
        }
    },
    "tokenizer": {
        "words": {
            "type": "char_group",
            "tokenize_on_chars": ["whitespace", "punctuation", "symbol", "\u0000"],
        }
    },
}


def index_of(prefix: str, cls: FindingClass) -> str:
    """`security-assist-findings-compliance`, and its like."""
    return f"{prefix}-{cls.name.lower().replace('_', '-')}"


def template_of(
    prefix: str, cls: FindingClass, *, shards: int, replicas: int, refresh_s: float
) -> dict[str, Any]:
    """The index template of one class (body of `PUT _index_template/NAME`)."""
    return {
        "index_patterns": [index_of(prefix, cls)],
        "priority": 500,
        "template": {
            "settings": {
                "number_of_shards": shards,
                "number_of_replicas": replicas,
                "refresh_interval": f"{round(refresh_s * 1000)}ms",
                "max_result_window": WINDOW,
                "mapping.ignore_malformed": True,
                "analysis": _ANALYSIS,
            },
            "mappings": {
                "dynamic": False,
                "_routing": {"required": True},
                "properties": {
                    **_OF_EVERY_CLASS,
                    **_OF_CLASS[cls],
                    OURS: {"dynamic": False, "properties": _READ},
                },
            },
        },
    }
