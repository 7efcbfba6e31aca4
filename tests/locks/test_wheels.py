"""Which packages of a lock have a wheel for the base image."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.bases.catalogue import base_image, runtimes
from optimizer.locks.pipenv import read_pipfile_lock
from optimizer.locks.poetry import read_poetry_lock
from optimizer.locks.python import LockFault, PythonLock, Wanted, environment_of
from optimizer.locks.uv import read_uv_lock
from optimizer.locks.wheels import uv_platform, without_wheel

PYTHON = base_image("python3.13")


def missing(lock: PythonLock, architecture: str, words: tuple[str, ...] = ()) -> tuple[str, ...]:
    wanted = Wanted(words=words, environment=environment_of(PYTHON, architecture))
    return without_wheel(lock.select(wanted), PYTHON, architecture)


def uv_lock(*wheels: str, marker: str = "") -> str:
    rows = ", ".join(f'{{ url = "https://files.example.com/{wheel}", hash = "sha256:0" }}' for wheel in wheels)
    condition = f', marker = "{marker}"' if marker else ""
    return f"""version = 1
[[package]]
name = "app"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "thing"{condition} }}]
[package.dev-dependencies]
dev = [{{ name = "only-for-developers" }}]
[[package]]
name = "thing"
version = "1.2"
source = {{ registry = "https://pypi.org/simple" }}
wheels = [{rows}]
[[package]]
name = "only-for-developers"
version = "3"
source = {{ registry = "https://pypi.org/simple" }}
"""


@pytest.mark.parametrize(
    ("wheel", "x86_64", "arm64"),
    [
        ("thing-1.2-py3-none-any.whl", True, True),
        ("thing-1.2-py2.py3-none-any.whl", True, True),
        ("thing-1.2-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True, False),
        ("thing-1.2-cp313-cp313-manylinux_2_34_aarch64.whl", False, True),
        ("thing-1.2-cp313-cp313-manylinux_2_35_aarch64.whl", False, False),
        ("thing-1.2-cp39-abi3-manylinux2014_aarch64.whl", False, True),
        ("thing-1.2-cp312-cp312-manylinux2014_aarch64.whl", False, False),
        ("thing-1.2-cp313-cp313t-manylinux2014_aarch64.whl", False, False),
        ("thing-1.2-cp313-cp313-musllinux_1_2_aarch64.whl", False, False),
        ("thing-1.2-cp313-cp313-macosx_11_0_arm64.whl", False, False),
        ("thing-1.2-cp313-cp313-win_amd64.whl", False, False),
        ("thing-1.2-cp313-cp313-linux_aarch64.whl", False, True),
        ("thing-1.2-cp27-cp27mu-manylinux1_x86_64.whl", False, False),
        ("no-wheel-at-all", False, False),
    ],
)
def test_a_wheel_fits_by_python_abi_and_c_library(wheel: str, x86_64: bool, arm64: bool) -> None:
    for architecture, fits in (("x86_64", x86_64), ("arm64", arm64)):
        assert missing(read_uv_lock(uv_lock(wheel)), architecture) == (() if fits else ("thing 1.2",))


def test_any_wheel_that_fits_is_enough() -> None:
    lock = uv_lock("thing-1.2-cp313-cp313-win_amd64.whl", "thing-1.2-cp313-cp313-manylinux2014_x86_64.whl")
    assert missing(read_uv_lock(lock), "x86_64") == ()


def test_what_the_markers_leave_out_needs_no_wheel() -> None:
    assert missing(read_uv_lock(uv_lock(marker="sys_platform == 'win32'")), "arm64") == ()
    assert missing(read_uv_lock(uv_lock(marker="platform_machine == 'x86_64'")), "arm64") == ()
    assert missing(read_uv_lock(uv_lock(marker="platform_machine == 'aarch64'")), "arm64") == ("thing 1.2",)


def test_groups_count_when_they_are_installed() -> None:
    lock = uv_lock("thing-1.2-py3-none-any.whl")
    assert missing(read_uv_lock(lock), "arm64") == ()
    assert missing(read_uv_lock(lock), "arm64", ("dev",)) == ("only-for-developers 3",)


def test_extras_count_when_they_are_asked_for() -> None:
    lock = """version = 1
[[package]]
name = "app"
version = "0"
source = { editable = "." }
dependencies = [{ name = "web" }, { name = "web", extra = ["fast"] }]
[[package]]
name = "web"
version = "1"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.example.com/web-1-py3-none-any.whl", hash = "sha256:0" }]
[package.optional-dependencies]
fast = [{ name = "speedups" }]
[[package]]
name = "speedups"
version = "2"
source = { registry = "https://pypi.org/simple" }
"""
    assert missing(read_uv_lock(lock), "arm64") == ("speedups 2",)
    assert missing(read_uv_lock(lock.replace('{ name = "web", extra = ["fast"] }', "")), "arm64") == ()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ('groups = ["main"]', ("thing 1",)),
        ('groups = ["dev"]', ()),
        ('groups = ["main"]\nmarkers = "sys_platform == \'win32\'"', ()),
        ("", ("thing 1",)),
        ('groups = ["main"]\noptional = true', ()),
    ],
)
def test_poetry_locks_are_read_too(fields: str, expected: tuple[str, ...]) -> None:
    lock = f'[[package]]\nname = "thing"\nversion = "1"\n{fields}\nfiles = [{{file = "thing-1.tar.gz", hash = "sha256:0"}}]\n'
    assert missing(read_poetry_lock(lock), "x86_64") == expected


def test_a_lock_of_hashes_alone_tells_nothing() -> None:
    lock = read_pipfile_lock('{"default": {"thing": {"version": "==1", "hashes": ["sha256:0"]}}}')
    assert missing(lock, "arm64") == ()


@given(st.one_of(st.text(max_size=60), st.sampled_from(["package = 1", "[[package]]", '[[package]]\nname = 1\nsource = "x"'])))
def test_a_damaged_lock_is_a_fault_of_its_own(text: str) -> None:
    for read in (read_uv_lock, read_poetry_lock, read_pipfile_lock):
        try:
            lock = read(text)
            assert missing(lock, "arm64") == ()
        except LockFault as error:
            assert str(error).startswith("it is n")


@pytest.mark.parametrize("runtime", [name for name in runtimes() if name.startswith("python")])
def test_every_runtime_has_a_target_that_its_c_library_can_load(runtime: str) -> None:
    base = base_image(runtime)
    glibc = {"AL1": 17, "AL2": 26, "AL2023": 34}[base.os]
    assert int(uv_platform(base, "arm64").rpartition("_")[2]) <= glibc
    assert uv_platform(base, "x86_64").startswith("x86_64-manylinux_2_")
