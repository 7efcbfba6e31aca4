"""One build of a whole fleet, as a file for ``docker buildx bake``.

Terms
    image     what becomes a tagged target: one image asset of the app
    key       digest of everything that a stage is made from: its instructions,
              the keys of the stages that it needs, the global arguments and
              secrets that it uses, the platform and network of its build, and
              the content of the paths that it reads
    shared    a stage whose key occurs in two images or more: it becomes a
              target of its own, which the images take as a named context

Whatever a shared stage needs is shared too, because equal stages need equal
stages.  A bare stage is repeated instead, and a stage of one image stays in
that image's own text.
Source of the format: https://docs.docker.com/build/bake/reference/
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optimizer.dockerfile.split import WHOLE_CONTEXT, SplitDockerfile, SplitStage
from optimizer.model.build import BuildOptions

# Lambda takes no image index, which is what an image with an attestation becomes.
# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
_NO_ATTESTATIONS = ["type=provenance,disabled=true", "type=sbom,disabled=true"]
_KEY_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class BakeImage:
    """An image to build.

    ``name`` is for people, and need not be unique.  ``context`` is the build
    context as the file shall name it, and so are the paths in ``options``, but
    for the Dockerfile.  ``split`` is None for a Dockerfile that is built as it
    is; ``contents`` says of each path of the context what is there, and is
    read for a split Dockerfile alone.
    """

    name: str
    asset: str
    context: str
    tags: tuple[str, ...]
    options: BuildOptions
    split: SplitDockerfile | None = None
    contents: Mapping[str, str] = field(default_factory=dict, hash=False)


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
    keyed = [_Keys(image) for image in ordered]
    users: dict[str, list[_Keys]] = {}
    for keys in keyed:
        for key in dict.fromkeys(keys.by_stage.values()):
            users.setdefault(key, []).append(keys)
    names = _Names()
    image_names = [names.of_image(image) for image in ordered]
    shared: dict[str, str] = {}
    targets: dict[str, dict[str, Any]] = {}
    for keys in keyed:
        for stage in keys.stages():
            key = keys.by_stage[stage.name]
            if len(users[key]) > 1 and key not in shared:
                shared[key] = names.of_stage(stage, key)
                targets[shared[key]] = _shared_target(stage, keys, shared, [user.image for user in users[key]])
    for name, keys in zip(image_names, keyed, strict=True):
        targets[name] = _image_target(keys, shared)
    document = {"group": {"default": {"targets": image_names}}, "target": targets}
    text = json.dumps(_escaped(document), indent=2, ensure_ascii=False) + "\n"
    return BakeFile(text=text, images=len(image_names), shared=len(shared))


class _Keys:
    """The keys of an image's stages that may be shared: none of a Dockerfile that is built as it is."""

    def __init__(self, image: BakeImage) -> None:
        self.image = image
        self.by_stage: dict[str, str] = {}
        self._names: dict[str, str] = {}
        if image.split is not None:
            for stage in image.split.stages[:-1]:
                self._names[stage.name] = self._key(image.split, stage)
                if not stage.bare:
                    self.by_stage[stage.name] = self._names[stage.name]

    def stages(self) -> list[SplitStage]:
        return [] if self.image.split is None else [stage for stage in self.image.split.stages if stage.name in self.by_stage]

    def _key(self, split: SplitDockerfile, stage: SplitStage) -> str:
        image = self.image
        fields = [
            image.options.platform or "",
            image.options.network or "",
            stage.text_with(self._names),
            *(split.arguments[name] for name in stage.arguments),
            *(f"{identifier}={image.options.secrets.get(identifier, '')}" for identifier in stage.secrets),
            *(f"{path}:{image.contents[path]}" for path in sorted(image.contents) if _is_read(path, stage.reads)),
        ]
        return hashlib.sha256(json.dumps(fields).encode("utf-8")).hexdigest()


def _is_read(path: str, reads: Sequence[str]) -> bool:
    return any(read == WHOLE_CONTEXT or path == read or path.startswith(f"{read}/") for read in reads)


class _Names:
    """Names of targets: readable, of the characters that bake allows, and each given once."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of_image(self, image: BakeImage) -> str:
        return self._unique(image.name, image.asset)

    def of_stage(self, stage: SplitStage, key: str) -> str:
        return self._unique(f"{stage.name}-{key[:_KEY_LENGTH]}", key)

    def _unique(self, text: str, digest: str) -> str:
        readable = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-") or digest[:_KEY_LENGTH]
        # A group wins over a target of its name.
        name = readable if readable not in self._given | {"default"} else f"{readable}-{digest[:_KEY_LENGTH]}"
        self._given.add(name)
        return name


def _shared_target(stage: SplitStage, keys: _Keys, shared: Mapping[str, str], users: Sequence[BakeImage]) -> dict[str, Any]:
    assert keys.image.split is not None
    # The cache of any image that has the stage will do: each holds its inner stages too.
    sources = dict.fromkeys(str(option) for user in users for option in user.options.cache_from)
    return {**_inline(keys, stage, shared), "cache-from": list(sources)} if sources else _inline(keys, stage, shared)


def _image_target(keys: _Keys, shared: Mapping[str, str]) -> dict[str, Any]:
    image = keys.image
    target = _inline(keys, image.split.stages[-1], shared) if image.split is not None else _whole(image)
    target["tags"] = list(image.tags)
    if image.options.cache_from:
        target["cache-from"] = [str(option) for option in image.options.cache_from]
    if image.options.cache_to is not None:
        target["cache-to"] = [str(image.options.cache_to)]
    return target


def _inline(keys: _Keys, top: SplitStage, shared: Mapping[str, str]) -> dict[str, Any]:
    """The target of a stage, with the stages that it needs and no other image has."""
    image, split = keys.image, keys.image.split
    assert split is not None
    included, contexts = [top], dict[str, str]()
    for stage in included:  # grows while it is walked, each stage once
        for name in stage.needs:
            elsewhere = shared.get(keys.by_stage.get(name, ""))
            if elsewhere is not None:
                contexts[name] = f"target:{elsewhere}"
            elif split.stage(name) not in included:
                included.append(split.stage(name))
    stages = [stage for stage in split.stages if stage in included]
    arguments = dict.fromkeys(name for stage in stages for name in stage.arguments)
    text = "\n\n".join(
        [*(split.arguments[name] for name in sorted(arguments)), *(stage.text if stage.name else stage.linked() for stage in stages)]
    )
    secrets = {name for stage in stages for name in stage.secrets}
    target = _common(image, {name: source for name, source in image.options.secrets.items() if name in secrets})
    target["dockerfile-inline"] = text + "\n"
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
