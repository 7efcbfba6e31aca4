"""What a package.json says of its own scripts, entries and engines."""

from __future__ import annotations

import json

import pytest

from optimizer.locks.nodejs_manifest import LIFECYCLE, Manifest, candidates, read_manifest
from optimizer.locks.ranges import may_hold
from optimizer.model.steps import NODE_LIFECYCLE


def manifest(**data: object) -> Manifest:
    found = read_manifest(json.dumps(data))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "script",
    ["husky", "husky install", "is-ci || husky", "husky || true", "npx husky install", "npx only-allow pnpm", "node .husky/install.mjs",
     "lefthook install && echo done", "HUSKY=0 husky", "yarn run hooks", "npm run hooks", "git config core.hooksPath .hooks",
     '[ -n "$CI" ] || simple-git-hooks'],
)  # fmt: skip
def test_scripts_for_development_alone_are_left_out(script: str) -> None:
    own = manifest(scripts={"prepare": script, "hooks": "husky"}).own_scripts("npm")
    assert (own.patches, own.others) == (None, {})


@pytest.mark.parametrize(
    ("script", "directory"),
    [("patch-package", "patches"), ("npx patch-package", "patches"), ("husky; patch-package --patch-dir ./fixes/", "fixes"),
     ("npm run fix", "patches"), ("patch-package --error-on-fail --patch-dir=a/b", "a/b"), ("yarn patch-package@8", "patches")],
)  # fmt: skip
def test_patch_package_is_known(script: str, directory: str) -> None:
    own = manifest(scripts={"postinstall": script, "fix": "patch-package"}).own_scripts("yarn")
    assert (own.patches, own.others) == (directory, {})


@pytest.mark.parametrize(
    "script", ["prisma generate", "patch-package --reverse", "patch-package && tsc", "node install.js", "git clone x", "'", "npm run loop"]
)
def test_any_other_script_has_a_name(script: str) -> None:
    own = manifest(scripts={"postinstall": script, "loop": "npm run loop"}).own_scripts("npm")
    assert own.others == {"postinstall": script}


def test_each_tool_runs_scripts_of_its_own() -> None:
    scripts = {name: "x" for name in ("pnpm:devPreinstall", "install", "prepublish", "prepare", "build")}
    assert manifest(scripts=scripts).lifecycle("npm") == ("install", "prepublish", "prepare")
    assert manifest(scripts=scripts).lifecycle("pnpm") == ("pnpm:devPreinstall", "install", "prepare")
    assert manifest(scripts=scripts).lifecycle("yarn") == ("install",)
    assert {name for names in LIFECYCLE.values() for name in names} == set(NODE_LIFECYCLE)


@pytest.mark.parametrize(
    ("data", "entries"),
    [
        ({"main": "dist/index"}, ("dist/index",)),
        ({"main": "old.js", "exports": "./new.js"}, ("./new.js",)),
        (
            {"exports": {".": {"types": "./a.d.ts", "import": "./a.mjs", "require": {"default": "./a.cjs"}}, "./b": "./b.js"}},
            ("./a.mjs", "./a.cjs"),
        ),
        ({"exports": {"import": "./a.mjs", "browser": "./b.mjs"}}, ("./a.mjs",)),
        ({"exports": {"./*": "./src/*.js"}}, ()),
        ({"exports": ["./a.js", 3]}, ("./a.js",)),
        ({}, ()),
    ],
)
def test_where_the_code_starts(data: dict[str, object], entries: tuple[str, ...]) -> None:
    assert manifest(**data).entries == entries
    assert "dist/index/index.js" in candidates("./dist/index/")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"scripts": [1], "dependencies": 3, "workspaces": 4, "engines": []}'])
def test_a_damaged_manifest_raises_nothing(text: str) -> None:
    assert (read_manifest(text) or Manifest()).own_scripts("npm").others == {}


@pytest.mark.parametrize(
    ("text", "holds"),
    [(">=18", True), ("^22.1.0", True), ("^20 || ^22", True), ("22.x", True), ("*", True), ("", True), (">=20 <23", True), ("~22.3", True),
     ("18 - 22", True), ("lts/*", True), (">=22.5.0 <22.6", True), ("v22", True), ("<=22", True), (">22", False), ("^20", False), ("<22", False),
     ("20.x", False), (">=24", False), ("18 - 20", False), ("~20.1 || 21", False), ("^0.10", False)],
)  # fmt: skip
def test_a_range_against_a_major_version(text: str, holds: bool) -> None:
    assert may_hold(text, 22) is holds
