"""Customer-managed runtimes in templates: the versions that they make, and what Lambda refuses of runtimes and of functions that use one.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-runtimeversion.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer.errors import Fault
from optimizer.model.managed_runtime import (
    ALIAS,
    CUSTOM,
    RUNTIME,
    VERSION,
    arn_faults,
    lifecycle_faults,
    name_faults,
    runtime_name_faults,
    text_faults,
)
from optimizer.model.template import TemplateFaultKind
from optimizer.sam.document import Document
from optimizer.sam.faults import TemplateFault
from optimizer.sam.intrinsics import Intrinsics
from optimizer.sam.template import construct_path, declared_functions, deployed_section, resources_of, whole

_ECR = re.compile(r"[^/]*\.dkr[.-]ecr[^/]*")
"""Every address of Amazon ECR, its placeholders and endpoints too."""
_KEPT = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRuntimeVersion:
    """An ``AWS::Lambda::RuntimeVersion``: each name and the image is None where only a deployment knows it."""

    logical_id: str
    path: str
    runtime_name: str | None
    name: str | None
    image_uri: str | None


def runtime_versions(document: Document, intrinsics: Intrinsics | None = None) -> Iterator[TemplateRuntimeVersion]:
    """Every version of a runtime, by logical id; ``intrinsics`` are those of the document."""
    for logical_id, resource, properties in _of_type(document, intrinsics, VERSION):
        yield TemplateRuntimeVersion(
            logical_id=logical_id,
            path=construct_path(resource),
            runtime_name=whole(properties.get("RuntimeName")),
            name=whole(properties.get("Name")),
            image_uri=whole(properties.get("ImageUri")),
        )


def runtime_faults(document: Document, intrinsics: Intrinsics | None = None) -> Iterator[TemplateFault]:
    """What is wrong with runtimes, by type and logical id, and then with the functions that use one."""
    known = intrinsics or Intrinsics(document.data)
    for type, checks in _CHECKS.items():
        for logical_id, resource, properties in _of_type(document, known, type):
            for key, check in checks.items():
                if isinstance(properties.get(key), (str, Mapping)) and not known.reason(properties[key]):
                    for fault in check(properties[key], key):
                        yield _fault(TemplateFaultKind.RUNTIME_REFUSED, logical_id, fault)
            yield from _not_retained(logical_id, resource)
            if type == VERSION:
                yield from _image(logical_id, properties)
    for logical_id, function in declared_functions(document, known):
        yield from _use(logical_id, function["Properties"], known)


@dataclass(frozen=True, slots=True)
class _Named:
    place: str
    document: Document
    condition: object


@dataclass(slots=True)
class RuntimeNames:
    """The names of runtimes, versions and aliases in one environment, each of which is one resource's."""

    _known: dict[tuple[str, ...], list[_Named]] = field(default_factory=dict)

    def faults(self, document: Document, place_of: Callable[[str], str], intrinsics: Intrinsics | None = None) -> Iterator[TemplateFault]:
        """What has a name that a resource of this template, or of one before it, has; ``place_of`` a logical id is what people call it.

        Names that only a deployment knows are not compared, nor are resources
        of two conditions, which may exclude one another.
        """
        resolved = intrinsics or Intrinsics(document.data)
        for type, keys in _IDENTITIES.items():
            for logical_id, resource, properties in _of_type(document, resolved, type):
                names = [whole(properties.get(key)) for key in keys]
                if any(resolved.reason(properties.get(key)) for key in keys) or not all(names):
                    continue
                named = _Named(place_of(logical_id), document, resource.get("Condition"))
                others = self._known.setdefault((type, *map(str, names)), [])
                other = next((each for each in others if _may_both_be(each, named)), None)
                others.append(named)
                if other is not None:
                    of = f' of the runtime "{names[0]}"' if len(names) > 1 else ""
                    message = f'the name "{names[-1]}"{of} is that of {other.place} too, and Lambda takes it once in an account and Region'
                    yield _fault(TemplateFaultKind.RUNTIME_REFUSED, logical_id, Fault(message, keys[-1], "give each a name of its own"))


_IDENTITIES: Mapping[str, tuple[str, ...]] = {RUNTIME: ("Name",), VERSION: ("RuntimeName", "Name"), ALIAS: ("RuntimeName", "Name")}
"""The properties of each type that tell its resources apart."""


def _may_both_be(one: _Named, other: _Named) -> bool:
    if one.condition is None or other.condition is None:
        return True
    return one.document is other.document and one.condition == other.condition


_Check = Callable[[Any, str], Iterable[Fault]]


def _alias_name(value: Any, place: str) -> Iterable[Fault]:
    return name_faults(value, place, "an alias")


def _version_name(value: Any, place: str) -> Iterable[Fault]:
    return name_faults(value, place, "a version")


_CHECKS: Mapping[str, Mapping[str, _Check]] = {
    RUNTIME: {
        "Name": runtime_name_faults,
        "Description": text_faults,
        "LicenseInfo": text_faults,
        "ReleaseLifecycle": lifecycle_faults,
    },
    VERSION: {"Name": _version_name, "RuntimeName": runtime_name_faults},
    ALIAS: {
        "Name": _alias_name,
        "RuntimeName": runtime_name_faults,
        "RuntimeVersion": _version_name,
        "Description": text_faults,
        "ReleaseLifecycle": lifecycle_faults,
    },
}
"""What is checked of the properties of each type, where their values are known."""


def _not_retained(logical_id: str, resource: Mapping[str, Any]) -> Iterator[TemplateFault]:
    lost = [name for name in ("DeletionPolicy", "UpdateReplacePolicy") if resource.get(name) not in _KEPT]
    if lost:
        yield TemplateFault(
            kind=TemplateFaultKind.RUNTIME_NOT_RETAINED,
            key=("Resources", logical_id),
            message=f"{logical_id} is deleted with its stack or by an update, and functions that use it fail at once",
            hint=f"write {' and '.join(f'{name}: Retain' for name in lost)}",
            logical_id=logical_id,
        )


def _image(logical_id: str, properties: Mapping[str, Any]) -> Iterator[TemplateFault]:
    given, uri = properties.get("ImageUri"), whole(properties.get("ImageUri"))
    if given is None:
        fault = Fault(f"{logical_id} names no image", "ImageUri", "name the image in Amazon ECR that defines the runtime")
        yield _fault(TemplateFaultKind.RUNTIME_IMAGE, logical_id, fault)
    elif uri is not None and not _ECR.fullmatch(uri.partition("/")[0]) and not uri.startswith("${"):
        fault = Fault(f'the image "{uri}" is in no private repository of Amazon ECR', "ImageUri", "push it to a repository of your own")
        yield _fault(TemplateFaultKind.RUNTIME_IMAGE, logical_id, fault)


def _use(logical_id: str, properties: Mapping[str, Any], known: Intrinsics) -> Iterator[TemplateFault]:
    """What is wrong with how a function from a zip archive names its runtime."""
    runtime, config = properties.get("Runtime"), properties.get("RuntimeConfig")
    if properties.get("PackageType", "Zip") != "Zip" or (config is None and runtime != CUSTOM):
        return
    found: list[Fault] = []
    if config is None:
        found.append(
            Fault(
                "the function has Runtime: custom and names no runtime",
                "Runtime",
                "write RuntimeConfig with RuntimeArn and RuntimeAlias, or name a runtime of AWS",
            )
        )
    elif isinstance(config, Mapping) and not known.reason(config):
        if runtime != CUSTOM and not known.reason(runtime):
            given = f'"{runtime}"' if runtime else "none"
            found.append(
                Fault(f"RuntimeConfig counts with Runtime: custom alone, and Runtime is {given}", "RuntimeConfig", "write Runtime: custom")
            )
        for key, check in (("RuntimeArn", arn_faults), ("RuntimeAlias", _alias_name)):
            if config.get(key) in (None, ""):
                found.append(
                    Fault(
                        f"RuntimeConfig has no {key}, so that the function follows no version",
                        "RuntimeConfig",
                        f"write {key}; both RuntimeArn and RuntimeAlias are required",
                    )
                )
            elif isinstance(config[key], str):
                found += check(config[key], "RuntimeConfig")
    for fault in found:
        yield _fault(TemplateFaultKind.RUNTIME_NOT_NAMED, logical_id, fault)


def _fault(kind: TemplateFaultKind, logical_id: str, fault: Fault) -> TemplateFault:
    key = ("Resources", logical_id, "Properties", fault.place.partition(".")[0])
    return TemplateFault(kind=kind, key=key, message=fault.message, hint=fault.hint, logical_id=logical_id)


def _of_type(document: Document, intrinsics: Intrinsics | None, type: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Logical id, resource and resolved properties of each resource of a type."""
    known = intrinsics or Intrinsics(document.data)
    for logical_id, resource in resources_of(document):
        if resource.get("Type") == type:
            yield logical_id, resource, deployed_section(known, resource.get("Properties"))
