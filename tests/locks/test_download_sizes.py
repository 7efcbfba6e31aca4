"""What a lock tells of the bytes that an installer fetches."""

from __future__ import annotations

from optimizer.bases.catalogue import base_image
from optimizer.locks.pylock import read_pylock
from optimizer.locks.python import Package, Wanted
from optimizer.locks.uv import read_uv_lock
from optimizer.locks.wheels import download_bytes

BASE = base_image("python3.13")
UV = """
version = 1
requires-python = ">=3.13"

[[package]]
name = "fn"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "numpy" }]

[[package]]
name = "numpy"
version = "2.2.4"
source = { registry = "https://example.com/simple" }
wheels = [
    { url = "https://example.com/numpy-2.2.4-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", hash = "sha256:1", size = 16 },
    { url = "https://example.com/numpy-2.2.4-cp313-cp313-manylinux_2_28_aarch64.whl", hash = "sha256:2", size = 14 },
    { url = "https://example.com/numpy-2.2.4-cp312-cp312-manylinux_2_17_x86_64.whl", hash = "sha256:3", size = 99 },
]
"""
PYLOCK = """
lock-version = "1.0"
created-by = "test"

[[packages]]
name = "six"
version = "1.17.0"
[[packages.wheels]]
name = "six-1.17.0-py2.py3-none-any.whl"
url = "https://example.com/six-1.17.0-py2.py3-none-any.whl"
size = 11050
hashes = { sha256 = "1" }
"""


def test_the_wheel_of_the_base_counts() -> None:
    packages = read_uv_lock(UV).select(Wanted(environment=(("python_version", "3.13"),)))
    assert download_bytes(packages, BASE, "x86_64") == 16
    assert download_bytes(packages, BASE, "arm64") == 14


def test_pylock_tells_sizes_too() -> None:
    assert download_bytes(read_pylock(PYLOCK, "pylock.toml").select(Wanted()), BASE, "arm64") == 11050


def test_a_size_that_is_not_there_leaves_all_unknown() -> None:
    wheel = "six-1.17.0-py2.py3-none-any.whl"
    known = Package(name="six", place="uv.lock", files=(wheel,), sizes=(11050,))
    for other in (
        Package(name="a", place="uv.lock", files=("a-1-py3-none-any.whl",)),
        Package(name="a", place="uv.lock", files=("a-1-cp312-cp312-win_amd64.whl",), sizes=(5,)),
        Package(name="a", place="uv.lock"),
    ):
        assert download_bytes([known, other], BASE, "x86_64") is None
    assert download_bytes([known], BASE, "x86_64") == 11050
    assert download_bytes([], BASE, "x86_64") == 0


def test_of_several_wheels_that_fit_the_installers_choice_counts() -> None:
    package = Package(name="a", place="uv.lock", files=("a-1-py3-none-any.whl", "a-1-cp313-cp313-manylinux_2_17_x86_64.whl"), sizes=(5, 50))
    assert download_bytes([package], BASE, "x86_64") == 50
