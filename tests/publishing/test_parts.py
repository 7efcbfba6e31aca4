"""Layers of one lock that hold one path are refused, whether they are made now or were found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from optimizer import PythonDependencies
from optimizer.adapters import stage_trees
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.builders.direct.image import PATHS_ANNOTATION
from optimizer.builders.tar import END, TarEntry, header, padding, sort_key
from optimizer.errors import ImageError
from optimizer.model.packing import Packing
from optimizer.model.reference import ImageReference
from optimizer.publishing.assembling import assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.making import LayerMaker
from optimizer.publishing.publish import publish
from tests.adapters.push_server import serving_pushes
from tests.publishing.fleet import NAME, Fleet

PACKING = Packing(groups={"python": (("alpha",), ("gamma",))})
TREES: dict[str, tuple[str, Sequence[str]]] = {}
"""The packages of stages, and what these hold; see :func:`engine`."""


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    monkeypatch.setattr(LayerMaker, "_has_engine", lambda self: True)
    monkeypatch.setattr(stage_trees, "build_trees", engine)
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project", base="lambda/python:3.13", runtime="python3.13")
        found.add_base()
        yield found


def engine(plan: object, stages: Sequence[str], context: Path, options: object, output: Path, *, facts: bool) -> None:
    """Make the trees of stages as an engine's archive."""
    chunks = []
    for stage in stages:
        package, files = TREES[stage]
        info = f"{package}-1.0.dist-info/RECORD"
        contents = {**dict.fromkeys(files, ""), info: "".join(f"{path},,\n" for path in files)}
        site = f"{stage}/var/task/"
        entries = {(site + path)[:at]: None for path in contents for at, letter in enumerate(site + path) if letter == "/"}
        entries.update({site + path: text for path, text in contents.items()})  # type: ignore[dict-item]
        for path, text in sorted(entries.items(), key=lambda item: sort_key(item[0])):
            kind, data = ("directory", b"") if text is None else ("file", text.encode())
            chunks += [header(TarEntry(path, kind, 0o755 if text is None else 0o644, len(data))), data, padding(len(data))]
    output.write_bytes(b"".join([*chunks, END]))


def image(fleet: Fleet, beta: str = "1", **trees: tuple[str, Sequence[str]]) -> PublishImage:
    TREES.clear()
    TREES.update({f"packages-{name}".removesuffix("-rest"): tree for name, tree in trees.items()})
    text = "".join(f"{name}=={version} --hash=sha256:{'0' * 64}\n" for name, version in (("alpha", "1"), ("beta", beta), ("gamma", "1")))
    fleet.write("requirements.txt", text)
    return fleet.image(PythonDependencies("requirements.txt", name="packages"), packing=PACKING, bytecode=False, tag=f"v{beta}")


APART: Mapping[str, tuple[str, Sequence[str]]] = {
    "alpha": ("alpha", ["alpha/__init__.py", "ns/alpha.py"]),
    "gamma": ("gamma", ["gamma.py"]),
    "rest": ("Beta_x", ["ns/beta/__init__.py"]),
}
MESSAGE = '"/var/task/alpha/__init__.py" comes from alpha in "packages-alpha", and from beta-x in "packages": installed at once, one of them would win'
HINT = 'add ["alpha", "beta-x"] to together in [packing] of optimizer.lock, and synthesize again'


def sent(wanted: PublishImage) -> None:
    with HttpRegistry() as registry:
        publish([wanted], registry, host=False)


def refused(wanted: PublishImage) -> tuple[str, str]:
    with pytest.raises(ImageError) as caught:
        sent(wanted)
    (fault,) = caught.value.faults
    return fault.message, fault.hint


def test_layers_that_are_apart_tell_what_they_claim(fleet: Fleet) -> None:
    wanted = image(fleet, **APART)
    sent(wanted)
    layers = fleet.manifest(wanted)["layers"]
    claimed = [layer.get("annotations", {}).get(PATHS_ANNOTATION) for layer in layers]  # type: ignore[attr-defined]
    assert claimed[-3:] == [
        "var/task/alpha\nvar/task/alpha-1.0.dist-info\nvar/task/ns/alpha.py",
        "var/task/gamma-1.0.dist-info\nvar/task/gamma.py",
        "var/task/Beta_x-1.0.dist-info\nvar/task/ns/beta",
    ]


def test_two_new_layers_with_one_path_are_refused(fleet: Fleet) -> None:
    wanted = image(fleet, **{**APART, "rest": ("Beta_x", ["alpha/__init__.py"])})
    assert refused(wanted) == (MESSAGE, HINT)
    assert f"{NAME}:v1" not in fleet.registry.manifests


def test_a_new_layer_is_held_against_those_that_are_found(fleet: Fleet) -> None:
    sent(image(fleet, **APART))
    before = dict(fleet.registry.manifests)
    wanted = image(fleet, "2", rest=("Beta_x", ["alpha/__init__.py"]))
    assert refused(wanted) == (MESSAGE, HINT)
    assert fleet.registry.manifests == before
    with HttpRegistry() as registry, pytest.raises(ImageError) as caught:
        reuse = [ImageReference.parse(f"{fleet.registry.host}/{NAME}")]
        with assembled(wanted, "image:1", registry, reuse=reuse, host=False):
            pass
    assert caught.value.faults[0].message == MESSAGE


def test_a_namespace_beside_a_package_of_its_name_is_looked_into(fleet: Fleet) -> None:
    """Claims that meet need not share a file: then the layers are read, and nothing is refused."""
    sent(image(fleet, **{**APART, "rest": ("Beta_x", ["alpha/beta.py"])}))


def test_layers_without_claims_are_read(fleet: Fleet) -> None:
    """As one that has too many of them."""
    first = image(fleet, **APART)
    sent(first)
    for name, (kind, body) in list(fleet.registry.manifests.items()):
        document = json.loads(body)
        for layer in document.get("layers", ()):
            layer.get("annotations", {}).pop(PATHS_ANNOTATION, None)
        fleet.registry.put(name, kind, json.dumps(document).encode())
    assert refused(image(fleet, "2", rest=("Beta_x", ["alpha/__init__.py"])))[0] == MESSAGE
    sent(image(fleet, "3", rest=("Beta_x", ["beta.py"])))


def test_parts_alone_claim_paths(fleet: Fleet) -> None:
    TREES["packages"] = ("alpha", ["alpha.py"])
    fleet.write("requirements.txt", f"alpha==1 --hash=sha256:{'0' * 64}\n")
    wanted = fleet.image(PythonDependencies("requirements.txt", name="packages"), bytecode=False)
    sent(wanted)
    assert PATHS_ANNOTATION not in json.dumps(fleet.manifest(wanted))
