"""Locks of pnpm 11 and newer for the pnpm of the stages: patches by their files, and hooks by any name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import yaml

from optimizer import NodeDependencies, render
from optimizer.builders.docker.nodejs_scripts import named_patches
from optimizer.locks.nodejs_pnpm import hooks_checksum
from tests.patience import PATIENCE_S
from tests.toolchains.scripts import argv
from tests.toolchains.test_nodejs_plan import planned, recipe, write

LOCK = """\
lockfileVersion: '9.0'

patchedDependencies:
  '@acme/text': 0000
  ms@2.1.3: 25aafd18
  other@1.0.0: 99

importers:

  .:
    dependencies:
      ms@2.1.3: 25aafd18
"""


def test_the_files_of_patches_stand_beside_their_hashes(tmp_path: Path) -> None:
    (tmp_path / "pnpm-lock.yaml").write_text(LOCK, encoding="utf-8")
    script = named_patches("pnpm-lock.yaml", [("ms@2.1.3", "patches/ms@2.1.3.patch"), ("@acme/text", "patches/a: b.patch")])
    subprocess.run(argv(script, *script.arguments), cwd=tmp_path, check=True, timeout=PATIENCE_S)
    after = yaml.safe_load((tmp_path / "pnpm-lock.yaml").read_text(encoding="utf-8"))
    before = yaml.safe_load(LOCK)
    before["patchedDependencies"]["ms@2.1.3"] = {"hash": "25aafd18", "path": "patches/ms@2.1.3.patch"}
    # Digits alone are a number to YAML, and pnpm writes no such hash.
    before["patchedDependencies"]["@acme/text"] = {"hash": 0, "path": "patches/a: b.patch"}
    assert after == before


def test_a_patch_of_which_the_lock_has_the_hash(tmp_path: Path) -> None:
    """pnpm 10 refused the lock in the build: ERR_PNPM_LOCKFILE_CONFIG_MISMATCH."""
    settings = "patchedDependencies:\n  ms@2.1.3: patches/ms@2.1.3.patch\n"
    write(tmp_path, **{"pnpm-lock.yaml": LOCK, "pnpm-workspace.yaml": settings, "package.json": {}, "patches/ms@2.1.3.patch": ""})
    made = planned(tmp_path, NodeDependencies("pnpm-lock.yaml"))
    assert recipe(made).hashed_patches == (("ms@2.1.3", "patches/ms@2.1.3.patch"),)
    assert "named_patches.js pnpm-lock.yaml ms@2.1.3 patches/ms@2.1.3.patch" in render(made)


def test_the_hooks_of_the_lock_are_brought_by_any_name(tmp_path: Path) -> None:
    """A lock that pnpm 12 had made with .pnpmfile.mjs was refused for want of .pnpmfile.cjs."""
    newer, older = "export const hooks = {};\n", "module.exports = {};\n"

    def lock(hooks: str) -> str:
        return f"{LOCK}\npnpmfileChecksum: {hooks_checksum(hooks)}\n"

    files = {"package.json": {}, ".pnpmfile.mjs": newer, ".pnpmfile.cjs": older}
    for hooks, name in ((newer, ".pnpmfile.mjs"), (older, ".pnpmfile.cjs")):
        write(tmp_path, **files, **{"pnpm-lock.yaml": lock(hooks)})
        made = planned(tmp_path, NodeDependencies("pnpm-lock.yaml"))
        assert recipe(made).hooks == (name,)
        assert ("--config.pnpmfile=.pnpmfile.mjs" in render(made)) == (hooks == newer)
        assert name in {item.source for item in recipe(made).copies}
    write(tmp_path, **{"pnpm-workspace.yaml": "pnpmfile: hooks/own.cjs\n", "hooks/own.cjs": older})
    assert recipe(planned(tmp_path, NodeDependencies("pnpm-lock.yaml"))).hooks == ("hooks/own.cjs",)
