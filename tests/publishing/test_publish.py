"""Publishing to a registry of this process: what is asked, what is sent, and what is left when something breaks."""

from __future__ import annotations

import datetime
import errno
import gzip
import json
import os
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from optimizer import Command, Files, SourceCode
from optimizer.adapters.registry import upload
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.builders.direct.compress import Compressed
from optimizer.builders.direct.image import KEY_ANNOTATION, MANIFEST
from optimizer.errors import EngineError, ImageError, RegistryError
from optimizer.model.publication import ImageResult
from optimizer.model.reference import ImageReference
from optimizer.publishing import making
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import key_tag, publish
from tests.adapters.push_server import serving_pushes
from tests.adapters.registry_server import sha256
from tests.patience import PATIENCE_S
from tests.publishing.fleet import NAME, OCI_LAYER, Fleet, base_layer


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        yield found


def published(*images: PublishImage, **options: object) -> tuple[ImageResult, ...]:
    with HttpRegistry(sleep=lambda seconds: None, now=lambda: datetime.datetime.now(datetime.timezone.utc)) as registry:
        return publish(images, registry, **options)  # type: ignore[arg-type]


def test_an_image_is_the_base_with_the_layers_on_top(fleet: Fleet) -> None:
    image = fleet.api()
    (result,) = published(image, engine=False)
    assert (result.state, [layer.source for layer in result.layers]) == ("pushed", ["made", "made"])
    manifest, config = fleet.manifest(image), fleet.config(image)
    layers = manifest["layers"]
    assert manifest["mediaType"] == MANIFEST
    assert {layer["mediaType"] for layer in layers} == {OCI_LAYER}, "one family of media types"
    plain = [gzip.decompress(fleet.registry.blobs[layer["digest"]]) for layer in layers]
    assert plain[:2] == [base_layer("base-one"), base_layer("base-two")]
    assert config["rootfs"]["diff_ids"] == [sha256(data) for data in plain]
    assert result.digest == sha256(fleet.registry.manifests[f"{NAME}:{image.destinations[0].tag}"][1])
    assert [layer["annotations"][KEY_ANNOTATION] for layer in layers[2:]] == [
        image.key(image.plan.stage(name)) for name in image.plan.layers
    ]


def test_a_packed_layer_is_the_archive_of_the_context(fleet: Fleet) -> None:
    """Requirement: "the same `diff_id` from both back ends" (tests/engine/test_layer_bytes.py shows that the archive is the engine's layer)."""
    image = fleet.api()
    published(image, engine=False)
    archives = [(image.directory / f"layers/{name}.tar").read_bytes() for name in image.plan.layers]
    assert fleet.config(image)["rootfs"]["diff_ids"][2:] == [sha256(data) for data in archives]


def test_the_configuration_is_that_of_the_base_with_the_specs_own(fleet: Fleet) -> None:
    image = fleet.api(environment={"LANG": "C", "STAGE": "a b=c"}, labels={"team": "shop"})
    published(image)
    config = fleet.config(image)
    assert config["config"]["Env"] == ["PATH=/var/lang/bin:/bin", "LANG=C", "STAGE=a b=c"]
    assert config["config"]["Entrypoint"] == ["/lambda-entrypoint.sh"]
    assert config["config"]["Labels"]["team"] == "shop"
    assert "docker_version" not in config
    assert len(config["history"]) == 4


def test_the_promise_about_snapstart_is_in_the_configuration_and_changes_no_layer(fleet: Fleet) -> None:
    """The label of a Dockerfile and that of an image without an engine are one, and layers are what they were."""
    plain, image = fleet.api(), fleet.api(snapstart="no-hooks")
    published(plain)
    published(image)
    assert fleet.config(image)["config"]["Labels"]["com.amazonaws.lambda.feature.snapstart"] == "Allow"
    assert 'LABEL com.amazonaws.lambda.feature.snapstart="Allow"' in (image.directory / "Dockerfile").read_text()
    assert fleet.config(image)["rootfs"] == fleet.config(plain)["rootfs"]
    assert "com.amazonaws.lambda.feature.snapstart" not in fleet.config(plain)["config"]["Labels"]


def test_what_did_not_change_costs_one_request_for_each_layer(fleet: Fleet) -> None:
    """Requirement: "At most one request for a layer that is there; never a listing of all images"."""
    published(fleet.api())
    fleet.registry.calls.clear()
    fleet.registry.received = 0
    image = fleet.api("exports.handler = async () => 2;\n")
    (result,) = published(image, engine=False)
    assert {layer.stage: layer.source for layer in result.layers} == {"code": "made", "models": "found"}
    models = image.key(image.plan.stage("models"))
    assert [call for call in fleet.registry.calls if models in call[1]] == [("GET", f"/v2/{NAME}/manifests/{key_tag(models)}")]
    model_blob = next(
        item["digest"] for item in fleet.manifest(image)["layers"] if item.get("annotations", {}).get(KEY_ANNOTATION) == models
    )
    assert not [call for call in fleet.registry.calls if model_blob in call[1]]
    assert not [call for call in fleet.registry.calls if "tags/list" in call[1] or "_catalog" in call[1]]
    assert len([call for call in fleet.registry.calls if "/manifests/base-" in call[1]]) == 1, "the base too is asked for once"
    code = next(layer for layer in result.layers if layer.stage == "code")
    config = len(fleet.registry.blobs[fleet.manifest(image)["config"]["digest"]])
    assert fleet.registry.received == code.pushed + config


def test_an_image_that_is_there_is_asked_for_and_nothing_else(fleet: Fleet) -> None:
    image = fleet.api()
    published(image)
    fleet.registry.calls.clear()
    (result,) = published(image)
    assert result.state == "present"
    assert fleet.registry.calls == [("HEAD", f"/v2/{NAME}/manifests/{image.destinations[0].tag}")]


def test_equal_plans_are_one_digest_wherever_they_are_published(fleet: Fleet, tmp_path: Path) -> None:
    """Requirement: "One image, one digest"."""
    first = fleet.api()
    published(first)
    with serving_pushes() as registry:
        other = Fleet(registry, tmp_path / "elsewhere" / "project")
        other.add_base()
        second = other.api()
        published(second)
        assert fleet.manifest(first) == other.manifest(second)


def test_a_patched_base_builds_nothing(fleet: Fleet) -> None:
    """Requirement: "A patched base builds nothing": manifests and configurations only, where no key changed."""
    published(fleet.api())
    fleet.add_base(base_layer("base-one"), base_layer("base-patched"))
    fleet.registry.received = 0
    image = fleet.api()
    (result,) = published(image, engine=False)
    assert {layer.source for layer in result.layers} == {"found"}
    patched = gzip.compress(base_layer("base-patched"), mtime=0)
    assert fleet.registry.received == len(fleet.registry.blobs[fleet.manifest(image)["config"]["digest"]]), "the base's layer was mounted"
    assert sha256(patched) in {layer["digest"] for layer in fleet.manifest(image)["layers"]}


def test_a_registry_that_does_not_mount_gets_the_bytes(fleet: Fleet) -> None:
    """Requirement: "mounted from another repository of the registry where it allows (ECR answers 202 where it does not), else streamed"."""
    fleet.registry.mounts = False
    image = fleet.api()
    published(image)
    assert {layer["digest"] for layer in fleet.manifest(image)["layers"]} <= fleet.registry.held[NAME]
    assert [path for method, path in fleet.registry.calls if method == "DELETE"], "the uploads that began in place of mounts are ended"


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_an_upload_that_cannot_be_ended_is_left_to_the_registry(status: int, fleet: Fleet) -> None:
    """Registries with tokens want a scope of its own for that, and some do not know it at all."""
    fleet.registry.mounts = False
    fleet.registry.ending = status
    image = fleet.api()
    published(image)
    assert {layer["digest"] for layer in fleet.manifest(image)["layers"]} <= fleet.registry.held[NAME]


def test_layers_are_taken_from_another_repository(fleet: Fleet) -> None:
    """Requirement: "promotion without rebuilding"."""
    published(fleet.api())
    image = fleet.api(repositories=("production",))
    (result,) = published(image, reuse=[ImageReference.parse(f"{fleet.registry.host}/{NAME}")], engine=False)
    assert [layer.source for layer in result.layers] == ["mounted", "mounted"]
    assert fleet.manifest(image, "production") == fleet.manifest(fleet.api())


def test_one_image_in_two_repositories_is_made_once(fleet: Fleet) -> None:
    image = fleet.api(repositories=("one", "two"))
    results = published(image, engine=False)
    assert [result.reference.rpartition("/")[2].partition(":")[0] for result in results] == ["one", "two"]
    assert fleet.manifest(image, "one") == fleet.manifest(image, "two")


def test_images_that_share_a_layer_send_it_once(fleet: Fleet) -> None:
    """Requirement: "each distinct layer once"."""
    fleet.write("functions/other/index.js", "exports.handler = async () => 'other';\n")
    fleet.registry.mounts = False
    first = fleet.api()
    second = fleet.image(SourceCode("functions/other", name="code"), Files("models", to="/opt/ml/", name="models"), name="App/Other")
    published(first, second)
    models = first.key(first.plan.stage("models"))
    assert models == second.key(second.plan.stage("models"))
    blob = next(item["digest"] for item in fleet.manifest(first)["layers"] if item.get("annotations", {}).get(KEY_ANNOTATION) == models)
    uploads = [path for method, path in fleet.registry.calls if method == "PUT" and blob in path]
    assert len(uploads) == 1


def test_key_tags_stand_on_the_images_own_manifests(fleet: Fleet) -> None:
    image = fleet.api()
    published(image)
    names = {f"{NAME}:{tag}" for tag in fleet.registry.tags(NAME)}
    assert len({sha256(fleet.registry.manifests[name][1]) for name in names}) == 1, "no image more than those that run"


@pytest.mark.parametrize("immutable", [False, True])
def test_the_image_gets_its_own_tag_last(fleet: Fleet, immutable: bool) -> None:
    fleet.registry.immutable = immutable
    image = fleet.api()
    published(image)
    assert fleet.registry.pushes()[-1] == f"/v2/{NAME}/manifests/{image.destinations[0].tag}"


def test_no_image_is_tagged_before_the_parts_of_all_are_there(fleet: Fleet) -> None:
    """Requirement: "nothing half-pushed is tagged"."""
    fleet.write("functions/other/index.js", "exports.handler = async () => 'other';\n")
    images = [fleet.api(), fleet.image(SourceCode("functions/other", name="code"), name="App/Other")]
    published(*images)
    own = {f"/v2/{NAME}/manifests/{image.destinations[0].tag}" for image in images}
    writes = [path.partition("?")[0] for method, path in fleet.registry.calls if method == "PUT"]
    assert set(writes[-2:]) == own


def test_a_layer_is_sent_while_others_are_still_made(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "All images and layers at once"."""
    image = fleet.api()
    key = image.key(image.plan.stage("models"))
    sent = threading.Event()
    compress = making.compress
    # The base is mounted, and a configuration is sent after all layers.
    fleet.registry.before_put.append(("/blobs/uploads/", sent.set))

    def slow(chunks: Iterable[bytes], target: BinaryIO) -> Compressed:
        if key in target.name:
            assert sent.wait(PATIENCE_S), "nothing is sent before all are made"
        return compress(chunks, target)

    monkeypatch.setattr(making, "compress", slow)
    published(image)


# What goes wrong.


def test_a_stage_that_needs_an_engine_is_named_with_its_reason(fleet: Fleet) -> None:
    fleet.write("tool/make.txt", "x")
    image = fleet.image(Command([["make"]], inputs=("tool",), name="made"), SourceCode("tool", name="code"))
    with pytest.raises(EngineError) as raised:
        published(image, engine=False)
    (fault,) = raised.value.faults
    assert fault.place == "App/Function"
    assert fault.message == (
        'no repository has the stage "made" (Made by make); it needs a container engine, because it is made in a container only, '
        "and --no-engine rules it out"
    )
    assert not fleet.registry.tags(NAME)


def test_without_an_engine_on_the_machine_all_stages_are_named(fleet: Fleet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CDK_DOCKER", raising=False)
    fleet.write("tool/make.txt", "x")
    images = [fleet.image(Command([["make", name]], inputs=("tool",), name=name), name=f"App/{name}") for name in ("one", "two")]
    with pytest.raises(EngineError) as raised:
        published(*images)
    assert [fault.place for fault in raised.value.faults] == ["App/one", "App/two"]
    assert all("there is none on this machine" in fault.message for fault in raised.value.faults)


@pytest.mark.parametrize("cut", [[0], [10], [10, 20, 5]])
def test_an_upload_that_breaks_off_is_sent_again(fleet: Fleet, cut: list[int]) -> None:
    """Requirement: "connection dropped in a blob"."""
    fleet.registry.cut_uploads = list(cut)
    image = fleet.api()
    published(image)
    assert fleet.registry.cut_uploads == []
    assert fleet.manifest(image)


def test_a_base_layer_goes_on_where_it_stopped(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "Base layers are copied from registry to registry once, resumable […] never whole in memory"."""
    monkeypatch.setattr(upload, "PART", 50_000)
    layer = base_layer("big", os.urandom(300_000))
    fleet.add_base(layer)
    fleet.registry.mounts, fleet.registry.broken_uploads = False, "kept"
    fleet.registry.cut_uploads, fleet.registry.cut_blobs = [100_000], [200_000]
    image = fleet.api()
    published(image)
    blob = gzip.compress(layer, mtime=0)
    # The download went on where it broke, and began again only where the upload did.
    assert fleet.registry.ranges == ["bytes=200000-", "bytes=100000-"] or fleet.registry.ranges == ["bytes=100000-", "bytes=300000-"]
    assert fleet.registry.received < len(blob) + 20_000
    assert sha256(blob) in fleet.registry.held[NAME]


def test_an_upload_that_always_breaks_off_is_an_error_and_leaves_no_tag(fleet: Fleet) -> None:
    fleet.registry.cut_uploads = [5] * 200
    image = fleet.api()
    with pytest.raises(RegistryError, match="cannot be reached"):
        published(image)
    assert not fleet.registry.tags(NAME)
    fleet.registry.cut_uploads = []
    (result,) = published(image)
    assert result.state == "pushed", "the next run succeeds"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("where", ["/blobs/uploads/", "/manifests/"])
def test_a_busy_registry_is_asked_again(fleet: Fleet, status: int, where: str) -> None:
    """Requirement: "429 and 5xx"."""
    image = fleet.api()
    fleet.registry.refused = {where: status}
    published(image)
    assert fleet.manifest(image)


def test_an_interrupt_waits_for_no_busy_registry(fleet: Fleet) -> None:
    main = threading.get_ident()
    hurried: list[bool] = []

    class Busy(HttpRegistry):
        """Is interrupted while it waits."""

        def __init__(self) -> None:
            super().__init__(sleep=self.sleep)

        def sleep(self, seconds: float) -> None:
            if seconds == 50:
                signal.pthread_kill(main, signal.SIGINT)
                hurried.append(self._hurried.wait(PATIENCE_S))

    fleet.registry.refused = {"/blobs/uploads/u1": 503}
    fleet.registry.retry_after = "50"
    with Busy() as registry, pytest.raises(KeyboardInterrupt):
        publish([fleet.api()], registry)
    assert hurried == [True]
    assert not fleet.registry.tags(NAME)


def test_a_registry_waits_until_it_is_hurried() -> None:
    with HttpRegistry() as registry:
        assert not registry._transport._sleep(0.001)
        registry.hurry()
        assert registry._transport._sleep(PATIENCE_S)


def test_a_token_that_expires_midway_is_asked_for_anew(fleet: Fleet) -> None:
    """Requirement: "token expired midway"."""
    fleet.registry.auth = "bearer"
    image = fleet.api()
    fleet.registry.refused = {"/manifests/layer-": 401}
    published(image)
    assert fleet.manifest(image)


def test_a_login_is_asked_for_with_the_scopes_that_a_push_and_a_mount_need(fleet: Fleet) -> None:
    fleet.registry.auth = "bearer"
    published(fleet.api())
    asked = {item or "" for item in fleet.registry.authorizations}
    assert any(f"repository:{NAME}:pull,push" in item for item in asked)
    assert any("repository:lambda/nodejs:pull" in item for item in asked)


def test_a_size_that_is_refused_is_told_as_the_registry_says_it(fleet: Fleet) -> None:
    """Requirement: "an upload refused for its size"."""
    fleet.registry.refused = {"digest=": 413}
    with pytest.raises(RegistryError, match=r"answered 413 for the blob sha256:\w+ of .*shop-functions\" \(REFUSED: as the test wants\)"):
        published(fleet.api())
    assert not fleet.registry.tags(NAME)


def test_another_runner_that_was_faster_with_the_same_image_is_fine(fleet: Fleet) -> None:
    """Requirement: "two runners publishing at once"."""
    fleet.registry.immutable = True
    image = fleet.api()
    tag = str(image.destinations[0].tag)
    fleet.registry.before_put.append((f"/manifests/{tag}", lambda: published(image)))
    (result,) = published(image)
    assert result.state == "pushed"
    assert len(fleet.registry.tags(NAME)) == 1 + 2 + 1, "the image, two layers, the base"


def test_a_tag_that_has_another_image_is_an_error_that_names_both(fleet: Fleet) -> None:
    """Requirement: "a tag that exists (equal: fine; unequal: an error that says so)"."""
    fleet.registry.immutable = True
    image, tag = fleet.api(), "v1"
    image = fleet.api(tag=tag)
    other = fleet.api("exports.handler = async () => 'other';\n", tag=tag)
    fleet.registry.before_put.append((f"/manifests/{tag}", lambda: published(other)))
    with pytest.raises(RegistryError) as raised:
        published(image)
    assert f'"{fleet.registry.host}/{NAME}:{tag}" is another image (sha256:' in raised.value.faults[0].message
    assert "cannot be moved" in raised.value.faults[0].message


def test_a_key_tag_whose_layer_is_gone_costs_one_build_of_it(fleet: Fleet) -> None:
    """A manifest that somebody pushed under the tag of a key, and that names no such layer, is not believed."""
    image = fleet.api()
    published(image)
    key = image.key(image.plan.stage("models"))
    media_type, body = fleet.registry.manifests[f"{NAME}:{key_tag(key)}"]
    document = json.loads(body)
    for layer in document["layers"]:
        layer.pop("annotations", None)
    fleet.registry.put(f"{NAME}:{key_tag(key)}", media_type, json.dumps(document).encode())
    again = fleet.api("exports.handler = async () => 3;\n")
    (result,) = published(again)
    assert {layer.stage: layer.source for layer in result.layers} == {"code": "made", "models": "made"}
    assert next(layer.pushed for layer in result.layers if layer.stage == "models") == 0, "the blob is there"


def test_a_context_without_its_archive_is_told(fleet: Fleet) -> None:
    image = fleet.api()
    (image.directory / "layers/models.tar").unlink()
    with pytest.raises(ImageError, match='the archive .*models.tar" is missing'):
        published(image)
    assert not fleet.registry.tags(NAME)


def test_an_archive_that_somebody_changed_is_told(fleet: Fleet) -> None:
    image = fleet.api()
    path = image.directory / "layers/models.tar"
    data = bytearray(path.read_bytes())
    data[136:147] = b"%011o" % 1_700_000_000
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    path.write_bytes(bytes(data))
    with pytest.raises(ImageError, match="has another time than the files of layers") as raised:
        published(image)
    assert (raised.value.faults[0].place, raised.value.faults[0].hint) == (image.name, "run cdk synth again")


def test_what_was_changed_after_synthesis_is_refused_and_nothing_is_sent(fleet: Fleet) -> None:
    """Requirement: "A changed archive or lock inside cdk.out after synthesis is published under its old tag": refused, with all of its names."""
    image = fleet.api()
    paths = [image.directory / "layers" / f"{name}.tar" for name in ("code", "models")]
    for path in paths:
        data = bytearray(path.read_bytes())
        content = data.index(b"model" if path.name == "models.tar" else b"exports")
        data[content : content + 1] = b"X"
        path.write_bytes(bytes(data))
    with pytest.raises(ImageError) as raised:
        published(image)
    assert [(fault.message, fault.place, fault.hint) for fault in raised.value.faults] == [
        (f'the archive "{path}" is not as it was written: a file in it is another one', image.name, "run cdk synth again") for path in paths
    ]
    assert (fleet.registry.received, fleet.registry.tags(NAME)) == (0, set())


def test_what_nobody_reads_may_be_gone(fleet: Fleet) -> None:
    """A layer that the repository has is that of its key, whatever became of the files."""
    published(fleet.api())
    image = fleet.api("exports.handler = async () => 2;\n")
    (image.directory / "layers" / "models.tar").unlink()
    (result,) = published(image)
    assert {layer.stage: layer.source for layer in result.layers} == {"code": "made", "models": "found"}


def test_a_base_of_another_compression_is_refused_by_name(fleet: Fleet) -> None:
    fleet.add_base(base_layer("x"), media_type="application/vnd.oci.image.layer.v1.tar+zstd")
    with pytest.raises(ImageError, match=r"has a layer of the type \"application/vnd.oci.image.layer.v1.tar\+zstd\""):
        published(fleet.api())


def test_no_directory_for_temporary_files_is_told(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    image = fleet.api()
    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(EngineError, match=r"there is no directory for layers: No space left on device\n  hint: .* set TMPDIR"):
        published(image)


def test_a_full_disk_is_told_and_leaves_no_tag(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "disk full"."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(making, "compress", full)
    with pytest.raises(EngineError, match="No space left on device"):
        published(fleet.api())
    assert not fleet.registry.tags(NAME)
