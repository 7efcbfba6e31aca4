"""One build of a whole fleet, as a file for ``docker buildx bake``.

Terms
    image     what becomes a tagged target: one image asset of the app
    build     digest of everything that the build of a stage depends on: the
              stage's own key, the builds of the stages that it needs, and the
              platform, network and sources of secrets that the asset's build has
    shared    a stage whose build occurs in two images or more: it becomes a
              target of its own, which the images take as a named context

Whatever a shared stage needs is shared too, because equal builds need equal
builds.  A stage of one image stays in that image's own text.
Source of the format: https://docs.docker.com/build/bake/reference/
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.builders.docker.render import needed_stages, render_part
from optimizer.model.build import BuildOptions
from optimizer.model.plan import Stage
from optimizer.planning.document import KeptPlan

# Lambda takes no image index, which is what an image with an attestation becomes.
# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
_NO_ATTESTATIONS = ["type=provenance,disabled=true", "type=sbom,disabled=true"]
_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BakeImage:
    """An image to build.

    ``name`` is for people, and need not be unique.  ``context`` is the build
    context as the file shall name it, and so are the paths in ``options``, but
    for the Dockerfile.  ``planned`` is None for a Dockerfile that is built as
    it is.
    """

    name: str
    asset: str
    context: str
    tags: tuple[str, ...]
    options: BuildOptions
    planned: KeptPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BakeFile:
    """The text of the file, and how many of its targets are images and shared stages."""

    text: str
    images: int
    shared: int


def bake_file(images: Sequence[BakeImage]) -> BakeFile:
    """The file that builds all images, whatever order they are given in; empty for none, which bake has no form for."""
    if not images:
        return BakeFile(text="", images=0, shared=0)
    ordered = sorted(images, key=lambda image: (image.name, image.asset))
    fleet = [_Builds(image) for image in ordered]
    users: dict[str, list[BakeImage]] = {}
    for builds in fleet:
        for build in dict.fromkeys(builds.by_stage.values()):
            users.setdefault(build, []).append(builds.image)
    names = _Names()
    image_names = [names.of_image(image) for image in ordered]
    shared: dict[str, str] = {}
    targets: dict[str, dict[str, Any]] = {}
    for builds in fleet:
        for stage, build in builds.by_stage.items():
            if len(users[build]) > 1 and build not in shared and builds.may_stand_apart(stage):
                shared[build] = names.of_stage(stage, build)
                targets[shared[build]] = _shared_target(stage, builds, shared, users[build])
    for name, builds in zip(image_names, fleet, strict=True):
        targets[name] = _image_target(builds, shared)
    document = {"group": {"default": {"targets": image_names}}, "target": targets}
    text = json.dumps(_escaped(document), indent=2, ensure_ascii=False) + "\n"
    return BakeFile(text=text, images=len(image_names), shared=len(shared))


class _Builds:
    """The builds of an image's stages by their names: none of a Dockerfile that is built as it is."""

    def __init__(self, image: BakeImage) -> None:
        self.image = image
        self.by_stage: dict[str, str] = {}
        if image.planned is not None:
            for stage in image.planned.plan.stages:
                if not stage.archive_alone:
                    self.by_stage[stage.name] = self._build(image.planned, stage)

    def may_stand_apart(self, stage: str) -> bool:
        """Whether the stage can be a target of its own.

        One without a tree is what others start from: it is for the machine that
        builds, and a target has the platform of its image.
        """
        return self.image.planned is None or self.image.planned.plan.stage(stage).recipe.makes_tree

    def _build(self, planned: KeptPlan, stage: Stage) -> str:
        options = self.image.options
        fields = [
            planned.keys[stage.name],
            options.platform or "",
            options.network or "",
            *(self.by_stage[name] for name in needed_stages(planned.plan, stage)),
            *sorted(f"{secret.id}={options.secrets.get(secret.id, '')}" for secret in stage.recipe.secrets),
        ]
        return hashlib.sha256(json.dumps(fields).encode("utf-8")).hexdigest()


class _Names:
    """Names of targets: readable, of the characters that bake allows, and each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of_image(self, image: BakeImage) -> str:
        return self._unique(image.name, image.asset)

    def of_stage(self, stage: str, build: str) -> str:
        return self._unique(f"{stage}-{build[:_DIGITS]}", build)

    def _unique(self, text: str, digest: str) -> str:
        readable = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") or digest[:_DIGITS]
        # A group wins over a target of its name.
        name = readable if readable not in self._given | {"default"} else f"{readable}-{digest[:_DIGITS]}"
        self._given.add(name)
        return name


def _shared_target(stage: str, builds: _Builds, shared: Mapping[str, str], users: Sequence[BakeImage]) -> dict[str, Any]:
    target = _inline(builds, stage, shared)
    # The cache of any image that has the stage will do: each holds its inner stages too.
    sources = dict.fromkeys(str(option) for user in users for option in user.options.cache_from)
    return {**target, "cache-from": list(sources)} if sources else target


def _image_target(builds: _Builds, shared: Mapping[str, str]) -> dict[str, Any]:
    image = builds.image
    target = _inline(builds, None, shared) if image.planned is not None else _whole(image)
    target["tags"] = list(image.tags)
    if image.options.cache_from:
        target["cache-from"] = [str(option) for option in image.options.cache_from]
    if image.options.cache_to is not None:
        target["cache-to"] = [str(image.options.cache_to)]
    return target


def _inline(builds: _Builds, top: str | None, shared: Mapping[str, str]) -> dict[str, Any]:
    """The target of a stage, or of the image, with the stages that it needs and no other image has."""
    image = builds.image
    assert image.planned is not None
    plan = image.planned.plan
    included, contexts = [top], dict[str, str]()
    for name in included:  # grows while it is walked, each stage once
        for other in needed_stages(plan, plan.stage(name) if name is not None else None):
            target_name = shared.get(builds.by_stage[other])
            if target_name is not None:
                contexts[other] = f"target:{target_name}"
            elif other not in included:
                included.append(other)
    stages = [name for name in included if name is not None]
    secrets = {secret.id for name in stages for secret in plan.stage(name).recipe.secrets}
    target = _common(image, {name: source for name, source in image.options.secrets.items() if name in secrets})
    target["dockerfile-inline"] = render_part(plan, stages, image=top is None)
    if contexts:
        target["contexts"] = dict(sorted(contexts.items()))
    return target


def _whole(image: BakeImage) -> dict[str, Any]:
    options = image.options
    target = _common(image, options.secrets)
    target["dockerfile"] = options.dockerfile
    if options.arguments:
        target["args"] = dict(sorted(options.arguments.items()))
    if options.contexts:
        target["contexts"] = dict(sorted(options.contexts.items()))
    if options.target:
        target["target"] = options.target
    if options.ssh:
        target["ssh"] = [options.ssh]
    if options.no_cache:
        target["no-cache"] = True
    return target


def _common(image: BakeImage, secrets: Mapping[str, str]) -> dict[str, Any]:
    target: dict[str, Any] = {"context": image.context, "attest": _NO_ATTESTATIONS}
    if image.options.platform:
        target["platforms"] = [image.options.platform]
    if image.options.network:
        target["network"] = image.options.network
    if secrets:
        target["secret"] = [f"id={name},{source}" for name, source in sorted(secrets.items())]
    return target


def _escaped(value: Any) -> Any:
    """The value with all text literal: bake reads ``${`` and ``%{`` as the start of a template."""
    if isinstance(value, str):
        return re.sub(r"([$%])(?=\{)", r"\1\1", value)
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value
