"""Why a file was not read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.adapters.files import read_bounded, why_unread
from optimizer.errors import ContextError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_reason_by_its_name() -> None:
    Path("directory").mkdir()
    Path("dangling").symlink_to("gone")
    os.mkfifo("pipe")
    with open("large", "wb") as file:
        file.truncate(2 * 1024 * 1024)
    expected = {
        "nowhere": "does not exist",
        "nowhere/Dockerfile": "does not exist",
        "dangling": 'is a link to "gone", which does not exist',
        "directory": "is a directory, not a file",
        "pipe": "is a pipe or a device, not a file",
        "large": "is larger than 1 MB",
    }
    assert {path: why_unread(path, 1024 * 1024) for path in expected} == expected
    assert all(read_bounded(path, 1024 * 1024) is None for path in expected)


def test_a_dockerfile_that_does_not_exist_is_called_so() -> None:
    with pytest.raises(ContextError, match='"nowhere/Dockerfile" does not exist'):
        load_dockerfile("nowhere/Dockerfile")
