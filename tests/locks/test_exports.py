"""Requirements of locks as their own tools export them."""

from __future__ import annotations

import json

import pytest

from optimizer.bases.catalogue import base_image
from optimizer.locks.exports import pipenv_requirements, poetry_patch_matters, poetry_requirements
from optimizer.locks.python import LockFault, Wanted, environment_of

ENVIRONMENT = environment_of(base_image("python3.13"), "x86_64")


def wanted(*words: str) -> Wanted:
    return Wanted(words=words, environment=ENVIRONMENT)


def entry(name: str, groups: str = '["main"]', more: str = "") -> str:
    return f"""
[[package]]
name = "{name}"
version = "1.0"
groups = {groups}
{more}
files = [{{file = "{name}-1.0-py3-none-any.whl", hash = "sha256:{name.lower()}"}}, {{file = "{name}-1.0.tar.gz", hash = "sha256:0"}}]
"""


# Poetry 2.5.1 wrote these digests.
PROJECT = '[project]\nname = "own"\nversion = "1"\ndependencies = ["six"]\n'
PROJECTS = [
    PROJECT,
    f'{PROJECT}[dependency-groups]\nmore = ["idna"]\n[tool.poetry.group.reports.dependencies]\nidna = "*"\n',
    '[tool.poetry]\nname = "own"\nversion = "1"\npackage-mode = false\n[tool.poetry.dependencies]\npython = ">=3.11"\nsix = "*"\n',
]
DIGESTS = [
    "76324c4c066347416183eeb87c880f0428988dd083916dbb2e6288c7c93c200b",
    "b132826acecf7fa80083dfaf94df0cc778ab0ecda3473326ef21d328078c7de0",
    "25a74b5950d1b79270d8856fa02fa940f4da11da29f4040969c19205af21e690",
]


POETRY = (
    entry("A_a")
    + entry("b", '["reports"]')
    + entry("c", more="optional = true\nmarkers = 'extra == \"fast\"'")
    + entry("d", more="markers = 'sys_platform == \"win32\"'")
    + entry("e", '["main", "reports"]', "markers = {main = \"sys_platform == 'win32'\", reports = \"sys_platform == 'linux'\"}")
    + f'\n[extras]\nfast = ["c"]\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.11"\ncontent-hash = "{DIGESTS[0]}"\n'
)


@pytest.mark.parametrize(
    ("words", "names"),
    [((), ["a-a"]), (("reports",), ["a-a", "b", "e"]), (("fast",), ["a-a", "c"]), (("reports", "fast"), ["a-a", "b", "c", "e"])],
)
def test_a_poetry_lock_gives_what_is_chosen_with_all_hashes(words: tuple[str, ...], names: list[str]) -> None:
    found = poetry_requirements(POETRY, PROJECT, wanted(*words))
    assert [line.partition("==")[0] for line in found] == names
    assert found[0] == "a-a==1.0 --hash=sha256:a_a --hash=sha256:0"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (POETRY.replace('groups = ["main"]\n', ""), "not of the form that Poetry 2 writes"),
        (POETRY.replace('"2.1"', '"2.0"'), "not of the form that Poetry 2 writes"),
        (POETRY.replace('"2.1"', '"3.0"'), "not of the form that Poetry 2 writes"),
        (
            POETRY
            + '[[package]]\nname = "own"\nversion = "1"\ngroups = ["main"]\nfiles = []\n[package.source]\ntype = "directory"\nurl = "own"\n',
            "own",
        ),
        (POETRY.replace('hash = "sha256:b"', "size = 1"), "not in the form that poetry writes"),
        ("[[", "not valid TOML"),
    ],
)
def test_a_poetry_lock_that_cannot_be_exported_here(text: str, reason: str) -> None:
    with pytest.raises(LockFault, match=reason):
        poetry_requirements(text, PROJECT, wanted())


@pytest.mark.parametrize(("project", "digest"), list(zip(PROJECTS, DIGESTS, strict=True)))
def test_a_poetry_lock_of_another_pyproject_is_left_to_poetry(project: str, digest: str) -> None:
    """Poetry refuses to export it."""
    text = f'[metadata]\nlock-version = "2.1"\npython-versions = "*"\ncontent-hash = "{digest}"\n'
    assert poetry_requirements(text, project, wanted()) == ()
    assert poetry_requirements(text, f"{project}[tool.other]\nx = 1\n", wanted()) == ()
    with pytest.raises(LockFault, match="may have changed"):
        poetry_requirements(text, project.replace("six", "requests"), wanted())


@pytest.mark.parametrize(
    ("marker", "matters"),
    [
        ("python_full_version < '3.13.3'", True),
        ("python_full_version < '3.14'", False),
        ("python_full_version < '3.13.3' and sys_platform == 'win32'", False),
        ("sys_platform == 'linux'", False),
    ],
)
def test_a_patch_release_that_decides_is_noticed(marker: str, matters: bool) -> None:
    assert poetry_patch_matters(POETRY + entry("f", more=f'markers = "{marker}"'), wanted()) is matters


PIPENV = {
    "_meta": {"requires": {"python_version": "3.13"}, "sources": [{"name": "pypi", "url": "https://pypi.org/simple"}]},
    "default": {
        "six": {"hashes": ["sha256:a", "sha256:b"], "index": "pypi", "version": "==1.17.0"},
        "uvicorn": {"extras": ["standard"], "hashes": ["sha256:c"], "markers": "python_version >= '3.9'", "version": "==0.30.0"},
    },
    "develop": {"pytest": {"hashes": ["sha256:d"], "version": "==8.0"}},
}


def test_a_pipfile_lock_gives_its_default_packages() -> None:
    assert pipenv_requirements(json.dumps(PIPENV)) == (
        "six==1.17.0 --hash=sha256:a --hash=sha256:b",
        "uvicorn[standard]==0.30.0 ; python_version >= '3.9' --hash=sha256:c",
    )


@pytest.mark.parametrize("entry", [{"git": "https://example.com/a.git", "ref": "0"}, {"version": "==1"}, {"path": "."}, "*"])
def test_a_pipfile_lock_with_others_cannot_be_exported_here(entry: object) -> None:
    with pytest.raises(LockFault):
        pipenv_requirements(json.dumps({"default": {"a": entry}}))
