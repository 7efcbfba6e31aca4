"""The cache of digests: what it may remember, and what must be read again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.project.digests import DigestCache
from optimizer.project.files import Project


def settled(path: Path, content: bytes = b"x") -> tuple[int, int, int, int, int]:
    """A version whose times lie an hour back, as a file's do that nobody works on."""
    path.write_bytes(content)
    status = os.stat(path)
    hour_ago = time.time_ns() - 3_600_000_000_000
    return (status.st_dev, status.st_ino, status.st_size, hour_ago, hour_ago)


def test_remembers_between_objects(tmp_path: Path) -> None:
    versions = {settled(tmp_path / str(number)): f"digest {number}" for number in range(2000)}
    DigestCache(tmp_path / "cache.sqlite3").add(versions)
    assert DigestCache(tmp_path / "cache.sqlite3").get(versions) == versions


def test_finds_few_files_among_many_and_many_among_few(tmp_path: Path) -> None:
    """Few are looked up by their keys; for many the whole cache is read."""
    versions = {settled(tmp_path / str(number)): f"digest {number}" for number in range(1000)}
    version = settled(tmp_path / "other")
    others = {(*version[:2], size, *version[3:]): f"other {size}" for size in range(9000)}
    cache = DigestCache(tmp_path / "cache.sqlite3")
    cache.add(versions | others)
    few = dict(list(versions.items())[:10])
    unknown = (*version[:2], 10_000, *version[3:])
    assert cache.get([*few, unknown]) == few
    assert cache.get([*versions, unknown]) == versions
    assert cache.get([*others, unknown]) == others


def test_knows_nothing_of_other_versions(tmp_path: Path) -> None:
    version = settled(tmp_path / "file")
    cache = DigestCache(tmp_path / "cache.sqlite3")
    cache.add({version: "digest"})
    others = [(*version[:index], version[index] + 1, *version[index + 1 :]) for index in range(len(version))]
    assert cache.get(others) == {}


def test_forgets_what_changed_just_now(tmp_path: Path) -> None:
    version = settled(tmp_path / "file")
    racy = (*version[:4], time.time_ns())
    cache = DigestCache(tmp_path / "cache.sqlite3")
    cache.add({racy: "digest"})
    assert cache.get([racy]) == {}


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + b"\xff" * 100])
def test_a_damaged_cache_is_no_error(tmp_path: Path, content: bytes) -> None:
    version = settled(tmp_path / "file")
    (tmp_path / "cache.sqlite3").write_bytes(content)
    cache = DigestCache(tmp_path / "cache.sqlite3")
    cache.add({version: "digest"})
    assert cache.get([version]) == {}


def test_a_cache_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = DigestCache(tmp_path / "file" / "cache.sqlite3")
    cache.add({settled(tmp_path / "other"): "digest"})
    assert cache.get([settled(tmp_path / "other")]) == {}


def test_an_edit_that_keeps_size_and_time_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("one")
    cache = DigestCache(tmp_path / "cache.sqlite3")
    before = Project(tmp_path, cache).entries("file")
    status = os.stat(path)
    path.write_text("two")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Project(tmp_path, cache).entries("file") != before


def tree(root: Path) -> Path:
    """A project whose files nobody has changed for an hour, as far as their versions tell."""
    (root / "a").mkdir(parents=True)
    for name in ("a/one", "a/two", "three"):
        (root / name).write_text(name)
    return root


@pytest.fixture
def hour_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 3_600_000_000_000)


@pytest.mark.usefixtures("hour_later")
def test_a_tree_that_did_not_change_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree(tmp_path / "project")
    cache = DigestCache(tmp_path / "cache.sqlite3")
    first = Project(root, cache).content(".")
    assert first == Project(root).content(".")

    def read(*_: object) -> None:
        raise AssertionError("a file was looked up")

    monkeypatch.setattr(DigestCache, "get", read)
    assert Project(root, cache).content(".") == first


@pytest.mark.usefixtures("hour_later")
@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "three").write_text("THREE"),
        lambda root: (root / "three").chmod(0o755),
        lambda root: (root / "three").rename(root / "four"),
        lambda root: (root / "a" / "one").unlink(),
        lambda root: (root / "a" / "new").write_text(""),
        lambda root: (root / "b").mkdir(),
        lambda root: (root / "link").symlink_to("three"),
    ],
)
def test_every_change_of_a_tree_is_seen(tmp_path: Path, change: Callable[[Path], object]) -> None:
    root = tree(tmp_path / "project")
    cache = DigestCache(tmp_path / "cache.sqlite3")
    before = Project(root, cache).content(".")
    change(root)
    assert before != Project(root, cache).content(".") == Project(root).content(".")


def test_a_tree_that_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    root = tree(tmp_path / "project")
    cache = DigestCache(tmp_path / "cache.sqlite3")
    Project(root, cache).content(".")
    found = Project(root)._find(".", ())
    assert cache.tree(found.version(".")) is None


@pytest.mark.usefixtures("hour_later")
def test_trees_of_two_names_and_two_sets_of_patterns_have_each_their_own(tmp_path: Path) -> None:
    root = tree(tmp_path / "project")
    cache = DigestCache(tmp_path / "cache.sqlite3")
    for _ in range(2):
        project = Project(root, cache)
        assert project.content(".", ("three",)) != project.content(".") != project.content("a")
        assert project.content("a") == Project(root).content("a")
