"""The ``[tools]`` table of a configuration file: tools and builder images that a company chooses.

A tool is given as its version, or, where stages check its hashes, as a table of
version and hashes; a builder image as its reference, or as a table of
references by version of its language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from optimizer.bases.tools import KnownImage, KnownTool, Tools, known_tools
from optimizer.errors import ConfigurationError, Fault, SpecError, did_you_mean
from optimizer.model.recipes.recipe import Tool
from optimizer.model.reference import ImageReference

IMAGES = "images"
"""The table in ``[tools]`` that holds builder images."""

Place = Callable[..., str]
"""The place of a key below ``tools``, given as its names, in the words of its user."""

# Ranges and tags such as "10" or "latest" would install whatever is the newest.
_VERSIONS = {
    "pypi": (r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?", '"2.5.1"'),
    "npm": (r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?", '"10.34.9"'),
}
_HASH = r"sha256:[0-9a-f]{64}"
_KEYS = ("version", "hashes")


def read_tools(value: Any, place: Place) -> Tools:
    """The tools that plain data chooses; raises :class:`ConfigurationError` with a fault for each that is wrong."""
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{value!r} is not a table", place(), "write [tools]")
    known = known_tools()
    faults: list[Fault] = []
    tools: dict[str, Tool] = {}
    images: dict[tuple[str, str], ImageReference] = {}
    for name, given in value.items():
        if name == IMAGES:
            images = _images(given, known.images, place, faults)
        elif name in known.images:
            faults.append(Fault(f'"{name}" is a builder image', place(name), f"move it to [tools.{IMAGES}]"))
        elif name not in known.tools:
            faults.append(Fault(f'unknown tool "{name}"; allowed: {", ".join(known.tools)}', place(name), _meant(name, known.tools)))
        else:
            found = list(_tool_faults(known.tools[name], given))
            faults += [Fault(fault.message, place(name, *filter(None, [fault.place])), fault.hint) for fault in found]
            if not found:
                version, hashes = _parts(given)
                tools[name] = Tool(name=known.tools[name].tool.name, version=version, hashes=tuple(hashes))
    if faults:
        raise ConfigurationError(faults)
    return Tools(
        tools=tuple(sorted(tools.items())),
        images=tuple((*key, reference) for key, reference in sorted(images.items(), key=lambda pair: pair[0])),
    )


def tools_schema() -> dict[str, Any]:
    """JSON Schema of the table."""
    known = known_tools()
    reference = {"type": "string", "minLength": 1}
    properties: dict[str, Any] = {}
    for name, tool in known.tools.items():
        version = {"type": "string", "pattern": f"^{_VERSIONS[tool.registry][0]}$"}
        hashes = {"type": "array", "items": {"type": "string", "pattern": f"^{_HASH}$"}, "minItems": 1}
        if tool.tool.hashes:
            properties[name] = {
                "type": "object",
                "properties": {"version": version, "hashes": hashes},
                "required": list(_KEYS),
                "additionalProperties": False,
            }
        else:
            properties[name] = version
    images = {
        name: {"type": "object", "properties": dict.fromkeys(image.references, reference), "additionalProperties": False}
        if image.versions_of
        else reference
        for name, image in known.images.items()
    }
    properties[IMAGES] = {"type": "object", "properties": images, "additionalProperties": False}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _parts(given: Any) -> tuple[Any, Any]:
    return (given.get("version"), given.get("hashes", ())) if isinstance(given, Mapping) else (given, ())


def _tool_faults(known: KnownTool, given: Any) -> Iterable[Fault]:
    """What is wrong with the version and the hashes of a tool; places are relative to it."""
    if isinstance(given, Mapping):
        for key in given:
            if key not in _KEYS:
                yield Fault(f'unknown key "{key}"; allowed: {", ".join(_KEYS)}', str(key), _meant(key, _KEYS))
    version, hashes = _parts(given)
    pattern, example = _VERSIONS[known.registry]
    if not isinstance(version, str) or not re.fullmatch(pattern, version):
        yield Fault(
            f"{_shown(version)} is not one version of {known.name}",
            "version" if isinstance(given, Mapping) else "",
            f"write a whole version, such as {example}; releases: {known.source}",
        )
    elif known.same_major and _major(version) != _major(known.tool.version):
        yield Fault(
            f"stages use {known.name} {_major(known.tool.version)}.x, and {version} is of another major version",
            "version" if isinstance(given, Mapping) else "",
            f"set a version {_major(known.tool.version)}.x; without one, it is {known.tool.version}",
        )
    if known.tool.hashes and not hashes:
        yield Fault(
            f"stages install {known.name} by its hashes, and none is given",
            "",
            f'write {known.name} = {{ version = "...", hashes = ["sha256:..."] }}, with those of its wheels for Linux from {known.source}',
        )
    elif hashes and not known.tool.hashes:
        yield Fault(f"stages check no hash of {known.name}", "hashes", f'leave hashes out: {known.name} = "{known.tool.version}"')
    elif not isinstance(hashes, list | tuple) or not all(isinstance(item, str) and re.fullmatch(_HASH, item) for item in hashes):
        yield Fault(
            f"{hashes!r} are not hashes; allowed: a list of sha256:<64 hex>", "hashes", "copy them from the index or from a lock file"
        )


def _images(given: Any, known: Mapping[str, KnownImage], place: Place, faults: list[Fault]) -> dict[tuple[str, str], ImageReference]:
    found: dict[tuple[str, str], ImageReference] = {}
    if not isinstance(given, Mapping):
        faults.append(Fault(f"{given!r} is not a table", place(IMAGES), f"write [tools.{IMAGES}]"))
        return found
    for kind, value in given.items():
        if kind not in known:
            faults.append(Fault(f'unknown builder image "{kind}"; allowed: {", ".join(known)}', place(IMAGES, kind), _meant(kind, known)))
        elif not known[kind].versions_of:
            _add(found, (kind, ""), value, place(IMAGES, kind), faults)
        elif not isinstance(value, Mapping):
            versions = known[kind].references
            faults.append(
                Fault(
                    f"{_shown(value)} is one image, and {kind} has one for each version of {known[kind].versions_of}",
                    place(IMAGES, kind),
                    f'write {kind} = {{ "{list(versions)[-1]}" = "..." }}; versions: {", ".join(versions)}',
                )
            )
        else:
            for version, text in value.items():
                allowed = known[kind].references
                if version not in allowed:
                    message = f'no runtime has {known[kind].versions_of} "{version}"; allowed: {", ".join(allowed)}'
                    faults.append(Fault(message, place(IMAGES, kind, version), _meant(version, allowed)))
                else:
                    _add(found, (kind, version), text, place(IMAGES, kind, version), faults)
    return found


def _add(found: dict[tuple[str, str], ImageReference], key: tuple[str, str], value: Any, place: str, faults: list[Fault]) -> None:
    if not isinstance(value, str):
        faults.append(Fault(f"{value!r} is not an image reference", place, "write the reference as a string"))
        return
    try:
        reference = ImageReference.parse(value)
    except SpecError as error:
        faults.append(Fault(error.faults[0].message, place, error.faults[0].hint))
        return
    if reference.tag is None:
        faults.append(Fault(f'"{value}" has no tag', place, "write registry/repository:tag; optimizer pin finds its digest"))
        return
    found[key] = reference


def _major(version: str) -> str:
    return version.partition(".")[0]


def _meant(given: object, allowed: Iterable[str]) -> str:
    return did_you_mean(str(given), allowed) or "name one that is allowed"


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
