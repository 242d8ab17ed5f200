"""Texts are as wide as they are measured, and shortened only where they must be."""

from xml.sax.saxutils import escape

import pytest

from bot.picture.fonts import (
    drawable,
    fitted,
    narrowest,
    width,
    wrapped,
)
from bot.picture.pen import Pen
from bot.picture.typeface import typeface
from tests.picture_builders import drawn, png_rows


def _ink(text: str, size: float, *, bold: bool) -> tuple[int, int]:
    """The first and the last column of pixels that a text blackens when it is drawn."""
    pen = Pen()
    pen.text(20, 26, text, size, "#000000", bold=bold)
    rows = png_rows(drawn(_svg(380, *pen.parts)))
    columns = [x for row in rows for x in range(380) if row[4 * x] < 128]
    return min(columns), max(columns)


def _svg(wide: int, *elements: str) -> str:
    paper = f'<rect width="{wide}" height="36" fill="#ffffff"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="36">'
        f"{paper}{''.join(elements)}</svg>"
    )


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "text", ["acme-customer-exports", "EC2 security group", "WWWWWWWWWW", "iiiiiiiiii", "été…→·"]
)
def test_a_text_is_drawn_as_wide_as_it_is_measured(text: str, *, bold: bool) -> None:
    first, last = _ink(text, 30, bold=bold)
    measured = width(text, 30, bold=bold)
    assert 20 <= first <= 25
    assert 0.94 * measured - 4 <= last - 20 <= measured + 1


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "characters",
    [
        "abcdefghijklmnopqrstuvwxyz",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "0123456789-_.:/@+*()[]{}#&%",
        "ÄÖÜßéèñçøåłőž…→·'\"<>|\\~",
        "ΑΒΓΔΩαβγδωБДЖЯбджя",
    ],
)
def test_every_character_looks_as_resvg_draws_it_with_the_font(
    characters: str, *, bold: bool
) -> None:
    pen, theirs = Pen(), []
    weight = 600 if bold else 400
    for spot, character in enumerate(characters):
        pen.text(4 + 30 * spot, 26, character, 24, "#000000", bold=bold)
        theirs.append(
            f'<text x="{4 + 30 * spot}" y="26" font-size="24" font-family="Source Sans Pro" '
            f'font-weight="{weight}">{escape(character)}</text>'
        )
    wide = 8 + 30 * len(characters)
    ours = png_rows(drawn(_svg(wide, *pen.parts)))
    real = png_rows(drawn(_svg(wide, *theirs), typeface(bold=bold).path))
    apart = [
        abs(a - b) for rows in zip(ours, real, strict=True) for a, b in zip(*rows, strict=True)
    ]
    assert max(apart) <= 16
    assert sum(255 - row[4 * x] for row in real for x in range(wide)) > 255 * 20 * len(characters)


def test_a_character_that_the_font_lacks_is_drawn_as_its_box_for_those() -> None:
    first, last = _ink("日", 30, bold=False)
    assert 20 <= first < last <= 20 + width("日", 30)


def test_an_accent_of_its_own_is_one_character_with_its_letter() -> None:
    assert drawable("e\u0301te\u0301") == "été"
    assert width("e\u0301", 30) == width("é", 30), "one that is not joined takes no room"


def test_what_the_font_cannot_show_is_an_ellipsis_once() -> None:
    assert drawable("日本語-prod-🔥🔥") == "…-prod-…"
    assert drawable("a\x00b\u202ec") == "a…b…c"
    assert drawable(" two\n\twords ") == "two words"


def test_a_name_that_fits_is_left_alone() -> None:
    assert wrapped("web-7", 30, 400) == ("web-7",)
    assert fitted("web-7", 30, 400) == "web-7"


def test_a_name_goes_on_at_a_seam_so_that_its_lines_are_of_about_one_length() -> None:
    assert wrapped("acme-customer-exports", 30, 220, bold=True) == ("acme-customer-", "exports")
    assert wrapped("shop-table-data-0", 30, 170, bold=True) == ("shop-table-", "data-0")
    assert wrapped("AdministratorAccess", 30, 200, bold=True) == ("Administrator", "Access")


def test_words_stay_whole_where_they_can() -> None:
    assert wrapped("role shop-orders to queue shop-orders", 30, 300) == (
        "role shop-orders to",
        "queue shop-orders",
    )


def test_a_name_without_seams_is_broken_in_its_middle() -> None:
    assert wrapped("x" * 20, 30, 200) == ("x" * 10, "x" * 10)


def test_what_is_too_long_keeps_both_its_ends() -> None:
    first, last = wrapped(f"begin{'x' * 200}end", 30, 200, bold=True)
    assert first.startswith("begin")
    assert last.endswith("end")
    assert "…" in first + last
    assert max(width(line, 30, bold=True) for line in (first, last)) <= 200
    assert fitted(f"begin{'x' * 200}end", 30, 200)[:2] == "be"


def test_the_narrowest_room_breaks_no_word() -> None:
    room = narrowest("acme-customer-exports", 30, bold=True)
    assert room == width("acme-customer-", 30, bold=True)
    assert wrapped("acme-customer-exports", 30, room, bold=True) == ("acme-customer-", "exports")
