"""The key of each stage: a digest over all that decides what its tree holds.

Equal keys are equal layers, on every machine.  A key is made of

- the kind and the revision of the recipe and its values, without the names that
  the project's files and the build secrets have outside of the stage, and
  without the values that decide no byte;
- the content of its inputs;
- the digest of the image, or the key of the stage, on which it stands, where a
  container of that has to run; unless the recipe names the exact versions of
  programs of the image, and nothing else of it decides the tree;
- the keys of the stages whose trees it finds;
- the platform, where it must run on that of the image, or takes something of it;
  not where the recipe names such versions, and the platform too if that
  decides anything.

Titles, names of steps and stability are in no key: they change no byte.  The
value of a build secret is unknown here; who changes what a secret leads to, has
to change something else as well.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Protocol

from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.secret import BuildSecret


class Contents(Protocol):
    """The content of the project's files."""

    def content(self, path: str, exclude: tuple[str, ...]) -> str:
        """A digest of a file, or of everything below a directory but what the patterns leave out; names are relative to it.

        Raises ContextError for a file that cannot be read.
        """


def stage_keys(plan: BuildPlan, contents: Contents) -> dict[str, str]:
    """The key of each stage by its name: 64 hexadecimal digits.

    Raises ContextError for inputs that cannot be read.
    """
    keys: dict[str, str] = {}
    for stage in plan.stages:
        keys[stage.name] = _key(stage, plan, contents, keys)
    return keys


def made_of(stage: Stage) -> tuple[str, ...]:
    """The stages whose keys are part of the stage's own: it is made again whenever one of them is."""
    origin = (stage.origin,) if _origin_decides(stage) and isinstance(stage.origin, str) else ()
    return (*origin, *stage.trees)


def _origin_decides(stage: Stage) -> bool:
    # Of a recipe that names exact programs, neither the image nor the platform of the stage decides anything else.
    return stage.recipe.needs_container and not stage.recipe.exact_programs


def _key(stage: Stage, plan: BuildPlan, contents: Contents, keys: Mapping[str, str]) -> str:
    recipe = stage.recipe
    values = {
        "kind": recipe.kind,
        "revision": recipe.revision,
        "recipe": _values(recipe, contents),
        "origin": _origin(stage.origin, keys) if _origin_decides(stage) else None,
        "trees": [keys[name] for name in stage.trees],
        "platform": plan.platform if (stage.on_target and not recipe.exact_programs) or recipe.follows_platform else None,
        "in_place": stage.in_place,
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _origin(origin: str | ImageReference, keys: Mapping[str, str]) -> str:
    return keys[origin] if isinstance(origin, str) else _image(origin)


def _image(image: ImageReference) -> str:
    # A mirror has another name for the same image.
    return image.digest or str(image)


def _value(value: Any, contents: Contents) -> Any:
    """A value of a recipe as data, with contents in place of names that mean nothing to the stage."""
    if isinstance(value, Input):
        target = value.target
        if not value.directory and target.endswith("/"):
            target += posixpath.basename(value.source)
        return [target, value.directory, contents.content(value.source, value.exclude)]
    if isinstance(value, BuildSecret):
        return [value.to_env, value.to_file or (None if value.to_env else value.target)]
    if isinstance(value, ImageReference):
        return _image(value)
    if isinstance(value, tuple):
        return [_value(item, contents) for item in value]
    return _values(value, contents) if is_dataclass(value) else value


def _values(value: Any, contents: Contents) -> dict[str, Any]:
    """The fields of a value that have not their default, so that a field that is new changes no key."""
    found = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: _value(item, contents) for field, item in found if item != field.default and not field.metadata.get("no_byte")}
