"""The functions and the images of a synthesized app, read from its cloud assembly.

Source of the format: https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optimizer.errors import ContextError
from optimizer.model.cache import CacheOption
from optimizer.model.ecr import EcrRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyFunction:
    """One image function of an app.

    ``path`` is the construct's path where the template carries it, else stack
    and logical id.  ``handler`` is empty when the image decides it.
    ``repository`` and ``dockerfile`` are None for an image that is not an
    asset of the app; ``repository`` may hold placeholders such as
    ``${AWS::Region}``.
    """

    stack: str
    path: str
    handler: str
    architecture: str
    tag: str
    repository: str | None
    directory: Path | None
    dockerfile: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where CDK publishes an image.

    ``registry`` is None where the stack leaves account or region to the
    deployment; ``repository`` may then hold placeholders such as
    ``${AWS::Region}``.
    """

    registry: EcrRegistry | None
    repository: str
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyImage:
    """One image asset of an app, with the options of its ``docker build``.

    ``name`` is the path of the first function that runs it, by sorting, or else
    its stack and what the CLI shows.  ``directory`` is None for an image that a program makes
    in place of a build.  ``contexts`` are named build contexts, ``secrets``
    and ``arguments`` are by id and name.  ``outputs`` are not read: they say
    what ``docker build`` leaves behind, which is no property of the image.
    """

    asset: str
    name: str
    directory: Path | None
    dockerfile: str
    destinations: tuple[Destination, ...]
    platform: str | None = None
    target: str | None = None
    network: str | None = None
    ssh: str | None = None
    no_cache: bool = False
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)
    contexts: Mapping[str, str] = field(default_factory=dict, hash=False)
    secrets: Mapping[str, str] = field(default_factory=dict, hash=False)
    cache_from: tuple[CacheOption, ...] = ()
    cache_to: CacheOption | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stack:
    """A stack's entry in the manifest of the assembly in ``directory``, with the image assets that it depends on."""

    directory: Path
    name: str
    artifact: Mapping[str, Any]
    images: Mapping[str, Mapping[str, Any]]

    @property
    def title(self) -> str:
        return str(self.artifact.get("displayName") or self.name)


def load_functions(directory: str | Path) -> tuple[AssemblyFunction, ...]:
    """Every image function of the assembly and of the assemblies in it, sorted by path.

    Raises :class:`ContextError` when the directory holds no assembly, or a
    broken one.
    """
    found = [function for stack in _stacks(Path(directory)) for function in _functions(stack)]
    return tuple(sorted(found, key=lambda function: (function.stack, function.path)))


def load_images(directory: str | Path) -> tuple[AssemblyImage, ...]:
    """Every image asset of the assembly and of the assemblies in it, each once, sorted by name and asset.

    Raises :class:`ContextError` as :func:`load_functions` does.
    """
    names: dict[str, list[str]] = {}
    destinations: dict[str, list[Destination]] = {}
    sources: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    for stack in _stacks(Path(directory)):
        paths: dict[str, list[str]] = {}
        for function in _functions(stack):
            paths.setdefault(function.tag, []).append(function.path)
        for asset, image in stack.images.items():
            found = [_destination(stack, destination) for destination in image["destinations"].values()]
            destinations.setdefault(asset, []).extend(found)
            users = [path for destination in found for path in paths.get(destination.tag, ())]
            names.setdefault(asset, []).append(min(users) if users else f"{stack.title}/{image.get('displayName') or asset}")
            sources.setdefault(asset, (stack.directory, image))
    images = [
        _image(asset, min(names[asset]), directory, image, tuple(dict.fromkeys(destinations[asset])))
        for asset, (directory, image) in sources.items()
    ]
    return tuple(sorted(images, key=lambda image: (image.name, image.asset)))


def _image(asset: str, name: str, directory: Path, image: Mapping[str, Any], destinations: tuple[Destination, ...]) -> AssemblyImage:
    source = image["source"]
    cache_to = source.get("cacheTo")
    return AssemblyImage(
        asset=asset,
        name=name,
        directory=_within(directory, source["directory"]) if "directory" in source else None,
        dockerfile=source.get("dockerFile", "Dockerfile"),
        destinations=destinations,
        platform=source.get("platform"),
        target=source.get("dockerBuildTarget"),
        network=source.get("networkMode"),
        ssh=source.get("dockerBuildSsh"),
        no_cache=bool(source.get("cacheDisabled")),
        arguments=source.get("dockerBuildArgs") or {},
        contexts=source.get("dockerBuildContexts") or {},
        secrets=source.get("dockerBuildSecrets") or {},
        cache_from=tuple(map(_cache_option, source.get("cacheFrom") or ())),
        cache_to=_cache_option(cache_to) if cache_to else None,
    )


def _within(directory: Path, relative: str) -> Path:
    # Assets of a stage lie beside its own assembly: without the detour they have one name in every assembly.
    return Path(os.path.normpath(directory / relative))


def _cache_option(option: Mapping[str, Any]) -> CacheOption:
    return CacheOption(option["type"], tuple((option.get("params") or {}).items()))


def _destination(stack: _Stack, destination: Mapping[str, Any]) -> Destination:
    # aws://123456789012/eu-central-1, or aws://unknown-account/unknown-region
    account, _, region = str(stack.artifact.get("environment", "")).removeprefix("aws://").partition("/")
    region = destination.get("region", region)
    known = re.fullmatch(r"\d{12}", account) and region and region != "unknown-region"
    registry = EcrRegistry(account=account, region=region) if known else None
    repository = destination["repositoryName"]
    return Destination(
        registry=registry, repository=registry.specialize(repository) if registry else repository, tag=destination["imageTag"]
    )


def _stacks(directory: Path) -> Iterator[_Stack]:
    manifest = _json(directory / "manifest.json")
    artifacts = manifest.get("artifacts", {})
    for name, artifact in sorted(artifacts.items()):
        if artifact.get("type") == "cdk:cloud-assembly":
            yield from _stacks(directory / artifact.get("properties", {})["directoryName"])
        elif artifact.get("type") == "aws:cloudformation:stack":
            images: dict[str, Mapping[str, Any]] = {}
            for dependency in artifact.get("dependencies", []):
                other = artifacts.get(dependency, {})
                if other.get("type") == "cdk:asset-manifest":
                    images.update(_json(directory / other["properties"]["file"]).get("dockerImages", {}))
            yield _Stack(directory=directory, name=name, artifact=artifact, images=images)


def _functions(stack: _Stack) -> Iterator[AssemblyFunction]:
    directory, artifact = stack.directory, stack.artifact
    images: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for asset in stack.images.values():
        for destination in asset["destinations"].values():
            images[destination["imageTag"]] = (destination["repositoryName"], asset["source"])
    template = _json(directory / artifact["properties"]["templateFile"])
    for logical_id, resource in sorted(template.get("Resources", {}).items()):
        properties = resource.get("Properties", {})
        if resource.get("Type") != "AWS::Lambda::Function" or "ImageUri" not in (properties.get("Code") or {}):
            continue
        tag = _flat(properties["Code"]["ImageUri"]).rpartition(":")[2]
        repository, source = images.get(tag, (None, {}))
        context = directory / source["directory"] if "directory" in source else None
        command = properties.get("ImageConfig", {}).get("Command", [])
        yield AssemblyFunction(
            stack=stack.title,
            path=resource.get("Metadata", {}).get("aws:cdk:path", f"{stack.name}/{logical_id}").removesuffix("/Resource"),
            handler=" ".join(map(_flat, command)) if isinstance(command, list) else "",
            architecture=_flat((properties.get("Architectures") or ["x86_64"])[0]),
            tag=tag,
            repository=repository,
            directory=context,
            dockerfile=context / source.get("dockerFile", "Dockerfile") if context else None,
        )


def _flat(value: Any) -> str:
    """The literal text of a template's value; what only a deployment knows is left out."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(_flat, parts))
    if isinstance(value, Mapping) and "Fn::Sub" in value:
        text = value["Fn::Sub"]
        return text if isinstance(text, str) else str(text[0])
    return ""


def _json(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ContextError(
            f'"{path}" cannot be read: {error.strerror}', str(path), "run cdk synth first, and name its output directory, such as cdk.out"
        ) from None
    except ValueError as error:
        raise ContextError(f'"{path}" is not JSON: {error}', str(path), "run cdk synth again") from None
    if not isinstance(document, dict):
        raise ContextError(f'"{path}" holds no object', str(path), "run cdk synth again")
    return document
