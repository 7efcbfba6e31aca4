"""A figure and its noun agree, though they stand in columns of their own."""

from __future__ import annotations

import pytest

from optimizer.report.summary_line import Line


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (0, Line("0", "images in use fall to a rule")),
        (1, Line("1", "image in use falls to a rule")),
        (1234, Line("1,234", "images in use fall to a rule")),
    ],
)
def test_the_text_is_that_of_the_count(count: int, line: Line) -> None:
    assert Line.of(count, "image in use falls", "images in use fall", "to a rule") == line
