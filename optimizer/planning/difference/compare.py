"""Why an image is another one than before: which file, which pin, which option, which package from which version to which, in which layer.

Two plans are compared value by value, so that nothing that a plan holds is
forgotten; files are compared where their contents are still there.  What changes
no byte (stability, sizes, the order in which steps were declared) is no reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.recipes.nodejs import NodePart
from optimizer.model.recipes.recipe import Tool
from optimizer.planning.difference.inputs import Side, input_reasons, package_lines
from optimizer.planning.difference.values import Reason, pairs, shown, value_reasons
from optimizer.planning.document import KeptPlan
from optimizer.planning.keys import made_of

_NO_BYTES = frozenset({"order", "warnings", "stability", "figures", "download_bytes", "step", "locked_by"})
"""Fields of plans and stages that decide nothing of an image."""
_OF_PARTS = frozenset({"apart", "graph", "links", "packages", "unsettled"})
"""Fields of a part of a lock of Node.js that are told package by package."""
_WORDS = {
    "in_place": "changes the system in place",
    "on_target": "runs on the image's own platform",
    "taken_from": "taken from",
    "trees": "finds the trees of",
    "build_packages": "build packages",
    "python": "exact Python of the base",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChange:
    """A stage whose tree is another one; a key is empty where there was, or is, no such stage."""

    name: str
    old_key: str
    new_key: str
    is_layer: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDifference:
    """What is another one: ``reasons`` are about the image beside its layers."""

    reasons: tuple[Reason, ...]
    stages: tuple[StageChange, ...]


def difference(old: Side, new: Side) -> ImageDifference:
    """Everything that differs between two images, in the order of the new plan, what is gone at the end."""
    before, after = old.kept.plan, new.kept.plan
    renamed = _renamed(old.kept, new.kept)
    there = {stage.name: stage for stage in before.stages}
    stages: list[StageChange] = []
    reasons = list(_image_reasons(before, after, renamed))
    for stage in after.stages:
        former = there.get(renamed.get(stage.name, stage.name))
        if former is None:
            stages.append(_change(stage.name, old, new, [Reason("new")]))
        elif old.kept.keys[former.name] == new.kept.keys[stage.name]:
            # The same layer, made in other words.
            reasons += [Reason(f"{stage.name}: {each.text}") for each in _stage_reasons(former, stage, old, new, files=False)]
        else:
            found = list(_stage_reasons(former, stage, old, new, files=True))
            stages.append(_change(stage.name, old, new, found or [_unexplained(stage)], former.name))
    kept = {renamed.get(stage.name, stage.name) for stage in after.stages}
    stages += [_change(stage.name, old, new, [Reason("not there any more")]) for stage in before.stages if stage.name not in kept]
    if not reasons and not stages and old.kept.dockerfile != new.kept.dockerfile:
        reasons.append(Reason("another version of this tool wrote its Dockerfile: what it was planned to be is the same"))
    return ImageDifference(reasons=tuple(reasons), stages=tuple(stages))


def _change(name: str, old: Side, new: Side, reasons: list[Reason], former: str = "") -> StageChange:
    known = new if name in new.kept.keys else old
    return StageChange(
        name=name,
        old_key=old.kept.keys.get(former or name, ""),
        new_key=new.kept.keys.get(name, ""),
        is_layer=name in known.kept.plan.above_base,
        reasons=tuple(reasons),
    )


def _unexplained(stage: Stage) -> Reason:
    return Reason(
        f"the recipe and its inputs are the same: another version of this tool makes layers of {stage.recipe.kind} in another way, "
        "or something changed that is not kept"
    )


def _renamed(old: KeptPlan, new: KeptPlan) -> dict[str, str]:
    """The former names of stages that are the same under another name."""
    gone = {key: name for name, key in old.keys.items() if name not in new.keys}
    return {name: gone[key] for name, key in new.keys.items() if name not in old.keys and key in gone}


# The image.


def _image_reasons(before: BuildPlan, after: BuildPlan, renamed: Mapping[str, str]) -> Iterator[Reason]:
    for new, old in sorted(renamed.items()):
        yield Reason(f"step {old} is called {new} now")
    for name in _others(before, {"stages", "layers", "final", "environment", "labels"}):
        yield from value_reasons(_word(name), getattr(before, name), getattr(after, name))
    yield from pairs("environment", dict(before.environment), dict(after.environment))
    yield from pairs("label", dict(before.labels), dict(after.labels))
    common = [renamed.get(name, name) for name in after.above_base]
    former, latter = [name for name in before.above_base if name in common], [name for name in common if name in before.above_base]
    if former != latter:
        yield Reason(f"order of layers: {', '.join(former)} -> {', '.join(latter)}")
    sources = [{secret.id: secret.source for secret in plan.secrets()} for plan in (before, after)]
    yield from pairs("build secret", *sources)
    titles = {renamed.get(stage.name, stage.name): stage.title for stage in after.stages}
    for stage in before.stages:
        if titles.get(stage.name, stage.title) != stage.title:
            yield Reason(f"title of {stage.name}: {stage.title} -> {titles[stage.name]}")


def _others(value: Any, told: set[str]) -> Iterator[str]:
    """The names of the fields that decide bytes, but those that are told otherwise: a field that is new is not forgotten."""
    return (field.name for field in fields(value) if field.name not in told | _NO_BYTES)


# A stage.


def _stage_reasons(former: Stage, stage: Stage, old: Side, new: Side, *, files: bool) -> Iterator[Reason]:
    """What differs between two states of a stage; without ``files`` no file is looked at."""
    if former.recipe.kind != stage.recipe.kind:
        yield Reason(f"made as {stage.recipe.kind} now, and as {former.recipe.kind} before")
        return
    told: frozenset[str] = frozenset()
    if isinstance(stage.recipe, NodePart) and isinstance(former.recipe, NodePart):
        told = _OF_PARTS
        yield from _node_packages(former.recipe, stage.recipe)
    for item in (item for item in fields(stage.recipe) if item.name not in told):
        yield from _field(item.name, getattr(former.recipe, item.name), getattr(stage.recipe, item.name))
    yield from input_reasons(former, stage, old, new, files=files)
    # That the base is another one is said of the image, where that makes no other layer.
    of_image = not files and (former.origin, stage.origin) == (old.kept.plan.base, new.kept.plan.base)
    if not of_image and not isinstance(former.origin, str) and not isinstance(stage.origin, str):
        yield from value_reasons("starts from", former.origin, stage.origin)
    elif not of_image and former.origin != stage.origin:
        yield Reason(f"stands on {shown(stage.origin)} now, and on {shown(former.origin)} before")
    for name in _others(stage, {"name", "title", "origin", "recipe"}):
        yield from value_reasons(_word(name), getattr(former, name), getattr(stage, name))
    if stage.on_target or stage.recipe.follows_platform:
        yield from value_reasons("platform", old.kept.plan.platform, new.kept.plan.platform)
    for name in made_of(stage):
        if name in old.kept.keys and old.kept.keys[name] != new.kept.keys[name]:
            yield Reason(f"{name}, which it is made of, is another one")


def _field(name: str, before: Any, after: Any) -> Iterator[Reason]:
    """What differs in a value of the recipe, but for inputs, which are compared file by file."""
    if before == after or _holds_inputs(before) or _holds_inputs(after):
        return
    if name == "requirements":
        yield from _requirements(before, after)
    elif name == "tools":
        yield from pairs("tool", _versions(before), _versions(after))
    else:
        yield from value_reasons(_word(name), before, after)


def _holds_inputs(value: Any) -> bool:
    return isinstance(value, Input) or (isinstance(value, tuple) and any(isinstance(item, Input) for item in value))


def _requirements(before: Sequence[str], after: Sequence[str]) -> Iterator[Reason]:
    """What differs in the exact releases that a stage installs, one line each."""
    former, latter = ({line.partition("==")[0]: line for line in lines} for lines in (before, after))
    versions = [{name: (line.partition("==")[2].split()[0],) for name, line in lines.items()} for lines in (former, latter)]
    if lines := package_lines(*versions):
        yield Reason("packages", lines)
    same = (name for name in sorted(former.keys() & latter.keys()) if versions[0][name] == versions[1][name])
    if others := [name for name in same if former[name] != latter[name]]:
        yield Reason(f"other hashes or markers of {', '.join(others)}")


def _node_packages(before: NodePart, after: NodePart) -> Iterator[Reason]:
    """What differs in what a part of a lock of Node.js holds."""
    former, latter = _releases(before), _releases(after)
    if lines := package_lines(former, latter):
        yield Reason("packages", lines)
    elif (before.packages, before.unsettled) != (after.packages, after.unsettled):
        yield Reason("other places or hashes of packages")
    for what, name in (("links and programs", "links"), ("which package needs which", "graph"), ("the places of other parts", "apart")):
        if getattr(before, name) != getattr(after, name):
            yield Reason(what)


def _releases(part: NodePart) -> dict[str, tuple[str, ...]]:
    """The versions of each package, of which a tree may have several."""
    found: dict[str, list[str]] = {}
    for place, release in (*part.packages, *part.unsettled):
        found.setdefault(place.rpartition("node_modules/")[2], []).append(release.partition(" ")[0])
    return {name: tuple(sorted(set(versions))) for name, versions in found.items()}


def _versions(tools: Iterable[Tool]) -> dict[str, str]:
    return {tool.name: tool.version for tool in tools}


def _word(name: str) -> str:
    return _WORDS.get(name, name.replace("_", " "))
