"""Trees of other images, read from their registry, are those of the generated Dockerfile's copy, byte for byte."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer import Extension
from optimizer.adapters.host.image_tree import ImageTreeCopy
from optimizer.adapters.host.tree import BaseFacts, Obstacle, TreeRequest, tree_chunks
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.publishing.bases import RegistryImages
from optimizer.publishing.images import PublishImage
from optimizer.publishing.publish import publish
from tests.engine.planned import planned_image
from tests.engine.test_host_go import built, digest
from tests.patience import PATIENCE_S

EXTENSION = """
FROM {base} AS made
RUN mkdir -p /opt/extensions /opt/lib/deep/deeper /opt/empty /opt/gone && echo 1 > /opt/extensions/agent && chmod 0750 /opt/extensions/agent \
 && echo 2 > /opt/lib/x && echo 3 > /opt/lib/deep/deeper/y && chmod 0600 /opt/lib/x && ln -s x /opt/lib/link && ln -s /nowhere /opt/dangling \
 && echo 4 > /opt/gone/z && echo 5 > /opt/.hidden && echo 6 > "/opt/rätsel und mehr" && chown -R 1000:1000 /opt/lib && chmod u+s /opt/extensions/agent
RUN rm -r /opt/gone && rm /opt/lib/x && echo 7 > /opt/lib/x2 && rm -r /opt/lib/deep && mkdir /opt/lib/deep && echo 8 > /opt/lib/deep/new
RUN ln -s lib /opt/libraries && rm /opt/.hidden && mkdir /opt/.hidden && echo 9 > /opt/.hidden/inner && echo tool > /tool && chmod 0711 /tool
RUN mkdir -p /linked && ln -s /opt/lib/x2 /linked/file && ln /tool /opt/other-tool && rm /opt/other-tool
{more}
"""
HARD = "RUN echo same > /opt/one && ln /opt/one /opt/two"


@contextlib.contextmanager
def pushed(registry: str, name: str, more: str = "") -> Iterator[str]:
    """An extension's image in the registry, made of many layers."""
    base = f"{registry}/lambda/provided:al2023-x86_64"
    image = f"{registry}/extensions/{name}:1"
    argv = ["docker", "build", "--quiet", "--network", "none", "--tag", image, "-"]
    subprocess.run(argv, input=EXTENSION.format(base=base, more=more), text=True, capture_output=True, check=True, timeout=PATIENCE_S)
    try:
        subprocess.run(["docker", "push", "--quiet", image], capture_output=True, check=True, timeout=PATIENCE_S)
        yield image
    finally:
        subprocess.run(["docker", "image", "rm", "--force", image], capture_output=True, check=False, timeout=PATIENCE_S)


def request(image: PublishImage) -> TreeRequest:
    images = RegistryImages(HttpRegistry(DefaultCredentials()))
    return TreeRequest(plan=image.plan, stage=image.plan.stage("program"), context=image.directory, facts=BaseFacts(), images=images)


def made(image: PublishImage, directory: Path) -> str:
    tree = directory / "tree"
    tree.mkdir()
    ImageTreeCopy().make(request(image), tree)
    return digest(tree_chunks(tree, "program"))


@pytest.mark.parametrize("runtime", ["python3.13", "provided.al2023"])
@pytest.mark.parametrize("file", [None, "/tool", "/opt/lib/deep/new"])
def test_the_copy_is_the_stages(file: str | None, runtime: str, registry: str, tmp_path: Path) -> None:
    """Requirement: "the same `diff_id` from both back ends for every recipe that both can make"."""
    project = tmp_path / "project"
    project.mkdir()
    with pushed(registry, "agent") as extension:
        step = Extension(image=extension, file=file, name="program")
        image = planned_image(registry, project, step, runtime=runtime, others=[extension])
        assert made(image, tmp_path) == built(image, tmp_path)
        if file is None:
            found = sorted(str(path.relative_to(tmp_path / "tree" / "opt")) for path in (tmp_path / "tree" / "opt").rglob("*"))
            assert found == [
                ".hidden",
                ".hidden/inner",
                "dangling",
                "empty",
                "extensions",
                "extensions/agent",
                "lib",
                "lib/deep",
                "lib/deep/new",
                "lib/link",
                "lib/x2",
                "libraries",
                "rätsel und mehr",
            ]


def test_an_index_gives_the_targets_platform(registry: str, tmp_path: Path) -> None:
    """As a copy does, whatever image the stage itself starts from; the stand-in for arm64 holds one file."""
    project = tmp_path / "project"
    project.mkdir()
    index = f"{registry}/lambda/provided:al2023"
    step = Extension(image=index, file="/etc/os-release", name="program")
    foreign = planned_image(registry, project, step, runtime="provided.al2023", architecture="arm64", others=[index])
    (tmp_path / "tree").mkdir()
    with pytest.raises(Obstacle, match='has no "/etc/os-release"$'):
        ImageTreeCopy().make(request(foreign), tmp_path / "tree")


@pytest.mark.parametrize(
    ("file", "more", "reason"),
    [
        (None, HARD, '"/opt/two" of .* is a hardlink'),
        (None, "RUN mkfifo /opt/pipe", '"/opt/pipe" of .* is a fifo'),
        ("/linked/file", "", '"/linked/file" of .* is a symlink'),
        ("/opt/libraries/x2", "", '.* has no "/opt/libraries/x2"|"/opt/libraries/x2" of .* is reached by a link'),
        ("/opt/lib", "", '"/opt/lib" of .* is a directory'),
        ("/nothing", "", '.* has no "/nothing"'),
    ],
)
def test_what_a_builder_copies_in_its_own_way_is_left_to_it(
    file: str | None, more: str, reason: str, registry: str, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    with pushed(registry, "other", more) as extension:
        image = planned_image(registry, project, Extension(image=extension, file=file, name="program"), others=[extension])
        (tmp_path / "tree").mkdir()
        with pytest.raises(Obstacle, match=reason):
            ImageTreeCopy().make(request(image), tmp_path / "tree")


def test_an_extension_is_published_without_an_engine(registry: str, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    with pushed(registry, "agent") as extension:
        target = f"{registry}/extension-functions:one"
        step = Extension(image=extension, name="program")
        image = planned_image(registry, project, step, others=[extension], destinations=[target])
        with HttpRegistry(DefaultCredentials()) as client:
            (result,) = publish([image], client, engine=False)
    assert [(layer.stage, layer.source) for layer in result.layers] == [("program", "made")]
