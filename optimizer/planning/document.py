"""A plan as plain data, which is kept beside an image of a synthesized app for this and other programs.

The form has a version.  A document of an older one is not read: the app is
synthesized again, which costs less than a second guess at what was meant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.errors import PlanError
from optimizer.model.codec import CodecError, from_data, to_data
from optimizer.model.plan import BuildPlan
from optimizer.model.recipes import KINDS, NAMES

VERSION = 2
"""The version of the form."""

REPORTS = ("explanation", "ordering", "slimming", "splitting")
"""What ``optimizer plan`` prints beside a plan: it is computed from it, and no part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPlan:
    """A plan, and what is known of its image.

    ``keys`` has the key of each stage by its name (see
    :mod:`optimizer.planning.keys`); ``dockerfile`` is the SHA-256 of the
    Dockerfile that was rendered of the plan, in hexadecimal digits.
    ``contents`` are digests of what the build context has of each of the plan's
    plain inputs, in their order, and then of what each archive holds, by the
    names of the stages; empty for a plan without a context.
    """

    plan: BuildPlan
    keys: Mapping[str, str]
    dockerfile: str
    contents: tuple[str, ...] = ()


def text_digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def plan_to_data(kept: KeptPlan) -> dict[str, Any]:
    """The plan as data for JSON: the version first, and each stage with its key."""
    data = to_data(kept.plan, NAMES)
    assert isinstance(data, dict)
    stages = data.pop("stages")
    assert isinstance(stages, list)
    keyed_stages = [{**stage, "key": kept.keys[stage["name"]]} for stage in stages if isinstance(stage, dict)]  # type: ignore[index]
    document = {"version": VERSION, "dockerfile": kept.dockerfile, "contents": list(kept.contents), **data, "stages": keyed_stages}
    return {**document, "digest": _digest(document)}


def plan_from_data(data: Any, place: str = "") -> KeptPlan:
    """The plan that the data hold; ``place`` is where they came from.

    Raises :class:`PlanError` for data of another version, and for data that
    are no plan.
    """
    version = data.get("version") if isinstance(data, dict) else None
    if version != VERSION:
        found = "no version" if version is None else f"version {version!r}"
        raise PlanError(
            f"the plan has {found}, and this version of the tool reads version {VERSION}",
            place,
            "synthesize or plan again with the version of the tool that reads it",
        )
    data = {name: value for name, value in data.items() if name not in REPORTS}
    # The types alone would let through what no planner makes, such as a layer that no stage has.
    if data.get("digest") != _digest({name: value for name, value in data.items() if name != "digest"}):
        raise PlanError("the plan was changed after it was written", place, "change the specification, and synthesize or plan again")
    given = {name: value for name, value in data.items() if name not in ("version", "dockerfile", "contents", "digest")}
    try:
        keys, contents = _take_keys(given), _contents(data)
        kept = from_data(BuildPlan, given, KINDS)
        return KeptPlan(plan=kept, keys=keys, dockerfile=str(data.get("dockerfile", "")), contents=contents)
    except CodecError as error:
        raise PlanError(
            f"the plan is damaged: {error.message}", f"{place}: {error.place}" if place else error.place, "synthesize or plan again"
        ) from None


def _digest(document: Mapping[str, Any]) -> str:
    return text_digest(json.dumps(document, sort_keys=True, separators=(",", ":")))


def _contents(data: Mapping[str, Any]) -> tuple[str, ...]:
    given = data.get("contents")
    if not isinstance(given, list) or not all(isinstance(digest, str) for digest in given):
        raise CodecError("there is no list of digests", "contents")
    return tuple(given)


def _take_keys(given: dict[str, Any]) -> dict[str, str]:
    """The keys of the stages, which are taken out of the data."""
    stages = given.get("stages")
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        raise CodecError("there is no list of stages", "stages")
    keys: dict[str, str] = {}
    bare = []
    for index, stage in enumerate(stages):
        name, key = stage.get("name"), stage.get("key")
        if not isinstance(name, str) or not isinstance(key, str):
            raise CodecError("the stage has no name or no key", f"stages[{index}]")
        keys[name] = key
        bare.append({field: value for field, value in stage.items() if field != "key"})
    given["stages"] = bare
    return keys
