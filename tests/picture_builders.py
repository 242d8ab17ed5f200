"""Views to draw, and what their pictures are made of."""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import chain, pairwise

from agent.views import Connections, Cut, Freshness
from bot.picture.drawing import draw, sheet_of
from bot.picture.page import page, pixels
from bot.picture.pen import Pen
from integrations.findings.port import Severity
from integrations.resources.port import INTERNET, Link, LinkKind, Path, Resource, Subgraph
from tests.builders import NOON
from tests.graph_builders import link, resource


def thing(number: int, name: str = "", kind: str = "AwsEc2Instance") -> Resource:
    """One resource of many."""
    return resource(f"node/{number}", kind, name=name or f"node-{number}")


def internet() -> Resource:
    """Everybody outside."""
    return resource(INTERNET, "Internet", name="Internet")


def view_of(
    resources: Sequence[Resource],
    links: Sequence[Link] = (),
    *,
    path: Path | None = None,
    cut: Cut | None = None,
    severities: Mapping[str, Severity] | None = None,
    about: Resource | None = None,
    caption: str = "What is connected to it",
    left_out: int = 0,
) -> Connections:
    """A walk as the tools answer it; about the first resource unless another is given."""
    about = about or (path.resources[-1] if path else resources[0])
    return Connections(
        tenant="acme",
        about=about,
        asked="path" if path else "connected",
        graph=Subgraph(
            resources=tuple(resources), links=tuple(links), start=(about.id,), left_out=left_out
        ),
        path=path,
        cut=cut,
        severities=severities or {},
        draw=True,
        caption=caption,
        freshness=Freshness(now=NOON, findings_at=NOON, resources_at=NOON),
    )


def star(leaves: int, *, kind: str = "AwsS3Bucket") -> Connections:
    """One resource that gets at all the others, which are alike."""
    every = [thing(0, "hub", "AwsIamRole"), *(thing(n + 1, kind=kind) for n in range(leaves))]
    links = [link(every[0].id, LinkKind.CAN_ACCESS, leaf.id, access="read") for leaf in every[1:]]
    return view_of(every, links)


def crowded() -> Connections:
    """A path and its cut, beside it more than fits: trays, folds, severities, lines back."""
    every = [thing(n, kind=("AwsIamRole", "AwsS3Bucket", "AwsKmsKey")[n % 3]) for n in range(60)]
    path = path_of(internet(), *every[:5])
    links = [link(every[n % 5].id, LinkKind.CAN_ASSUME, every[n].id) for n in range(5, 60)]
    links += [link(every[n + 1].id, LinkKind.USES, every[n].id) for n in range(0, 58, 3)]
    marked = {r.id: Severity(1 + n % 5) for n, r in enumerate(every) if n % 2}
    return view_of(every, links, path=path, cut=cut_of(path), severities=marked)


def path_of(*resources: Resource) -> Path:
    """From the first to the last, each of which gets at the next."""
    links = [link(a.id, LinkKind.CAN_ACCESS, b.id, access="read") for a, b in pairwise(resources)]
    return Path(tuple(resources), tuple(links))


def cut_of(path: Path) -> Cut:
    """What takes the path's first link away."""
    first = path.links[0]
    ends = (first.source, first.target)
    return Cut(text="Remove port 22", control="EC2.13", resource=ends[1], link=ends)


def fingerprint(view: Connections) -> str:
    """One number for everything that is made of a view: operators, PNG, title, alternative text."""
    picture = draw(view)
    words = f"{sheet_of(view).operators}{picture.title}{picture.alt}"
    return sha256(words.encode() + picture.png).hexdigest()


def drawn(pen: Pen, wide: int, high: int) -> list[bytes]:
    """Rows of RGB pixels of what a pen wrote."""
    characters = chain.from_iterable(text.words for text in pen.texts)
    return rows_of(page("\n".join(pen.parts), characters, (wide, high)))


def rows_of(pdf: bytes) -> list[bytes]:
    """Rows of RGB pixels of a page."""
    seen = pixels(pdf)
    step = 3 * seen.width + 1
    return [bytes(seen.rows[at : at + step - 1]) for at in range(0, seen.height * step, step)]


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height, from the header (PNG specification, IHDR)."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n"), "no PNG"
    width, height = struct.unpack_from(">II", png, 16)
    return width, height


def png_rows(png: bytes) -> list[bytes]:
    """Rows of RGB pixels of a PNG of which no row is filtered (PNG specification, 9)."""
    width, height = png_size(png)
    assert png[24:29] == bytes((8, 2, 0, 0, 0)), "eight bits, three colours, not interlaced"
    raw = zlib.decompress(b"".join(data for kind, data in _chunks(png) if kind == b"IDAT"))
    step = width * 3 + 1
    assert len(raw) == height * step
    assert not any(raw[::step]), "a row is filtered"
    return [raw[at + 1 : at + step] for at in range(0, len(raw), step)]


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        (check,) = struct.unpack_from(">I", png, at + 8 + size)
        assert check == zlib.crc32(png[at + 4 : at + 8 + size])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12
