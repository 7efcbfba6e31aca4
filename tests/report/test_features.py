"""docs/lambda-features.md: what each base takes of Lambda's features."""

from __future__ import annotations

import re
from pathlib import Path

from optimizer.bases.catalogue import base_image, runtimes
from optimizer.bases.features import FEATURES, support
from optimizer.report.features import features_page

DOCS = Path(__file__).parents[2] / "docs"
PAGE = features_page()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| (`|any other)", line)]


def test_the_page_is_that_of_the_catalogue() -> None:
    assert (DOCS / "lambda-features.md").read_text(encoding="utf-8") == PAGE, "write it again: python -m tests.write_pages"


def test_every_base_has_every_feature_with_its_source() -> None:
    """Requirement: "every base of the catalogue × SnapStart, Managed Instances, durable, GPU, runtime image: works, needs,
    refused; generated from the catalogue, with the source of each cell"."""
    words = {"works": "works", "needs": "needs", "unlisted": "not listed", "unknown": "not known"}
    assert [row[0] for row in ROWS] == [*(f"`{name}`" for name in runtimes()), "any other base"]
    sources = dict(re.findall(r"^\[(S\d+)\]: (\S+)$", PAGE, re.MULTILINE))
    for row, base in zip(ROWS, [*map(base_image, runtimes()), None], strict=True):
        assert len(row) == 1 + len(FEATURES)
        for cell, feature in zip(row[1:], FEATURES, strict=True):
            found = support(base, feature)
            assert cell.startswith(words[found.answer]), (row[0], feature)
            assert ("inferred" in cell) is found.inferred
            assert sources[cell[cell.index("[") + 1 : -1]] == found.source.url


def test_what_cells_refer_to_is_there_once() -> None:
    needs = PAGE.partition("## What is needed")[2].partition("##")[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", needs, re.MULTILINE)]
    notes = re.findall(r"^- \*\*([a-z])\*\*: ", PAGE, re.MULTILINE)
    cells = " ".join(cell for row in ROWS for cell in row[1:])
    assert numbers == list(range(1, len(numbers) + 1))
    assert {int(number) for number in re.findall(r"needs (\d+)", cells)} == set(numbers)
    assert set(re.findall(r"\(([a-z])\)", cells)) == set(notes) and len(notes) == len(set(notes))


def test_links_lead_to_pages() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (DOCS / target).exists(), target
