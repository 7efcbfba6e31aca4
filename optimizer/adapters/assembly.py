"""The functions and the images of a synthesized app, read from its cloud assembly.

Source of the format: https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.adapters.index_files import PlatformContext, read_index
from optimizer.adapters.paths import shown
from optimizer.errors import ContextError, SpecError
from optimizer.model.build import BuildOptions
from optimizer.model.cache import CacheOption
from optimizer.model.ecr import EcrRegistry
from optimizer.model.function import DeclaredFunction
from optimizer.model.reference import REQUIRED_IMAGES, ImageReference
from optimizer.sam.document import Document
from optimizer.sam.faults import TemplateFault
from optimizer.sam.named_images import NamedImage
from optimizer.sam.runtimes import RuntimeNames, TemplateRuntimeVersion, runtime_faults, runtime_versions
from optimizer.sam.template import TemplateFunction, TemplateRepository, functions, misplaced, repositories

# Names in the metadata of a stack, and those in a manifest of assets: ContainerImageAssetMetadataEntry and DockerImageSource.
_SOURCE_OF_METADATA = {
    "path": "directory",
    "file": "dockerFile",
    "target": "dockerBuildTarget",
    "buildArgs": "dockerBuildArgs",
    "buildContexts": "dockerBuildContexts",
    "buildSecrets": "dockerBuildSecrets",
    "buildSsh": "dockerBuildSsh",
    **{name: name for name in ("networkMode", "platform", "cacheFrom", "cacheTo", "cacheDisabled")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredImage:
    """An image that the lock has to pin for an app, at least for the platform (``amd64`` or ``arm64``)."""

    reference: ImageReference
    platform: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyFunction:
    """One image function of an app.

    ``path`` is the construct's path where the assembly carries it, else stack
    and logical id.  ``asset``, ``repository`` and ``dockerfile`` are None for an image that is
    not an asset of the app; ``repository`` may hold placeholders such as
    ``${AWS::Region}``.  ``registry`` is None there too, and where the stack
    leaves account or region to the deployment; ``region`` and ``account`` are
    those of the stack, None where they are left to the deployment.  ``named``
    is what its image URI names, None where only a deployment knows it.
    ``publisher`` is the stack that publishes the image, where it is another one
    than the function's and than those that are deployed before; else empty.  It
    is empty in stages too: CDK Pipelines publish all images first.
    ``error`` is the first that synthesis found in the function; empty for none.
    """

    stack: str
    path: str
    declared: DeclaredFunction
    tag: str
    repository: str | None
    registry: EcrRegistry | None
    directory: Path | None
    dockerfile: Path | None
    template: Path
    asset: str | None
    region: str | None = None
    account: str | None = None
    named: NamedImage | None = None
    publisher: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyRepository:
    """A repository that a stack of the app creates.

    ``path`` is that of its construct; ``account`` and ``region`` are those of
    the stack, None where they are left to the deployment.
    """

    path: str
    template: Path
    declared: TemplateRepository
    account: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyRuntimeVersion:
    """A version of a customer-managed runtime that a stack of the app creates; ``path`` is that of its construct.

    ``registry`` is None where the stack leaves account or Region to the
    deployment; the image may then hold placeholders such as ``${AWS::Region}``.
    """

    path: str
    declared: TemplateRuntimeVersion
    registry: EcrRegistry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssemblyFault:
    """What is wrong with a resource of the app; ``path`` is that of its construct."""

    path: str
    template: Path
    fault: TemplateFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A rule that the app sets aside, by CDK's ``Validations.of(construct).acknowledge``.

    ``path`` is that of the construct, empty for the app; ``id`` what was acknowledged.
    """

    path: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Everything of a synthesized app that concerns images, each sorted.

    ``misplaced`` are functions from zip archives that set what only image
    functions have.
    """

    functions: tuple[AssemblyFunction, ...]
    misplaced: tuple[AssemblyFunction, ...]
    images: tuple[AssemblyImage, ...]
    repositories: tuple[AssemblyRepository, ...]
    runtime_faults: tuple[AssemblyFault, ...]
    acknowledgements: tuple[Acknowledgement, ...]


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
    in place of a build.  Paths in ``options`` start in ``directory``.
    ``outputs`` are not read: they say what ``docker build`` leaves behind,
    which is no property of the image.  ``platforms`` are the build contexts of
    an index, whose own directory builds nothing; empty for one image.
    """

    asset: str
    name: str
    directory: Path | None
    destinations: tuple[Destination, ...]
    options: BuildOptions
    platforms: tuple[PlatformContext, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stack:
    """A stack's entry in the manifest of the assembly in ``directory``, with the image assets that it depends on.

    ``before`` names the entries that are deployed before it; ``staged`` says
    that it is in a stage.
    """

    directory: Path
    name: str
    staged: bool
    before: frozenset[str]
    artifact: Mapping[str, Any]
    images: Mapping[str, Mapping[str, Any]]
    metadata: Mapping[str, Any]
    """Entries by the path of their construct."""

    @property
    def title(self) -> str:
        return str(self.artifact.get("displayName") or self.name)

    def templates(self) -> Iterator[_Template]:
        """Its own template, and those of the stacks nested in it."""
        own = self.artifact["properties"]["templateFile"]
        files = {own: ""}
        for path, kind, data in _entries(self.metadata):
            if kind == "aws:cdk:templateFile" and isinstance(data, str):
                files[data] = path
        # Logical ids are unique in a template alone, and a construct belongs to the stack nearest above it.
        paths: dict[str, dict[str, str]] = {file: {} for file in files}
        homes = {home: file for file, home in files.items()}
        for path, kind, data in _entries(self.metadata):
            if kind == "aws:cdk:logicalId" and isinstance(data, str):
                above = path
                while above not in homes and above:
                    above = above.rpartition("/")[0]
                paths[homes.get(above, own)][data] = path.removesuffix("/Resource")
        for file, known in sorted(paths.items()):
            document = Document(data=_json(self.directory / file))
            yield _Template(file=_within(self.directory, file), document=document, paths=known)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Published:
    """An image asset as functions find it: a stack may run what another one publishes."""

    stack: _Stack
    asset: str
    repository: str
    registry: EcrRegistry | None
    source: Mapping[str, Any]

    def is_before(self, stack: _Stack) -> bool:
        """Whether it is there when ``stack`` is deployed."""
        return self.stack.directory == stack.directory and self.stack.name in (stack.name, *stack.before)

    @property
    def context(self) -> Path | None:
        return _within(self.stack.directory, self.source["directory"]) if "directory" in self.source else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    """A template of a stack; ``paths`` has the paths of its constructs by logical id."""

    file: Path
    document: Document
    paths: Mapping[str, str]


def load_functions(directory: str | Path) -> tuple[AssemblyFunction, ...]:
    """Every image function of the assembly and of the assemblies in it, sorted by path.

    Raises :class:`ContextError` when the directory holds no assembly, or a
    broken one.
    """
    return _all_functions(list(_stacks(Path(directory))))


def load_assembly(directory: str | Path) -> Assembly:
    """Everything of the assembly, and of the assemblies in it, that concerns images.

    Raises :class:`ContextError` as :func:`load_functions` does.
    """
    try:
        return _load(Path(directory))
    except (AttributeError, KeyError, TypeError) as error:
        raise _broken(directory, error) from None


def required_images(directory: str | Path) -> tuple[RequiredImage, ...]:
    """What the lock has to pin for the functions of the assembly that specs describe, also of those with faults; sorted, each once.

    Raises :class:`ContextError` as :func:`load_functions` does.
    """
    try:
        found = {
            RequiredImage(reference=ImageReference.parse(item["image"]), platform=str(item["platform"]))
            for stack in _stacks(Path(directory))
            for _, kind, data in _entries(stack.metadata)
            if kind == REQUIRED_IMAGES
            for item in data
        }
    except (AttributeError, KeyError, TypeError, SpecError) as error:
        raise _broken(directory, error) from None
    return tuple(sorted(found, key=lambda item: (str(item.reference), item.platform)))


def creation_stacks(directory: str | Path) -> Mapping[str, tuple[str, ...]]:
    """The frames that CDK recorded where a construct was created, innermost first, by the path of the construct.

    Raises :class:`ContextError` as :func:`load_functions` does.
    """
    try:
        return {
            path: tuple(map(str, data))
            for stack in _stacks(Path(directory))
            for path, kind, data in _entries(stack.metadata)
            if kind == "aws:cdk:creationStack"
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise _broken(directory, error) from None


def reported_acknowledgements(directory: str | Path) -> tuple[Acknowledgement, ...]:
    """The acknowledgements that set findings aside at the last synthesis, sorted.

    CDK writes those of an app or of a stage nowhere but into its report; a
    report that is missing or broken holds none.
    """
    try:
        document = json.loads(Path(directory, "validation-report.json").read_text(encoding="utf-8"))
        found = {
            Acknowledgement(path=item.get("acknowledgedAt") or "", id=item["acknowledgedId"], reason=item.get("reason") or "")
            for report in document["pluginReports"]
            for item in report.get("suppressedViolations") or ()
        }
        return tuple(sorted(found, key=lambda item: (item.path, item.id, item.reason)))
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return ()


def _broken(directory: str | Path, error: Exception) -> ContextError:
    """What the schema demands is not there, or is something else."""
    return ContextError(
        f'"{directory}" is not a complete cloud assembly: {error}', str(directory), "remove the directory, and run cdk synth again"
    )


def _load(directory: Path) -> Assembly:
    stacks = list(_stacks(directory))
    repositories = [repository for stack in stacks for repository in _repositories(stack)]
    names: dict[tuple[str, ...], RuntimeNames] = {}
    faults = [fault for stack in stacks for fault in _runtime_faults(stack, names.setdefault(_namespace(stack), RuntimeNames()))]
    acknowledged = {
        Acknowledgement(path=path, id=id, reason=str(reason or ""))
        for stack in stacks
        for path, kind, data in _entries(stack.metadata)
        if kind == "aws:cdk:acknowledged-rules" and isinstance(data, Mapping)
        for id, reason in data.items()
    }
    return Assembly(
        functions=_all_functions(stacks),
        misplaced=_all_functions(stacks, misplaced),
        images=load_images(directory),
        repositories=tuple(sorted(repositories, key=lambda repository: repository.path)),
        runtime_faults=tuple(sorted(faults, key=lambda item: (item.path, item.fault.message))),
        acknowledgements=tuple(sorted(acknowledged, key=lambda item: (item.path, item.id, item.reason))),
    )


def _all_functions(
    stacks: Sequence[_Stack], declared: Callable[[Document], Iterator[TemplateFunction]] = functions
) -> tuple[AssemblyFunction, ...]:
    """The functions of all stacks, sorted."""
    published: dict[str, list[_Published]] = {}
    for stack in stacks:
        for tag, image in _published(stack):
            published.setdefault(tag, []).append(image)
    found = [function for stack in stacks for function in _functions(stack, published, declared)]
    return tuple(sorted(found, key=lambda function: (function.stack, function.path)))


def load_images(directory: str | Path) -> tuple[AssemblyImage, ...]:
    """Every image asset of the assembly and of the assemblies in it, each once, sorted by name and asset.

    Raises :class:`ContextError` as :func:`load_functions` does.
    """
    names: dict[str, list[str]] = {}
    destinations: dict[str, list[Destination]] = {}
    sources: dict[str, tuple[Path, Mapping[str, Any]]] = {}
    stacks = list(_stacks(Path(directory)))
    paths: dict[str, list[str]] = {}
    for function in _all_functions(stacks):
        paths.setdefault(function.tag, []).append(function.path)
    for stack in stacks:
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
    context = _within(directory, source["directory"]) if "directory" in source else None
    return AssemblyImage(
        asset=asset,
        name=name,
        directory=context,
        destinations=destinations,
        platforms=read_index(context) if context is not None else (),
        options=BuildOptions(
            dockerfile=source.get("dockerFile", "Dockerfile"),
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
        ),
    )


def _within(directory: Path, relative: str) -> Path:
    # Assets of a stage lie beside its own assembly: without the detour they have one name in every assembly.
    return Path(shown(os.path.normpath(directory / relative)))


def _cache_option(option: Mapping[str, Any]) -> CacheOption:
    return CacheOption(option["type"], tuple((option.get("params") or {}).items()))


def _destination(stack: _Stack, destination: Mapping[str, Any]) -> Destination:
    account, region = _environment(stack)
    region = destination.get("region", region)
    registry = _registry(account, region)
    repository = destination["repositoryName"]
    return Destination(
        registry=registry, repository=registry.specialize(repository) if registry else repository, tag=destination["imageTag"]
    )


def _registry(account: str, region: str) -> EcrRegistry | None:
    return EcrRegistry(account=account, region=region) if account and region else None


def _environment(stack: _Stack) -> tuple[str, str]:
    """The account and the region of a stack, each empty where it is left to the deployment."""
    # aws://123456789012/eu-central-1, or aws://unknown-account/unknown-region
    account, _, region = str(stack.artifact.get("environment", "")).removeprefix("aws://").partition("/")
    return account if re.fullmatch(r"\d{12}", account) else "", "" if region == "unknown-region" else region


def _stacks(directory: Path, *, staged: bool = False) -> Iterator[_Stack]:
    manifest = _json(directory / "manifest.json")
    artifacts = manifest.get("artifacts", {})
    for name, artifact in sorted(artifacts.items()):
        if artifact.get("type") == "cdk:cloud-assembly":
            yield from _stacks(directory / artifact.get("properties", {})["directoryName"], staged=True)
        elif artifact.get("type") == "aws:cloudformation:stack":
            images: dict[str, Mapping[str, Any]] = {}
            for dependency in artifact.get("dependencies", []):
                other = artifacts.get(dependency, {})
                if other.get("type") == "cdk:asset-manifest":
                    images.update(_json(directory / other["properties"]["file"]).get("dockerImages", {}))
            metadata = dict(artifact.get("metadata") or {})
            if "additionalMetadataFile" in artifact:
                metadata.update(_json(directory / artifact["additionalMetadataFile"]))
            images.update(_images_of_metadata(metadata))
            yield _Stack(
                directory=directory,
                name=name,
                staged=staged,
                before=_before(name, artifacts),
                artifact=artifact,
                images=images,
                metadata=metadata,
            )


def _before(name: str, artifacts: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """The entries of a manifest that an entry depends on, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:  # ends because each entry enters once
        for other in artifacts.get(waiting.pop(), {}).get("dependencies") or ():
            if other not in found:
                found.add(other)
                waiting.append(other)
    return frozenset(found)


def _images_of_metadata(metadata: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The image assets of a stack with CDK's legacy synthesizer, which has no manifest of them, as a manifest lists them."""
    for _, kind, data in _entries(metadata):
        if kind == "aws:cdk:asset" and data.get("packaging") == "container-image" and "imageNameParameter" not in data:
            source = {ours: data[theirs] for theirs, ours in _SOURCE_OF_METADATA.items() if theirs in data}
            destination = {"repositoryName": data["repositoryName"], "imageTag": data["imageTag"]}
            yield data["sourceHash"], {"source": source, "destinations": {"": destination}}


def _published(stack: _Stack) -> Iterator[tuple[str, _Published]]:
    """The images that the stack's manifest lists, with their tags."""
    for asset, image in stack.images.items():
        for destination in image["destinations"].values():
            yield (
                destination["imageTag"],
                _Published(
                    stack=stack,
                    asset=asset,
                    repository=destination["repositoryName"],
                    registry=_destination(stack, destination).registry,
                    source=image["source"],
                ),
            )


def _functions(
    stack: _Stack, published: Mapping[str, Sequence[_Published]], declared: Callable[[Document], Iterator[TemplateFunction]]
) -> Iterator[AssemblyFunction]:
    account, region = _environment(stack)
    errors: dict[str, str] = {}
    for place, kind, data in _entries(stack.metadata):
        if kind == "aws:cdk:error":
            errors.setdefault(place, str(data))
    for template in stack.templates():
        for function in declared(template.document):
            path = _path(stack, template, function)
            tag = function.image_uri.rpartition(":")[2]
            images = sorted(published.get(tag, ()), key=lambda image: (image.stack is not stack, not image.is_before(stack)))
            image = images[0] if images else None
            context = image.context if image else None
            yield AssemblyFunction(
                stack=stack.title,
                path=path,
                declared=function.declared,
                tag=tag,
                repository=image.repository if image else None,
                registry=image.registry if image else None,
                directory=context,
                dockerfile=context / image.source.get("dockerFile", "Dockerfile") if image and context else None,
                template=template.file,
                asset=image.asset if image else None,
                region=region or None,
                account=account or None,
                named=function.named,
                error=errors.get(path, ""),
                publisher="" if image is None or stack.staged or image.is_before(stack) else image.stack.title,
            )


def _repositories(stack: _Stack) -> Iterator[AssemblyRepository]:
    account, region = _environment(stack)
    for template in stack.templates():
        for declared in repositories(template.document):
            path = _path(stack, template, declared)
            yield AssemblyRepository(path=path, template=template.file, declared=declared, account=account or None, region=region or None)


def _namespace(stack: _Stack) -> tuple[str, ...]:
    """What tells where the stack's names count.

    Stacks of one assembly that leave their environment to the deployment go to
    one, and those of two, such as two stages, may go to two.
    """
    account, region = _environment(stack)
    return (account, region) if account and region else (account, region, str(stack.directory))


def _runtime_faults(stack: _Stack, names: RuntimeNames) -> Iterator[AssemblyFault]:
    for template in stack.templates():

        def path_of(logical_id: str, paths: Mapping[str, str] = template.paths) -> str:
            return paths.get(logical_id) or f"{stack.name}/{logical_id}"

        for fault in (*runtime_faults(template.document), *names.faults(template.document, path_of)):
            yield AssemblyFault(path=path_of(fault.logical_id), template=template.file, fault=fault)


def load_runtime_versions(directory: str | Path) -> tuple[AssemblyRuntimeVersion, ...]:
    """Every version of a customer-managed runtime that the app creates, sorted by path.

    Raises :class:`ContextError` as :func:`load_functions` does.
    """
    found = [
        AssemblyRuntimeVersion(path=_path(stack, template, declared), declared=declared, registry=_registry(*_environment(stack)))
        for stack in _stacks(Path(directory))
        for template in stack.templates()
        for declared in runtime_versions(template.document)
    ]
    return tuple(sorted(found, key=lambda version: version.path))


def _path(stack: _Stack, template: _Template, resource: TemplateFunction | TemplateRepository | TemplateRuntimeVersion) -> str:
    return resource.path or template.paths.get(resource.logical_id) or f"{stack.name}/{resource.logical_id}"


def _entries(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Path, type and data of each entry; an app's own path is empty."""
    for path, entries in metadata.items():
        for entry in entries:
            yield path.strip("/"), entry["type"], entry.get("data")


def _json(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except NotADirectoryError:
        raise ContextError(
            f'"{path.parent}" is a file, and no output directory of cdk synth', str(path.parent), "name the directory, such as cdk.out"
        ) from None
    except OSError as error:
        raise ContextError(
            f'"{path}" cannot be read: {error.strerror}', str(path), "run cdk synth first, and name its output directory, such as cdk.out"
        ) from None
    except ValueError as error:
        raise ContextError(f'"{path}" is not JSON: {error}', str(path), "run cdk synth again") from None
    if not isinstance(document, dict):
        raise ContextError(f'"{path}" holds no object', str(path), "run cdk synth again")
    return document
