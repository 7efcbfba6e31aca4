"""What a terminal can show, and what it shows where it cannot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.report.style import BOLD, PLAIN, RED, Style, wrapped

RICH = Style(colour=True, links=True)


def test_plain_text_stays_as_it_is() -> None:
    """Requirement: "without colour"."""
    assert PLAIN.painted("x", BOLD, RED) == PLAIN.linked("x", "https://example.com") == "x"


def test_a_rendition_ends_where_the_text_ends() -> None:
    assert RICH.painted("x", BOLD, RED) == "\x1b[1;31mx\x1b[0m"
    assert RICH.painted("", BOLD) == ""


def test_a_link_is_around_its_text() -> None:
    assert RICH.linked("LIO401", "https://example.com/LIO401.md") == "\x1b]8;;https://example.com/LIO401.md\x1b\\LIO401\x1b]8;;\x1b\\"


@pytest.mark.parametrize("address", ["", "https://example.com/\x1b\\x", "https://example.com/a b", "https://example.com/ü"])
def test_no_link_of_what_would_steer_the_terminal(address: str) -> None:
    assert RICH.linked("LIO401", address) == "LIO401"


@pytest.mark.parametrize(
    ("value", "bar"), [(0, ""), (1, "▏"), (50, "█████"), (99, "█████████▉"), (100, "██████████"), (101, "██████████"), (31, "███▏")]
)
def test_bars_are_as_long_as_their_values(value: int, bar: str) -> None:
    """Requirement: "bars for sizes"."""
    assert PLAIN.bar(value, 100, 10) == bar
    assert Style(blocks=False).bar(value, 100, 10) == "#" * len(bar)


def test_no_bar_where_all_is_empty() -> None:
    assert PLAIN.bar(0, 0, 10) == ""


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 30))
def test_what_is_there_can_be_seen_and_nothing_is_too_long(value: int, largest: int, width: int) -> None:
    bar = PLAIN.bar(value, max(value, largest), width)
    assert bool(bar) is (value > 0)
    assert len(bar) <= width


@given(st.lists(st.text("abc-/", min_size=1, max_size=20)), st.integers(40, 160))
def test_lines_keep_to_the_width_and_lose_no_word(words: list[str], width: int) -> None:
    """Requirement: "no line over the width"."""
    lines = wrapped(" ".join(words), width, "  ", "    ")
    assert all(len(line) <= width for line in lines)
    assert " ".join(lines).split() == words


def test_a_name_longer_than_a_line_can_be_copied() -> None:
    assert wrapped(f"read {'a' * 100} again", 80, later="  ") == ["read", f"  {'a' * 100}", "  again"]
    assert wrapped("a b", None, "  ") == ["  a b"]
