"""Which deployments changed a place, wherever it was."""

from __future__ import annotations

import random

import pytest

from optimizer.model.history import PathChange
from optimizer.planning.history.paths import Before, ChangeIndex, Place

API = Place("functions/api", directory=True)


def before(place: Place, *changes: PathChange, existed: bool = True) -> Before:
    return ChangeIndex(changes).before(place, lambda path: existed)


def moved(old: str, new: str, same: bool = True) -> PathChange:
    return PathChange(old, new, same)


def test_what_is_elsewhere_does_not_count() -> None:
    assert before(API, PathChange("functions/api2/a", "functions/api2/a"), PathChange("", "README.md")) == Before(False, API)


@pytest.mark.parametrize(
    "change",
    [
        PathChange("functions/api/a", "functions/api/a"),
        PathChange("", "functions/api/new"),
        PathChange("functions/api/gone", ""),
        moved("functions/api/a", "functions/api/b"),
        moved("functions/api/a", "elsewhere/a"),
        moved("elsewhere/a", "functions/api/a"),
    ],
)
def test_what_is_below_counts(change: PathChange) -> None:
    assert before(API, change) == Before(True, API)


def test_ignored_files_do_not_count() -> None:
    """Requirement: "respecting ignore patterns"."""
    place = Place("functions/api", directory=True, exclude=("tests", "*.md", "!KEEP.md"))
    assert before(place, PathChange("", "functions/api/tests/test_a.py"), PathChange("", "functions/api/README.md")) == Before(False, place)
    assert before(place, PathChange("", "functions/api/KEEP.md")).changed
    assert before(place, moved("functions/api/tests/a.py", "functions/api/a.py")).changed


def test_a_directory_that_was_moved_is_followed_and_not_changed() -> None:
    """Requirement: "renames"."""
    changes = [moved(f"src/api/{name}", f"functions/api/{name}") for name in ("a", "b/c")]
    assert before(API, *changes, existed=False) == Before(False, Place("src/api", directory=True))


@pytest.mark.parametrize(
    "further",
    [
        moved("src/api/d", "functions/api/d", same=False),
        moved("src/api/d", "functions/api/e"),
        PathChange("", "functions/api/d"),
        PathChange("src/api/d", ""),
        moved("src/api/d", "lib/d"),
    ],
)
def test_a_directory_that_was_moved_and_changed_is_both(further: PathChange) -> None:
    changes = [moved(f"src/api/{name}", f"functions/api/{name}") for name in ("a", "b/c")]
    assert before(API, *changes, further, existed=False) == Before(True, Place("src/api", directory=True))


def test_what_comes_to_the_old_place_meanwhile_does_not_count() -> None:
    changes = [moved("src/api/a", "functions/api/a"), PathChange("", "src/api/other")]
    assert not before(API, *changes, existed=False).changed


def test_a_directory_that_is_new_has_no_past() -> None:
    assert before(API, PathChange("", "functions/api/a"), existed=False) == Before(True, None)
    # One file of three that came from elsewhere is no move.
    changes = [moved("lib/a", "functions/api/a"), PathChange("", "functions/api/b"), PathChange("", "functions/api/c")]
    assert before(API, *changes, existed=False) == Before(True, None)


def test_a_file_is_followed() -> None:
    lock = Place("requirements.txt", directory=False)
    assert before(lock, moved("deps.txt", "requirements.txt"), existed=False) == Before(False, Place("deps.txt", directory=False))
    assert before(lock, moved("deps.txt", "requirements.txt", same=False), existed=False).changed
    assert before(lock, PathChange("requirements.txt", "requirements.txt")) == Before(True, lock)


def test_the_whole_project_does_not_hold_its_neighbours() -> None:
    project = Place(".", directory=True)
    assert not before(project, PathChange("../other/a", "../other/a")).changed
    assert before(project, PathChange("a", "a")).changed
    assert ChangeIndex([PathChange("../other/a", "")]).touches("../other") and not ChangeIndex([PathChange("../other/a", "")]).touches(".")


@pytest.mark.parametrize("seed", range(60))
def test_a_place_changes_exactly_when_its_content_does(seed: int) -> None:
    """Against the trees themselves: a place is changed where the names below it, or what they hold, differ."""
    chance = random.Random(seed)
    names = ["p/a", "p/b", "p/q/c", "r/a", "r/b"]
    old = {name: chance.choice("xy") for name in names if chance.random() < 0.8}
    new = {name: chance.choice("xy") for name in names if chance.random() < 0.8}
    changes = [PathChange(name if name in old else "", name if name in new else "") for name in names if old.get(name) != new.get(name)]
    for path in ("p", "p/q", "r"):
        content = [{name: tree[name] for name in tree if name.startswith(f"{path}/")} for tree in (old, new)]
        if not all(content):
            continue
        assert before(Place(path, directory=True), *changes).changed == (content[0] != content[1])
