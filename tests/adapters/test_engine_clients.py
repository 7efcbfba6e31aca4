"""Clients of engines, told apart by what they print of themselves, and by their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer.adapters.engine import Engine
from optimizer.adapters.engine_clients import Client, EngineClient, build_faults, named_client, told_client
from optimizer.adapters.engine_program import EngineProgram, building_program
from tests.adapters.test_engine import FakeDocker, refusal

# As the versions named in docs/clients.md print it.
DOCKER = "Client:\n Version:           28.2.2\n API version:       1.45\n\nServer:\n Engine:\n  Version:          26.1.5+dfsg1\n"
OVER_PODMAN = "Client:\n Version:           28.2.2\n\nServer: linux/amd64/debian-13\n Podman Engine:\n  Version:          5.4.2\n"
PODMAN = "Client:       Podman Engine\nVersion:      4.3.1\nAPI Version:  4.3.1\nGo Version:   go1.19.8\n"
PODMANS = f"{PODMAN}\nServer:       Podman Engine\nVersion:      5.4.2\n"
BUILDAH = "Version:         1.39.3\nGo Version:      go1.24.4\nImage Spec:      1.1.0\nRuntime Spec:    1.2.0\n"


@pytest.mark.parametrize(
    ("output", "client"),
    [
        (DOCKER, EngineClient(Client.BUILDKIT)),
        # Its builds are BuildKit's, in a container that buildx starts.
        (OVER_PODMAN, EngineClient(Client.BUILDKIT)),
        (PODMAN, EngineClient(Client.PODMAN)),
        (PODMANS, EngineClient(Client.PODMAN, remote=True)),
        (BUILDAH, EngineClient(Client.BUILDAH)),
        ("", EngineClient(Client.BUILDKIT)),
    ],
)
def test_a_client_says_what_it_is(output: str, client: EngineClient) -> None:
    assert told_client(output) == client


@pytest.mark.parametrize(
    ("name", "client"),
    [
        ("docker", Client.BUILDKIT),
        ("/usr/bin/podman", Client.PODMAN),
        ("C:\\Program Files\\podman.exe", Client.PODMAN),
        ("podman-remote", Client.PODMAN),
        ("buildah", Client.BUILDAH),
        ("nerdctl", Client.BUILDKIT),
        ("finch", Client.BUILDKIT),
        ("my-podman-wrapper", Client.BUILDKIT),
        ("", Client.BUILDKIT),
    ],
)
def test_a_name_tells_a_client(name: str, client: Client) -> None:
    assert named_client(name) is client


@pytest.mark.parametrize(
    ("program", "environment", "cached", "places"),
    [
        ("buildah", {}, False, ["CDK_DOCKER"]),
        ("buildah", {"BUILDAH_LAYERS": "false"}, True, ["CDK_DOCKER", "optimizer:cache"]),
        ("buildah", {"BUILDAH_LAYERS": "TRUE"}, False, []),
        ("buildah", {"BUILDAH_LAYERS": "1"}, False, []),
        ("podman", {}, False, []),
        ("podman", {}, True, ["optimizer:cache"]),
        ("finch", {}, True, []),
        ("docker", {}, True, []),
    ],
)
def test_builds_that_would_differ_are_refused(program: str, environment: dict[str, str], cached: bool, places: list[str]) -> None:
    """Requirement: "where it would be wrong, refused with a hint"."""
    faults = build_faults(EngineProgram(program, "CDK_DOCKER"), environment, cached=cached)
    assert [fault.place for fault in faults] == places
    assert all(f'"{program}"' in fault.message and fault.hint for fault in faults)


def test_what_cdk_builds_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDK_DOCKER", raising=False)
    # CDK knows nothing of this variable.
    monkeypatch.setenv("OPTIMIZER_DOCKER", "podman")
    assert building_program() == EngineProgram("docker")
    monkeypatch.setenv("CDK_DOCKER", "buildah")
    assert building_program() == EngineProgram("buildah", "CDK_DOCKER")
    monkeypatch.setenv("CDK_DOCKER", "optimizer-docker")
    assert building_program() == EngineProgram("podman", "OPTIMIZER_DOCKER")


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDocker:
    monkeypatch.setenv("PATH", str(tmp_path))
    return FakeDocker(tmp_path)


def test_buildah_keeps_no_images_for_commands(docker: FakeDocker) -> None:
    docker.answer("version", out=BUILDAH)
    docker.answer("image", err='Error: unknown command "image" for "buildah"', code=125)
    text = '"docker" is Buildah, which builds images, and has no commands to inspect, save, load and run them'
    assert refusal(Engine().check).startswith(text)
    assert refusal(Engine().has, "shop").startswith(text)
    assert "hint: set OPTIMIZER_DOCKER=podman" in refusal(Engine().check)


def test_a_client_is_asked_once(docker: FakeDocker, tmp_path: Path) -> None:
    docker.answer("version", out=PODMAN)
    engine = Engine()
    engine.check()
    with engine.own_caches(tmp_path) as variables:
        assert list(variables) == ["TMPDIR"]
    assert [call[0] for call in docker.calls()] == [["version"]]


def test_what_belongs_to_other_users_is_removed_by_podman(docker: FakeDocker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without root, a build's files belong to users that only its namespace has."""
    docker.answer("version", out=PODMAN)

    def refused(path: str) -> None:
        raise PermissionError(path)

    monkeypatch.setattr("optimizer.adapters.engine.shutil.rmtree", refused)
    with Engine().own_caches(tmp_path) as variables:
        path = variables["TMPDIR"]
    assert docker.calls()[-1][0] == ["unshare", "rm", "-rf", path]


def test_an_old_podman_is_told_by_what_it_refuses(docker: FakeDocker, tmp_path: Path) -> None:
    docker.answer("build", err='Error: building at STEP "RUN --network=none true": RUN only supports the --mount flag\n', code=125)
    assert refusal(Engine().build, [], tmp_path).endswith("hint: update to podman 5.4 or Buildah 1.39, or build with docker")
