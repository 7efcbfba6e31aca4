"""Recipes name the exact Python of a base that the lock tells, and their keys hold it in place of the base's digest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from optimizer import Command, ImageSpec, Lock, PythonDependencies, SourceCode, SystemPackages, load_plan, plan, render
from optimizer.builders.docker.render import Profile
from optimizer.model.plan import BuildPlan
from optimizer.model.steps import Step
from optimizer.planning.document import KeptPlan, plan_to_data
from optimizer.planning.keys import stage_keys
from optimizer.project.files import Project

BASE = "public.ecr.aws/lambda/python:3.13"
HASH = "--hash=sha256:" + "a" * 64
PYPROJECT = '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["six"]\n'
UV_LOCK = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "app"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "six" }}]
[[package]]
name = "six"
version = "1.17.0"
source = {{ registry = "https://pypi.org/simple" }}
{files}
"""
WHEEL = 'wheels = [{ url = "https://example.com/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:aa" }]'
SOURCE = 'sdist = { url = "https://example.com/six-1.17.0.tar.gz", hash = "sha256:aa" }'


def lock(digit: str = "1", python: str = "3.13.5", arm64: str = "", kind: str = "index", reference: str = BASE) -> Lock:
    """A lock of one base; without ``python`` as an older one is."""
    digests = {"amd64": "sha256:" + digit * 64, "arm64": "sha256:" + digit * 63 + "a"}
    if kind == "manifest":
        del digests["arm64"]
    lines = [
        "version = 1",
        "[[image]]",
        f'reference = "{reference}"',
        f'digest = "sha256:{digit * 64}"',
        "resolved = 2026-11-01",
        f'kind = "{kind}"',
    ]
    lines += ["[image.platforms]", *(f'{name} = "{digest}"' for name, digest in digests.items())]
    if python:
        known = {"amd64": python, "arm64": arm64 or python}
        lines += ["[image.python]", *(f'{name} = "{version}"' for name, version in known.items() if name in digests and version != "-")]
    return Lock.parse("\n".join(lines) + "\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in {
        "app/app.py": "WHO = 1\n",
        "requirements.txt": f"six==1.17.0 {HASH}\n",
        "uv/pyproject.toml": PYPROJECT,
        "uv/uv.lock": UV_LOCK.format(files=WHEEL),
        "built/pyproject.toml": PYPROJECT,
        "built/uv.lock": UV_LOCK.format(files=SOURCE),
        "vendor/six-1.17.0.tar.gz": "",
        "archives.txt": "./vendor/six-1.17.0.tar.gz\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def made(root: Path, *steps: Step, pins: Lock | None = None, **options: Any) -> BuildPlan:
    return plan(ImageSpec(runtime="python3.13", steps=list(steps), **options), pins or lock(), root=root)


def keys(root: Path, *steps: Step, pins: Lock, **options: Any) -> dict[str, str]:
    return stage_keys(made(root, *steps, pins=pins, **options), Project(root))


CODE = SourceCode("app", name="code")
PACKAGES = PythonDependencies("requirements.txt", name="packages")


def test_two_bases_of_one_python_give_equal_keys(root: Path) -> None:
    """Requirement: "plan with two base digests and one Python gives equal keys for packages and byte-code stages; different Python gives different keys"."""
    steps = (CODE, PACKAGES, PythonDependencies("uv/uv.lock", name="locked"))
    before, patched, other = (keys(root, *steps, pins=pins) for pins in (lock("1"), lock("2"), lock("2", "3.13.6")))
    assert before == patched
    assert not set(before.values()) & set(other.values())


def test_a_lock_without_the_fact_gives_the_keys_that_it_gave(root: Path) -> None:
    """Requirement: "a lock from before (works as today)": keys as of the version before."""
    before, patched = (keys(root, CODE, PACKAGES, pins=lock(digit, "")) for digit in "12")
    assert not set(before.values()) & set(patched.values())
    assert not made(root, CODE, PACKAGES, pins=lock("1", "")).names_python
    assert "same_python" not in render(made(root, CODE, PACKAGES, pins=lock("1", "")))


def test_what_is_not_compiled_names_no_python(root: Path) -> None:
    assert not made(root, CODE, bytecode=False).names_python
    packages = made(root, PACKAGES, bytecode=False).stage("packages").recipe
    assert packages.exact_programs == {"python": "3.13.5"}, "markers of packages ask for the patch release, too"


@pytest.mark.parametrize(
    "step",
    [
        PythonDependencies("requirements.txt", name="x", installer="pip"),
        PythonDependencies("requirements.txt", name="x", build_packages=["gcc"]),
        PythonDependencies("requirements.txt", name="x", slim=["base-packages"]),
        PythonDependencies("built/uv.lock", name="x"),
        PythonDependencies("archives.txt", name="x"),
        Command([["make"]], name="x"),
    ],
    ids=["pip", "build packages", "packages of the base", "no wheel", "archive of the project", "command"],
)
def test_the_base_stays_in_the_key_where_more_of_it_decides(step: Step, root: Path) -> None:
    """Requirement: "what BUILDS in a container from source still needs the base's digest: keep it there; run/command stages too"."""
    one, two = (keys(root, step, pins=lock(digit)) for digit in "12")
    assert one["x"] != two["x"]
    assert "same_python" not in render(made(root, step))


def test_what_stands_on_a_changed_system_follows_the_base(root: Path) -> None:
    steps = (SystemPackages(["libpq"], name="system"), PythonDependencies("requirements.txt", name="packages", after=["system"]))
    one, two = (keys(root, *steps, pins=lock(digit)) for digit in "12")
    assert not set(one.values()) & set(two.values())


def test_platforms_of_one_python_share_their_code(root: Path) -> None:
    intel, arm = (keys(root, CODE, PACKAGES, pins=lock(), architecture=name) for name in ("x86_64", "arm64"))
    assert intel["code"] == arm["code"]
    assert intel["packages"] != arm["packages"], "wheels have platforms"


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_platforms_with_two_pythons_are_as_before(architecture: str, root: Path) -> None:
    """Whichever platform builds makes the byte-code, so no version could be promised."""
    pins = lock(arm64="3.13.4")
    assert not made(root, CODE, PACKAGES, pins=pins, architecture=architecture).names_python
    assert keys(root, CODE, pins=pins, architecture=architecture) == keys(root, CODE, pins=lock(python=""), architecture=architecture)


def test_the_python_of_another_platform_says_nothing(root: Path) -> None:
    pins = lock(arm64="-")
    assert made(root, CODE, pins=pins, architecture="x86_64").names_python
    assert not made(root, CODE, pins=pins, architecture="arm64").names_python


def test_a_base_of_one_platform_is_as_good(root: Path) -> None:
    """A private mirror may hold copies for one platform alone; the layers are those of the index."""
    one, two, index = (
        keys(root, CODE, PACKAGES, pins=lock(digit, kind=kind)) for digit, kind in [("1", "manifest"), ("2", "manifest"), ("3", "index")]
    )
    assert one == two == index


def test_a_base_with_a_digest_counts_where_the_lock_has_that(root: Path) -> None:
    """Requirement: "bases given by digest in the spec"."""
    assert made(root, CODE, base=f"{BASE}@sha256:{'1' * 64}").names_python
    assert not made(root, CODE, base=f"{BASE}@sha256:{'2' * 64}").names_python


def test_both_profiles_compare_the_python_first(root: Path) -> None:
    """Requirement: "the compile step in the Dockerfile checks that the interpreter is the version the recipe names"."""
    found = made(root, CODE, PACKAGES)
    for profile in Profile:
        text = render(found, profile)
        assert text.count("python -I -S /scripts/same_python.py 3.13.5 &&") == 2
        for later in ("uv pip install", "compile_python.py /layer"):
            assert text.index("same_python.py 3.13.5 &&") < text.index(later)


def test_a_kept_plan_names_it_too(root: Path, tmp_path: Path) -> None:
    found = made(root, CODE, PACKAGES)
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(plan_to_data(KeptPlan(plan=found, keys=stage_keys(found, Project(root)), dockerfile=""))))
    assert load_plan(path) == found
