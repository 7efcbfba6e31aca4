"""Cells that are wider than their columns."""

from __future__ import annotations

import pytest

from optimizer.report.table import all_shortened, fitted_table, shortened

PARTS = [
    "python-dependencies-aws-lambda-powertools",
    "python-dependencies-boto3",
    "python-dependencies-botocore",
    "python-dependencies-opentelemetry-instrumentation-aws-lambda",
    "python-dependencies-opentelemetry-instrumentation-botocore",
    "source-code-api",
]


def test_what_names_have_in_common_is_left_out_first() -> None:
    """Parts of one lock begin with the name of their step, and what tells them apart is the package."""
    assert all_shortened(PARTS, 26) == [
        "pyth…aws-lambda-powertools",
        "python-dependencies-boto3",
        "python-depend…ies-botocore",
        "python-dependen…aws-lambda",
        "python-depend…ion-botocore",
        "source-code-api",
    ]


@pytest.mark.parametrize("width", [8, 12, 20, 26, 40])
def test_no_cell_is_wider_than_its_column(width: int) -> None:
    for texts in (PARTS, PARTS[:1], [], ["x" * 50, "x" * 51], ["a-" + "x" * 50, "a-" + "y" * 50]):
        assert all(len(text) <= width for text in all_shortened(texts, width))
        assert all(text == short for text, short in zip(texts, all_shortened(texts, width), strict=True) if len(text) <= width)


def test_a_text_alone_loses_its_middle() -> None:
    assert shortened("abcdefghij", 7) == "abc…hij"
    assert all_shortened(["abcdefghij"], 7) == ["abc…hij"]


def test_what_does_not_fit_either_is_cut_without_its_beginning() -> None:
    assert all_shortened(["step-of-mine-first-of-the-last", "step-of-mine-other-of-the-last"], 12) == ["…first…-last", "…other…-last"]


def test_a_table_without_rows_is_its_header() -> None:
    assert fitted_table(("name", "size"), [], 20, (0,)) == "name  size"
