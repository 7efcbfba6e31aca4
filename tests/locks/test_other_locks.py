"""poetry.lock, Pipfile.lock and pylock.toml: where packages come from, words and Python versions."""

from __future__ import annotations

import json

import pytest

from optimizer.bases.catalogue import base_image
from optimizer.locks.pipenv import read_pipfile_lock
from optimizer.locks.poetry import read_poetry_lock
from optimizer.locks.pylock import NAME, read_pylock
from optimizer.locks.python import From, Wanted, environment_of

ENVIRONMENT = environment_of(base_image("python3.13"), "x86_64")
COMMIT = "4295027a9c5508540929a4438e5b0bba0374a0cf"
POETRY = f"""\
[[package]]
name = "Lib"
version = "1"
groups = ["main"]
files = []
[package.source]
type = "directory"
url = "../libs/lib"
[[package]]
name = "fromgit"
version = "1"
groups = ["main", "docs"]
files = []
[package.source]
type = "git"
url = "https://example.com/a.git"
reference = "main"
resolved_reference = "{COMMIT}"
[[package]]
name = "private"
version = "1"
optional = true
groups = ["main"]
markers = "extra == \\"pdf\\""
files = []
[package.source]
type = "legacy"
url = "https://packages.example.com/simple"
reference = "house"
[[package]]
name = "sphinx"
version = "1"
groups = ["docs"]
markers = {{docs = "python_version >= \\"3.11\\""}}
files = []
[extras]
pdf = ["private"]
"""


def test_poetry_lock() -> None:
    lock = read_poetry_lock(POETRY, "[tool.poetry.group.empty.dependencies]\n[tool.poetry.extras]\nnothing = []\n")
    assert lock.words(None).groups == {"docs", "empty"}
    assert lock.words(None).extras == {"pdf", "nothing"}
    found = {item.name: item for item in lock.select(Wanted(environment=ENVIRONMENT))}
    assert (found["lib"].origin, found["lib"].location) == (From.DIRECTORY, "../libs/lib")
    assert found["fromgit"].commit == COMMIT
    assert sorted(found) == ["fromgit", "lib"]
    more = {item.name: item for item in lock.select(Wanted(words=("pdf", "docs"), environment=ENVIRONMENT))}
    assert more["private"].location == "https://packages.example.com/simple"
    assert "sphinx" in more


@pytest.mark.parametrize(
    ("versions", "fits"),
    [
        ("^3.11", True),
        ("^3.13", True),
        ("~3.12", False),
        ("~3.13", True),
        ("~3", True),
        (">=3.9,<3.13", False),
        (">=3.9 <4.0", True),
        ("3.13.*", True),
        ("3.12.*", False),
        ("^2.7 || ^3.9", True),
        ("~2.7 || ~3.6", False),
        ("*", True),
        ("^3.13.1", True),
        ("something else", True),
    ],
)
def test_poetrys_words_for_python_versions(versions: str, fits: bool) -> None:
    """Source: https://python-poetry.org/docs/dependency-specification/#version-constraints"""
    assert read_poetry_lock(f'[metadata]\npython-versions = "{versions}"').fits_python("3.13") == fits


def test_pipfile_lock() -> None:
    default = {
        "lib": {"path": "./libs/lib", "editable": True},
        "wheel": {"file": "wheels/wheel-1-py3-none-any.whl"},
        "url": {"file": "https://example.com/url-1-py3-none-any.whl", "hashes": ["sha256:aa"]},
        "fromgit": {"git": "https://example.com/a.git", "ref": COMMIT, "extras": ["x"]},
        "private": {"version": "==1", "index": "house", "hashes": ["sha256:bb"]},
        "windows": {"version": "==1", "markers": "sys_platform == 'win32'"},
    }
    sources = [{"name": "pypi", "url": "https://pypi.org/simple/"}, {"name": "house", "url": "https://packages.example.com/simple"}]
    lock = read_pipfile_lock(json.dumps({"_meta": {"sources": sources, "requires": {"python_version": "3.12"}}, "default": default}))
    found = {item.name: item for item in lock.select(Wanted(environment=ENVIRONMENT))}
    assert sorted(found) == ["fromgit", "lib", "private", "url", "wheel"]
    assert found["lib"].location == "libs/lib"
    assert found["wheel"].archives == ("wheels/wheel-1-py3-none-any.whl",)
    assert found["url"].requirement == "url @ https://example.com/url-1-py3-none-any.whl#sha256=aa"
    assert found["fromgit"].requirement == f"fromgit[x] @ git+https://example.com/a.git@{COMMIT}"
    assert found["private"].location == "https://packages.example.com/simple"
    assert not lock.fits_python("3.13")
    assert lock.fits_python("3.12")


def test_pylock() -> None:
    text = f"""\
lock-version = "1.0"
requires-python = ">=3.11"
extras = ["pdf"]
dependency-groups = ["docs", "default"]
default-groups = ["default"]
[[packages]]
name = "lib"
directory = {{ path = "libs/lib" }}
[[packages]]
name = "fromgit"
marker = "'pdf' in extras"
vcs = {{ type = "git", url = "https://example.com/a.git", commit-id = "{COMMIT}" }}
[[packages]]
name = "archive"
marker = "'docs' not in dependency_groups and 'default' in dependency_groups"
archive = {{ path = "archives/archive-1.tar.gz", hashes = {{ sha256 = "0" }} }}
[[packages]]
name = "local"
version = "1"
wheels = [{{ path = "wheels/local-1-py3-none-any.whl", hashes = {{ sha256 = "0" }} }}]
sdist = {{ path = "wheels/local-1.tar.gz", hashes = {{ sha256 = "0" }} }}
"""
    lock = read_pylock(text, "pylock.api.toml")
    found = {item.name: item for item in lock.select(Wanted(environment=ENVIRONMENT))}
    assert sorted(found) == ["archive", "lib", "local"]
    assert found["local"].archives == ("wheels/local-1-py3-none-any.whl", "wheels/local-1.tar.gz")
    assert sorted(item.name for item in lock.select(Wanted(words=("pdf", "docs"), environment=ENVIRONMENT))) == ["fromgit", "lib", "local"]
    assert NAME.fullmatch("pylock.toml")
    assert not NAME.fullmatch("pylock.a.b.toml")


def test_groups_that_poetry_installs_without_being_asked() -> None:
    project = """
[tool.poetry.group.reports.dependencies]
six = "1.17.0"
[tool.poetry.group.dev.dependencies]
iniconfig = "2.0.0"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.pdf]
optional = true
[dependency-groups]
tracing = ["jmespath"]
"""
    assert read_poetry_lock("", project).words(None).defaults == {"reports", "tracing"}


def test_words_are_found_however_the_project_writes_them() -> None:
    """Poetry writes normal forms into the lock, and Poetry 1 what the project has."""
    entries = """
[[package]]
name = "one"
version = "1"
groups = ["my-group"]
files = []
[[package]]
name = "two"
version = "1"
groups = ["Other_Group"]
files = []
[[package]]
name = "three"
version = "1"
optional = true
groups = ["main"]
files = []
[extras]
Pdf_Files = ["three"]
"""
    lock = read_poetry_lock(entries, "[tool.poetry.group.My_Group.dependencies]\n[tool.poetry.extras]\nPdf_Files = []\n")
    assert (lock.words(None).groups, lock.words(None).extras) == ({"my-group", "other-group"}, {"pdf-files"})
    found = lock.select(Wanted(words=("my-group", "other-group", "pdf-files"), environment=ENVIRONMENT))
    assert [package.name for package in found] == ["one", "three", "two"]
    pylock = """
extras = ["Pdf_Files"]
dependency-groups = ["my_group"]
[[packages]]
name = "one"
marker = "'My_Group' in dependency_groups"
[[packages]]
name = "three"
marker = "'pdf-files' in extras"
"""
    assert len(read_pylock(pylock, "pylock.toml").select(Wanted(words=("my-group", "pdf-files"), environment=ENVIRONMENT))) == 2


def test_the_environments_that_pylock_is_for() -> None:
    """pipenv 2026.10.3 writes an empty list, and uv installs such a lock nowhere."""
    assert read_pylock("", "pylock.toml").fits(dict(ENVIRONMENT))
    assert read_pylock("environments = [\"sys_platform == 'linux'\"]", "pylock.toml").fits(dict(ENVIRONMENT))
    assert not read_pylock("environments = []", "pylock.toml").fits(dict(ENVIRONMENT))
