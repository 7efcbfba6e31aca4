"""What a path is, told by its name or its first bytes."""

from __future__ import annotations

import os
import stat

from optimizer.model.directories import ASSEMBLY

SPEC_SUFFIX = ".image.toml"
"""How the names of specifications end."""

LARGEST_TEMPLATE = 4 * 1024 * 1024
"""The largest template that is read, in bytes; CloudFormation takes 1 MB."""

_DOCKERFILES = ("dockerfile", "containerfile")
_ARCHIVES = (".tar", ".tar.gz", ".tgz")


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is a Dockerfile: ``Dockerfile``, ``Dockerfile.*``, ``*.Dockerfile``, the same with Containerfile."""
    lowered = name.lower()
    if lowered.endswith((".dockerignore", ".containerignore", "~", ".swp", ".orig", ".rej")):
        return False
    return (
        lowered in _DOCKERFILES
        or lowered.startswith(tuple(f"{word}." for word in _DOCKERFILES))
        or lowered.endswith(tuple(f".{word}" for word in _DOCKERFILES))
    )


def is_template(name: str) -> bool:
    """Whether a file of this name is taken for a template when the user names it."""
    return name.lower().endswith((".yaml", ".yml", ".json", ".template"))


def is_spec(name: str) -> bool:
    """Whether a file of this name is a specification of an image."""
    return name.endswith(SPEC_SUFFIX)


def is_app(path: str) -> bool:
    """Whether the path is the output directory of ``cdk synth``."""
    return all(os.path.isfile(os.path.join(path, name)) for name in ASSEMBLY)


def is_image(path: str) -> bool:
    """Whether the path is a built image: the directory of an OCI layout, or an archive by its name or its first bytes."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            return os.path.isfile(os.path.join(path, "oci-layout"))
        # A named pipe would never end.
        if not stat.S_ISREG(mode):
            return False
        if path.lower().endswith(_ARCHIVES):
            return True
        with open(path, "rb") as file:
            return file.read(262)[257:] == b"ustar"
    except (OSError, ValueError):
        return False
