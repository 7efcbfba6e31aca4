"""The programs that stages bring themselves and the images that build, each in one version.

The data is ``tools.json`` beside this file, which ``make tools`` refreshes; a
company sets others in its ``optimizer.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from optimizer.errors import ConfigurationError, SpecError
from optimizer.model.reference import ImageReference

if TYPE_CHECKING:
    from optimizer.model.recipes.recipe import Tool

DATA = "tools.json"
REGISTRIES = ("pypi", "npm")

_ANY = ""
_UV_BACKEND = "uv-build"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTool:
    """A program of the data file.

    ``name`` is the word for it in configuration files, ``tool`` what recipes
    hold of it, and ``source`` the page of its releases.  ``registry`` is one of
    :data:`REGISTRIES`.  ``same_major`` says that stages use options which
    another major version may not have; ``builds_packages`` that it is a build
    backend of Python packages.
    """

    name: str
    tool: Tool
    registry: str
    source: str
    same_major: bool = False
    builds_packages: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownImage:
    """A kind of builder images of the data file.

    ``references`` are unpinned, by versions of ``versions_of``, such as
    ``Java``; where that is empty, the one reference has an empty version.
    """

    name: str
    source: str
    versions_of: str
    references: Mapping[str, ImageReference]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTools:
    """What the data file holds, by name, in its order."""

    tools: Mapping[str, KnownTool]
    images: Mapping[str, KnownImage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The tools and builder images that stages use; ``Tools()`` are those of the data file.

    ``tools`` are those that a configuration sets, by their names there
    files, and ``images`` the builders that it chose, by kind and version; both
    sorted.
    """

    tools: tuple[tuple[str, Tool], ...] = ()
    images: tuple[tuple[str, str, ImageReference], ...] = ()

    def tool(self, name: str) -> Tool:
        """The tool of a name in the data file, such as ``uv``."""
        return dict(self.tools).get(name) or known_tools().tools[name].tool

    def image(self, kind: str, version: str = _ANY) -> ImageReference:
        """The unpinned builder image of a kind, such as ``maven``, for a version of its language where it has several."""
        chosen = {(name, of): reference for name, of, reference in self.images}
        return chosen.get((kind, version)) or known_tools().images[kind].references[version]

    def backends(self) -> Mapping[str, str]:
        """The version of each well-known build backend of Python packages, by its name in normal form."""
        known = {name: self.tool(name).version for name, tool in known_tools().tools.items() if tool.builds_packages}
        # uv builds a package of uv-build itself when the versions are equal.
        return {**known, _UV_BACKEND: self.tool("uv").version}

    def over(self, farther: Tools) -> Tools:
        """These, and of ``farther`` what they do not choose."""
        images = {(kind, version): reference for kind, version, reference in (*farther.images, *self.images)}
        return Tools(
            tools=tuple(sorted({**dict(farther.tools), **dict(self.tools)}.items())),
            images=tuple((*key, reference) for key, reference in sorted(images.items())),
        )


@lru_cache(maxsize=1)
def known_tools() -> KnownTools:
    """What the data file holds, read at the first call; raises :class:`ConfigurationError` when it is damaged."""
    # Imported here, because `import optimizer` need not pay for it; importlib.resources would load zipfile and tempfile.
    import pkgutil

    return read_tools_data((pkgutil.get_data(__name__, DATA) or b"").decode("utf-8", "replace"))


def read_tools_data(text: str) -> KnownTools:
    """The tools of the text of a data file; raises :class:`ConfigurationError` when it is damaged."""
    import json

    try:
        data = json.loads(text)
        return KnownTools(
            tools=MappingProxyType({name: _tool(name, row) for name, row in data["tools"].items()}),
            images=MappingProxyType({name: _image(name, row) for name, row in data["images"].items()}),
        )
    except KeyError as error:
        what = f"an entry has no {error}"
    except (AttributeError, TypeError, ValueError, SpecError, RecursionError) as error:
        what = str(error).partition("\n")[0]
    raise ConfigurationError(f"the data file of tools is damaged: {what}", DATA, "install lambda-image-optimizer again")


def _tool(name: str, row: Mapping[str, Any]) -> KnownTool:
    # Imported here, because it brings every recipe, and most commands plan nothing.
    from optimizer.model.recipes.recipe import Tool

    if row["registry"] not in REGISTRIES:
        raise ValueError(f'"{name}" has the registry "{row["registry"]}"; allowed: {", ".join(REGISTRIES)}')
    return KnownTool(
        name=name,
        tool=Tool(name=_text(row["package"]), version=_text(row["version"]), hashes=tuple(map(_text, row.get("hashes", ())))),
        registry=row["registry"],
        source=_text(row["source"]),
        same_major=bool(row.get("same_major")),
        builds_packages=bool(row.get("builds_packages")),
    )


def _image(name: str, row: Mapping[str, Any]) -> KnownImage:
    references = row["references"] if "versions_of" in row else {_ANY: row["reference"]}
    return KnownImage(
        name=name,
        source=_text(row["source"]),
        versions_of=_text(row.get("versions_of", _ANY)),
        references=MappingProxyType({version: ImageReference.parse(_text(text)) for version, text in references.items()}),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value
