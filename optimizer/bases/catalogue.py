"""The catalogue of base images that AWS provides for Lambda functions.

The data is ``base_images.json`` beside this file; its ``sources`` say where
each column comes from and ``as_of`` on which day it was true.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from optimizer.errors import Fault, SpecError, did_you_mean
from optimizer.model.reference import ImageReference

Family = Literal["python", "nodejs", "java", "dotnet", "ruby", "provided", "go"]
Status = Literal["preview", "supported", "deprecated", "retired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """One AWS-provided base image.

    ``reference`` carries the tag for every architecture and no digest.
    ``architectures`` are Lambda's words, ``x86_64`` before ``arm64``;
    ``architecture_tags`` are the tags for one architecture, in the same order,
    empty where AWS publishes none.  ``deprecated_on``, ``block_create_on`` and
    ``block_update_on`` are None where AWS has announced no day; the block dates
    are those of the managed runtime of the same name.  ``status`` is a fact of
    the data's day, never computed from a clock: ``preview`` and ``retired``
    runtimes must be allowed by name.  ``task_root`` and ``runtime_dir`` are
    absolute paths inside the image.
    """

    runtime: str
    family: Family
    reference: ImageReference
    architecture_tags: tuple[str, ...]
    os: str
    package_manager: Literal["dnf", "yum"]
    architectures: tuple[str, ...]
    status: Status
    deprecated_on: datetime.date | None
    block_create_on: datetime.date | None
    block_update_on: datetime.date | None
    handler_form: str
    task_root: str
    runtime_dir: str
    entrypoint: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredRuntime:
    """A runtime that had a base image once, and is no runtime of the catalogue; images stay in the registry under the tag."""

    runtime: str
    family: Family
    tag: str
    deprecated_on: datetime.date


def runtimes() -> tuple[str, ...]:
    """The name of every runtime in the catalogue, by family, newest first."""
    return tuple(_catalogue())


def base_image(runtime: str) -> BaseImage:
    """The base image of a runtime, such as ``python3.13`` or ``provided.al2023``.

    Raises :class:`SpecError` for a runtime that the catalogue does not hold.
    """
    image = _catalogue().get(runtime)
    if image is None:
        allowed = [name for name, known in _catalogue().items() if known.status == "supported"]
        gone = next((item for item in retired_runtimes() if item.runtime == runtime), None)
        what = f'the runtime "{runtime}" is retired since {gone.deprecated_on}' if gone else f'unknown runtime "{runtime}"'
        hint = f"move to {successor(gone)}" if gone else did_you_mean(runtime, allowed)
        raise SpecError(f"{what}; allowed: {', '.join(allowed)}", place="runtime", hint=hint or "name one of the allowed runtimes")
    return image


@lru_cache(maxsize=1)
def retired_runtimes() -> tuple[RetiredRuntime, ...]:
    """The runtimes that AWS no longer has, by family."""
    return tuple(
        RetiredRuntime(
            runtime=row["runtime"], family=row["family"], tag=row["tag"], deprecated_on=datetime.date.fromisoformat(row["deprecated_on"])
        )
        for row in _data()["retired"]
    )


def check_runtime(base: BaseImage, allow: frozenset[str]) -> tuple[list[Fault], list[str]]:
    """Errors and warnings about the age of a runtime: ``(errors, warnings)``.

    A preview or retired runtime is an error unless ``allow`` holds its name; a
    deprecated one is a warning that gives the day.
    """
    if base.status == "deprecated":
        return [], [_deprecation(base)]
    if base.status not in ("preview", "retired") or base.runtime in allow:
        return [], []
    state = "a preview" if base.status == "preview" else "retired"
    message = f'runtime "{base.runtime}" is {state} and must be allowed by name'
    newer = successor(base)
    instead = f', or use "{newer}"' if newer else ""
    return [Fault(message, "runtime", f'set allow=["{base.runtime}"]{instead}')], []


def _deprecation(base: BaseImage) -> str:
    since = f" since {base.deprecated_on}" if base.deprecated_on else ""
    text = f'runtime "{base.runtime}" is deprecated{since}: its base image may get no more patches'
    newer = successor(base)
    return f'{text}; use "{newer}"' if newer else text


def successor(base: BaseImage | RetiredRuntime) -> str:
    """The newest supported runtime of the family to move to; empty when there is none."""
    family = "provided" if base.family == "go" else base.family
    for image in _catalogue().values():
        if image.family == family and image.status == "supported":
            return image.runtime
    return ""


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Any]:
    # Imported here, because `import optimizer` need not pay for them.
    import json
    import pkgutil

    # importlib.resources would load zipfile and tempfile, for every command that looks a base image up.
    data: Mapping[str, Any] = json.loads(pkgutil.get_data(__name__, "base_images.json") or b"")
    return data


@lru_cache(maxsize=1)
def _catalogue() -> Mapping[str, BaseImage]:
    return MappingProxyType({row["runtime"]: _base_image(row) for row in _data()["images"]})


def _base_image(row: Mapping[str, Any]) -> BaseImage:
    return BaseImage(
        runtime=row["runtime"],
        family=row["image"].rpartition("/")[2],
        reference=ImageReference.parse(f"{row['image']}:{row['tag']}"),
        architecture_tags=tuple(row["arch_tags"]),
        os=row["os"],
        package_manager=row["package_manager"],
        architectures=tuple(row["architectures"]),
        status=row["status"],
        deprecated_on=_date(row["deprecated_on"]),
        block_create_on=_date(row["block_create_on"]),
        block_update_on=_date(row["block_update_on"]),
        handler_form=row["handler_format"],
        task_root=row["task_root"],
        runtime_dir=row["runtime_dir"],
        entrypoint=tuple(row["entrypoint"]),
        note=row["note"] or "",
    )


def _date(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
