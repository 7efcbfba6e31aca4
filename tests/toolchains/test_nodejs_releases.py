"""What a lock of Node.js packages has, release by release."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from optimizer.model.plan import LockedBy
from optimizer.project.files import Project
from optimizer.toolchains.locked import read_releases
from optimizer.toolchains.nodejs_releases import versions_of
from optimizer.toolchains.releases import Release

PROJECT = Path(__file__).parents[1] / "engine" / "projects" / "node-parts"


@pytest.mark.parametrize("lock", ["package-lock.json", "pnpm-lock.yaml", "yarn.lock"])
def test_each_tool_tells_its_packages_and_versions(lock: str, tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    found = read_releases(LockedBy(ecosystem="nodejs", path=lock), Project(tmp_path), "nodejs22.x", "x86_64")
    versions = {name: versions_of(release) for name, release in found.items()}
    assert versions["semver"] == ("7.7.2",)
    assert versions["send"] == ("0.19.0",)
    assert "2.0.0" in versions["ms"]
    assert len(versions["string-width"]) == 2
    assert versions["@node-rs/crc32-linux-x64-gnu"] == ("1.10.6",)
    assert not {"@node-rs/crc32-darwin-arm64", "which-for-development"} & versions.keys(), "packages for other platforms are not installed"


def test_a_patch_has_no_version() -> None:
    assert versions_of(Release("0123456789abcdef")) == ()
