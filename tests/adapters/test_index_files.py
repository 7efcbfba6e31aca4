"""The directory that stands for an index in an assembly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.adapters.index_files import INDEX_FILE, PlatformContext, index_digest, read_index, write_index
from optimizer.errors import ContextError

AMD = PlatformContext(platform="linux/amd64", digest="a" * 64, secrets={"npm": "env=NPM_TOKEN"})
ARM = PlatformContext(platform="linux/arm64", digest="b" * 64)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    directory = write_index(tmp_path, [ARM, AMD])
    assert read_index(directory) == (AMD, ARM)
    assert directory.name == f"asset.{index_digest([AMD, ARM])}"
    assert {path.name for path in directory.iterdir()} == {INDEX_FILE, "Dockerfile"}


def test_the_digest_follows_from_the_images_alone() -> None:
    assert index_digest([AMD, ARM]) == index_digest([ARM, PlatformContext(platform="linux/amd64", digest="a" * 64)])
    assert index_digest([AMD]) != index_digest([AMD, ARM])
    assert index_digest([AMD]) != index_digest([PlatformContext(platform="linux/arm64", digest="a" * 64)])


def test_what_is_there_is_not_written_again(tmp_path: Path) -> None:
    """CDK keeps what it knows of a file by its inode and time."""
    directory = write_index(tmp_path, [AMD])
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in directory.iterdir()}
    write_index(tmp_path, [AMD])
    assert {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in directory.iterdir()} == before


def test_a_build_context_is_no_index(tmp_path: Path) -> None:
    assert read_index(tmp_path) == ()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"version": 2, "platforms": []}),
        json.dumps({"version": 1, "platforms": [{"platform": "linux/amd64"}]}),
        json.dumps({"version": 1, "platforms": [{"platform": "linux/amd64", "context": "../../etc", "secrets": {}}]}),
    ],
)
def test_one_that_is_damaged_is_refused(text: str, tmp_path: Path) -> None:
    """Paths may not leave the assembly."""
    (tmp_path / INDEX_FILE).write_text(text)
    with pytest.raises(ContextError, match="is no index of images"):
        read_index(tmp_path)
