"""Node.js and npm of this machine, and the environment in which they follow nothing but the project."""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters import record

_ANSWER_S = 60
_NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_KEPT = ("PATH", "TMPDIR", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", *_NETWORK, *(name.lower() for name in _NETWORK))
_CPU = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTools:
    """Exact versions; empty for a program that is missing, or that does not run."""

    node: str
    npm: str


def clean_environment(home: Path) -> dict[str, str]:
    """The variables of this machine by which programs reach the network, and none that sets up an installer."""
    kept = {name: value for name in _KEPT if (value := os.environ.get(name)) is not None}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8"}


@functools.lru_cache(maxsize=4)
def node_tools(path: str) -> NodeTools:
    """What is first on a search path such as that of PATH."""
    return NodeTools(node=_version("node", path), npm=_version("npm", path))


def _version(program: str, path: str) -> str:
    found = shutil.which(program, path=path)
    if found is None:
        return ""
    with tempfile.TemporaryDirectory() as empty:
        try:
            told = record.run(
                [found, "--version"],
                cwd=empty,
                env={**clean_environment(Path(empty)), "PATH": path},
                capture_output=True,
                text=True,
                check=False,
                timeout=_ANSWER_S,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
    version = told.stdout.strip().removeprefix("v")
    return version if told.returncode == 0 and re.fullmatch(r"\d+\.\d+\.\d+\S*", version) else ""


def host_cpu() -> str:
    """The processor of this machine in the words of package.json."""
    machine = platform.machine().lower()
    return _CPU.get(machine, machine)


def host_os() -> str:
    """The operating system of this machine in the words of package.json."""
    return platform.system().lower()


def is_glibc() -> bool:
    """Whether programs of this machine use the GNU C library."""
    return platform.libc_ver()[0] == "glibc"
