"""Which deployments changed which stage, in real repositories."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer.planning.history.observe import Observations
from tests.adapters.git.repositories import DAY, Made, committed, days_ago, git, repository
from tests.planning.history.pasts import images_of, past_of, requirements

SPEC = """\
runtime = "python3.13"

[[steps]]
kind = "source-code"
source = "src"
exclude = ["tests"]

[[steps]]
kind = "python-dependencies"
lock = "requirements.txt"

[[steps]]
kind = "system-packages"
name = "tools"
packages = ["jq-1.6"]
"""
FIRST = {"app.image.toml": SPEC, "src/app.py": "1", "requirements.txt": requirements(boto3="1", numpy="1"), "README.md": "1"}
CODE, PACKAGES, TOOLS = "packed-files src", "python-packages requirements.txt", "system-packages tools"


def observed(directory: Path, *later: Mapping[str, str | None]) -> Observations:
    """What the deployments did that changed these files, one a day."""
    commits = [Made(days_ago(len(later)), FIRST)]
    commits += [Made(days_ago(len(later) - number), files) for number, files in enumerate(later, 1)]
    repository(directory, commits)
    return past_of(directory, images_of(directory))[1]


def test_each_deployment_changes_what_reads_its_files(tmp_path: Path) -> None:
    """Requirement: "which deployments would have changed which step"; the newest first."""
    found = observed(
        tmp_path,
        {"src/app.py": "2"},
        {"README.md": "2"},
        {"requirements.txt": requirements(boto3="2", numpy="1")},
        {"src/tests/test_app.py": "1"},
        {"app.image.toml": SPEC.replace("jq-1.6", "jq-1.7")},
    )
    assert found.steps == {
        CODE: (False, False, False, False, True),
        PACKAGES: (False, False, True, False, False),
        TOOLS: (True, False, False, False, False),
    }
    (past,) = found.locks.values()
    assert [sorted(change.changed) for change in past.changes if change] == [["boto3"]]
    assert found.weights == pytest.approx([0.5 ** (days / 90) for days in range(5)])


@pytest.mark.parametrize(
    "text",
    [
        "# a comment\n" + requirements(boto3="1", numpy="1"),
        requirements(numpy="1") + requirements(boto3="1"),
        requirements(boto3="1", numpy="1").replace("1111", "2222") + 'pywin32==1 ; sys_platform == "win32"\n',
    ],
)
def test_a_lock_changes_when_its_packages_do(tmp_path: Path, text: str) -> None:
    """Requirement: "lock-file diffs package by package (only the production closure for the target)"."""
    assert observed(tmp_path, {"requirements.txt": text}).steps[PACKAGES] == (False,)


def test_packages_that_come_and_go(tmp_path: Path) -> None:
    found = observed(tmp_path, {"requirements.txt": requirements(numpy="1", pandas="1")})
    ((change,),) = (past.changes for past in found.locks.values())
    assert change is not None
    assert (change.changed, change.added, change.removed) == (frozenset(), frozenset(["pandas"]), frozenset(["boto3"]))


def test_what_a_lock_includes_counts(tmp_path: Path) -> None:
    found = observed(
        tmp_path,
        {"requirements.txt": "-r base.txt\n", "base.txt": requirements(boto3="1", numpy="1")},
        {"base.txt": requirements(boto3="2", numpy="1")},
    )
    assert found.steps[PACKAGES] == (True, False)


def test_a_lock_and_a_directory_that_were_moved_keep_their_past(tmp_path: Path) -> None:
    """Requirement: "renames"."""
    old = {"app.image.toml": SPEC, "old/app.py": "1", "deps.txt": requirements(boto3="1"), "keep": "1"}
    commits = [
        Made(days_ago(3), old),
        Made(days_ago(2), {"old/app.py": "2", "deps.txt": requirements(boto3="2")}),
        Made(days_ago(1), {}, moves=[("old", "src"), ("deps.txt", "requirements.txt")]),
        Made(DAY, {"keep": "2"}),
    ]
    repository(tmp_path, commits)
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert (found.steps[CODE], found.steps[PACKAGES]) == ((False, False, True), (False, False, True))


def test_what_is_new_has_a_past_from_then_on(tmp_path: Path) -> None:
    first = {"keep": "1"}
    commits = [Made(days_ago(4), first), Made(days_ago(3), {"keep": "2"}), Made(days_ago(2), FIRST), Made(days_ago(1), {"src/app.py": "2"})]
    repository(tmp_path, commits)
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert found.steps == {CODE: (True, None, None), PACKAGES: (False, None, None), TOOLS: (False, None, None)}


def test_what_is_not_committed_has_no_past(tmp_path: Path) -> None:
    repository(tmp_path, [Made(days_ago(1), {"keep": "1"}), Made(DAY, {"keep": "2"})])
    for path, text in FIRST.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert found.steps == {CODE: (None,), PACKAGES: (None,), TOOLS: (None,)}


def test_versions_that_cannot_be_read_are_counted_and_skipped(tmp_path: Path) -> None:
    """A lock in which a merge left its marks, and a specification of another version of the tool."""

    def pylock(version: str) -> str:
        return f'lock-version = "1.0"\n[[packages]]\nname = "boto3"\nversion = "{version}"\nwheels = []\n'

    spec = SPEC.replace("requirements.txt", "pylock.toml")
    commits = [
        Made(days_ago(4), {**FIRST, "app.image.toml": spec, "pylock.toml": pylock("1")}),
        Made(days_ago(3), {"pylock.toml": pylock("2")}),
        Made(days_ago(2), {"pylock.toml": "<<<<<<< ours\n" + pylock("3"), "app.image.toml": spec.replace("steps", "layers")}),
        Made(days_ago(1), {"pylock.toml": pylock("3"), "app.image.toml": spec.replace("jq-1.6", "jq-1.7")}),
        Made(DAY, {"src/app.py": "2"}),
    ]
    repository(tmp_path, commits)
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert found.steps["python-packages pylock.toml"] == (False, None, True, True)
    assert found.steps[TOOLS] == (False, None, True, False)
    assert [past.unread for past in found.locks.values()] == [1]


def test_commands_change_with_their_words_and_their_inputs(tmp_path: Path) -> None:
    spec = SPEC + '[[steps]]\nkind = "command"\nname = "assets"\nrun = [["make"]]\ninputs = ["web"]\n'
    commits = [
        Made(days_ago(3), {**FIRST, "app.image.toml": spec, "web/a": "1"}),
        Made(days_ago(2), {"web/a": "2"}),
        Made(days_ago(1), {"app.image.toml": spec.replace('["make"]', '["make", "all"]')}),
        Made(DAY, {"app.image.toml": spec.replace('["make"]', '["make", "all"]') + 'size = 7\nstability = "weekly"\n'}),
    ]
    repository(tmp_path, commits)
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert found.steps["commands assets web"] == (False, True, True)


def test_a_project_below_the_top_of_its_repository(tmp_path: Path) -> None:
    """Days on which only a neighbour changed were no deployments of this project."""
    commits = [
        Made(days_ago(3), {f"app/{path}": text for path, text in FIRST.items()}),
        Made(days_ago(2), {"other/src/app.py": "1"}),
        Made(days_ago(1), {"app/src/app.py": "2"}),
    ]
    repository(tmp_path, commits)
    found = past_of(tmp_path / "app", images_of(tmp_path / "app"))[1]
    assert found.steps[CODE] == (True,)


def test_a_project_that_was_moved_keeps_its_past(tmp_path: Path) -> None:
    """Not only what was moved inside of a project: a monorepo moves whole projects."""
    commits = [
        Made(days_ago(4), {f"app/{path}": text for path, text in FIRST.items()}),
        Made(days_ago(3), {"app/src/app.py": "2"}),
        Made(days_ago(2), {"app/requirements.txt": requirements(requests="3")}),
        Made(days_ago(1), {}, moves=[("app", "teams/app")]),
        Made(DAY, {"teams/app/src/app.py": "3"}),
    ]
    repository(tmp_path, commits)
    found = past_of(tmp_path / "teams" / "app", images_of(tmp_path / "teams" / "app"))[1]
    assert found.steps[CODE] == (True, False, True)
    assert found.steps[PACKAGES] == (False, True, False)


def test_functions_that_read_the_same_have_one_row(tmp_path: Path) -> None:
    """Requirement: "per step (identified by what it reads, not by position)"."""
    second = SPEC.replace('name = "tools"', 'name = "more"').replace('source = "src"\n', 'source = "src"\nname = "code"\n')
    repository(tmp_path, [Made(days_ago(1), {**FIRST, "two.image.toml": second}), Made(DAY, {"src/app.py": "2"})])
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert found.steps == {CODE: (True,), PACKAGES: (False,), TOOLS: (False,), "system-packages more": (False,)}
    assert len(found.locks) == 1


def test_images_of_an_app_say_nothing_of_what_its_program_declares(tmp_path: Path) -> None:
    repository(tmp_path, [Made(days_ago(1), FIRST), Made(DAY, {"src/app.py": "2"})])
    found = past_of(tmp_path, [replace(image, spec="") for image in images_of(tmp_path)])[1]
    assert (found.steps[TOOLS], found.steps[CODE]) == ((None,), (True,))


NODE_SPEC = 'runtime = "nodejs22.x"\n\n[[steps]]\nkind = "node-dependencies"\nlock = "{lock}"\n'
MANIFEST = '{"name": "app", "dependencies": {"ms": "^2.0.0"}, "devDependencies": {"jest": "^1.0.0"}}'


def npm(ms: str, jest: str) -> str:
    packages = {
        "": json.loads(MANIFEST),
        "node_modules/ms": {"version": ms, "integrity": f"sha512-{ms}"},
        "node_modules/jest": {"version": jest, "integrity": f"sha512-{jest}", "dev": True},
    }
    return json.dumps({"name": "app", "lockfileVersion": 3, "packages": packages})


def pnpm(ms: str, jest: str) -> str:
    return (
        "lockfileVersion: '9.0'\nimporters:\n  .:\n"
        f"    dependencies:\n      ms:\n        specifier: ^2.0.0\n        version: {ms}\n"
        f"    devDependencies:\n      jest:\n        specifier: ^1.0.0\n        version: {jest}\n"
        f"packages:\n  ms@{ms}:\n    resolution: {{integrity: sha512-a}}\n  jest@{jest}:\n    resolution: {{integrity: sha512-b}}\n"
        f"snapshots:\n  ms@{ms}: {{}}\n  jest@{jest}: {{}}\n"
    )


@pytest.mark.parametrize(("lock", "text"), [("package-lock.json", npm), ("pnpm-lock.yaml", pnpm)])
def test_packages_of_nodejs_change_one_by_one(tmp_path: Path, lock: str, text: Callable[[str, str], str]) -> None:
    """What is for development alone reaches no image."""
    commits = [
        Made(days_ago(3), {"app.image.toml": NODE_SPEC.format(lock=lock), "package.json": MANIFEST, lock: text("2.0.0", "1.0.0")}),
        Made(days_ago(2), {lock: text("2.0.0", "1.1.0"), "package.json": MANIFEST + "\n"}),
        Made(days_ago(1), {lock: text("2.1.0", "1.1.0")}),
    ]
    repository(tmp_path, commits)
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert found.steps == {f"node-packages {lock}": (True, False)}
    ((change, _),) = (past.changes for past in found.locks.values())
    assert change is not None and change.changed == {"ms"}


def test_a_lock_that_does_not_tell_what_it_installs_is_followed_by_its_files(tmp_path: Path) -> None:
    lock = '# yarn lockfile v1\n\nms@^2.0.0:\n  version "{}"\n'
    commits = [
        Made(days_ago(2), {"app.image.toml": NODE_SPEC.format(lock="yarn.lock"), "package.json": MANIFEST, "yarn.lock": lock.format(1)}),
        Made(days_ago(1), {"yarn.lock": lock.format(2)}),
    ]
    repository(tmp_path, commits)
    found = past_of(tmp_path, images_of(tmp_path))[1]
    assert found.steps == {"node-packages package.json yarn.lock": (True,)} and not found.locks


def test_what_is_in_a_submodule_changes_with_its_commit(tmp_path: Path) -> None:
    """A repository knows of a submodule the commit alone."""
    library, root = tmp_path / "library", tmp_path / "root"
    repository(library, [Made(days_ago(9), {"src/a.py": str(number)}) for number in range(3)])
    spec = SPEC + '\n[[steps]]\nkind = "files"\nsource = "lib/src"\nto = "/opt/lib/"\n'
    repository(root, [Made(days_ago(4), {**FIRST, "app.image.toml": spec})])
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    for days, commit in ((3, "main"), (2, None), (1, "main~1")):
        if commit is not None:
            git(root / "lib", "checkout", "--quiet", commit)
        (root / "README.md").write_text(str(days))
        git(root, "add", "--all")
        committed(root, days_ago(days))
    found = past_of(root, images_of(root))[1]
    assert found.steps["packed-files lib/src"] == (True, False, None)
