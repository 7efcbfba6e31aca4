"""The page of an audit."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

from optimizer.audit.audit import Audit, audit
from optimizer.audit.inventory import Gap
from optimizer.audit.judge import judge
from optimizer.linting.conventions import Conventions
from optimizer.report.audit.html import audit_as_html
from optimizer.report.audit.text import audit_as_text
from tests.audit.account import digest
from tests.audit.fake import NOW, PLACE, Fleet, Image

EVIL = "<script>alert(1)</script>"
RULES = [
    {
        "rulePriority": 1,
        "selection": {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 90},
        "action": {"type": "expire"},
    }
]


def page(found: Audit) -> str:
    return audit_as_html(found, judge(found, Conventions(today=NOW.date())))


def fleet(function: str = "api") -> Audit:
    base = {"os": 20_000_000, "python": 90_000_000}
    repositories = {
        "lambda/python": [Image("base", base, tags=["3.9"])],
        "one": [Image("a", {**base, "code": 5}, age_days=100), Image("b", {"other": 5_000_000}, age_days=5)],
        "two": [Image("c", {**base, "more": 7}, age_days=400)],
    }
    functions = {function: {"$LATEST": ("one", "a"), "1": ("one", "a")}, "lost": {"$LATEST": ("two", "nowhere")}}
    inventory = Fleet(repositories, functions, lifecycle={"one": RULES}).read()
    (place,) = inventory.places
    owned = tuple(replace(item, owner=f"team {EVIL}") for item in place.repositories)
    return audit(replace(inventory, places=(replace(place, repositories=owned),)), now=NOW, vulnerable=[digest("python")])


class Checker(HTMLParser):
    """Checks that every element is closed, and collects what the page loads and shows."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.tags: set[str] = set()
        self.shown: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown.append(data)


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    return checker


def test_it_is_whole_in_itself() -> None:
    """Requirement: "one self-contained HTML page […], no scripts from elsewhere"."""
    text = page(fleet())
    found = checked(text)
    assert not {name for name, _ in found.attributes} & {"src", "href", "onload", "onclick"}
    assert "script" not in found.tags and "link" not in found.tags
    assert not re.search(r"url\(|@import|https?://", text)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in found.attributes


def test_names_of_others_are_text() -> None:
    found = checked(page(fleet(EVIL)))
    assert "script" not in found.tags
    assert EVIL in "".join(found.shown)


def test_it_says_what_is_wrong_and_where() -> None:
    text = " ".join(checked(page(fleet())).shown)
    for part in (
        "lost:$LATEST",
        "life-cycle rule 1",
        "at once",
        "python3.9",
        "2025-12-15",
        "LIO104",
        "layer",
        "110.0 MB",
        "365 days and more",
    ):
        assert part in text


def test_the_worst_findings_come_first() -> None:
    found = fleet()
    report = judge(found, Conventions(today=NOW.date()))
    assert report.findings[0].severity.value == "warning"
    assert audit_as_text(found, report).partition("\nFindings\n")[2].startswith("  error LIO704")


def test_a_partial_report_says_so_first() -> None:
    found = fleet()
    gap = Gap(place=PLACE, what="functions", action="lambda:ListFunctions", reason="no", kind="permission", hides="users")
    (place,) = found.inventory.places
    text = page(replace(found, inventory=replace(found.inventory, places=(replace(place, gaps=(gap,)),))))
    assert 0 < text.index("no permission for lambda:ListFunctions") < text.index('class="cards"')


def test_an_empty_account_has_a_page() -> None:
    checked(page(audit(Fleet({}, {}).read(), now=NOW)))


def test_it_is_made_for_paper_the_dark_and_phones() -> None:
    """Requirement: "print and dark mode, phone width"; how it looks was looked at in a browser."""
    text = page(fleet())
    assert "@media print" in text and "prefers-color-scheme: dark" in text and "width=device-width" in text
