"""Packages of a private index: they come from there, and without the secret from nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from optimizer import BuildSecret, ImageSpec, PythonDependencies, plan
from optimizer.bases.catalogue import base_image
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.project.files import Project
from tests.engine.package_index import CREDENTIALS, PackageIndex, package_index, wheel
from tests.engine.planned import pinned
from tests.patience import PATIENCE_S

PACKAGE = "optimizer-test-house-lib"
USER, _, PASSWORD = CREDENTIALS.partition(":")


@pytest.fixture(scope="module")
def installer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The wheel of the uv that stages install, by its file name."""
    directory = tmp_path_factory.mktemp("uv")
    argv = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--dest",
        str(directory),
        f"uv=={Tools().tool('uv').version}",
    ]
    subprocess.run(argv, check=True, timeout=PATIENCE_S)
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture
def public(installer: dict[str, bytes]) -> Iterator[PackageIndex]:
    with package_index({**installer, **dict([wheel(PACKAGE, "1.0", "FROM = 'public'\n")])}) as index:
        yield index


@pytest.fixture
def private(installer: dict[str, bytes]) -> Iterator[PackageIndex]:
    """An index as a pull-through proxy is: with packages of the company, and with what it has from elsewhere."""
    with package_index({**installer, **dict([wheel(PACKAGE, "1.0", "FROM = 'private'\n")])}, CREDENTIALS) as index:
        yield index


@pytest.fixture
def mirror(registry: str, public: PackageIndex, tmp_path: Path) -> str:
    """A mirror with a base in which the index that is public to installers is one of this machine."""
    name = f"{registry}/indexed/lambda/python:3.13"
    recipe = "\n".join(
        [
            f"FROM {registry}/lambda/python:3.13-x86_64",
            f"RUN mkdir -p /etc/uv && printf 'index-url = \"%s\"\\n' {public.url} > /etc/uv/uv.toml",
            f"RUN printf '[global]\\nindex-url = %s\\n' {public.url} > /etc/pip.conf",
        ]
    )
    subprocess.run(["docker", "build", "--quiet", "--tag", name, "-"], input=recipe, text=True, check=True, timeout=PATIENCE_S)
    subprocess.run(["docker", "push", "--quiet", name], check=True, timeout=PATIENCE_S)
    return f"{registry}/indexed"


def step(installer: str, way: str, private: PackageIndex) -> PythonDependencies:
    """A step that knows the private index by a variable, or by its address and a netrc file."""
    if way == "variable":
        variable = {"uv": "UV_DEFAULT_INDEX", "pip": "PIP_INDEX_URL"}[installer]
        secret = BuildSecret("index", from_env="HOUSE_INDEX", to_env=variable)
        return PythonDependencies("requirements.txt", installer=installer, secrets=[secret])
    secret = BuildSecret("index", from_file="secrets/netrc", to_file="/root/.netrc")
    return PythonDependencies("requirements.txt", installer=installer, index_url=private.url, secrets=[secret])


def build(
    directory: Path, mirror: str, dependencies: PythonDependencies, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Build the image of the step as CDK does, in the directory of its context, and without any cache."""
    (directory / "requirements.txt").write_text(f"{PACKAGE}==1.0\n", encoding="utf-8")
    project = Project(directory)
    spec = ImageSpec(runtime="python3.13", steps=[dependencies])
    pins = pinned(mirror, directory / "optimizer.lock", base_image("python3.13").reference)
    made = build_context(plan(spec, pins, root=directory, mirror=Mirror.parse(mirror)), project)
    context = stage_context(made, project, directory / "cdk.out")
    sources = made.secret_sources(os.path.relpath(directory, context))
    argv = ["docker", "build", "--progress", "plain", "--network", "host", "--no-cache", "--tag", tag(directory)]
    argv += ["--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={uuid.uuid4().hex}"]
    argv += [f"--secret=id={name},{source}" for name, source in sources.items()]
    inherited = {name: value for name, value in os.environ.items() if name != "HOUSE_INDEX"}
    return subprocess.run(
        [*argv, "."], cwd=context, env={**inherited, **environment}, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def tag(directory: Path) -> str:
    return f"optimizer-test/private-index:{directory.name.lower().replace('[', '-').replace(']', '-')[:100].strip('-._')}"


def docker(arguments: Sequence[str]) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """The project; the image of its name is gone afterwards."""
    made = tmp_path / f"project-{uuid.uuid4().hex[:8]}"
    (made / "secrets").mkdir(parents=True)
    yield made
    subprocess.run(["docker", "image", "rm", "--force", tag(made)], capture_output=True, check=False, timeout=PATIENCE_S)


@pytest.mark.parametrize("way", ["variable", "netrc"])
@pytest.mark.parametrize("installer_name", ["uv", "pip"])
def test_a_package_of_both_indexes_comes_from_the_private_one(
    installer_name: str, way: str, mirror: str, public: PackageIndex, private: PackageIndex, directory: Path
) -> None:
    """uv does not read pip's variable, which was the one in every hint: its packages came from the public index."""
    (directory / "secrets" / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n", encoding="utf-8")
    result = build(directory, mirror, step(installer_name, way, private), {"HOUSE_INDEX": private.url_with_credentials})
    assert result.returncode == 0, result.stderr
    code = "import optimizer_test_house_lib as lib; print(lib.FROM)"
    assert docker(["run", "--rm", "--network", "none", "--entrypoint", "python", tag(directory), "-c", code]) == "private\n"
    assert public.requests == [], "also the installer itself comes from the private index"
    assert f"/simple/{PACKAGE}/" in private.requests
    assert PASSWORD not in docker(["history", "--no-trunc", tag(directory)]) + docker(["image", "inspect", tag(directory)])


@pytest.mark.parametrize("environment", [{}, {"HOUSE_INDEX": ""}], ids=["missing", "empty"])
@pytest.mark.parametrize("installer_name", ["uv", "pip"])
def test_without_the_variable_nothing_is_fetched(
    installer_name: str, environment: dict[str, Any], mirror: str, public: PackageIndex, private: PackageIndex, directory: Path
) -> None:
    """A builder takes a variable that is not set for an empty secret, and installers an empty index for the public one."""
    result = build(directory, mirror, step(installer_name, "variable", private), environment)
    assert result.returncode != 0
    assert "the build secret index is empty: set HOUSE_INDEX where the image is built" in result.stderr
    assert public.requests == private.requests == []


@pytest.mark.parametrize("content", [None, "\n"], ids=["missing", "empty"])
@pytest.mark.parametrize("installer_name", ["uv", "pip"])
def test_without_the_file_nothing_is_fetched(
    installer_name: str, content: str | None, mirror: str, public: PackageIndex, private: PackageIndex, directory: Path
) -> None:
    if content is not None:
        (directory / "secrets" / "netrc").write_text(content, encoding="utf-8")
    result = build(directory, mirror, step(installer_name, "netrc", private), {})
    assert result.returncode != 0
    wanted = "no such file or directory" if content is None else "the build secret index is empty: fill the file secrets/netrc"
    assert wanted in result.stderr
    assert public.requests == private.requests == []
