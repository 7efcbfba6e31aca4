"""Requirements files without versions: what they leave open, and the command that makes a lock of them."""

from __future__ import annotations

import posixpath
import re

from optimizer.locks.wheels import uv_platform
from optimizer.toolchains.toolchain import Target

_LOOSE = re.compile(r"[A-Za-z0-9][\w.-]*(?=(?:\[[^\]]*\])?\s*(?:[<>~!;#].*)?$)(?!.*==)")
"""A requirement without one version."""


def unlocked(path: str, text: str, target: Target) -> str | None:
    """What a requirements file leaves open, with the command that locks it for the target; None for one that is a lock."""
    loose = [match[0] for line in text.splitlines() if (match := _LOOSE.match(line.strip()))]
    if not loose or "--hash=" in text:
        return None
    more = f" and {len(loose) - 3} more" if len(loose) > 3 else ""
    version = target.base.runtime.removeprefix("python")
    output = f"{posixpath.splitext(path)[0]}.lock.txt"
    return (
        f"{path} gives no version of {', '.join(loose[:3])}{more}; this makes a lock, to be named in the step: "
        f"uv pip compile --python-version {version} --python-platform {uv_platform(target.base, target.architecture)} "
        f"--generate-hashes --output-file {output} {path}"
    )
