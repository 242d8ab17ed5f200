"""What S3 tells a queue of new objects.

Facts: "Event message structure" in the S3 user guide (`Records[].s3`, keys URL-encoded with `+` for
a blank), the test event that S3 sends when notifications are set up, and "Using EventBridge" there
(`detail.bucket.name`, `detail.object.key`, not encoded), which Security Lake's subscribers get.
"""

from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct

from integrations.errors import RejectedRecordError


class _Name(Struct):
    name: str


class _Key(Struct):
    key: str


class _Object(Struct):
    bucket: _Name
    object: _Key


class _Record(Struct):
    s3: _Object


class _Notification(Struct):
    records: list[_Record] | None = msgspec.field(default=None, name="Records")
    detail: _Object | None = None
    event: str = msgspec.field(default="", name="Event")


_notification = msgspec.json.Decoder(_Notification).decode


def named_in(body: bytes) -> list[tuple[str, str]]:
    """(bucket, key) of each object that a notification names; none for S3's test event.

    Raises:
        RejectedRecordError: it is no notification of S3.
    """
    try:
        told = _notification(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RejectedRecordError(f"not a notification of S3: {error}") from error
    if told.event == "s3:TestEvent":
        return []
    if told.records is not None:
        return [(r.s3.bucket.name, unquote_plus(r.s3.object.key)) for r in told.records]
    if told.detail is not None:
        return [(told.detail.bucket.name, told.detail.object.key)]
    raise RejectedRecordError("not a notification of S3: it names no object")
