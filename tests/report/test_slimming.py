"""What a person and a machine see of what was left out."""

from __future__ import annotations

from optimizer.report.slimming import LeftOut, slimming_as_text, slimming_to_dict

ROWS = [
    LeftOut(stage="python-dependencies", word="tests", package="idna 3.10", files=1, size_bytes=7),
    LeftOut(stage="python-dependencies", word="tests", package="numpy 2.2.4", files=412, size_bytes=2_219_310),
    LeftOut(stage="python-dependencies", word="base-packages", package="boto3 1.40.0", files=60, size_bytes=990_001),
]


def test_the_table_has_the_most_bytes_of_a_word_first_and_the_sum() -> None:
    assert slimming_as_text(ROWS).splitlines() == [
        "left out:",
        "  stage                what           files  bytes      package",
        "  python-dependencies  base-packages  60     990,001    boto3 1.40.0",
        "  python-dependencies  tests          412    2,219,310  numpy 2.2.4",
        "  python-dependencies  tests          1      7          idna 3.10",
        "  saved: 3,209,318 bytes",
    ]


def test_plain_data_has_every_row_and_the_sum() -> None:
    assert slimming_to_dict(ROWS[:1]) == {
        "saved_bytes": 7,
        "left_out": [{"stage": "python-dependencies", "word": "tests", "package": "idna 3.10", "files": 1, "bytes": 7}],
    }


def test_nothing_left_out() -> None:
    assert slimming_as_text([]) == "nothing was left out"
    assert slimming_to_dict([]) == {"saved_bytes": 0, "left_out": []}
