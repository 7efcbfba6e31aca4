"""The Python that the documentation shows, as modules for type checkers; :mod:`maintenance.types` runs them.

Each ```` ```python ```` block of the README and of the pages below ``docs`` becomes
one module, whose lines have the numbers that they have in their page.  A block
is checked as it stands, unless its page says otherwise, in comments that pages
do not show:

``<!-- python: continues -->``
    The next block goes on from the one before it.
``<!-- python: set-up``, then lines of Python, then ``-->``
    These lines stand before every later block of the page.
``<!-- file: shop.py -->``
    The next block is that file; where another block of the page imports it, that is its module's name.

The examples of rules, whose pages are made from the code, have one set-up for
all of them: ``maintenance/rule_examples.py``.

Beside the blocks are the Python files below ``docs``, those of the projects
that `optimizer new` writes, and a module that uses every public name.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optimizer.adoption.new_project import new_project, newest_python

ROOT = Path(__file__).parents[1]
PACKAGES = ("optimizer", "optimizer.cdk", "optimizer.rules")
"""The packages whose public names are meant for users."""

_RULE_PAGES = "docs/rules/"
_RULE_SET_UP = "from rule_examples import *"
_NEW = ("app.py", "functions/hello/app.py", "tests/test_hello.py")
_PART = re.compile(
    r"^<!-- python: set-up\n(?P<set_up>.*?)^-->$"
    r"|^<!-- python: (?P<continues>continues) -->$"
    r"|^<!-- file: (?P<name>\w+)\.py -->$"
    r"|^```python\n(?P<block>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedBlock:
    """One block of Python of a page.

    ``page`` is its path from the project's root, ``line`` the number of the
    block's first line, from 1, and ``name`` that of its module.  ``module`` is
    the page with every line left empty that is not of the block, or of what
    stands before it.
    """

    page: str
    line: int
    name: str
    module: str


def documented_blocks(page: str, text: str) -> Iterator[DocumentedBlock]:
    """The blocks of a page, in order."""
    lines = text.splitlines()
    set_up: list[int] = []
    before: list[int] = []
    continues, name = False, ""
    for part in _PART.finditer(text):
        continues, name = bool(part["continues"]) or continues, part["name"] or name
        kind = "block" if part["block"] is not None else "set_up" if part["set_up"] is not None else ""
        if not kind:
            continue
        first = text.count("\n", 0, part.start(kind))
        shown = range(first, first + part[kind].count("\n"))
        if kind == "set_up":
            set_up += shown
            continue
        before = [*before, *shown] if continues else [*shown]
        kept = {*set_up, *before}
        module = [line if number in kept else "" for number, line in enumerate(lines)]
        if page.startswith(_RULE_PAGES):
            module[0] = _RULE_SET_UP
        yield DocumentedBlock(
            page=page,
            line=first + 1,
            name=name if _imported(name, text) else f"{re.sub(r'[^a-z0-9]+', '_', page.lower())}_{first + 1}",
            module="\n".join(module) + "\n",
        )
        continues, name = False, ""


def _imported(name: str, text: str) -> bool:
    return bool(name and re.search(rf"^(from|import) {name}\b", text, re.MULTILINE))


def all_blocks() -> list[DocumentedBlock]:
    """The blocks of the README, and of all pages below ``docs``."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [block for page in pages for block in documented_blocks(page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8"))]


def public_names() -> str:
    """A module that imports every public name, and reads each attribute that a public class has of this project."""
    imports, uses = [], []
    for package in PACKAGES:
        module = importlib.import_module(package)
        prefix = package.replace(".", "_")
        for name in module.__all__:
            imports.append(f"from {package} import {name} as {prefix}_{name}")
            value = getattr(module, name)
            if inspect.isclass(value):
                own = [cls for cls in value.__mro__ if cls.__module__.startswith("optimizer")]
                # An instance has the annotated ones too, of which a class with slots has a value, and another has none.
                attributes = {item for cls in own for item in (*vars(cls), *inspect.get_annotations(cls)) if not item.startswith("_")}
                read = "".join(f"    print(it.{attribute})\n" for attribute in sorted(attributes))
                uses.append(f"def use_{prefix}_{name}(it: {prefix}_{name}) -> None:\n    print(it)\n{read}")
            else:
                uses.append(f"print({prefix}_{name})\n")
    return "\n".join([*imports, "\n", *uses])


def documented() -> dict[str, tuple[str, str]]:
    """The text of each file by its path, with where it is from, as a path from the project's root.

    Raises ValueError for two files of one path.
    """
    files = [(f"{block.name}.py", block.module, block.page) for block in all_blocks()]
    files.append(
        ("rule_examples.py", (ROOT / "maintenance" / "rule_examples.py").read_text(encoding="utf-8"), "maintenance/rule_examples.py")
    )
    conventions = ROOT / "docs" / "company-conventions"
    for path in sorted(conventions.rglob("*.py")):
        files.append((path.relative_to(conventions).as_posix(), path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()))
    new = new_project("cdk", "shop", newest_python(), "x86_64").files
    app, function, test = (new[path] for path in _NEW)
    # The test finds the function as the module that the app is called, too.
    files += [("cdk_app.py", app, "optimizer new: app.py"), ("app.py", function, f"optimizer new: {_NEW[1]}")]
    files += [("test_hello.py", test, f"optimizer new: {_NEW[2]}"), ("public_names.py", public_names(), "public names")]
    paths = [path for path, _, _ in files]
    if len(set(paths)) < len(paths):
        raise ValueError(f"two modules have one name: {sorted(path for path in set(paths) if paths.count(path) > 1)}")
    return {path: (text, source) for path, text, source in files}


def write(directory: Path) -> dict[Path, str]:
    """Write all of it into a directory, in place of what it had; gives where each file is from."""
    files = documented()
    directory.mkdir(parents=True, exist_ok=True)
    for stale in directory.rglob("*.py"):
        if stale.relative_to(directory).as_posix() not in files:
            stale.unlink()
    for name, (text, _) in files.items():
        path = directory / name
        # What did not change keeps its time, by which mypy tells that.
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return {directory / name: source for name, (_, source) in files.items()}
