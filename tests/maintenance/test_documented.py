"""What the documentation shows, as modules, and what type checkers say of it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from maintenance import types
from maintenance.documented import PACKAGES, all_blocks, documented, documented_blocks, public_names, write

ROOT = Path(__file__).parents[2]
PAGE = """\
# Page

<!-- python: set-up
import os
-->
```python
first = 1
```

<!-- python: continues -->
```python
second = first
```

`shop.py`:

<!-- file: shop.py -->
```python
third = 3
```

```python
from shop import third
```
"""


def test_a_block_is_what_stands_in_its_page_at_its_lines() -> None:
    blocks = list(documented_blocks("docs/page.md", PAGE))
    assert [(block.line, block.name) for block in blocks] == [
        (7, "docs_page_md_7"),
        (12, "docs_page_md_12"),
        (19, "shop"),
        (23, "docs_page_md_23"),
    ]
    lines = {number: line for number, line in enumerate(blocks[1].module.split("\n"), start=1) if line}
    assert lines == {4: "import os", 7: "first = 1", 12: "second = first"}
    # What is not continued has the set-up alone.
    assert [line for line in blocks[2].module.split("\n") if line] == ["import os", "third = 3"]


def test_every_block_of_every_page_is_among_them() -> None:
    """Requirement: "collects every ```python block of README.md and docs/**/*.md"."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    counted = {
        page.relative_to(ROOT).as_posix(): len(
            re.findall(r"^ *(?:```|~~~) *(?:python|py)\b", page.read_text(encoding="utf-8"), re.MULTILINE)
        )
        for page in pages
    }
    found = [block.page for block in all_blocks()]
    assert {page: count for page, count in counted.items() if count} == {page: found.count(page) for page in found}
    assert len(found) > 60


def test_the_comments_of_pages_are_all_understood() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for comment in re.findall(r"<!--.*", page.read_text(encoding="utf-8")):
            assert re.fullmatch(r"<!-- (python: set-up|python: continues -->|file: [\w./-]+ -->)", comment), (page, comment)


def test_every_public_name_and_what_it_has_is_used() -> None:
    """Requirement: "pyright over the public API as a user sees it"."""
    text = public_names()
    for package in PACKAGES:
        for name in importlib.import_module(package).__all__:
            assert f"from {package} import {name} as " in text
    # A field with a value, one without, a property and a method.
    assert {"    print(it.groups)", "    print(it.lock)", "    print(it.title)", "    print(it.add_layers)"} <= set(text.splitlines())


def test_stale_files_go_and_equal_ones_stay(tmp_path: Path) -> None:
    (tmp_path / "gone.py").write_text("", encoding="utf-8")
    written = write(tmp_path)
    assert not (tmp_path / "gone.py").exists()
    assert {path.relative_to(tmp_path).as_posix() for path in written} == documented().keys()
    times = {path: path.stat().st_mtime_ns for path in written}
    write(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in written} == times


FAULTS = """\
import os

from aws_cdk import aws_iam as iam

from optimizer import SourceCode


def role_of(role: iam.Role, principal: iam.IPrincipal, spec: SourceCode) -> iam.IRole:
    print(spec.exclud)
    use(role)
    use(spec)
    return principal


def use(role: iam.IRole) -> None:
    print(role)
"""


def test_what_checkers_say_names_the_page_and_only_jsii_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "docs_page_md_1.py"
    path.write_text(FAULTS, encoding="utf-8")
    said = types.pyright(tmp_path, {path: "docs/page.md"})
    places = [line.partition(" error")[0] for line in said]
    # CDK's own Role is no IRole for pyright; what is none for anybody is told.
    assert set(places) == {f"docs/page.md:{line}:" for line in (1, 9, 11, 12)}
    assert '"SourceCode" is incompatible with protocol "IRole"' in said[places.index("docs/page.md:11:")]


def test_mypy_finds_a_fault_by_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The types of CDK are not read here, which takes a minute where nothing is kept.
    monkeypatch.setenv("MYPY_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "docs_page_md_1.py"
    path.write_text("def handler(event):\n    return event\n", encoding="utf-8")
    (said,) = types.mypy(tmp_path, {path: "docs/page.md"})
    assert said.startswith("docs/page.md:1: error: ") and "annotation" in said
