"""Requirement: "positions in UTF-16 as the protocol wants"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.dockerfile.instruction import Position, Span
from optimizer.editor.positions import TextPlaces

TEXTS = st.text(st.sampled_from("aé😀\n\r\ufeff\u2028"), max_size=30)
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-32"])


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 6), ("utf-16", 3), ("utf-32", 2)])
def test_a_column_counts_units_of_the_encoding(encoding: str, column: int) -> None:
    places = TextPlaces("first\né😀x\n", encoding)
    offset = places.of(Position(2, 3))
    assert places.at(offset) == (1, column)
    assert places.offset(1, column) == offset


def test_a_mark_at_the_start_is_a_character_of_theirs_alone() -> None:
    places = TextPlaces("\ufeffUSER 1\n")
    assert places.of_span(Span(Position(1, 1), Position(1, 5))) == (1, 5)
    assert places.at(1) == (0, 1)


def test_an_empty_span_is_shown_as_the_rest_of_its_line_and_none_as_the_first() -> None:
    places = TextPlaces("FROM a\r\nUSER 1\r\n")
    assert places.of_span(Span(Position(2, 3), Position(2, 3))) == (10, 14)
    assert places.of_span(None) == (0, 6)


@pytest.mark.parametrize("position", [Position(9, 1), Position(1, 99)])
def test_a_place_behind_the_end_is_the_end(position: Position) -> None:
    assert TextPlaces("ab").of(position) == 2
    assert TextPlaces("ab").offset(5, 0) == 2
    assert TextPlaces("ab\ncd").offset(0, 99) == 2, "of a line"


class TestProperties:
    @given(TEXTS, ENCODINGS)
    def test_every_offset_comes_back(self, text: str, encoding: str) -> None:
        """The protocol has no place between a carriage return and its line feed."""
        places = TextPlaces(text, encoding)
        for offset in range(len(text) + 1):
            if text[max(0, offset - 1) : offset + 1] != "\r\n":
                assert places.offset(*places.at(offset)) == offset

    @given(TEXTS, ENCODINGS)
    def test_order_is_kept(self, text: str, encoding: str) -> None:
        places = TextPlaces(text, encoding)
        shown = [places.at(offset) for offset in range(len(text) + 1)]
        assert shown == sorted(shown)
