"""``optimizer report``: an estate of many repositories, held against counts of its own making."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from optimizer.checking.collect import BuiltImages
from optimizer.checking.estate import read_estate
from optimizer.checking.run import Run
from optimizer.cli.main import optimizer
from optimizer.estate.estate import Estate, EstateFunction, EstateRepository
from optimizer.linting.budgets import Budget
from optimizer.linting.finding import Severity
from optimizer.linting.report import unfolded
from optimizer.report.estate.formats import estate_as
from tests.estate.generated import DAY, write_estate


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def report(*words: str) -> Result:
    return CliRunner().invoke(optimizer, ["report", *words])


def data(*words: str) -> dict[str, Any]:
    result = report(*words, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("processes", [1, 2])
def test_its_figures_are_those_of_a_count_by_hand(processes: int, here: Path) -> None:
    """Requirement: "right against a count by brute force", over 40 repositories with 400 functions."""
    truth = write_estate(here, repositories=40, functions=10)
    names = [f"team-{number:02}" for number in range(40)]
    estate = read_estate(names, today=DAY, processes=processes)
    assert not estate.partial
    assert len(estate.functions) == truth.functions == 400
    assert {group.name: group.functions for group in estate.owners()} == truth.owners
    assert {group.name: group.functions for group in estate.runtimes()} == truth.runtimes
    assert len(estate.unpinned()) == truth.unpinned
    assert Counter(item.repository for item in estate.exemptions() for _ in range(item.findings)) == truth.exemptions
    assert {repository.name: len(repository.functions) for repository in estate.repositories} == truth.by_repository
    if processes == 1:
        for repository in estate.repositories:
            alone = unfolded(Run([repository.name], BuiltImages(), root=repository.name, today=DAY).check())
            counts = {severity: alone.count(severity) for severity in Severity if alone.count(severity)}
            assert repository.findings == counts
            assert repository.rules == Counter(finding.rule for finding in alone.findings)


def test_each_repository_is_judged_by_its_own_files(here: Path) -> None:
    write_estate(here, repositories=2, functions=2, seed=3)
    before = {row["name"]: row for row in data("team-00", "team-01")["repositories"]}
    assert before["team-00"]["warnings"] and before["team-01"]["warnings"]
    (here / "team-00" / "optimizer.toml").write_text('[conventions]\nignore = ["LIO1", "LIO2", "LIO3", "LIO4", "LIO5", "LIO6"]\n')
    after = {row["name"]: row for row in data("team-00", "team-01")["repositories"]}
    assert not after["team-00"]["warnings"]
    assert after["team-01"] == before["team-01"]


def test_a_repository_that_cannot_be_read_hides_no_other(here: Path) -> None:
    write_estate(here, repositories=2, functions=1)
    (here / "team-00" / "optimizer.toml").write_text("broken = [\n")
    result = report("team-00", "team-01", "--format", "json")
    assert result.exit_code == 2
    found = json.loads(result.stdout)
    assert found["partial"]
    assert [row["repository"] for row in found["functions"]] == ["team-01"]
    assert "error: team-00 is not in the figures: " in result.stderr
    assert "optimizer.toml" in result.stderr
    text = report("team-00", "team-01").stdout
    assert "1 repository that could not be read" in text and "not read" in text
    page = report("team-00", "team-01", "--format", "html").stdout
    assert "could not be read" in page


def test_a_repository_without_image_functions_is_one_of_none(here: Path) -> None:
    (here / "library" / ".git").mkdir(parents=True)
    found = data("library")
    assert [row["functions"] for row in found["repositories"]] == [0]
    assert report("library").exit_code == 0


def test_what_is_missing_is_told(here: Path) -> None:
    """An app that is not synthesized was left out without a word, and so was a line of CODEOWNERS that nobody obeys."""
    write_estate(here, repositories=1, functions=1)
    for place, text in (("", '{"app": "python3 app.py"}'), ("b/", '{"output": "../../elsewhere"}')):
        (here / "team-00" / place).mkdir(exist_ok=True)
        (here / "team-00" / place / "cdk.json").write_text(text)
    (here / "team-00" / "CODEOWNERS").write_text("!functions/ @shop/orders\n")
    result = report("team-00", "--format", "json")
    assert result.exit_code == 0
    (row,) = json.loads(result.stdout)["repositories"]
    assert row["notes"] == [
        "cdk.json: the app is not synthesized, so its functions are missing; run cdk synth first",
        "b/cdk.json: its output lies outside of the repository, and is not read",
        "CODEOWNERS:1: neither GitHub nor GitLab obeys this line, so nobody owns by it",
    ]
    assert [line for line in result.stderr.splitlines() if line.startswith("note: ")] == [f"note: team-00: {note}" for note in row["notes"]]
    assert "What is missing" in report("team-00", "--format", "html").stdout


def test_what_a_tag_names_wins_over_the_file(here: Path) -> None:
    write_estate(here, repositories=1, functions=1)
    template = here / "team-00" / "template.yaml"
    template.write_text(
        template.read_text().replace("      PackageType: Image\n", "      PackageType: Image\n      Tags: {team: payments}\n")
    )
    assert [row["owners"] for row in data("team-00", "--owner-tag", "team")["functions"]] == [["payments"]]
    assert [row["owners"] for row in data("team-00", "--owner-tag", "other")["functions"]] != [["payments"]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "file"], '"nowhere" does not exist; "file" is no directory'),
        (["a/x", "b/x"], "two directories are named x, and reports tell repositories by that"),
        (["a/x", "--max-growth", "5"], "--max-growth needs an earlier report"),
        (["a/x", "--against", "none.json"], '"none.json" cannot be read: No such file or directory'),
        (["a/x", "--against", "file"], "this is no report of optimizer report"),
        (["a/x", "--against", "newer.json"], "the report has the version 9; allowed: 1"),
        (["a/x", "--output", "no/where.json"], '"no/where.json" cannot be written'),
        ([], "Missing argument 'REPOSITORY...'"),
    ],
)
def test_wrong_words_are_told(words: list[str], message: str, here: Path) -> None:
    for place in ("a/x", "b/x"):
        (here / place).mkdir(parents=True)
    (here / "file").write_text("text")
    (here / "newer.json").write_text('{"version": 9}')
    result = report(*words)
    assert getattr(result.exception, "exit_code", result.exit_code) == 2
    assert message in (result.stderr + str(result.exception))


def function(name: str, **values: Any) -> EstateFunction:
    return EstateFunction(**{"repository": "shop", "name": name, "path": "template.yaml", "kind": "specification", **values})


def estate_of(*functions: EstateFunction) -> Estate:
    return Estate(day=DAY, repositories=(EstateRepository(name="shop", functions=functions),))


def test_growth_is_measured_against_an_earlier_report() -> None:
    before = estate_of(
        function("Same", size_bytes=100), function("More", size_bytes=100), function("Unknown"), function("None", size_bytes=0)
    )
    sizes = {item.key: item.size_bytes for item in before.functions if item.size_bytes is not None}
    after = estate_of(
        function("Same", size_bytes=100),
        function("More", size_bytes=131),
        function("Unknown", size_bytes=7),
        function("None", size_bytes=1),
        function("New", size_bytes=10**9),
    )
    assert [growth.function.name for growth in after.grown(sizes, 30)] == ["None", "More"]
    assert [growth.function.name for growth in after.grown(sizes, 31)] == ["None"], "as much as is allowed is allowed"
    assert [item.name for item in after.larger_than(130)] == ["New", "More"]


def test_budgets_fail_the_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "shop").mkdir()
    sizes = iter([1_000_000, 2_000_000, 2_000_000])
    monkeypatch.setattr("optimizer.cli.report.read_estate", lambda *_, **__: estate_of(function("Api", size_bytes=next(sizes))))
    assert report("shop", "--format", "json", "--output", "last.json").exit_code == 0
    grown = report("shop", "--against", "last.json", "--max-growth", "20")
    assert (grown.exit_code, grown.stderr) == (1, "error: shop: Api: its own layers are 2.0 MB, 1.0 MB before; allowed: 20 % more\n")
    large = report("shop", "--max-size", "1.5")
    assert (large.exit_code, large.stderr) == (1, "error: shop: Api: its own layers are 2.0 MB; allowed: 1.5 MB\n")


def test_configured_budgets_are_shown_and_those_for_growth_fail_the_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "shop").mkdir()
    sizes = iter([1_000_000, 1_500_000, 1_500_000])
    budget = Budget(construct="Api", max_bytes=1_200_000, max_growth_percent=20, max_growth_bytes=1)

    def read(*_: object, **__: object) -> Estate:
        size = next(sizes)
        over = ("its own layers are too large",) if size > 1_200_000 else ()
        return estate_of(function("Api", size_bytes=size, budget=budget, over_budget=over))

    monkeypatch.setattr("optimizer.cli.report.read_estate", read)
    assert report("shop", "--format", "json", "--output", "last.json").exit_code == 0
    (row,) = json.loads((here / "last.json").read_text())["functions"]
    assert (row["budget_bytes"], row["over_budget"]) == (1_200_000, [])
    grown = report("shop", "--against", "last.json")
    assert grown.exit_code == 1
    assert grown.stderr.splitlines() == [
        "error: shop: Api: its own layers are 1.5 MB, 1.0 MB before; allowed: 20 % more",
        "error: shop: Api: its own layers are 1.5 MB, 1.0 MB before; allowed: 1 bytes more",
    ]
    assert "! 1 function whose own layers are over their budget" in grown.stdout
    assert re.search(r"own layers +budget +repository +function over its budget\n1.5 MB +1.2 MB +shop +Api", grown.stdout)
    assert "1.5 MB + of 1.2 MB" in report("shop", "--format", "html").stdout


def test_names_that_anybody_chose_are_escaped() -> None:
    estate = estate_of(function("<script>alert(1)</script>", owners=("=cmd()",), base="\x1b[31m"))
    page = estate_as("html", estate)
    assert "<script>" not in page and "\x1b" not in page
    assert "Content-Security-Policy" in page
    assert "\x1b" not in estate_as("text", estate)
    (row,) = csv.DictReader(io.StringIO(estate_as("csv", estate)))
    assert row["owners"] == "'=cmd()"


def test_every_form_tells_the_same_functions(here: Path) -> None:
    write_estate(here, repositories=3, functions=4)
    estate = read_estate(["team-00", "team-01", "team-02"], today=DAY)
    rows = json.loads(estate_as("json", estate))["functions"]
    assert [row["name"] for row in csv.DictReader(io.StringIO(estate_as("csv", estate)))] == [row["name"] for row in rows]
    page = estate_as("html", estate)
    assert all(item.name in page for item in estate.functions)
    assert estate_as("text", estate).startswith("12 image functions in 3 repositories; 0 by specifications, 12 by")
    for width in (80, 160):
        assert [line for line in estate_as("text", estate, width).splitlines() if len(line) > width] == []


def test_equal_estates_give_equal_bytes(here: Path) -> None:
    write_estate(here, repositories=10, functions=2)
    names = [f"team-{number:02}" for number in range(10)]
    once, again = read_estate(names, today=DAY, processes=1), read_estate(names[::-1], today=DAY, processes=4)
    assert estate_as("json", once) == estate_as("json", again)
    assert once == replace(again)
