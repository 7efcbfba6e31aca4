"""The file system of a stage, as far as instructions tell."""

from __future__ import annotations

import pytest

from optimizer.adoption.drafts import InstallDraft
from optimizer.adoption.tree import Entry, Tree, rebased
from optimizer.model.steps import PythonDependencies


def kind(path: str) -> str | None:
    return {"src": "directory", "src/a.py": "file", "src/lib": "directory", "src/lib/b.py": "file"}.get(path)


class TestFind:
    def test_what_is_below_a_path(self) -> None:
        tree = Tree([Entry(path="/app/a.py", directory=False, source="a.py"), Entry(path="/app/lib", directory=True, source="lib")])
        assert [(relative, entry.source) for relative, entry in tree.find("/app", kind)] == [("a.py", "a.py"), ("lib", "lib")]
        assert tree.find("/other", kind) == []

    def test_a_path_within_a_copied_directory_is_one_of_the_project(self) -> None:
        tree = Tree([Entry(path="/app", directory=True, source="src", exclude=("lib/*.md", "*.txt", "**/x"))])
        ((_, lib),) = tree.find("/app/lib", kind)
        assert (lib.source, lib.directory, lib.exclude) == ("src/lib", True, ("*.md", "**/x"))
        assert tree.find("/app/missing", kind) == []
        entry = tree.file("/app/lib/b.py", kind)
        assert entry is not None and entry.source == "src/lib/b.py"

    def test_a_path_within_what_a_step_makes_is_of_that_step(self) -> None:
        draft = InstallDraft(kind=PythonDependencies, lock="requirements.txt")
        tree = Tree([Entry(path="/opt/venv", directory=True, draft=draft)])
        ((_, entry),) = tree.find("/opt/venv/lib/python3.13/site-packages", kind)
        assert entry.draft is draft
        assert tree.file("/opt/venv/x", kind) is None

    def test_a_pattern_fits_names_of_one_directory(self) -> None:
        tree = Tree([Entry(path="/app/a.py", directory=False, source="a.py"), Entry(path="/app/b.txt", directory=False, source="b.txt")])
        assert [relative for relative, _ in tree.find("/app/*.py", kind)] == ["a.py"]
        whole = Tree([Entry(path="/app", directory=True, source="src")])
        assert [entry.exclude for _, entry in whole.find("/app/*.py", kind)] == [("*", "!*.py")]
        assert [entry.exclude for _, entry in whole.find("/app/*", kind)] == [()]


def test_a_file_takes_the_place_of_another() -> None:
    tree = Tree()
    for source in ("one.ini", "two.ini"):
        tree.put(Entry(path="/var/task/settings.ini", directory=False, source=source))
    assert [entry.source for entry in tree.entries] == ["two.ini"]
    assert tree.is_directory("/var/task") and not tree.is_directory("/var/task/settings.ini")


@pytest.mark.parametrize(
    ("patterns", "directory", "seen"),
    [
        (["tests", "**/*.md", "src/tests", "!src/tests/keep"], "src", ("**/*.md", "tests", "!tests/keep")),
        (["*/tests", "s*/x/y", "src"], "src/x", ("y",)),
        (["a", "!b"], ".", ("a", "!b")),
        (["./src//gen/", "other/gen"], "src", ("gen",)),
    ],
)
def test_patterns_seen_from_a_directory_below(patterns: list[str], directory: str, seen: tuple[str, ...]) -> None:
    assert rebased(patterns, directory) == seen
