"""What environment markers depend on, where the patch release of a Python is not known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

PATCHES = range(30)
"""Patch releases that a minor version of Python may have: there have been at most 20 of one."""

PATCH_VARIABLES = ("python_full_version", "implementation_version")
"""The variables of markers that hold a patch release."""

_PATCH = re.compile("|".join(PATCH_VARIABLES))
_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']*)""")
# Of pylock.toml: what is chosen of the lock is not known to the environment.
_CHOICE = re.compile(r"\b(?:extras|dependency_groups)\b")


def patch_matters(marker: str, environment: Mapping[str, str]) -> bool:
    """Whether a marker holds for some patch releases of a Python version and not for others.

    ``environment`` are the variables of markers in the image, with any patch
    release.
    """
    return bool(_PATCH.search(marker)) and _differs(marker, tuple(sorted(environment.items())))


@lru_cache(maxsize=4096)
def _differs(marker: str, environment: tuple[tuple[str, str], ...]) -> bool:
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    if _CHOICE.search(marker):
        return True
    variables = dict(environment)
    versions = [dict.fromkeys(PATCH_VARIABLES, f"{variables['python_version']}.{patch}") for patch in PATCHES]
    try:
        parsed = Marker(marker)
        # Whether an extra is asked for is not known here.
        return any(
            len({parsed.evaluate({**variables, **version, "extra": extra}) for version in versions}) > 1
            for extra in ("", *_EXTRA.findall(marker))
        )
    except (InvalidMarker, UndefinedEnvironmentName):
        return True
