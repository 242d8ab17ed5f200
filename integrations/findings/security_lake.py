"""Findings from Amazon Security Lake: Parquet objects of OCSF events.

Facts: "Open Cybersecurity Schema Framework in Security Lake" in its user guide: columns are OCSF
attributes, nested ones are structures and lists, `unmapped` is a map; what an event does not have
is null.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import IO, Any, Final

import orjson
import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from pyarrow import ArrowException

from integrations.aws import NO_ANSWER
from integrations.aws_errors import error_code, is_denied
from integrations.errors import DeniedByAwsError, RejectedRecordError, UnavailableError

_AT_ONCE: Final = 500
"""Rows that are held in memory as objects."""
_IN_MEMORY: Final = 16_000_000
"""Bytes of an object that are not put on the disk."""
_GONE: Final = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


def events_of(client: Any, bucket: str, key: str) -> Iterator[bytes]:
    """The OCSF events (JSON) of one object, in its order; `client` is boto3's for S3.

    Raises:
        RejectedRecordError: the object is not there, or is no Parquet.
        DeniedByAwsError: it may not be read.
        UnavailableError: S3 did not answer.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as file:
        _fetch(client, bucket, key, file)
        file.seek(0)
        yield from events_in(file)


def events_in(file: IO[bytes]) -> Iterator[bytes]:
    """The events of a Parquet file, a batch of rows at a time.

    Raises:
        RejectedRecordError: it is no Parquet.
    """
    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=_AT_ONCE):
                for row in batch.to_pylist(maps_as_pydicts="lossy"):
                    yield orjson.dumps(_present(row))
    except (ArrowException, OSError) as error:
        # pyarrow says `OSError` of pages that cannot be unpacked; the file itself is our own copy.
        raise RejectedRecordError(
            f"not a Parquet file, or a damaged one ({type(error).__name__})"
        ) from error


def _fetch(client: Any, bucket: str, key: str, file: IO[bytes]) -> None:
    where = f"s3://{bucket[:63]}/{key[:200]}"
    try:
        body = client.get_object(Bucket=bucket, Key=key)["Body"]
        while chunk := body.read(1 << 20):
            file.write(chunk)
    except ClientError as error:
        code = error_code(error.response)
        if code in _GONE:
            raise RejectedRecordError(f"{where} is not there") from error
        if is_denied(code) or code == "403":
            raise DeniedByAwsError("s3:GetObject", "", where) from error
        raise UnavailableError(f"s3:GetObject of {where}: {error}") from error
    except NO_ANSWER as error:
        raise UnavailableError(f"s3:GetObject of {where}: {error}") from error


def _present(value: Any, name: str = "") -> Any:
    """A value without what is null in it; a structure of nulls is not there at all."""
    if isinstance(value, Mapping):
        kept = {str(key): _present(inner, str(key)) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner is not None} or None
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [inner for item in value if (inner := _present(item)) is not None]
    if isinstance(value, datetime):
        return _moment(value, name)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return value


def _moment(value: datetime, name: str) -> str | int:
    """OCSF has `*_dt` as RFC 3339 and every other time as milliseconds since 1970."""
    at = value if value.tzinfo else value.replace(tzinfo=UTC)
    if name.endswith("_dt"):
        return at.isoformat().replace("+00:00", "Z")
    return round(at.timestamp() * 1000)
