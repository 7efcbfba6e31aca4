"""Which version of a build backend a first-party package is built with."""

from __future__ import annotations

import json

import pytest

from optimizer.bases.tools import Tools
from optimizer.locks.backends import read_project

PINNED = Tools().backends()


def builds(*requires: str) -> str:
    return f"[build-system]\nrequires = {json.dumps(requires)}\n"


@pytest.mark.parametrize(
    ("requires", "pins", "open_ends"),
    [
        (["hatchling"], [f"hatchling=={PINNED['hatchling']}"], []),
        (["Flit_Core>=3.2,<4"], [f"flit-core=={PINNED['flit-core']}"], []),
        # The range of another time: the version that its author named.
        (["uv_build>=0.8.3,<0.9"], ["uv-build==0.8.3"], []),
        (["setuptools~=61.0"], ["setuptools==61.0"], []),
        # Pinned by the project itself.
        (["setuptools==61.0", "cython==3.0"], [], []),
        (["hatchling<1.5"], [], ["hatchling<1.5"]),
        (["scikit-build-core>=0.10", "wheel"], [f"wheel=={PINNED['wheel']}"], ["scikit-build-core>=0.10"]),
    ],
)
def test_versions_are_ours_where_the_project_accepts_them(requires: list[str], pins: list[str], open_ends: list[str]) -> None:
    assert read_project(builds(*requires)).constraints(PINNED) == (tuple(pins), tuple(open_ends))


def test_a_directory_without_pyproject_is_built_as_tools_do() -> None:
    project = read_project("", True)
    assert project.backends == ("setuptools",)
    assert not project.pure


@pytest.mark.parametrize(
    ("requires", "pure"), [(["hatchling"], True), (["setuptools"], True), (["maturin"], False), (["setuptools", "cython"], False)]
)
def test_only_known_backends_never_compile(requires: list[str], pure: bool) -> None:
    assert read_project(builds(*requires)).pure == pure


def test_what_a_project_needs_is_told_only_without_running_its_backend() -> None:
    assert read_project('[project]\nname = "a_b"\ndependencies = ["six"]\n').dependencies == ("six",)
    assert read_project('[project]\nname = "a"\ndynamic = ["dependencies"]\n').dependencies is None
    assert read_project("").dependencies is None
