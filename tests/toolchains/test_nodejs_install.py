"""The scripts that run beside the installers, each on files of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.nodejs_scripts import collect, dependencies_only, only_importers
from tests.patience import PATIENCE_S
from tests.toolchains.scripts import argv

COLLECT = collect("", ())


def node(script: Script, *arguments: str, directory: Path) -> None:
    subprocess.run(argv(script, *arguments), cwd=directory, check=True, timeout=PATIENCE_S)


def installed(directory: Path) -> None:
    """What an installer leaves behind: packages, links to members, programs of both."""
    for path in ("node_modules/ms", "packages/api/node_modules/ms", "packages/text/node_modules/ms"):
        (directory / path).mkdir(parents=True)
        (directory / path / "package.json").write_text("{}")
    for place, target in {
        "node_modules/@acme/api": "../../packages/api",
        "node_modules/@acme/text": "../../packages/text",
        "node_modules/@other/worker": "../../packages/worker",
        "node_modules/.bin/ms": "../ms/package.json",
        "node_modules/.bin/api": "../@acme/api/cli.js",
        "node_modules/.bin/text": "../@acme/text/cli.js",
        "packages/api/node_modules/@acme/outer": "../../../../../outer",
    }.items():
        (directory / place).parent.mkdir(parents=True, exist_ok=True)
        (directory / place).symlink_to(target)
    (directory / "../outer/node_modules/ms").mkdir(parents=True)
    (directory / "../outer/node_modules/ms/package.json").write_text("{}")


def links(tree: Path) -> dict[str, str]:
    found = {}
    for top, directories, names in os.walk(tree):
        for path in (Path(top) / name for name in (*directories, *names)):
            if path.is_symlink():
                found[path.relative_to(tree).as_posix()] = os.readlink(path)
    return found


def collected(tmp_path: Path, own: str) -> Path:
    (tmp_path / "build").mkdir()
    installed(tmp_path / "build")
    outer = "packages/api/node_modules/@acme/outer"
    pairs = [".", ".", "packages/api", "packages/api", "packages/text", "packages/text", "../outer", outer]
    node(COLLECT, str(tmp_path / "tree"), own, *pairs, directory=tmp_path / "build")
    return tmp_path / "tree" / "var" / "task"


def test_packages_stand_where_node_looks_and_no_link_dangles(tmp_path: Path) -> None:
    task = collected(tmp_path, "packages/api")
    packages = sorted(path.relative_to(task).parent.as_posix() for path in task.rglob("package.json"))
    assert packages == [
        "node_modules/ms",
        "packages/api/node_modules/@acme/outer/node_modules/ms",
        "packages/api/node_modules/ms",
        "packages/text/node_modules/ms",
    ]
    # The layer of @acme/text has what its links lead to; the function's own code may stand anywhere.
    assert links(task) == {
        "node_modules/@acme/text": "../../packages/text",
        "node_modules/.bin/ms": "../ms/package.json",
        "node_modules/.bin/text": "../@acme/text/cli.js",
    }
    assert not (task / "node_modules" / "@other").exists()


def test_the_link_to_a_member_that_others_need_stays(tmp_path: Path) -> None:
    assert links(collected(tmp_path, ""))["node_modules/@acme/api"] == "../../packages/api"


def test_a_copy_of_a_package_whose_code_is_not_there_fails(tmp_path: Path) -> None:
    """npm with ``install-links=true`` in .npmrc packs what the lock links: the image held a package.json and no code."""
    for place in ("packages/text", "node_modules/text"):
        (tmp_path / "build" / place).mkdir(parents=True)
        (tmp_path / "build" / place / "package.json").write_text('{"name": "text"}')
    command = argv(COLLECT, tmp_path / "tree", "", ".", ".", "packages/text", "packages/text")
    result = subprocess.run(command, cwd=tmp_path / "build", capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 1
    assert "holds the package.json of packages/text and none of its code" in result.stderr


def test_a_lock_of_pnpm_is_cut_down_to_importers(tmp_path: Path) -> None:
    lock = "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n\n  packages/api:\n    dependencies:\n      ms:\n        version: 2.0.0\n\n"
    lock += "  'packages/@odd':\n    dependencies:\n      ms:\n        version: 2.1.3\n\n  packages/text: {}\n\npackages:\n\n  packages/api@1: {}\n"
    (tmp_path / "pnpm-lock.yaml").write_text(lock)
    node(script := only_importers("pnpm-lock.yaml", (".", "packages/@odd")), *script.arguments, directory=tmp_path)
    text = (tmp_path / "pnpm-lock.yaml").read_text()
    assert text == lock.replace("  packages/api:\n    dependencies:\n      ms:\n        version: 2.0.0\n\n", "").replace(
        "  packages/text: {}\n\n", ""
    )


def test_a_manifest_keeps_its_dependencies_alone(tmp_path: Path) -> None:
    kept = {"name": "shop", "dependencies": {"ms": "2"}, "engines": {"node": "22"}}
    scripts = {"postinstall": "exit 1"}
    given = {**kept, "engines": {"node": "22", "pnpm": "9"}, "scripts": scripts, "packageManager": "pnpm@9.0.0"}
    given["devEngines"] = {"packageManager": {"name": "pnpm", "version": "^11"}, "runtime": {"name": "node", "version": ">=30"}}
    (tmp_path / "package.json").write_text(json.dumps(given))
    (tmp_path / "other.json").write_text(json.dumps({"name": "other", "scripts": scripts}))
    node(script := dependencies_only(("package.json", "other.json")), *script.arguments, directory=tmp_path)
    assert json.loads((tmp_path / "package.json").read_text()) == kept
    assert json.loads((tmp_path / "other.json").read_text()) == {"name": "other"}


@pytest.mark.parametrize("several", [False, True])
def test_a_manifest_keeps_the_node_that_a_lock_of_pnpm_has(several: bool, tmp_path: Path) -> None:
    """Without it pnpm would find that the lock does not fit the manifest."""
    node_of_lock = {"name": "node", "version": "^24.4.0", "onFail": "download"}
    other = {"name": "node", "version": ">=30"}
    engines = {"runtime": [other, node_of_lock] if several else node_of_lock, "packageManager": {"name": "pnpm", "version": "^11"}}
    for lock, left in (
        ("pnpm-lock.yaml", {"name": "shop", "devEngines": {"runtime": [node_of_lock]}}),
        ("package-lock.json", {"name": "shop"}),
    ):
        directory = tmp_path / lock.partition(".")[0]
        directory.mkdir()
        (directory / lock).write_text("")
        (directory / "package.json").write_text(json.dumps({"name": "shop", "devEngines": engines}))
        node(script := dependencies_only(("package.json",)), *script.arguments, directory=directory)
        assert json.loads((directory / "package.json").read_text()) == left
