"""BuildKit's own checks of every Dockerfile that is generated."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.dockerfile.builder_cases import ACCEPTED, REFUSED, whole
from tests.engine.daemon import Daemon, daemon
from tests.engine.standins import IMAGES, STATE

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*/Dockerfile*"))
PINNED = re.compile(r"[a-z0-9.]+\.[a-z]+/[a-z0-9/._-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}")


@pytest.fixture(scope="module")
def checker(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """An engine that can check a file without building it: the machine's own, or the newer one unpacked beside it."""
    installed = Daemon({})
    if int(installed.docker("version", "--format", "{{.Server.Version}}").stdout.partition(".")[0]) >= 27:
        yield installed
    elif (STATE / "newer").is_dir():
        with daemon(tmp_path_factory.mktemp("checker"), unpacked=STATE / "newer") as made:
            yield made
    elif os.environ.get("OPTIMIZER_REQUIRE_ENGINE") == "1":
        pytest.fail("OPTIMIZER_REQUIRE_ENGINE=1, and no engine here has docker build --check; .ci/setup-engine unpacks one")
    else:
        pytest.skip("docker build --check needs Docker 27 or newer")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_has_no_warning(path: Path, checker: Daemon, registry: str, tmp_path: Path) -> None:
    """Requirement: "every generated Dockerfile builds without a warning"."""
    # What an image holds is of no matter to a check, but that it can be read.
    text, images = PINNED.subn(f"{registry}/{IMAGES['python']}", path.read_text(encoding="utf-8"))
    assert images
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    result = checker.docker("buildx", "build", "--check", str(tmp_path), check=False)
    assert "Check complete, no warnings found" in result.stdout
    assert result.returncode == 0


def test_a_fault_would_be_seen(checker: Daemon, registry: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {registry}/{IMAGES['python']} as Base\nCMD app.handler\n", encoding="utf-8")
    result = checker.docker("buildx", "build", "--check", str(tmp_path), check=False)
    assert "JSONArgsRecommended" in result.stdout
    assert result.returncode == 1


def test_builders_refuse_what_lint_says_they_refuse(checker: Daemon, tmp_path: Path) -> None:
    """Requirement: "a file that no builder accepts has LIO001"."""

    def check(number: int, text: str) -> subprocess.CompletedProcess[str]:
        context = tmp_path / str(number)
        context.mkdir()
        (context / "Dockerfile").write_text(whole(text), encoding="utf-8")
        return checker.docker("buildx", "build", "--check", str(context), check=False)

    texts = [*REFUSED, *ACCEPTED]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(check, range(len(texts)), texts))
    # Its own advice ends with 1 too, and with no error.
    refused = {
        text
        for text, result in zip(texts, results, strict=True)
        if result.returncode and "ERROR:" in result.stderr and "lint violation" not in result.stderr
    }
    assert refused == set(REFUSED)
