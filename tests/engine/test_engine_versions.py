"""Two versions of Docker, with both of its image stores: what CDK's calls push, and which layers are the same.

The image store of containerd is the default of a new installation of Docker 29; the newest version that is here is asked for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.adapters.images.remote import open_remote
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.images.compare import COMPRESSOR, EQUAL, compare_layer
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import present
from tests.engine import services
from tests.engine.daemon import Daemon, daemon
from tests.engine.standins import STATE
from tests.engine.test_compressors import TREES, optimizer
from tests.patience import PATIENCE_S

# The two forms of layers of a generated Dockerfile.
DOCKERFILE = """\
FROM scratch AS packages
ADD packages.tar /layer/tree/
FROM scratch
COPY --link --from=packages /layer/tree/ /
ADD code.tar /
CMD ["app.handler"]
"""
SWITCH = "BUILDX_NO_DEFAULT_ATTESTATIONS"
IMAGE_TYPES = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json")
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Engine:
    """One engine: its version and store, and whether it is the newer of two."""

    daemon: Daemon
    newer: bool
    containerd: bool

    @property
    def title(self) -> str:
        return f"{'newer' if self.newer else 'installed'}-{'containerd' if self.containerd else 'own'}"

    def plain(self) -> Daemon:
        """Its client without CDK's switch for attestations."""
        return replace(self.daemon, environment={key: value for key, value in self.daemon.environment.items() if key != SWITCH})


@pytest.fixture(scope="module")
def engines(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Engine]]:
    """The installed engine's version and the newer one that is unpacked beside it, each with both stores."""
    if not (STATE / "newer").is_dir():
        if os.environ.get("OPTIMIZER_REQUIRE_ENGINE") == "1":
            pytest.fail("OPTIMIZER_REQUIRE_ENGINE=1, and there is no second version of Docker; .ci/setup-engine unpacks one")
        pytest.skip("needs a second version of Docker")
    with contextlib.ExitStack() as stack:
        made = []
        for newer in (False, True):
            for containerd in (False, True):
                started = daemon(
                    tmp_path_factory.mktemp("engine"), containerd_store=containerd, unpacked=STATE / "newer" if newer else None
                )
                made.append(Engine(stack.enter_context(started), newer, containerd))
        yield made


@pytest.fixture
def context(tmp_path: Path) -> Path:
    directory = tmp_path / "context"
    directory.mkdir()
    (directory / "Dockerfile").write_text(DOCKERFILE)
    for name, data in TREES.items():
        (directory / name).write_bytes(data)
    return directory


def pushed(client: Daemon, context: Path, name: str, *options: str) -> dict[str, Any]:
    """What the registry has after CDK's calls, ``docker build`` and ``docker push``: an image's manifest, or an index."""
    client.docker("build", "--platform", "linux/amd64", *options, "--tag", name, str(context))
    client.docker("push", name)
    return stored(name)


def stored(name: str) -> dict[str, Any]:
    registry, _, rest = name.partition("/")
    return services.manifest(registry, *rest.split(":"))


def diff_ids(registry: str, repository: str, manifest: Mapping[str, Any]) -> list[str]:
    with urllib.request.urlopen(f"http://{registry}/v2/{repository}/blobs/{manifest['config']['digest']}", timeout=PATIENCE_S) as answer:
        return list(json.load(answer)["rootfs"]["diff_ids"])


def test_what_cdk_calls_push_and_which_layers_are_equal(engines: list[Engine], registry: str, context: Path) -> None:
    """Requirement: "an index with attestations or a plain manifest? equal diff ids? compressed bytes?"."""
    ids, blobs = {}, {}
    for item in engines:
        repository = f"versions/{item.title}"
        manifest = pushed(item.daemon, context, f"{registry}/{repository}:1")
        assert manifest["mediaType"] in IMAGE_TYPES, item.title
        ids[item.title] = diff_ids(registry, repository, manifest)
        blobs[item.newer, item.containerd] = [layer["digest"] for layer in manifest["layers"]]
    assert len(set(map(tuple, ids.values()))) == 1, ids
    for newer in (False, True):
        assert blobs[newer, False] == blobs[newer, True], "both stores of one version compress alike"


def test_without_the_switch_containerds_store_pushes_an_index(engines: list[Engine], registry: str, context: Path) -> None:
    """Lambda refuses an index: CDK sets the switch for its builds, and nobody sets it for others."""
    for item in engines:
        name = f"{registry}/switch/{item.title}"
        manifest = pushed(item.plain(), context, f"{name}:plain")
        if not item.containerd:
            assert manifest["mediaType"] in IMAGE_TYPES
            continue
        assert (manifest["mediaType"], len(manifest["manifests"])) == (INDEX, 2)
        assert manifest["manifests"][1]["annotations"]["vnd.docker.reference.type"] == "attestation-manifest"
        # One of the two is enough.
        assert pushed(item.plain(), context, f"{name}:option", "--provenance=false")["mediaType"] in IMAGE_TYPES
        assert pushed(item.daemon, context, f"{name}:switch")["mediaType"] in IMAGE_TYPES
        # It is a switch of the build: a push sends what was built.
        item.daemon.docker("tag", f"{name}:plain", f"{name}:again")
        item.daemon.docker("push", f"{name}:again")
        assert stored(f"{name}:again")["mediaType"] == INDEX


def test_another_version_compresses_and_changes_nothing(engines: list[Engine], registry: str, context: Path) -> None:
    """Requirement: "equal diff_ids, other compressed digests: a note, not a difference"."""
    images = []
    for item in engines:
        if item.containerd:
            name = f"{registry}/verdicts/{item.title}:1"
            pushed(item.daemon, context, name)
            with HttpRegistry() as client:
                images.append(open_remote(client, ImageReference.parse(name)).image)
    verdicts = [compare_layer(*images, number) for number in range(2)]
    assert all(verdict.reproducible for verdict in verdicts), verdicts
    assert {verdict.verdict for verdict in verdicts} <= {EQUAL, COMPRESSOR}


def test_what_lint_says_of_an_index_repairs_it(engines: list[Engine], registry: str, context: Path) -> None:
    """Requirement: "with the command that fixes it […] test the commands you name"."""
    (item,) = (item for item in engines if item.newer and item.containerd)
    name = f"{registry}/repaired"
    index = pushed(item.plain(), context, f"{name}:index")
    # A real registry says so at the request that publish makes anyway.
    with HttpRegistry() as client:
        reference = ImageReference.parse(f"{name}:index")
        assert present([reference], client) == {reference: "index"}
    code, report = optimizer(item.daemon, "lint", "--image", f"{name}:index", "--from", "registry")
    fixes = {finding["rule"]: finding["fix"] for finding in report["findings"]}
    assert code == 1 and {"LIO652", "LIO653"} <= fixes.keys()
    # Without a build.
    program, *words = shlex.split(fixes["LIO652"].rpartition(": ")[2].replace("NEW_TAG", "alone"))
    assert program == "docker"
    item.plain().docker(*words)
    assert stored(f"{name}:alone") == services.manifest(registry, "repaired", index["manifests"][0]["digest"])
    # Without the option, buildx wraps the one image in an index of its own.
    item.plain().docker(*(word.replace(":alone", ":wrapped") for word in words if word != "--prefer-index=false"))
    assert stored(f"{name}:wrapped")["mediaType"] == INDEX
    item.plain().docker("tag", f"{name}:index", f"{name}:chosen")
    item.plain().docker("push", "--platform", "linux/amd64", f"{name}:chosen")
    assert stored(f"{name}:chosen") == stored(f"{name}:alone")
    # So do tools without an engine: docs/publish.md.
    argv = ["skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "--override-os", "linux", "--override-arch", "amd64"]
    subprocess.run([*argv, f"docker://{name}:index", f"docker://{name}:copied"], check=True, capture_output=True, timeout=PATIENCE_S)
    assert stored(f"{name}:copied") == stored(f"{name}:alone")
    # By a build, as both rules say.
    for number, options in enumerate((["--provenance=false", "--sbom=false"], [])):
        client = item.daemon if not options else item.plain()
        assert pushed(client, context, f"{name}:built-{number}", *options)["mediaType"] in IMAGE_TYPES
    assert all("--provenance=false --sbom=false" in fix and SWITCH in fix for fix in fixes.values() if "build" in fix)
    for tag in ("alone", "copied", "built-0", "built-1"):
        found = optimizer(item.daemon, "lint", "--image", f"{name}:{tag}", "--from", "registry")[1]
        assert not {"LIO652", "LIO653"} & {finding["rule"] for finding in found["findings"]}
