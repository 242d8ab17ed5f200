"""What a service answers when it refuses, in its own code and form.

Facts: the error forms of the AWS protocols (botocore.parsers reads exactly these), and each
service's name for "not authorised" and "unknown credentials" as its API reference lists them.
"""

import json
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from infra.local.aws.calls import Protocol

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""

_DENIED = {
    "ec2": "UnauthorizedOperation",
    "s3": "AccessDenied",
    "s3control": "AccessDenied",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
}
_UNKNOWN = {"ec2": "AuthFailure", "s3": "InvalidAccessKeyId", "s3control": "InvalidAccessKeyId"}
_QUERY_COMPATIBLE = frozenset({"sqs", "cloudwatch"})
"""JSON services whose clients read the code from a header, as it was in the query protocol."""


class AwsError(Exception):
    """A refusal in AWS's words."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """`code` as the API reference lists it; `status` of HTTP."""
        super().__init__(message)
        self.code = code
        self.status = status

    @property
    def message(self) -> str:
        """For people."""
        return str(self.args[0])


def denied(service: str, protocol: "Protocol", said: str) -> AwsError:
    """Not authorised, as this service says it."""
    code = _DENIED.get(service)
    if code is None:
        code = "AccessDenied" if protocol == "query" else "AccessDeniedException"
    return AwsError(code, said, 400 if protocol == "json" else 403)


def unknown_credentials(service: str, protocol: "Protocol") -> AwsError:
    """An access key that nobody here issued."""
    said = "The security token included in the request is invalid."
    code = _UNKNOWN.get(service)
    if code is None:
        json_like = protocol in {"json", "rest-json", "cbor"}
        code = "UnrecognizedClientException" if json_like else "InvalidClientTokenId"
    return AwsError(code, said, 401 if service == "ec2" else 403)


def wrong_signature(protocol: "Protocol") -> AwsError:
    """The secret is not the one of the access key."""
    said = "The request signature we calculated does not match the signature you provided."
    json_like = protocol in {"json", "rest-json", "cbor"}
    return AwsError(
        "InvalidSignatureException" if json_like else "SignatureDoesNotMatch", said, 403
    )


def expired(service: str, protocol: "Protocol") -> AwsError:
    """The session is over."""
    if service == "ec2":
        return AwsError("RequestExpired", "Request has expired.")
    json_like = protocol in {"json", "rest-json", "cbor"}
    said = "The security token included in the request is expired"
    return AwsError("ExpiredTokenException" if json_like else "ExpiredToken", said, 403)


def as_answer(error: AwsError, service: str, protocol: "Protocol") -> Answer:
    """The error as the service's client expects it."""
    request_id = str(uuid4())
    code, said = error.code, error.message
    if protocol in {"json", "rest-json", "cbor"}:
        headers = {"content-type": "application/json", "x-amzn-requestid": request_id,
                   "x-amzn-errortype": code}  # fmt: skip
        if service in _QUERY_COMPATIBLE:
            headers["x-amzn-query-error"] = f"{code};Sender"
        body = json.dumps({"__type": code, "message": said, "Message": said})
        return error.status, headers, body.encode()
    inner = f"<Code>{escape(code)}</Code><Message>{escape(said)}</Message>"
    if protocol == "ec2":
        body = (f"<Response><Errors><Error>{inner}</Error></Errors>"
                f"<RequestID>{request_id}</RequestID></Response>")  # fmt: skip
    elif protocol == "query":
        body = (f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>")  # fmt: skip
    else:
        body = f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
    return error.status, {"content-type": "text/xml"}, f'<?xml version="1.0"?>{body}'.encode()
