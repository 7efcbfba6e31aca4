"""Which program is run as docker."""

from __future__ import annotations

import os
from typing import NamedTuple

OWN_PROGRAM = "optimizer-docker"
"""The program of this project that stands in for docker where CDK calls it."""
OWN_MARK = "OPTIMIZER_DOCKER_RUNS"
"""Environment variable of all that :data:`OWN_PROGRAM` starts."""


class EngineProgram(NamedTuple):
    """A program by name or path, and the environment variable that names it; empty for the default, docker."""

    name: str
    variable: str = ""


def engine_program() -> EngineProgram:
    """What ``OPTIMIZER_DOCKER`` names, else what ``CDK_DOCKER`` names, as for CDK, else docker.

    ``OPTIMIZER_DOCKER`` wins, because ``CDK_DOCKER`` may name
    :data:`OWN_PROGRAM`, which is no engine, or a script that calls it.
    Source: https://docs.aws.amazon.com/cdk/v2/guide/build-containers.html
    """
    named = os.environ.get("OPTIMIZER_DOCKER")
    if named is not None:
        return EngineProgram(named, "OPTIMIZER_DOCKER")
    named = os.environ.get("CDK_DOCKER")
    if named is None or OWN_MARK in os.environ or is_own_program(named):
        return EngineProgram("docker")
    return EngineProgram(named, "CDK_DOCKER")


def building_program() -> EngineProgram:
    """What builds where CDK runs ``docker build``; of :data:`OWN_PROGRAM`, what it hands builds to."""
    named = os.environ.get("CDK_DOCKER")
    if named is not None and not is_own_program(named):
        return EngineProgram(named, "CDK_DOCKER")
    return engine_program() if named is not None else EngineProgram("docker")


def is_own_program(path: str) -> bool:
    """Whether a program is :data:`OWN_PROGRAM`, by its name or by the name of what it links to."""
    names = {os.path.basename(path), os.path.basename(os.path.realpath(path))}
    return not names.isdisjoint((OWN_PROGRAM, f"{OWN_PROGRAM}.exe"))
