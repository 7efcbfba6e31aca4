"""The page of ``optimizer plan --html``."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from optimizer.model.figures import Figures, Source
from optimizer.report.plan.html import plan_as_html
from optimizer.report.plan.rows import FunctionRow
from tests.report.test_plan import explained, fleet
from tests.test_golden import GOLDEN

_VOID = {"meta", "br"}


class Page(HTMLParser):
    """What a page holds; fails for tags that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += f"{data}\n"

    def boxes(self) -> list[dict[str, str | None]]:
        """The layers of the picture."""
        return [attributes for tag, attributes in self.tags if tag == "div" and (attributes.get("class") or "").startswith("layer ")]


def sized(rows: list[FunctionRow]) -> list[FunctionRow]:
    """The fleet with sizes: one shared by all that is large, a middle one, and small ones."""
    sizes = {"a" * 64: 80_000_000, "b" * 64: 20_000_000}

    def figures(key: str) -> Figures:
        return Figures(
            probability=0.05,
            probability_from=Source.DEFAULT,
            size_bytes=sizes.get(key, 1000),
            size_from=Source.LOCK,
            evidence_date="2026-11-20",
        )

    return [replace(row, explained=tuple(replace(each, figures=figures(each.key)) for each in row.explained)) for row in rows]


def test_a_layer_stands_at_one_place_in_every_row_and_as_wide_as_it_is_large() -> None:
    """Requirement: "drawn to scale, shared layers aligned"."""
    text = plan_as_html("cdk.out", sized(fleet(7)))
    page = Page(text)
    places: dict[str, set[str | None]] = {}
    for box in page.boxes():
        key = re.search(r"; key ([0-9a-f]{12})", box["aria-label"] or "")
        assert key is not None
        places.setdefault(key[1], set()).add(box["style"])
    assert all(len(styles) == 1 for styles in places.values()) and len(places) == 9
    columns = re.search(r"--columns: ([^\"]*)", text)
    assert columns is not None
    widths = [int(width) for width in re.findall(r"minmax\(\d+px, (\d+)fr\)", columns[1])]
    assert widths[:2] == [79994, 19998] and max(widths[2:]) <= 1, "parts of all bytes, each layer once"
    assert "80.0 MB" in page.text and "1-7" in page.text


def test_details_are_reached_by_pointer_by_keyboard_and_by_those_who_listen() -> None:
    """Requirement: "details on hover and by keyboard"."""
    page = Page(plan_as_html("cdk.out", sized(fleet(3))))
    boxes = page.boxes()
    assert boxes and all(box["tabindex"] == "0" and box["role"] == "img" for box in boxes)
    for part in ("size 80.0 MB lock", "changes 0.05 default of 2026-11-20 per deployment", "functions 3: Production"):
        assert part in str(boxes[0]["aria-label"]) and part.partition(" ")[2].partition(" ")[0] in page.text
    style = next(attributes for tag, attributes in page.tags if tag == "style")
    assert style == {}


def test_the_page_needs_nothing_and_runs_nothing() -> None:
    """Requirement: "a self-contained page"."""
    text = plan_as_html("cdk.out", sized(fleet(3)))
    page = Page(text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert not re.search(r"https?:|url\(|@import| on[a-z]+=", text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("media", ["(prefers-color-scheme: dark)", "print", "(max-width: 36rem)"])
def test_the_picture_has_a_style_for_each_place_where_it_is_read(media: str) -> None:
    """Requirement: "readable in print and in dark mode, phone width"."""
    assert plan_as_html("cdk.out", fleet(1)).count(f"@media {media}") == 2, "that of all pages, and that of the picture"


def test_names_are_text() -> None:
    (row,) = fleet(1)
    hostile = '<script>alert("1")</script>\x1b[2J'
    stage = replace(row.explained[0], stage=replace(row.explained[0].stage, name=hostile, title=hostile))
    text = plan_as_html(hostile, [replace(row, path=hostile, explained=(stage, *row.explained[1:]), note=hostile)])
    assert "<script" not in text and "\x1b" not in text and "&lt;script&gt;" in text
    Page(text)


def test_what_has_no_size_or_no_plan_is_still_there() -> None:
    first, second = fleet(2)
    text = plan_as_html("cdk.out", [first, replace(second, explained=(), note="it has no plan")])
    page = Page(text)
    assert all("unsized" in str(box["class"]) and "size -" in str(box["aria-label"]) for box in page.boxes())
    assert "it has no plan" in page.text
    assert not Page(plan_as_html("empty", [replace(second, explained=())])).boxes()


def test_a_large_fleet_is_cut_and_says_so() -> None:
    text = plan_as_html("cdk.out", sized(fleet(510)))
    assert text.count("and 10 more; --format json lists all") == 2, "of images and of functions"
    assert "and 12 more; --format json lists all" in text, "of layers"
    assert "minmax(6px" not in text and "minmax(3px" in text, "small ones leave room to the large"
    Page(text)


class TestCommand:
    options = ("--root", str(GOLDEN / "python-uv" / "project"), "--lock", str(GOLDEN / "optimizer.lock"))

    def run(self, *arguments: str) -> Any:
        return CliRunner().invoke(optimizer, ["plan", str(GOLDEN / "python-uv" / "spec.toml"), *self.options, *arguments])

    def test_the_page_of_a_specification_is_written(self, tmp_path: Path) -> None:
        file = tmp_path / "layers.html"
        result = self.run("--html", str(file))
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"wrote {file}\n")
        assert len(Page(file.read_text(encoding="utf-8")).boxes()) == sum(each.is_layer for each in explained("python-uv"))

    def test_the_same_plan_gives_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a.html", "b.html"):
            self.run("--html", str(tmp_path / name))
        assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()

    def test_a_file_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        result = self.run("--html", str(tmp_path / "nowhere" / "layers.html"))
        assert result.exit_code == 1 or result.exception is not None
        assert "layers.html" in f"{result.stderr}{result.exception}" and not (tmp_path / "nowhere").exists()

    def test_one_question_at_a_time(self) -> None:
        result = self.run("--html", "layers.html", "--if-changed", "x")
        assert result.exit_code == 2 and "use one of them" in result.stderr
