"""The reference page of what programs import."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from maintenance.documented import PACKAGES
from maintenance.interface import interface_page

PAGE = Path(__file__).parents[2] / "docs" / "interface.md"


def test_the_page_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == interface_page(), "write it again: python -m tests.write_pages"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_told(package: str) -> None:
    """Requirement: "reference generated from the code", for every public name, with what it is."""
    text = re.split(rf"^## {re.escape(package)}$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1].partition("\n## ")[0]
    told = {section.partition("\n")[0]: section.partition("\n")[2].strip() for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]}
    assert sorted(told) == sorted(importlib.import_module(package).__all__)
    assert [name for name, said in told.items() if not said] == []


def test_nothing_of_a_docstring_or_a_run_is_left_in_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert not re.search(r":\w+:`| at 0x|\*args: Any, \*\*kwargs\)$|^:$", text, re.MULTILINE)
