"""Images that ``optimizer publish`` assembled and pushed, in the hands of clients that are not Docker."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.test_verify import plain_app
from tests.patience import PATIENCE_S
from tests.publishing.oci_documents import image_faults

ROOT = Path(__file__).parents[2]
REPOSITORY = "client-functions"
HANDLER = 'exports.handler = async () => "hello";\n'
SPEC = 'runtime = "nodejs22.x"\n\n[[steps]]\nkind = "source-code"\nsource = "code"\n\n[[steps]]\nkind = "files"\nsource = "model"\nto = "/opt/ml/"\n'


@dataclass
class Pushed:
    """An image in the registry."""

    registry: str
    reference: str
    digest: str
    project: Path

    def get(self, path: str, repository: str = REPOSITORY) -> bytes:
        request = urllib.request.Request(f"http://{self.registry}/v2/{repository}/{path}")
        request.add_header("Accept", "application/vnd.oci.image.manifest.v1+json, */*")
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return bytes(answer.read())


def ran(*argv: str, directory: Path | None = None) -> str:
    result = subprocess.run(argv, cwd=directory, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def program(name: str) -> str:
    """The path of a client; where all tests have to run, a missing one is a failure."""
    path = shutil.which(name)
    if path is None and os.environ.get("OPTIMIZER_REQUIRE_ENGINE") == "1":
        pytest.fail(f"{name} is missing; .ci/setup-engine installs it")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


@pytest.fixture(scope="module")
def pushed(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Pushed:
    directory = tmp_path_factory.mktemp("clients")
    for name, text in {"code/index.js": HANDLER, "model/ranker.bin": "model" * 1000, "api.image.toml": SPEC}.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    optimizer = [sys.executable, "-m", "optimizer"]
    for words in (
        ["pin", "--image", "nodejs22.x", "--mirror", registry],
        ["publish", "api.image.toml", "--repository", f"{registry}/{REPOSITORY}", "--mirror", registry, "--no-engine", "--format", "json"],
    ):
        result = subprocess.run([*optimizer, *words], cwd=directory, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
    (image,) = json.loads(result.stdout)["images"]
    return Pushed(registry, image["reference"], image["digest"], directory)


@pytest.fixture(scope="module")
def podman(pushed: Pushed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The words that call podman with a store of its own, which has the image."""
    client = program("podman")
    store = tmp_path_factory.mktemp("pod")
    # The engine's own runtime: crun refuses machines that have both versions of control groups.
    words = [client, "--root", str(store / "s"), "--runroot", str(store / "r"), "--tmpdir", str(store / "t"), "--runtime", program("runc")]
    words += ["--cgroup-manager", "cgroupfs", "--events-backend", "none"]
    # Limits that every machine allows.
    (store / "containers.conf").write_text('[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n', encoding="utf-8")
    words = ["env", f"CONTAINERS_CONF={store / 'containers.conf'}", *words]
    try:
        ran(*words, "pull", "--quiet", "--tls-verify=false", pushed.reference)
        yield words
    finally:
        # What a container that failed left mounted.
        subprocess.run([*words, "rm", "--force", "--all"], capture_output=True, check=False, timeout=PATIENCE_S)
        # Buildah's containers are not podman's.
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
        for path in reversed([mount for mount in mounts if mount.startswith(f"{store}/")]):
            subprocess.run(["umount", path], capture_output=True, check=False, timeout=PATIENCE_S)
        shutil.rmtree(store)


def test_what_the_registry_has_is_valid(pushed: Pushed) -> None:
    """Requirement: "manifests valid against the OCI schemas"."""
    manifest = pushed.get(f"manifests/{pushed.digest}")
    config = pushed.get(f"blobs/{json.loads(manifest)['config']['digest']}")
    assert image_faults(manifest, config) == []


def test_podman_takes_the_image_as_it_is(pushed: Pushed, podman: list[str]) -> None:
    """Requirement: "accepted by […] `podman run`"."""
    (shown,) = json.loads(ran(*podman, "image", "inspect", pushed.reference))
    manifest = json.loads(pushed.get(f"manifests/{pushed.digest}"))
    config = json.loads(pushed.get(f"blobs/{manifest['config']['digest']}"))
    assert shown["Digest"] == pushed.digest
    assert f"sha256:{shown['Id']}" == manifest["config"]["digest"]
    assert shown["RootFS"]["Layers"] == config["rootfs"]["diff_ids"]


def test_podman_runs_the_image(pushed: Pushed, podman: list[str]) -> None:
    """Requirement: "accepted by […] `podman run`"."""
    # A network that every machine allows.
    run = ["run", "--rm", "--network=host", "--entrypoint=node", pushed.reference]
    assert ran(*podman, *run, "-e", 'require("/var/task/index.js").handler().then(console.log)') == "hello\n"


@pytest.mark.parametrize("form", ["oci:copy:one", "docker-archive:copy.tar:shop/api:one", "dir:copied"])
def test_skopeo_copies_the_image(form: str, pushed: Pushed, tmp_path: Path) -> None:
    """Requirement: "accepted by […] `skopeo inspect` and `copy`"; copying reads and verifies every layer."""
    skopeo = program("skopeo")
    source = f"docker://{pushed.reference}"
    assert json.loads(ran(skopeo, "inspect", "--tls-verify=false", source))["Digest"] == pushed.digest
    ran(skopeo, "copy", "--insecure-policy", "--src-tls-verify=false", source, form, directory=tmp_path)
    kind = form.partition(":")[0]
    if kind == "docker-archive":
        # It holds layers without compression, and is converted to Docker's own types.
        (saved,) = json.loads(ran("tar", "-xOf", "copy.tar", "manifest.json", directory=tmp_path))
        assert saved["RepoTags"] == ["docker.io/shop/api:one"]
        return
    shown = json.loads(ran(skopeo, "inspect", "oci:copy:one" if kind == "oci" else form, directory=tmp_path))
    assert shown["Digest"] == pushed.digest


def test_skopeo_converts_the_image_to_dockers_types(pushed: Pushed) -> None:
    skopeo = program("skopeo")
    target = f"docker://{pushed.registry}/{REPOSITORY}-converted:one"
    words = ["copy", "--insecure-policy", "--format", "v2s2", "--src-tls-verify=false", "--dest-tls-verify=false"]
    ran(skopeo, *words, f"docker://{pushed.reference}", target)
    layers = [json.loads(ran(skopeo, "inspect", "--tls-verify=false", name))["Layers"] for name in (f"docker://{pushed.reference}", target)]
    assert layers[0] == layers[1], "the layers are the same bytes"


@pytest.fixture(scope="module")
def context(pushed: Pushed) -> Path:
    """The build context of the image that was published, as ``cdk synth`` writes it."""
    words = ["render", "api.image.toml", "--mirror", pushed.registry, "--output", "context"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "optimizer", *words], cwd=pushed.project, env=environment, check=True, timeout=PATIENCE_S)
    (made,) = (pushed.project / "context").iterdir()
    return made


@pytest.fixture(scope="module")
def buildah(podman: list[str]) -> list[str]:
    """The words that call Buildah with the store of podman, as both have one on any machine."""
    store = podman[podman.index("--root") : podman.index("--tmpdir")]
    return [program("buildah"), *store]


def layers_above(pushed: Pushed, repository: str, count: int) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """The last layers of an image ``REPOSITORY:1``: the ``diff_id``, and what each holds; of a mode what readers of archives use of it."""
    manifest = json.loads(pushed.get("manifests/1", repository))
    found = []
    for layer in manifest["layers"][-count:]:
        data = gzip.decompress(pushed.get(f"blobs/{layer['digest']}", repository))
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            entries = [
                (item.name, item.type, item.mode & 0o7777, item.uid, item.gid, item.mtime, item.isfile() and read(archive, item))
                for item in archive
            ]
        found.append((f"sha256:{hashlib.sha256(data).hexdigest()}", entries))
    return found


def read(archive: tarfile.TarFile, item: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(item)
    assert file is not None
    return file.read()


def own_layers(pushed: Pushed) -> list[str]:
    """The ``diff_id``s of the two layers above the base, as they were published."""
    manifest = json.loads(pushed.get(f"manifests/{pushed.digest}"))
    diff_ids: list[str] = json.loads(pushed.get(f"blobs/{manifest['config']['digest']}"))["rootfs"]["diff_ids"]
    return diff_ids[-2:]


def version(words: list[str]) -> tuple[int, int]:
    told = re.search(r"version (\d+)\.(\d+)", ran(*words, "--version"))
    assert told is not None
    return int(told[1]), int(told[2])


def build(words: list[str], pushed: Pushed, context: Path, repository: str) -> int:
    """Build the context, push it as ``REPOSITORY:1``, and give the number of its layers above the base."""
    name = f"{pushed.registry}/{repository}:1"
    ran(*words, "build", "--quiet", "--tls-verify=false", "--platform=linux/amd64", "--tag", name, ".", directory=context)
    ran(*words, "push", "--quiet", "--tls-verify=false", name)
    base = json.loads(pushed.get(f"manifests/{pushed.digest}"))["layers"][:-2]
    return len(json.loads(pushed.get("manifests/1", repository))["layers"]) - len(base)


def test_podman_builds_the_layers_that_were_published(pushed: Pushed, podman: list[str], context: Path) -> None:
    """Requirement: "what works is tested with those that Debian has": podman 5 makes the layers of Docker and of ``optimizer publish``."""
    assert build(podman, pushed, context, "built-by-podman") == 2
    above = layers_above(pushed, "built-by-podman", 2)
    ran(*podman, "tag", pushed.reference, f"{pushed.registry}/published:1")
    ran(*podman, "push", "--quiet", "--tls-verify=false", f"{pushed.registry}/published:1")
    published = layers_above(pushed, "published", 2)
    assert [diff_id for diff_id, _ in published] == own_layers(pushed)
    assert [entries for _, entries in above] == [entries for _, entries in published]
    # podman 4.3.1 writes the kind of a file into its mode too, so every header of a layer is another one: docs/clients.md.
    assert ([diff_id for diff_id, _ in above] == own_layers(pushed)) is (version(podman) >= (5, 0))


@pytest.mark.parametrize(("variable", "layers"), [("false", 1), ("true", 2)])
def test_buildah_makes_one_layer_unless_it_is_told(variable: str, layers: int, pushed: Pushed, buildah: list[str], context: Path) -> None:
    """What ``cdk synth`` refuses without the variable."""
    repository = f"built-by-buildah-{layers}"
    assert build(["env", f"BUILDAH_LAYERS={variable}", *buildah], pushed, context, repository) == layers
    above = layers_above(pushed, repository, layers)
    assert {entry[0] for _, entries in above for entry in entries if entry[1] == tarfile.REGTYPE} == {
        "var/task/index.js",
        "opt/ml/ranker.bin",
    }
    if layers == 2:
        assert ([diff_id for diff_id, _ in above] == own_layers(pushed)) is (version(buildah) >= (1, 39))


@pytest.fixture
def as_engine(podman: list[str], pushed: Pushed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """podman as the program that ``CDK_DOCKER`` names."""
    (tmp_path / "registries.conf").write_text(f'[[registry]]\nlocation = "{pushed.registry}"\ninsecure = true\n', encoding="utf-8")
    path = tmp_path / "client"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(podman)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(path))
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(tmp_path / "registries.conf"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def commanded(*words: str, directory: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "optimizer", *words]
    return subprocess.run(argv, cwd=directory, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def test_verify_by_podman_shares_no_cache(as_engine: None, pushed: Pushed, podman: list[str], tmp_path: Path) -> None:
    """Each build finds its cache mounts empty, so that the second makes what the first made."""
    dockerfile = (
        f"FROM {pushed.registry}/lambda/nodejs:22 AS made\n"
        "RUN --mount=type=cache,target=/kept mkdir -p /layer/opt && ls /kept > /layer/opt/found && touch -d @0 /layer/opt/found /layer/opt /kept/left\n"
        f"FROM {pushed.registry}/lambda/nodejs:22\nCOPY --from=made /layer/ /\n"
    )
    answer = commanded("verify", str(plain_app(tmp_path, dockerfile, network="none")), directory=tmp_path)
    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "1 image built twice, all layers equal"), (
        answer.stdout + answer.stderr
    )
    assert "optimizer-verify" not in ran(*podman, "images")


def test_podman_describes_what_it_has(as_engine: None, podman: list[str], tmp_path: Path) -> None:
    """Requirement: "CDK_DOCKER as podman": inspect and lint."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY kept /opt/\n")
    (tmp_path / "kept").write_text("1")
    ran(*podman, "build", "--quiet", "--tag=small:1", ".", directory=tmp_path)
    shown = commanded("inspect", "small:1", directory=tmp_path)
    assert (shown.returncode, shown.stdout.partition("\n")[0]) == (0, "small:1: linux/amd64, from the engine"), shown.stdout + shown.stderr
    assert "1 checked" in commanded("lint", "--image", "localhost/small:1", "--select", "LIO6", directory=tmp_path).stdout


def test_podman_runs_a_function_as_lambda_does(as_engine: None, pushed: Pushed) -> None:
    """Requirement: "CDK_DOCKER as podman": what is assembled here is loaded and invoked."""
    answer = commanded(
        "invoke", "api.image.toml", "--handler", "index.handler", "--timeout", "900", "--mirror", pushed.registry, directory=pushed.project
    )
    assert (answer.returncode, answer.stdout) == (0, '"hello"\n'), answer.stderr


def test_buildah_is_no_engine(pushed: Pushed, buildah: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "client"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(buildah)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("CDK_DOCKER", str(path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    answer = commanded("verify", "api.image.toml", "--mirror", pushed.registry, directory=pushed.project)
    assert (answer.returncode, answer.stderr) == (
        2,
        f'error: "{path}" is Buildah, which builds images, and has no commands to inspect, save, load and run them\n'
        "  hint: set OPTIMIZER_DOCKER=podman, which has the images of Buildah, or OPTIMIZER_DOCKER=docker\n",
    )
