"""Texts are as wide as they are measured, and shortened only where they must be."""

import pytest

from bot.picture.fonts import (
    drawable,
    fitted,
    narrowest,
    width,
    wrapped,
)
from bot.picture.pen import Pen
from tests.picture_builders import drawn


def _ink(text: str, size: float, *, bold: bool) -> tuple[int, int]:
    """The first and the last column of pixels that a text blackens when it is drawn."""
    pen = Pen()
    pen.text(20, 26, text, size, "#000000", bold=bold)
    rows = drawn(pen, 380, 36)
    columns = [x for row in rows for x in range(380) if row[3 * x] < 128]
    return min(columns), max(columns)


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
def test_every_character_is_drawn_in_its_place_and_like_no_other(
    characters: str, *, bold: bool
) -> None:
    pen = Pen()
    for spot, character in enumerate(f"日{characters}"):
        pen.text(4 + 40 * spot, 26, character, 24, "#000000", bold=bold)
    rows = drawn(pen, 40 * len(characters) + 40, 36)
    looks = [tuple(row[at : at + 120] for row in rows) for at in range(0, len(rows[0]), 120)]
    assert all(min(map(min, look)) < 100 for look in looks), "one left no ink"
    assert len(set(looks)) == len(looks), "two look the same, or as the box for what is missing"


def test_a_letter_is_the_fonts_own_and_stands_on_its_line() -> None:
    pen = Pen()
    pen.text(5, 30, "I", 40, "#000000", bold=True)
    inked = {
        (x, y) for y, row in enumerate(drawn(pen, 30, 40)) for x in range(30) if row[3 * x] < 128
    }
    columns, lines = {x for x, _ in inked}, {y for _, y in inked}
    assert (min(lines), max(lines)) == (4, 29), "capitals are 0.66 of the type high"
    assert len(inked) == len(columns) * len(lines), "a bar is all ink"


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


def test_the_narrowest_room_for_words_breaks_none_at_a_seam() -> None:
    room = narrowest("DynamoDB table", 30, whole=True)
    assert room == width("DynamoDB", 30)
    assert wrapped("DynamoDB table", 30, room) == ("DynamoDB", "table")
    assert narrowest("DynamoDB", 30, whole=True) == width("DynamoDB", 30)
