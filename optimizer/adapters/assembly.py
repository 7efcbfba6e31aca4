"""The functions of a synthesized app, read from its cloud assembly.

Source of the format: https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.errors import ContextError


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


def load_functions(directory: str | Path) -> tuple[AssemblyFunction, ...]:
    """Every image function of the assembly and of the assemblies in it, sorted by path.

    Raises :class:`ContextError` when the directory holds no assembly, or a
    broken one.
    """
    found = _assembly(Path(directory))
    return tuple(sorted(found, key=lambda function: (function.stack, function.path)))


def _assembly(directory: Path) -> Iterator[AssemblyFunction]:
    manifest = _json(directory / "manifest.json")
    artifacts = manifest.get("artifacts", {})
    for name, artifact in sorted(artifacts.items()):
        properties = artifact.get("properties", {})
        if artifact.get("type") == "cdk:cloud-assembly":
            yield from _assembly(directory / properties["directoryName"])
        elif artifact.get("type") == "aws:cloudformation:stack":
            yield from _stack(directory, artifacts, name, artifact)


def _stack(directory: Path, artifacts: Mapping[str, Any], name: str, artifact: Mapping[str, Any]) -> Iterator[AssemblyFunction]:
    images: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for dependency in artifact.get("dependencies", []):
        other = artifacts.get(dependency, {})
        if other.get("type") == "cdk:asset-manifest":
            for asset in _json(directory / other["properties"]["file"]).get("dockerImages", {}).values():
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
            stack=artifact.get("displayName") or name,
            path=resource.get("Metadata", {}).get("aws:cdk:path", f"{name}/{logical_id}").removesuffix("/Resource"),
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
