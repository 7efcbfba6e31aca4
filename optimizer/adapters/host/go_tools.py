"""Go on this machine, by its exact version: what it builds names that, and so do its packages."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from optimizer.adapters import record
from optimizer.adapters.host.node_tools import clean_environment

# All that may be set where Go itself is, beside the environment, and decides bytes; the values of Go's own releases.
_SETTINGS = {"GOFLAGS": ("",), "GOEXPERIMENT": ("",), "GOAMD64": ("v1",), "GOARM64": ("v8.0", ""), "GOFIPS140": ("off", "")}
_VERSION = re.compile(r"go(\d+\.\d+(?:\.\d+)?)")
# A distribution has patches of its own in a release of the same name.
_PATCHED = re.compile(r"/usr/(?:lib|lib64|share)/")
_ANSWER_S = 20
# Of golang.org/dl, and of Go's own archives.
_SDK, _INSTALLED = Path(os.path.expanduser("~/sdk")), Path("/usr/local/go/bin/go")


def find_go(version: str) -> Path | None:
    """A Go of that exact version, as its makers released it; None where this machine has none.

    Looked for on PATH, and where Go's own installers and CI runners keep
    theirs.
    """
    return next((program for program in _candidates(version) if _version(program) == version), None)


def has_go() -> bool:
    """Whether this machine has any Go, or a place of several."""
    return shutil.which("go") is not None or any(path.exists() for path in (_SDK, _INSTALLED, *_of_runner()))


def version_on_path() -> str:
    """The version of the first Go on PATH, for people; empty where there is none, or one that is not taken."""
    program = shutil.which("go")
    return _version(Path(program).resolve()) if program else ""


def go_environment(home: Path) -> dict[str, str]:
    """An environment in which Go follows the project alone; no other program runs, so neither does one of version control."""
    return {**clean_environment(home), "GOENV": "off", "GOTOOLCHAIN": "local", "GOTELEMETRY": "off", "GOVCS": "*:off"}


def _candidates(version: str) -> Iterator[Path]:
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        if directory and (program := shutil.which("go", path=directory)):
            yield Path(program).resolve()
    yield from (_SDK / f"go{version}" / "bin" / "go", _INSTALLED)
    for place in _of_runner():
        yield from sorted(place.glob(f"{version}/*/bin/go"))


def _of_runner() -> tuple[Path, ...]:
    """Where the runners of GitHub and of Azure Pipelines keep theirs."""
    runner = os.environ.get("RUNNER_TOOL_CACHE") or os.environ.get("AGENT_TOOLSDIRECTORY")
    return (Path(runner, "go"),) if runner else ()


@functools.lru_cache(maxsize=16)
def _version(program: Path) -> str:
    """The version of a Go; empty for what is none, is set to build in another way, or is a distribution's own."""
    with tempfile.TemporaryDirectory() as empty:
        try:
            told = record.run(
                [str(program), "env", "GOROOT", "GOVERSION", *_SETTINGS],
                cwd=empty,
                env=go_environment(Path(empty)),
                capture_output=True,
                text=True,
                check=False,
                timeout=_ANSWER_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
    lines = told.stdout.splitlines()
    if told.returncode != 0 or len(lines) != len(_SETTINGS) + 2 or _PATCHED.match(f"{lines[0]}/"):
        return ""
    found = _VERSION.fullmatch(lines[1])
    usual = all(value in allowed for value, allowed in zip(lines[2:], _SETTINGS.values(), strict=True))
    return found[1] if found and usual else ""
