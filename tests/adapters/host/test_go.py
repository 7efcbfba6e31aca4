"""Which Go builds a program here, how it is run, and what is left to an engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import BuildSecret, GoBuild, ImageSpec, Lock, plan
from optimizer.adapters.host import go_program, go_tools, running
from optimizer.adapters.host.go_program import GoTree
from optimizer.adapters.host.go_tools import find_go
from optimizer.adapters.host.tree import BaseFacts, NoImages, Obstacle, TreeRequest
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.errors import EngineError, ImageError, RegistryError
from optimizer.model.reference import ImageReference
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
SETTINGS = ("", "", "v1", "v8.0", "off")
OFFICIAL = {"GOLANG_VERSION": "1.25.5", "GOPATH": "/go", "GOTOOLCHAIN": "local", "PATH": "/go/bin"}
Machine = Callable[..., Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Puts a Go on PATH that tells a version, keeps what it was called with, and makes what it is told to; gives its directory."""
    monkeypatch.setattr(go_tools, "_SDK", tmp_path / "sdk")
    monkeypatch.setattr(go_tools, "_INSTALLED", tmp_path / "none")
    monkeypatch.delenv("RUNNER_TOOL_CACHE", raising=False)
    monkeypatch.delenv("AGENT_TOOLSDIRECTORY", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    numbers = iter(range(100))

    def install(
        version: str = "go1.25.5",
        root: str = "/opt/go",
        settings: tuple[str, ...] = SETTINGS,
        script: str = "",
        directory: Path | None = None,
    ) -> Path:
        place = directory or tmp_path / f"machine-{next(numbers)}" / "bin"
        place.mkdir(parents=True)
        told = "\\n".join((root, version, *settings))
        program = place / "go"
        program.write_text(f"#!/bin/sh\nif [ \"$1\" = env ]; then printf '{told}\\n'; exit; fi\n{script}\n")
        program.chmod(0o755)
        if directory is None:
            monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
        return place

    return install


class Told(NoImages):
    """Images of which a registry tells what they set, or fails."""

    def __init__(self, variables: Mapping[str, str] | Exception) -> None:
        self._variables = variables

    def variables(self, image: ImageReference) -> Mapping[str, str]:
        if isinstance(self._variables, Exception):
            raise self._variables
        return self._variables


def request(root: Path, *, files: Mapping[str, str] | None = None, builder: Mapping[str, str] = OFFICIAL, **options: object) -> TreeRequest:
    project = root / "project"
    for name, text in {"shop/go.mod": "module example.com/shop\n\ngo 1.24\n", "shop/main.go": "package main\n", **(files or {})}.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    step = GoBuild("shop", name="program", **options)  # type: ignore[arg-type]
    made = plan(ImageSpec(runtime="provided.al2023", steps=[step]), LOCK, root=project)
    context = build_context(made, Project(project))
    return TreeRequest(
        plan=made,
        stage=made.stage("program"),
        context=stage_context(context, Project(project), root / "out"),
        facts=BaseFacts(),
        secrets=context.secret_sources(str(project)),
        images=Told(builder),
    )


DEPENDENCY = {
    "shop/go.mod": "module example.com/shop\n\ngo 1.24\n\nrequire example.com/greeter v1.0.0\n",
    "shop/go.sum": "example.com/greeter v1.0.0 h1:x\n",
}


class TestWhichGo:
    def test_one_on_path_of_the_exact_version(self, machine: Machine) -> None:
        place = machine()
        assert find_go("1.25.5") == place / "go"
        assert find_go("1.25.4") is None

    @pytest.mark.parametrize(
        "changed",
        [
            {"version": "go1.25.5 X:nodwarf5"},
            {"version": "devel go1.26-1234567"},
            {"root": "/usr/lib/go-1.25"},
            {"root": "/usr/lib/golang"},
            {"settings": ("-toolexec=/bin/sh", *SETTINGS[1:])},
            {"settings": ("", "", "v3", "v8.0", "off")},
            {"settings": ("", "", "v1", "v8.0", "v1.0.0")},
            {"settings": ("",)},
        ],
    )
    def test_none_that_builds_in_another_way(self, changed: dict[str, object], machine: Machine) -> None:
        """An experiment, a distribution's patches, or settings beside it: other bytes, or another program."""
        machine(**changed)
        assert find_go("1.25.5") is None

    def test_those_of_gos_own_installers_and_of_runners(self, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        sdk = machine(directory=tmp_path / "sdk" / "go1.25.4" / "bin", version="go1.25.4")
        monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "tools"))
        runner = machine(directory=tmp_path / "tools" / "go" / "1.25.5" / "x64" / "bin")
        assert (find_go("1.25.4"), find_go("1.25.5")) == (sdk / "go", runner / "go")

    def test_what_is_no_go_is_none(self, machine: Machine) -> None:
        place = machine()
        (place / "go").write_text("#!/bin/sh\nexit 1\n")
        assert find_go("1.25.5") is None


class TestObstacles:
    def test_there_is_none(self, machine: Machine, tmp_path: Path) -> None:
        machine()
        assert GoTree().obstacle(request(tmp_path)) == ""

    def test_a_machine_without_go_asks_no_registry(self, machine: Machine, tmp_path: Path) -> None:
        assert GoTree().obstacle(replace(request(tmp_path), images=Told(AssertionError()))) == "this machine has no Go"

    def test_another_version(self, machine: Machine, tmp_path: Path) -> None:
        machine("go1.24.1")
        assert GoTree().obstacle(request(tmp_path)) == "its builder has Go 1.25.5, and this machine has 1.24.1"
        machine("go1.25.5 X:nodwarf5")
        assert GoTree().obstacle(request(tmp_path)) == "its builder has Go 1.25.5, and this machine has none that is taken for it"

    def test_a_builder_of_ones_own(self, machine: Machine, tmp_path: Path) -> None:
        machine()
        wanted = request(tmp_path)
        own = replace(wanted.stage, origin=ImageReference.parse("registry.example.com/builders/go:1@sha256:" + "5" * 64))
        assert GoTree().obstacle(replace(wanted, stage=own)) == "its builder is not the official image of Go, and may build in another way"
        mirrored = replace(wanted.stage, origin=ImageReference.parse("registry.example.com/hub/library/golang:1@sha256:" + "5" * 64))
        assert GoTree().obstacle(replace(wanted, stage=mirrored)) == ""

    @pytest.mark.parametrize(
        ("builder", "expected"),
        [
            ({}, "its builder does not tell its version of Go in GOLANG_VERSION"),
            ({**OFFICIAL, "GOFLAGS": "-race", "CGO_CFLAGS": "-O2"}, "its builder sets CGO_CFLAGS, GOFLAGS"),
        ],
    )
    def test_what_the_builder_tells(self, builder: Mapping[str, str], expected: str, machine: Machine, tmp_path: Path) -> None:
        machine()
        assert GoTree().obstacle(request(tmp_path, builder=builder)) == expected

    @pytest.mark.parametrize("error", [RegistryError("it is down"), ImageError("it is no image")])
    def test_a_registry_that_does_not_tell(self, error: Exception, machine: Machine, tmp_path: Path) -> None:
        machine()
        told = GoTree().obstacle(replace(request(tmp_path), images=Told(error)))
        assert told == f"the version of Go in its builder is not known: {error}"

    @pytest.mark.parametrize(
        ("secret", "expected"),
        [
            (BuildSecret("a", from_env="A", to_env="GOPROXY"), ""),
            (BuildSecret("a", from_env="A", to_file="/root/.netrc"), ""),
            (BuildSecret("a", from_env="A", to_env="HTTPS_PROXY"), ""),
            (
                BuildSecret("a", from_env="A", to_env="GOFLAGS"),
                'its build secret "a" sets GOFLAGS, which may mean something else on this machine',
            ),
            (
                BuildSecret("a", from_env="A", to_env="GOAUTH"),
                'its build secret "a" sets GOAUTH, which may mean something else on this machine',
            ),
            (
                BuildSecret("a", from_env="A", to_file="/root/.config/go/env"),
                'its build secret "a" is a file of the stage, /root/.config/go/env',
            ),
        ],
    )
    def test_secrets_that_could_name_a_program(self, secret: BuildSecret, expected: str, machine: Machine, tmp_path: Path) -> None:
        machine()
        assert GoTree().obstacle(request(tmp_path, files=DEPENDENCY, secrets=[secret])) == expected


# Keeps the words, the directory and the environment of each call, and makes what -o names.
RECORDING = """
number=$(ls "{calls}" | wc -l)
{{ echo "$@"; pwd; env; }} > "{calls}/$number"
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then mkdir -p "$(dirname "$2")" && echo program > "$2"; fi
  shift
done
"""


class TestBuilds:
    @pytest.fixture
    def calls(self, tmp_path: Path) -> Path:
        (tmp_path / "calls").mkdir()
        return tmp_path / "calls"

    def build(self, wanted: TreeRequest, root: Path) -> Path:
        tree = root / "tree"
        tree.mkdir()
        GoTree().make(wanted, tree)
        return tree

    def test_the_commands_of_the_dockerfile_and_nothing_of_the_user(
        self, machine: Machine, calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Requirement: "Nothing that comes from a dependency runs on the host"."""
        machine(script=RECORDING.format(calls=calls))
        for name, value in {
            "GOFLAGS": "-toolexec=evil",
            "GOPROXY": "evil",
            "GOMODCACHE": "/evil",
            "GOENV": "/evil",
            "MODULES": "http://m",
        }.items():
            monkeypatch.setenv(name, value)
        secret = BuildSecret("modules", from_env="MODULES", to_env="GOPROXY")
        tree = self.build(request(tmp_path, files=DEPENDENCY, secrets=[secret]), tmp_path)
        assert (tree / "var" / "runtime" / "bootstrap").read_text() == "program\n"
        download, build = ((calls / number).read_text().splitlines() for number in "01")
        assert download[0] == "mod download"
        assert build[0] == f"build -trimpath -buildvcs=false -ldflags=-s -w -tags=lambda.norpc -o {tree}/var/runtime/bootstrap ."
        assert download[1] == build[1] and download[1].endswith("/root/build")
        common = {
            "CGO_ENABLED=0",
            "GOARCH=amd64",
            "GOOS=linux",
            "GOTOOLCHAIN=local",
            "GOENV=off",
            "GOWORK=off",
            "GOVCS=*:off",
            "GOTELEMETRY=off",
        }
        assert common < set(download) & set(build)
        assert not [line for line in download + build if "evil" in line]
        assert "GOPROXY=http://m" in download, "modules are downloaded with the secret"
        assert not [line for line in build if line.startswith("GOPROXY")], "and the build does without"

    def test_a_workspace_is_that_of_the_stage(self, machine: Machine, calls: Path, tmp_path: Path) -> None:
        machine(script=RECORDING.format(calls=calls))
        self.build(request(tmp_path, files={"go.work": "go 1.24\n\nuse ./shop\n"}), tmp_path)
        (line,) = [line for line in (calls / "0").read_text().splitlines() if line.startswith("GOWORK=")]
        assert line.endswith("/go.work") and "/root/" in line

    def test_a_failing_build_is_told_without_secrets(self, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        machine(script='if [ "$1" = build ]; then echo "main.go:1: no, my-token"; exit 1; fi')
        monkeypatch.setenv("MODULES", "my-token")
        wanted = request(tmp_path, files=DEPENDENCY, secrets=[BuildSecret("modules", from_env="MODULES", to_env="GOPROXY")])
        with pytest.raises(EngineError) as caught:
            self.build(wanted, tmp_path)
        assert str(caught.value) == (
            'program: the program of "program" cannot be built on this machine: go build failed:\nmain.go:1: no, ***\n  hint: publish with --no-host'
        )

    def test_modules_that_go_cannot_fetch_are_left_to_an_engine(self, machine: Machine, tmp_path: Path) -> None:
        machine(script='if [ "$1" = mod ]; then echo "go: greeter: GOVCS disallows using git"; exit 1; fi')
        with pytest.raises(Obstacle, match="^its modules cannot be downloaded by Go alone: go: greeter: GOVCS disallows using git$"):
            self.build(request(tmp_path, files=DEPENDENCY), tmp_path)

    @pytest.mark.parametrize(
        ("script", "told"),
        [("", "go build cannot be run: Permission denied"), ("sleep 5", "go build does not end within 0.0 minutes")],
    )
    def test_a_tool_that_does_not_run_or_end_is_told(
        self, script: str, told: str, machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = machine(script=script)
        wanted = request(tmp_path)
        assert GoTree().obstacle(wanted) == ""
        monkeypatch.setattr(running, "_LIMIT_S", 0.2)
        if not script:
            (place / "go").chmod(0o644)
            monkeypatch.setattr(go_program, "find_go", lambda version: place / "go")
        with pytest.raises(EngineError, match=f"cannot be built on this machine: {told}"):
            self.build(wanted, tmp_path)
