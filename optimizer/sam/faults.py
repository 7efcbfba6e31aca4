"""Declarations of images that SAM CLI refuses, passes over, or reads otherwise than they are written.

What is said of SAM CLI was run with 1.170.0.
Source: samcli/lib/build/app_builder.py, samcli/lib/providers/provider.py and samcli/local/docker/image_build_client.py of
https://github.com/aws/aws-sam-cli; samtranslator/plugins/globals/globals.py and samtranslator/model/sam_resources.py of
https://github.com/aws/serverless-application-model
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.model.architectures import ARCHITECTURES
from optimizer.model.template import TemplateFaultKind
from optimizer.sam.document import Document
from optimizer.sam.intrinsics import Intrinsics
from optimizer.sam.loops import PREFIX
from optimizer.sam.scalars import kind
from optimizer.sam.template import NEEDED, SERVERLESS, SPEC_KEY, declared_functions, is_hidden

_NOT_IN_GLOBALS = ("PackageType", "ImageUri", "ImageConfig")
_TEXTS = ("Dockerfile", "DockerContext", "DockerBuildTarget", "DockerTag", "DockerImage")
_PARTS_OF_THE_NAME = ("DockerTag", "DockerImage")
_WORDS = ("Command", "EntryPoint")
_ASSET = "aws:asset:property"
_OF_ZIP_FILES = ("Runtime", "Handler", "Layers", "RuntimeConfig")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFault:
    """One such declaration: the path of its key in the template, and the function, empty for what belongs to none."""

    kind: TemplateFaultKind
    key: tuple[str, ...]
    message: str
    hint: str
    logical_id: str = ""


def faults(document: Document, intrinsics: Intrinsics, *, buildkit: bool, looped: Collection[str] = ()) -> Iterator[TemplateFault]:
    """Every such declaration of a template without loops.

    ``buildkit`` says that SAM CLI builds with BuildKit, and ``looped`` are the
    functions that a loop of the template gives.
    """
    data = _mapping(document.data)
    for name in _NOT_IN_GLOBALS:
        if name in _mapping(_mapping(data.get("Globals")).get("Function")):
            yield TemplateFault(
                kind=TemplateFaultKind.REFUSED,
                key=("Globals", "Function", name),
                message=f"{name} is not allowed in Globals",
                hint=f"set {name} in each function",
            )
    for logical_id, resource in _mapping(data.get("Resources")).items():
        if not isinstance(resource, Mapping) and not logical_id.startswith("Fn::"):
            yield TemplateFault(
                kind=TemplateFaultKind.REFUSED,
                key=("Resources", logical_id),
                message=f"{logical_id} is {kind(resource) or 'a text'}; a resource is a mapping with a Type",
                hint="give it a Type, or take it out",
                logical_id=logical_id,
            )
    for logical_id, resource in declared_functions(document, intrinsics):
        function = _Function(logical_id, resource["Properties"], resource["Metadata"], intrinsics)
        if intrinsics.reason(function.properties.get("PackageType")) or is_hidden(function.metadata):
            continue
        yield from function.not_built()
        declared = _mapping(_mapping(data.get("Resources")).get(logical_id))
        # Of CloudFormation's own functions, it is Lambda that refuses such properties.
        if declared.get("Type") == SERVERLESS:
            yield from function.of_zip_files(_mapping(declared.get("Properties")))
        if function.is_image:
            yield from function.not_words()
        if function.is_image and function.is_built:
            yield from function.refused()
            yield from function.misread(buildkit)
            if not buildkit and function.metadata.get("DockerBuildExtraParams"):
                yield function.fault(
                    TemplateFaultKind.NEEDS_BUILDKIT,
                    "DockerBuildExtraParams",
                    "SAM CLI leaves DockerBuildExtraParams out",
                    "",
                )
            if logical_id in looped:
                yield TemplateFault(
                    kind=TemplateFaultKind.IN_LOOP,
                    key=("Resources", logical_id),
                    message=f"{PREFIX.rstrip(':')} gives {logical_id}: sam build writes no ImageUri for it, and sam package fails",
                    hint="write the functions out",
                    logical_id=logical_id,
                )


@dataclass(frozen=True, slots=True)
class _Function:
    logical_id: str
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    intrinsics: Intrinsics

    @property
    def is_image(self) -> bool:
        return bool(self.properties.get("PackageType") == "Image" or self._uri)

    @property
    def is_built(self) -> bool:
        """Whether its image is built by SAM CLI, from what was written for it."""
        return all(self.metadata.get(key) for key in NEEDED) and self.metadata.get("SkipBuild") is not True

    @property
    def _has_spec(self) -> bool:
        """Whether this project makes the image, and sets the keys of a build before there is one."""
        return isinstance(self.metadata.get(SPEC_KEY), str)

    @property
    def _uri(self) -> Any:
        return _mapping(self.properties.get("Code")).get("ImageUri") or self.properties.get("ImageUri")

    def fault(self, kind: TemplateFaultKind, key: str, message: str, hint: str, *below: str) -> TemplateFault:
        section = "Properties" if key in ("Architectures", "ImageUri") else "Metadata"
        return TemplateFault(
            kind=kind, key=("Resources", self.logical_id, section, key, *below), message=message, hint=hint, logical_id=self.logical_id
        )

    def not_built(self) -> Iterator[TemplateFault]:
        """Fewer keys than a build needs, or keys of a build for a function that is no image."""
        if _ASSET in self.metadata or self.metadata.get("SkipBuild") is True:
            return
        given = [key for key in NEEDED if self.metadata.get(key)]
        missing = [key for key in NEEDED if not self.metadata.get(key)]
        if not self.is_image:
            if given:
                yield self.fault(
                    TemplateFaultKind.NOT_BUILT,
                    given[0],
                    f"Metadata names a {given[0]}, and {self.logical_id} is no image function, so sam build does not look at it",
                    "write PackageType: Image in its Properties",
                )
        elif missing and (given or not self._uri) and not (self._has_spec and not given):
            near = [(key, other) for key in missing for other in self.metadata if other.lower() == key.lower()]
            yield self.fault(
                TemplateFaultKind.NOT_BUILT,
                (given or missing)[0],
                f"sam build builds nothing for {self.logical_id}: Metadata has no {' and no '.join(missing)}",
                "optimizer sam TEMPLATE --write sets both"
                if self._has_spec
                else f"write {near[0][0]} in place of {near[0][1]}"
                if near
                else "write Dockerfile and DockerContext in its Metadata"
                + ("" if given else ", or ImageUri in its Properties for an image that is built elsewhere"),
            )

    def of_zip_files(self, own: Mapping[str, Any]) -> Iterator[TemplateFault]:
        """Properties of one kind of function in the other: the function's own, or those of Globals."""
        if own.get("ImageUri") and "PackageType" not in self.properties:
            yield self.fault(
                TemplateFaultKind.REFUSED,
                "ImageUri",
                f"{self.logical_id} has an ImageUri and no PackageType: the deployment fails",
                "write PackageType: Image",
            )
        for name in _OF_ZIP_FILES if self.properties.get("PackageType") == "Image" else ():
            value = self.properties.get(name)
            # A condition may leave it out.
            if value and "Fn::If" not in _mapping(value):
                inherited = name not in own
                yield TemplateFault(
                    kind=TemplateFaultKind.REFUSED,
                    key=("Globals", "Function", name) if inherited else ("Resources", self.logical_id, "Properties", name),
                    message=f"{self.logical_id} runs an image and has {name}{' from Globals' if inherited else ''}: the deployment fails",
                    hint=f"write IgnoreGlobals: [{name}] beside its Properties" if inherited else f"take {name} out",
                    logical_id=self.logical_id,
                )

    def not_words(self) -> Iterator[TemplateFault]:
        """What the image starts, where it is no list of texts: SAM CLI builds and runs that, and CloudFormation refuses it."""
        config = _mapping(self.properties.get("ImageConfig"))
        for name in _WORDS:
            value = config.get(name)
            if value is None or self.intrinsics.reason(value) or (isinstance(value, list) and all(map(_is_scalar, value))):
                continue
            yield TemplateFault(
                kind=TemplateFaultKind.REFUSED,
                key=("Resources", self.logical_id, "Properties", "ImageConfig", name),
                message=f"ImageConfig.{name} of {self.logical_id} is {_shown(value)}; allowed: a list of texts: the deployment fails",
                hint=f"write {name}: [{value}]" if isinstance(value, str) else f'write {name}: ["app.handler"]',
                logical_id=self.logical_id,
            )

    def refused(self) -> Iterator[TemplateFault]:
        """Values of a shape that SAM CLI has no use for."""
        value = self.properties.get("Architectures")
        hidden = self.intrinsics.reason(value)
        if value is not None and not hidden and (not isinstance(value, list) or len(value) != 1 or value[0] not in ARCHITECTURES):
            yield self.fault(
                TemplateFaultKind.REFUSED,
                "Architectures",
                f"Architectures of {self.logical_id} is {_shown(value)}; allowed: a list of one, {' or '.join(ARCHITECTURES)}",
                f"write Architectures: [{next(iter(ARCHITECTURES))}], or the other one",
            )
        arguments = self.metadata.get("DockerBuildArgs")
        if arguments is not None and not isinstance(arguments, Mapping):
            yield self.fault(
                TemplateFaultKind.REFUSED,
                "DockerBuildArgs",
                f"DockerBuildArgs of {self.logical_id} is {kind(arguments) or 'a text'}; allowed: a mapping of names to texts",
                'write DockerBuildArgs: {NAME: "value"}',
            )
        extra = self.metadata.get("DockerBuildExtraParams")
        if (
            extra is not None
            and not self.intrinsics.reason(extra)
            and not (isinstance(extra, list) and all(not kind(item) for item in extra))
        ):
            yield self.fault(
                TemplateFaultKind.REFUSED,
                "DockerBuildExtraParams",
                f"DockerBuildExtraParams of {self.logical_id} is {kind(extra) or 'a text'}; allowed: a list of texts",
                'write one item for each word: ["--ssh", "default"]',
            )

    def misread(self, buildkit: bool) -> Iterator[TemplateFault]:
        """Values that are no texts, and names that are none of the template's."""
        arguments = self.metadata.get("DockerBuildArgs")
        values: list[tuple[tuple[str, ...], Any]] = [((key,), self.metadata[key]) for key in _TEXTS if key in self.metadata]
        if isinstance(arguments, Mapping) and not is_hidden(arguments):
            values += [(("DockerBuildArgs", name), value) for name, value in arguments.items()]
        for key, value in values:
            message = self._misread(key, value, buildkit)
            if message:
                yield self.fault(TemplateFaultKind.MISREAD, key[0], f"{' '.join(key)}: {message}", "", *key[1:])

    def _misread(self, key: tuple[str, ...], value: Any, buildkit: bool) -> str:
        mistaken = self.intrinsics.mistaken(value)
        if mistaken:
            return mistaken
        what = kind(value)
        if not what or self.intrinsics.reason(value):
            return ""
        whole = isinstance(value, int) and not isinstance(value, bool)
        if key[0] in _PARTS_OF_THE_NAME:
            # The digits of a whole number are those that are written, but for rare notations.
            return "" if whole else f'{what} without quotes, which SAM CLI writes "{value}"'
        if key[0] != "DockerBuildArgs" or value is None:
            return f"{what}, with which sam build fails"
        if not buildkit:
            return (
                f"{what} without quotes, which SAM CLI passes on as such, and the engine refuses"
                if _is_scalar(value)
                else f"{what}, which the engine refuses"
            )
        return "" if whole else f'{what} without quotes, which SAM CLI passes on as "{value}"'


def _is_scalar(value: Any) -> bool:
    return isinstance(value, (str, int, float))


def _shown(value: Any) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else f'"{value}"' if _is_scalar(value) else kind(value)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
