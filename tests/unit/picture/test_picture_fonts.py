"""Texts are as wide as they are measured, and shortened only where they must be."""

import pytest
import resvg_py

from bot.picture.fonts import (
    FAMILY,
    drawable,
    fitted,
    font_files,
    narrowest,
    width,
    wrapped,
)
from tests.picture_builders import png_rows


def _ink(text: str, size: float, *, bold: bool) -> tuple[int, int]:
    """The first and the last column of pixels that a text blackens when resvg draws it."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="380" height="36">'
        f'<text x="20" y="26" font-size="{size}" font-family="{FAMILY}" '
        f'font-weight="{600 if bold else 400}">{text}</text></svg>'
    )
    png = resvg_py.svg_to_bytes(
        svg_string=svg, background="#ffffff", skip_system_fonts=True, font_files=font_files()
    )
    columns = [x for row in png_rows(bytes(png)) for x in range(380) if row[4 * x] < 128]
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
