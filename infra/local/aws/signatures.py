"""Signature Version 4, checked: that the caller holds the secret of the key that it names.

Facts: "Create a signed AWS API request" (IAM user guide). Only signatures in the Authorization
header are taken; a presigned URL counts as anonymous.
"""

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from moto.core.request import Request

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-")
_SCOPE_PARTS = 5
_SAFE = "-_.~"


@dataclass(frozen=True, slots=True)
class Signed:
    """What an Authorization header says."""

    key_id: str
    date: str
    region: str
    service: str
    """The signing name."""
    headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """The credential scope without the key."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def read(header: str) -> Signed | None:
    """The parts of an Authorization header; None when it is none of Signature Version 4."""
    algorithm, _, rest = header.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = parts.get("Credential", "").split("/")
    if algorithm != _ALGORITHM or len(scope) != _SCOPE_PARTS or "Signature" not in parts:
        return None
    key_id, date, region, service, _ = scope
    names = tuple(parts.get("SignedHeaders", "").split(";"))
    return Signed(key_id, date, region, service, names, parts["Signature"])


def is_right(signed: Signed, secret: str, request: Request) -> bool:
    """Whether a request was signed with a secret, and its body is the one that was signed."""
    said = request.headers.get("x-amz-content-sha256", "")
    body = hashlib.sha256(request.get_data()).hexdigest()
    if said and not said.startswith(_UNSIGNED) and said != body:
        return False
    canonical = "\n".join(
        (
            request.method,
            _path(request.raw_path, signed.service),
            _query(request.query_string.decode()),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}"
              for name in signed.headers),
            "",
            ";".join(signed.headers),
            said or body,
        )
    )  # fmt: skip
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    when = request.headers.get("x-amz-date", "")
    text = f"{_ALGORITHM}\n{when}\n{signed.scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (signed.date, signed.region, signed.service, "aws4_request", text):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(key.hex(), signed.signature)


def _path(raw: str, service: str) -> str:
    """S3 signs the path as it is sent; everybody else encodes it once more."""
    return raw if service == "s3" else quote(raw, safe="/" + _SAFE)


def _query(raw: str) -> str:
    pairs = parse_qsl(raw, keep_blank_values=True)
    encoded = sorted((quote(k, safe=_SAFE), quote(v, safe=_SAFE)) for k, v in pairs)
    return "&".join(f"{k}={v}" for k, v in encoded)
