"""Deployments out of commits."""

from __future__ import annotations

import datetime
import subprocess
from pathlib import Path

import pytest

from optimizer.adapters.git import program
from optimizer.adapters.git.history import is_before, read_history
from optimizer.adapters.git.program import GitFailure
from optimizer.model.history import History, PathChange
from tests.adapters.git.repositories import DAY, Made, days_ago, git, repository


def changed(history: History) -> list[set[str]]:
    return [{change.after or change.before for change in each.changes} for each in history.deployments]


def test_a_day_with_commits_is_a_deployment(tmp_path: Path) -> None:
    """Requirement: "several commits a day are one deployment"."""
    commits = [
        Made(days_ago(5), {"a": "1"}),
        Made(days_ago(3), {"a": "2"}, hour=1),
        Made(days_ago(3), {"b": "1"}, hour=23),
        Made(days_ago(0), {"a": "3"}),
    ]
    history = read_history(repository(tmp_path, commits))
    assert [each.day for each in history.deployments] == [DAY, days_ago(3)]
    assert changed(history) == [{"a"}, {"a", "b"}]
    assert (history.day, history.inside, history.notes) == (DAY, ".", ())
    assert history.head == git(tmp_path, "rev-parse", "HEAD").strip()
    assert history.deployments[0].before == history.deployments[1].after


def test_what_is_changed_back_on_one_day_is_no_change(tmp_path: Path) -> None:
    commits = [Made(days_ago(2), {"a": "1", "b": "1"}), Made(DAY, {"a": "2"}), Made(DAY, {"a": "1", "b": "2"})]
    assert changed(read_history(repository(tmp_path, commits))) == [{"b"}]


def test_a_branch_counts_when_it_is_merged(tmp_path: Path) -> None:
    """Requirement: "along the first parent", "merges"."""
    commits = [
        Made(days_ago(9), {"a": "1", "b": "1"}),
        Made(days_ago(8), {"branch": "1"}),
        Made(days_ago(7), {"branch": "2"}),
        Made(days_ago(6), {"a": "2"}, parent=0),
        Made(days_ago(1), {"branch": "2"}, parent=3, merged=2),
    ]
    history = read_history(repository(tmp_path, commits))
    assert [each.day for each in history.deployments] == [days_ago(1), days_ago(6)]
    assert changed(history) == [{"branch"}, {"a"}]


def test_renames_are_found_and_those_that_change_nothing_are_known(tmp_path: Path) -> None:
    text = "\n".join(map(str, range(50)))
    commits = [
        Made(days_ago(2), {"old/a": text, "old/b": f"b\n{text}"}),
        Made(days_ago(1), {"new/b": f"c\n{text}"}, moves=[("old", "new")]),
    ]
    (deployment,) = read_history(repository(tmp_path, commits)).deployments
    assert set(deployment.changes) == {PathChange("old/a", "new/a", same=True), PathChange("old/b", "new/b")}


def test_new_and_deleted_files(tmp_path: Path) -> None:
    (deployment,) = read_history(repository(tmp_path, [Made(days_ago(2), {"a": "1"}), Made(DAY, {"a": None, "b": "2"})])).deployments
    assert set(deployment.changes) == {PathChange("a", ""), PathChange("", "b")}


def test_names_of_any_kind(tmp_path: Path) -> None:
    names = {'with "quotes"', "ümläut", "two\nlines", ":100644", "-x", "a b/c d"}
    commits = [Made(days_ago(1), {"a": "1"}), Made(DAY, dict.fromkeys(names, "1"))]
    assert changed(read_history(repository(tmp_path, commits))) == [names]


def test_paths_are_those_of_the_project(tmp_path: Path) -> None:
    commits = [Made(days_ago(1), {"app/a": "1", "other": "1"}), Made(DAY, {"app/a": "2", "other": "2", "app/sub/b": "1"})]
    history = read_history(repository(tmp_path, commits) / "app")
    assert (history.inside, history.top) == ("app", tmp_path)
    assert changed(history) == [{"a", "../other", "sub/b"}]


@pytest.mark.parametrize("old", ["services/app", "app", "."])
def test_a_project_that_was_moved_is_followed(tmp_path: Path, old: str) -> None:
    """Requirement: "renames": paths are relative to where the project was, and what only moved with it did not change."""
    at = "" if old == "." else f"{old}/"
    files = {f"{at}src/app.py": "1\n" * 20, f"{at}requirements.txt": "a\n" * 20}
    repository(
        tmp_path,
        [
            Made(days_ago(4), {**files, "other/x": "1"}),
            Made(days_ago(3), {f"{at}src/app.py": "2\n" * 20}),
            Made(
                days_ago(2),
                {"teams/app/requirements.txt": "a\n" * 20 + "b\n"},
                moves=[(path, f"teams/app/{path.removeprefix(at)}") for path in files],
            ),
            Made(days_ago(1), {"teams/app/src/app.py": "3\n" * 20}),
        ],
    )
    history = read_history(tmp_path / "teams" / "app")
    changed = [[change for change in each.changes if not change.after.startswith("..")] for each in history.deployments]
    assert [each.inside for each in history.deployments] == ["teams/app", old, old]
    assert changed[0] == changed[2] == [PathChange("src/app.py", "src/app.py")]
    assert changed[1] == [PathChange("requirements.txt", "requirements.txt")]
    assert history.inside_at(history.head) == "teams/app" and history.inside_at(history.deployments[-1].before) == old


def test_only_the_last_year_counts(tmp_path: Path) -> None:
    """Requirement: "bounded in commits and time"."""
    commits = [Made(days_ago(days), {"a": str(days)}) for days in (800, 500, 370, 364, 2)]
    repository(tmp_path, commits)
    assert [each.day for each in read_history(tmp_path).deployments] == [days_ago(2), days_ago(364)]
    assert len(read_history(tmp_path, days=3).deployments) == 1
    history = read_history(tmp_path, commits=2)
    assert [each.day for each in history.deployments] == [days_ago(2)]
    assert history.notes == ("no more than the newest 2 commits count",)


def test_a_shallow_clone_is_said_to_be_one(tmp_path: Path) -> None:
    """Requirement: "shallow clones (said)"."""
    repository(tmp_path / "origin", [Made(days_ago(days), {"a": str(days)}) for days in range(9, -1, -1)])
    git(tmp_path, "clone", "-q", "--depth", "3", f"file://{tmp_path}/origin", "clone")
    history = read_history(tmp_path / "clone")
    assert len(history.deployments) == 2, "what the oldest commit changed is not known"
    assert history.notes == ("this is a shallow clone with 3 commits of history: git fetch --unshallow gets the rest",)


def test_a_partial_clone_fetches_nothing(tmp_path: Path) -> None:
    """Nothing here talks to a network: what is not there is not asked for."""
    origin = repository(tmp_path / "origin", [Made(days_ago(days), {"a": f"{days}\n" * 40, "b": "1"}) for days in range(5, -1, -1)])
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{origin}", "clone")
    origin.rename(tmp_path / "gone")
    history = read_history(tmp_path / "clone")
    assert changed(history) == [{"a"}] * 5
    assert history.notes == ("this is a partial clone, in which files that were renamed and changed at once count as new",)


def test_a_rewritten_history_counts_by_the_days_of_its_authors(tmp_path: Path) -> None:
    """Requirement: "rewritten history"."""
    commits = [Made(DAY, {"a": str(days)}, authored=days_ago(days)) for days in range(9, -1, -1)]
    history = read_history(repository(tmp_path, commits))
    assert len(history.deployments) == 9
    assert history.notes == ("the commits were rewritten within a few days, so the days on which they were authored count",)


def test_clocks_that_differ_make_no_new_days(tmp_path: Path) -> None:
    commits = [Made(days_ago(4), {"a": "1"}), Made(days_ago(1), {"a": "2"}), Made(days_ago(3), {"a": "3"}), Made(days_ago(2), {"a": "4"})]
    assert [each.day for each in read_history(repository(tmp_path, commits)).deployments] == [days_ago(2), days_ago(3)]


def test_a_date_that_no_calendar_has(tmp_path: Path) -> None:
    repository(tmp_path, [Made(days_ago(1), {"a": "1"}), Made(datetime.date(9999, 12, 31), {"a": "2"})])
    assert len(read_history(tmp_path).deployments) == 1


@pytest.mark.parametrize("words", [(), ("init", "-q")])
def test_no_repository_and_no_commit_are_said(tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "no git / no history: sensible default and a note"."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/nowhere")
    if words:
        git(tmp_path, *words)
    with pytest.raises(GitFailure, match="there is no commit yet" if words else "not a git repository"):
        read_history(tmp_path)


def test_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitFailure, match="git cannot be run: No such file or directory"):
        read_history(tmp_path)


def test_a_git_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program_file = tmp_path / "git"
    program_file.write_text("#!/bin/sh\nexec sleep 5\n")
    program_file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(program, "TIME_LIMIT_S", 0.2)
    with pytest.raises(GitFailure, match="git does not answer within"):
        read_history(tmp_path)


def test_the_environment_of_git_and_its_configuration_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "no hooks; git environment neutralised; locale fixed"."""
    commits = [Made(days_ago(2), {"a": "1", "d/é": "1"}), Made(DAY, {"a": "2", "d/é": "2"}, moves=[("d", "e")])]
    directory = repository(tmp_path / "one", commits)
    expected = read_history(directory)
    other = repository(tmp_path / "two", [Made(DAY, {"z": "1"})])
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
    evil.chmod(0o755)
    for name in ("core.fsmonitor", "diff.external", "core.pager", "core.sshCommand", "gpg.program", "core.editor"):
        git(directory, "config", name, str(evil))
    for name, value in {
        "diff.renames": "false",
        "diff.relative": "true",
        "core.quotePath": "true",
        "log.showSignature": "true",
        "color.ui": "always",
        "diff.noprefix": "true",
        "log.date": "relative",
    }.items():
        git(directory, "config", name, value)
    for name, value in {"GIT_DIR": str(other / ".git"), "GIT_EXTERNAL_DIFF": str(evil), "GIT_TRACE": "1", "LC_ALL": "de_DE.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    assert read_history(directory) == expected
    assert not (tmp_path / "ran").exists()


def test_a_file_with_a_thousand_commits_and_a_commit_with_a_thousand_files(tmp_path: Path) -> None:
    """Requirement: "a thousand-commit file"."""
    commits = [Made(days_ago(400 - number // 3), {"a": str(number)}) for number in range(1000)]
    commits.append(Made(DAY, {f"many/{number}": str(number) for number in range(1000)}))
    history = read_history(repository(tmp_path, commits))
    assert len(history.deployments) == 299 and len(history.deployments[0].changes) == 1000


def test_which_commits_are_in_a_history(tmp_path: Path) -> None:
    repository(tmp_path, [Made(days_ago(1), {"a": "1"}), Made(DAY, {"a": "2"})])
    head, first = git(tmp_path, "rev-parse", "HEAD", "HEAD~1").split()
    assert is_before(tmp_path, first) and is_before(tmp_path, head)
    assert not is_before(tmp_path, "0123456789" * 4)
    subprocess.run(["git", "-C", str(tmp_path), "checkout", "-q", first], check=True)
    assert not is_before(tmp_path, head)
