"""uv on this machine: found, asked for its version, and run with nothing of the user's configuration.

Trees of uv 0.9 to 0.13 are equal, whatever Python runs it, but for the
interpreter lines of scripts; so any of them will do, and not only the one that
the Dockerfile brings.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from optimizer.adapters import record

OLDEST = (0, 9)
"""The first version with all options that stages use."""

_VERSION = re.compile(r"uv (\d+)\.(\d+)\.(\d+)")
_ANSWER_S = 20
# How this machine reaches the network, which decides no byte of a tree; a builder passes proxies on, too.
_NETWORK = (
    *(name for word in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (word, word.upper())),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP_TIMEOUT", "UV_HTTP_RETRIES"),
    *("UV_CONCURRENT_DOWNLOADS", "UV_OFFLINE"),
)


def find_uv() -> Path | None:
    """uv beside this Python, where pip installs it, or on PATH."""
    beside = [os.path.dirname(sys.executable), sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)]
    found = shutil.which("uv", path=os.pathsep.join(beside))
    return Path(found).absolute() if found else None


@functools.lru_cache(maxsize=8)
def uv_version(program: Path) -> tuple[int, int, int] | None:
    """The version of a uv; None for what does not tell it."""
    try:
        told = record.run([str(program), "--version"], capture_output=True, text=True, check=False, timeout=_ANSWER_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.match(told.stdout)
    return (int(match[1]), int(match[2]), int(match[3])) if told.returncode == 0 and match else None


def uv_obstacle(major: int) -> str:
    """Why uv cannot be used on this machine, where stages use options of that major version; empty where it can be."""
    program = find_uv()
    if program is None:
        return "uv is not on this machine; install it"
    version = uv_version(program)
    if version is None:
        return f"{program} does not tell its version as uv does"
    if version < OLDEST or version[0] > major:
        given = ".".join(map(str, version))
        return f"uv on this machine is {given}; allowed: {'.'.join(map(str, OLDEST))} or newer, below {major + 1}"
    return ""


def uv_environment(home: Path, secrets: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of uv: ``home`` is an empty directory of its own, ``secrets`` are variables by name.

    Configuration, credentials and indexes of the user are none of the stage's,
    so that they are none here.  The cache is shared: what is in it was verified
    by its hash, and is verified again.
    """
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "NETRC": os.devnull,
        "UV_NO_CONFIG": "1",
        "UV_NO_ENV_FILE": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_CREDENTIALS_DIR": str(home),
        "UV_CACHE_DIR": str(_cache()),
    }
    environment.update({name: value for name in _NETWORK if (value := os.environ.get(name))})
    return {**environment, **secrets}


def _cache() -> Path:
    """Where uv keeps its cache: https://docs.astral.sh/uv/concepts/cache/#cache-directory."""
    given = os.environ.get("UV_CACHE_DIR")
    if given:
        return Path(given).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")) / "uv"
