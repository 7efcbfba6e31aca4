"""How reports name files."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.adapters.paths import shown


def test_what_is_below_the_current_directory_is_named_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A report is the same on every machine, and what lies elsewhere is named as the user named it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert shown("a/Dockerfile") == "a/Dockerfile"
    assert shown(str(tmp_path / "here" / "a" / "Dockerfile")) == "a/Dockerfile"
    assert shown(str(tmp_path / "here")) == "."
    assert shown(f"{tmp_path}/here/a/../b") == "b"
    assert shown(str(tmp_path / "here-too")) == str(tmp_path / "here-too")
    assert shown(str(tmp_path / "elsewhere" / "image.tar")) == str(tmp_path / "elsewhere" / "image.tar")
