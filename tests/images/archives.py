"""Images made in a test: layers of a few entries, in every form in which images lie on disk."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_TAR = "application/vnd.oci.image.layer.v1.tar"
OCI_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def file(name: str, content: bytes = b"", mode: int = 0o644, mtime: float = 0, **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), mode, mtime
    for key, value in more.items():
        setattr(info, key, value)
    return info, content


def directory(name: str, mode: int = 0o755, mtime: float = 0) -> tuple[tarfile.TarInfo, bytes]:
    return file(name, mode=mode, mtime=mtime, type=tarfile.DIRTYPE)


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return file(name, type=kind, linkname=target)


def tar(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(data: bytes, level: int = 9) -> bytes:
    return gzip.compress(data, level, mtime=0)


def config(layers: Sequence[bytes], *, history: list[dict[str, Any]] | None = None, architecture: str = "amd64", **settings: Any) -> bytes:
    steps = history if history is not None else [{"created_by": f"COPY {number} / # buildkit"} for number in range(len(layers))]
    document = {"os": "linux", "architecture": architecture, "config": settings, "history": steps}
    return json.dumps({**document, "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]}}).encode()


def write_saved(path: Path, layers: Sequence[bytes], **settings: Any) -> Path:
    """What ``docker save`` wrote before Docker 25: a directory per layer."""
    made = config(layers, **settings)
    name = sha256(made).removeprefix("sha256:") + ".json"
    names = [f"{number}{'a' * 8}/layer.tar" for number in range(len(layers))]
    manifest = json.dumps([{"Config": name, "RepoTags": ["shop:1"], "Layers": names}]).encode()
    entries = [file(layer, data) for layer, data in zip(names, layers)]
    path.write_bytes(tar(*entries, file(name, made), file("manifest.json", manifest)))
    return path


def blobs_of(
    layers: Sequence[bytes],
    *,
    compress: bool = True,
    attestation: bool = False,
    platforms: Sequence[str] = ("amd64",),
    layer_type: str | None = None,
    level: int = 9,
    **settings: Any,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The blobs of a layout, and the descriptor of its image or index."""
    blobs: dict[str, bytes] = {}

    def put(data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        blobs[sha256(data)] = data
        return {"mediaType": media_type, "digest": sha256(data), "size": len(data), **more}

    descriptors = []
    for architecture in platforms:
        stored = [zipped(layer, level) if compress else layer for layer in layers]
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": put(config(layers, architecture=architecture, **settings), "application/vnd.oci.image.config.v1+json"),
            "layers": [put(data, layer_type or (OCI_GZIP if compress else OCI_TAR)) for data in stored],
        }
        platform = {"os": "linux", "architecture": architecture}
        descriptors.append(put(json.dumps(manifest).encode(), OCI_MANIFEST, platform=platform))
    if not attestation and len(descriptors) == 1:
        return blobs, {key: value for key, value in descriptors[0].items() if key != "platform"}
    if attestation:
        descriptors.append(put(b"{}", OCI_MANIFEST, platform={"os": "unknown", "architecture": "unknown"}))
    return blobs, put(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}).encode(), OCI_INDEX)


def write_layout(path: Path, layers: Sequence[bytes], *, saved: bool = False, archive: bool = False, **options: Any) -> Path:
    """An OCI layout; with ``saved`` as Docker 25 and later save it, with ``archive`` as one tar."""
    blobs, top = blobs_of(layers, **options)
    files = {"blobs/sha256/" + digest.removeprefix("sha256:"): data for digest, data in blobs.items()}
    files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    files["index.json"] = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [top]}).encode()
    if saved:
        manifest = json.loads(blobs[top["digest"]])
        names = ["blobs/sha256/" + item["digest"].removeprefix("sha256:") for item in [manifest["config"], *manifest["layers"]]]
        files["manifest.json"] = json.dumps([{"Config": names[0], "RepoTags": ["shop:1"], "Layers": names[1:]}]).encode()
    if archive or saved:
        path.write_bytes(tar(*(file(name, data) for name, data in files.items())))
        return path
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_stored(path: Path, layer: bytes, blob: bytes, media_type: str) -> Path:
    """An OCI layout of one layer, stored as a blob that may be anything."""
    made = config([layer])
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": {"digest": sha256(made), "size": len(made)},
        "layers": [{"mediaType": media_type, "digest": sha256(blob), "size": len(blob)}],
    }
    text = json.dumps(manifest).encode()
    (path / "blobs" / "sha256").mkdir(parents=True)
    for data in (made, blob, text):
        (path / "blobs" / "sha256" / sha256(data)[7:]).write_bytes(data)
    top = {"mediaType": OCI_MANIFEST, "digest": sha256(text), "size": len(text)}
    (path / "index.json").write_text(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [top]}))
    return path


def elf(machine: int, *, kind: int = 3, bits: int = 64, order: Literal["little", "big"] = "little") -> bytes:
    """The beginning of an executable; ``machine`` and ``kind`` are the numbers of its header, 3 a shared object."""
    head = b"\x7fELF" + bytes([bits // 32, 1 if order == "little" else 2, 1]) + bytes(9)
    return head + kind.to_bytes(2, order) + machine.to_bytes(2, order) + bytes(44)
