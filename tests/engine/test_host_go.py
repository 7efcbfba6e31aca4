"""Go programs built on this machine are those of the generated Dockerfile, byte for byte."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from optimizer import BuildSecret, GoBuild
from optimizer.adapters.host.go_program import GoTree
from optimizer.adapters.host.tree import BaseFacts, Obstacle, TreeRequest, tree_chunks
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.adapters.stage_trees import build_trees
from optimizer.builders.direct.tree import layer_chunks
from optimizer.model.reference import ImageReference
from optimizer.publishing.bases import RegistryImages
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import publish
from tests.engine.host_go import VERSION, installed_go, module_proxy
from tests.engine.planned import planned_image

ROOT = Path(__file__).parents[2]
GO = "public.ecr.aws/docker/library/golang:1.25"
GREETER = {
    "go.mod": "module example.com/greeter\n\ngo 1.24\n",
    "greeter.go": 'package greeter\n\nimport _ "embed"\n\n//go:embed text.txt\nvar Text string\n\nfunc Twice(n int64) int64\n',
    "text.txt": "hello\n",
    "twice_amd64.s": '#include "textflag.h"\n\nTEXT ·Twice(SB), NOSPLIT, $0-16\n\tMOVQ n+0(FP), AX\n\tADDQ AX, AX\n\tMOVQ AX, ret+8(FP)\n\tRET\n',
    "twice_arm64.s": '#include "textflag.h"\n\nTEXT ·Twice(SB), NOSPLIT, $0-16\n\tMOVD n+0(FP), R0\n\tADD R0, R0\n\tMOVD R0, ret+8(FP)\n\tRET\n',
    # Left out by both, which build without cgo.
    "native.go": 'package greeter\n\n// int one() { return 1; }\nimport "C"\n\nfunc init() { Text = "native" }\n',
}
MAIN = """package main

import (
	"fmt"

	"example.com/greeter"
	"example.com/shop/local"
)

//go:generate touch generated

func main() { fmt.Print(greeter.Text, greeter.Twice(local.Answer)) }
"""


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed_go(tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keeps what was compiled of Go's own library, which takes most of each test."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def machine(go: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with that Go, and with settings of its user that decide nothing."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(go), os.environ["PATH"]]))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    for name, value in {"GOFLAGS": "-race", "GOAMD64": "v3", "GOPROXY": "off", "CGO_ENABLED": "1", "GOWORK": "/nowhere/go.work"}.items():
        monkeypatch.setenv(name, value)
    yield
    # Each test fetches its modules itself.
    shutil.rmtree(cache / "lambda-image-optimizer" / "go" / "modules", ignore_errors=True)


def request(registry: str, image: PublishImage) -> TreeRequest:
    stage = image.plan.stage("program")
    return TreeRequest(
        plan=image.plan,
        stage=stage,
        context=image.directory,
        facts=BaseFacts(),
        secrets=image.options.secrets,
        images=RegistryImages(HttpRegistry(DefaultCredentials())),
    )


def made(wanted: TreeRequest, directory: Path) -> str:
    """The digest of the layer as this machine makes it."""
    assert GoTree().obstacle(wanted) == ""
    tree = directory / "tree"
    tree.mkdir()
    GoTree().make(wanted, tree)
    return digest(tree_chunks(tree, "program"))


def built(image: PublishImage, directory: Path) -> str:
    """The digest of the layer as the engine makes it."""
    archive = directory / "trees.tar"
    build_trees(image.plan, ["program"], image.directory, image.options, archive)
    with archive.open("rb") as source:
        reader = TarReader(source, "the tree", Budget(), seekable=True)
        return digest(layer_chunks(reader, "program", "program"))


def digest(chunks: Iterator[bytes]) -> str:
    value = hashlib.sha256()
    for chunk in chunks:
        value.update(chunk)
    return value.hexdigest()


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_example_is_the_programs_layer(architecture: str, registry: str, tmp_path: Path) -> None:
    """Requirement: "Go programs where the right Go stands on the host", "the same `diff_id` from both back ends"."""
    project = tmp_path / "project"
    shutil.copytree(ROOT / "functions" / "ingest", project / "ingest")
    step = GoBuild("ingest", name="program")
    image = planned_image(registry, project, step, runtime="provided.al2023", architecture=architecture, others=[GO])
    assert made(request(registry, image), tmp_path) == built(image, tmp_path)
    program = tmp_path / "tree" / "var" / "runtime" / "bootstrap"
    told = subprocess.run(["file", str(program)], capture_output=True, text=True, check=True).stdout
    assert {"x86_64": "x86-64", "arm64": "aarch64"}[architecture] in told
    assert "statically linked" in told


@pytest.mark.usefixtures("machine")
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("form", ["modules", "workspace", "vendored"])
def test_modules_are_those_of_go_sum(
    form: str, architecture: str, registry: str, tmp_path: Path, go: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a proxy that a build secret names; nothing of a module runs, and no cgo."""
    project = tmp_path / "project"
    with module_proxy(tmp_path / "proxy", {"example.com/greeter": GREETER}) as (address, sums):
        monkeypatch.setenv("MODULES", address)
        files = {
            "shop/go.mod": "module example.com/shop\n\ngo 1.24\n\nrequire example.com/greeter v1.0.0\n",
            "shop/go.sum": sums,
            "shop/cmd/api/main.go": MAIN,
            "shop/local/local.go": "package local\n\nconst Answer = 21\n",
        }
        if form == "workspace":
            files["shop/go.mod"] = "module example.com/shop/api\n\ngo 1.24\n\nrequire example.com/greeter v1.0.0\n"
            files["local/go.mod"] = "module example.com/shop/local\n\ngo 1.24\n"
            files["local/local.go"] = files.pop("shop/local/local.go")
            files["go.work"] = "go 1.24\n\nuse (\n\t./shop\n\t./local\n)\n"
        write(project, files)
        if form == "vendored":
            environment = {**os.environ, "GOPROXY": address, "GOFLAGS": "", "GOWORK": "off", "HOME": str(tmp_path), "GOAMD64": "v1"}
            subprocess.run([str(go / "go"), "mod", "vendor"], cwd=project / "shop", env=environment, check=True, capture_output=True)
        secrets = [] if form == "vendored" else [BuildSecret("modules", from_env="MODULES", to_env="GOPROXY")]
        step = GoBuild("shop", package="cmd/api", name="program", secrets=secrets)
        image = planned_image(registry, project, step, runtime="provided.al2023", architecture=architecture, others=[GO])
        assert made(request(registry, image), tmp_path) == built(image, tmp_path)
    program = tmp_path / "tree" / "var" / "runtime" / "bootstrap"
    if architecture == "x86_64":
        assert subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout == "hello\n42"
    assert b"/tmp/" not in program.read_bytes()


@pytest.mark.usefixtures("machine")
def test_a_module_that_only_version_control_has_is_left_to_the_engine(registry: str, tmp_path: Path) -> None:
    """Nothing but Go runs here; and the reason names what it could not fetch."""
    project = tmp_path / "project"
    module = {
        "shop/go.mod": "module example.com/shop\n\ngo 1.24\n\nrequire example.com/gone v1.0.0\n",
        "shop/go.sum": "",
        "shop/main.go": "package main\n",
    }
    write(project, module)
    image = planned_image(registry, project, GoBuild("shop", name="program"), runtime="provided.al2023", others=[GO])
    wanted = request(registry, image)
    assert GoTree().obstacle(wanted) == ""
    with pytest.raises(Obstacle, match="its modules cannot be downloaded by Go alone: go: .*example.com/gone"):
        GoTree().make(wanted, tmp_path)


@pytest.mark.usefixtures("machine")
def test_a_function_is_published_without_an_engine(registry: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "functions" / "ingest", project / "ingest")
    target = f"{registry}/go-functions:one"
    image = planned_image(
        registry, project, GoBuild("ingest", name="program"), runtime="provided.al2023", others=[GO], destinations=[target]
    )
    with HttpRegistry(DefaultCredentials()) as client:
        (result,) = publish([image], client, engine=False)
    assert [(layer.stage, layer.source) for layer in result.layers] == [("program", "made")]


def test_the_functions_own_tests_pass(go: Path, cache: Path, tmp_path: Path) -> None:
    """Those of the example's function, here because few machines have Go."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-trimpath"}
    environment["GOCACHE"] = str(cache / "lambda-image-optimizer" / "go" / "build")
    for task in ("vet", "test"):
        argv = [str(go / "go"), task, "./..."]
        done = subprocess.run(
            argv, cwd=ROOT / "functions/ingest", env=environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("machine")
def test_another_version_of_the_builder_is_named(registry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "project"
    write(project, {"shop/go.mod": "module example.com/shop\n\ngo 1.24\n", "shop/main.go": "package main\n\nfunc main() {}\n"})
    image = planned_image(registry, project, GoBuild("shop", name="program"), runtime="provided.al2023", others=[GO])
    wanted = request(registry, image)
    origin = wanted.stage.origin
    assert isinstance(origin, ImageReference)
    assert wanted.images.variables(origin)["GOLANG_VERSION"] == VERSION
    monkeypatch.setattr(RegistryImages, "variables", lambda self, image: {"GOLANG_VERSION": "1.25.4"})
    assert GoTree().obstacle(wanted) == f"its builder has Go 1.25.4, and this machine has {VERSION}"
