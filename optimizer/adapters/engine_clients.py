"""Which client of container engines a program is, and where that makes a difference.

Docker, nerdctl and finch build with BuildKit.  podman builds with Buildah's
code, and Buildah itself only builds: it neither runs images nor reads or
writes archives by Docker's commands.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.adapters.engine_program import EngineProgram
from optimizer.errors import Fault

_PODMAN = re.compile(r"^Client:[ \t]+Podman Engine", re.MULTILINE)
_PODMANS_SERVER = re.compile(r"^Server:[ \t]+Podman Engine", re.MULTILINE)
_BUILDAH = re.compile(r"\AVersion:.*^Runtime Spec:", re.MULTILINE | re.DOTALL)
_YES = ("1", "true")


class Client(enum.Enum):
    """The clients that builds are told apart by; the value is the program's usual name."""

    BUILDKIT = "docker"
    PODMAN = "podman"
    BUILDAH = "buildah"


@dataclass(frozen=True, slots=True)
class EngineClient:
    """A client; ``remote`` says whether another machine builds for it, such as the virtual machine of podman on macOS."""

    client: Client
    remote: bool = False


def told_client(output: str) -> EngineClient:
    """The client that printed this for ``version``; what is neither podman nor Buildah builds with BuildKit."""
    if _PODMAN.search(output):
        return EngineClient(Client.PODMAN, remote=_PODMANS_SERVER.search(output) is not None)
    return EngineClient(Client.BUILDAH if _BUILDAH.search(output) else Client.BUILDKIT)


def named_client(program: str) -> Client:
    """The client that a program is by its name alone, for where nothing may be run."""
    name = os.path.basename(program.replace("\\", "/")).removesuffix(".exe")
    return {"podman": Client.PODMAN, "podman-remote": Client.PODMAN, "buildah": Client.BUILDAH}.get(name, Client.BUILDKIT)


def build_faults(program: EngineProgram, environment: Mapping[str, str], *, cached: bool) -> list[Fault]:
    """Why CDK's builds by a program would fail, or give other images than BuildKit's, told by its name.

    ``cached`` says whether they have a cache of BuildKit.  Buildah makes one
    layer of all instructions of a stage, unless BUILDAH_LAYERS says otherwise:
    https://github.com/containers/buildah/blob/main/docs/buildah-build.1.md
    """
    client = named_client(program.name)
    if client is Client.BUILDKIT:
        return []
    faults = []
    if client is Client.BUILDAH and environment.get("BUILDAH_LAYERS", "").lower() not in _YES:
        faults.append(
            Fault(
                f'"{program.name}" makes one layer of all that is above the base: functions share none of it, '
                "and each deployment pushes all of it",
                program.variable,
                "set the variable BUILDAH_LAYERS=true",
            )
        )
    if cached:
        faults.append(
            Fault(
                f'the cache is one of BuildKit, and {program.variable} names "{program.name}", which refuses it',
                "optimizer:cache",
                f"leave optimizer:cache out: {client.value} keeps the layers that it made; or name a client of BuildKit, such as docker",
            )
        )
    return faults
