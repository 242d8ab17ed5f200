"""A PDF page of one picture, and its pixels: PDFium draws what the pen wrote.

Facts: ISO 32000-1, 7.5 (a file's structure) and 9.7.4 (fonts whose glyphs are numbered). Both fonts
are in the file, so the same pixels come out wherever it is drawn.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import pypdfium2

from bot.picture.typeface import UNKNOWN, Typeface, typeface

_PDFIUM = Lock()
"""PDFium does one thing at a time in a process (its README, "thread-safety")."""
_FASTEST = 1
"""zlib's level: flat colours pack well at any, and the sixth takes more than twice as long."""
_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class Pixels:
    """A picture."""

    width: int
    height: int
    rows: memoryview
    """From above, in red, green and blue; a zero stands after each (see `png`)."""


def page(
    operators: str, characters: Iterable[str], size: tuple[float, float], scale: float = 1.0
) -> bytes:
    """A PDF file of one page.

    Args:
        operators: What the pen wrote, in pixels from the upper left corner.
        characters: All that is written.
        size: Width and height, in the pen's pixels.
        scale: How many pixels each of them gets when it is drawn.
    """
    wide, high = round(size[0] * scale), round(size[1] * scale)
    content = f"{wide / size[0]:.5f} 0 0 {-high / size[1]:.5f} 0 {high} cm\n{operators}".encode()
    known = sorted(set(characters))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R"
        b"/Resources<</Font<</R 5 0 R/B 9 0 R>>>>>>" % (wide, high),
        _stream(content),
        *_font(typeface(bold=False), known, 5),
        *_font(typeface(bold=True), known, 9),
    ]
    return _file(objects)


def pixels(pdf: bytes) -> Pixels:
    """The first page, each unit of it one pixel."""
    with _PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            drawn = document[0].render(
                bitmap_maker=_spaced, rev_byteorder=True, draw_annots=False, may_draw_forms=False
            )
            drawn.close()  # gives up PDFium's part; the memory is ours
        finally:
            document.close()
    return Pixels(drawn.width, drawn.height, memoryview(drawn.buffer))


def _spaced(width: int, height: int, **kind: Any) -> pypdfium2.PdfBitmap:
    """Memory of our own that PDFium draws in, a byte longer in every row than it has to be."""
    return pypdfium2.PdfBitmap.new_native(width, height, stride=width * _CHANNELS + 1, **kind)


def png(drawn: Pixels) -> bytes:
    """The same as a PNG file.

    No row is filtered: between flat colours a filter finds nothing, and choosing one for every row
    was what took longest. Each row begins with a byte that says so, the zero that stands after the
    row before; so nothing is copied on the way. 1.1 million pixels take 12 ms of a processor; as
    Pillow filters and packs them at the same level, 37. (PNG specification, 5 and 9.)
    """
    header = struct.pack(">IIBBBBB", drawn.width, drawn.height, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(_FASTEST)
    packed = packer.compress(b"\0") + packer.compress(drawn.rows[:-1]) + packer.flush()
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", packed), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _font(face: Typeface, characters: Iterable[str], number: int) -> list[bytes]:
    """Four objects, the first of that number: a font whose text is a run of glyphs' numbers."""
    widths = " ".join(f"{glyph}[{wide * 1000:g}]" for glyph, wide in face.used(characters))
    name = face.path.stem
    whole = (
        f"<</Type/Font/Subtype/Type0/BaseFont/{name}/Encoding/Identity-H"
        f"/DescendantFonts[{number + 1} 0 R]>>"
    )
    numbered = (
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{name}/CIDToGIDMap/Identity"
        "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        f"/FontDescriptor {number + 2} 0 R/DW {UNKNOWN * 1000:g}/W[{widths}]>>"
    )
    described = (
        f"<</Type/FontDescriptor/FontName/{name}/Flags 4/FontBBox[-500 -300 1500 1000]"
        "/ItalicAngle 0/Ascent 984/Descent -273/CapHeight 660/StemV 84"
        f"/FontFile2 {number + 3} 0 R>>"
    )
    return [whole.encode(), numbered.encode(), described.encode(), _stream(face.data)]


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>stream\n%b\nendstream" % (len(data), data)


def _file(objects: Iterable[bytes]) -> bytes:
    """Objects by number from 1, then the table that says where each begins."""
    parts, at = [b"%PDF-1.7\n"], 9
    starts = [b"0000000000 65535 f \n"]
    for number, body in enumerate(objects, 1):
        parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        starts.append(b"%010d 00000 n \n" % at)
        at += len(parts[-1])
    count = len(starts)
    table = b"xref\n0 %d\n%b" % (count, b"".join(starts))
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, at)
    return b"".join([*parts, table, end])
