"""``optimizer plan --diff HOST/NAME``: what a repository, or an image in it, has of the images that are planned."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from optimizer.adapters.progress import told
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.adapters.registry.repository import Repository
from optimizer.cli.planned_functions import PlannedFunction, runtimes_of
from optimizer.cli.progress import shown_progress
from optimizer.errors import ConfigurationError, SpecError
from optimizer.model.architectures import BY_NAME
from optimizer.model.plan import Stage
from optimizer.model.progress import Task
from optimizer.model.reference import ImageReference
from optimizer.planning.difference.values import Reason, pairs
from optimizer.planning.explanation import fleet_layers
from optimizer.publishing.deployed import DeployedImage, deployed_image
from optimizer.publishing.finding import find_layers
from optimizer.publishing.images import PublishImage
from optimizer.report.counts import counted
from optimizer.report.plan.difference import Changed, DifferenceReport

_THREADS = 8
_WHY = "why: a repository has the keys of layers and no plans; the output of cdk synth that was deployed has them, and --diff takes it too"
_BASE = "whether the base is another one: the image says no more of it than its layers"


def compare_deployed(old: str, functions: Sequence[PlannedFunction]) -> DifferenceReport:
    """What a repository, or with a tag or digest an image in it, has of the images of functions, and what it lacks.

    Raises :class:`ConfigurationError` for a text that is neither, and
    :class:`RegistryError`.
    """
    reference = _reference(old)
    tag = reference.digest or reference.tag
    task = Task(action="finding", subject=f"layers of {counted(len(functions), 'function')}", place=reference.name)
    with (
        HttpRegistry(DefaultCredentials()) as registry,
        ThreadPoolExecutor(_THREADS) as pool,
        shown_progress() as report,
        told(task, report),
    ):
        repository = registry.repository(reference, push=False)
        image = deployed_image(repository, tag) if tag else None
        if image is not None:
            functions = _nearest(functions, image)
        keys = sorted({key for function in functions for key in _keys(function).values()})
        there = dict(zip(keys, find_layers([(repository, key) for key in keys], pool, report), strict=True))
        changed = [function for function in functions if not _has(function, image, repository, there)]
    lacking = {
        each.key
        for function in functions
        for each in function.row.explained
        if each.is_layer and there[_keys(function)[each.stage.name]] is None
    }
    unplanned = [f"{function.row.path}: {function.row.note or 'it has no plan'}" for function in functions if function.kept is None]
    return DifferenceReport(
        changes=tuple(change for function in changed if image is not None for change in _changes(function, image)),
        changed=tuple(function.row.path for function in changed),
        same=tuple(function.row.path for function in functions if function not in changed and function.kept is not None),
        added=(),
        removed=(),
        names=tuple(function.row.path for function in functions),
        pushed=tuple(layer for layer in fleet_layers([function.row.explained for function in functions]) if layer.key in lacking),
        notes=(*unplanned, *((_WHY,) if changed else ()), *((_BASE,) if image is not None and changed else ())),
        runtimes=runtimes_of(functions),
    )


def _reference(text: str) -> ImageReference:
    if not os.path.lexists(text):
        try:
            return ImageReference.parse(text)
        except SpecError:
            pass
    raise ConfigurationError(
        f'"{text}" is neither the output of cdk synth nor a repository or an image; allowed: a directory such as main.out, or HOST/NAME[:TAG]',
        "--diff",
        "check the path, or name the registry too",
    )


def _keys(function: PlannedFunction) -> dict[str, str]:
    """The keys by which the layers of an image are found, by the names of their stages."""
    if function.kept is None:
        return {}
    image = PublishImage(name=function.row.path, kept=function.kept, directory=Path(), destinations=())
    return {name: image.key(image.plan.stage(name)) for name in image.plan.above_base}


def _nearest(functions: Sequence[PlannedFunction], image: DeployedImage) -> list[PlannedFunction]:
    """The function whose image has most of an image's layers: a repository does not say which function runs it."""
    planned = [function for function in functions if function.kept is not None]
    if not planned:
        return list(functions)
    return [max(planned, key=lambda function: len(image.keys.intersection(_keys(function).values())))]


def _has(function: PlannedFunction, image: DeployedImage | None, repository: Repository, there: Mapping[str, object]) -> bool:
    """Whether the image of a function is the one, or is in the repository; one without a plan counts as such, and is noted."""
    if function.kept is None:
        return True
    keys = _keys(function)
    if image is not None:
        return [key for key, _ in image.layers] == list(keys.values()) and not list(_image_reasons(function, image))
    # The tag of a specification is the digest of its build context, which nobody has made here.
    known = function.spec is not None or function.directory is not None
    return repository.has_manifest(function.row.image) if known else all(there[key] is not None for key in keys.values())


def _changes(function: PlannedFunction, image: DeployedImage) -> Iterator[Changed]:
    assert function.kept is not None
    plan, path = function.kept.plan, (function.row.path,)
    if not image.layers and plan.above_base:
        yield Changed(
            name="", functions=path, reasons=(Reason("the image was not published by keys, so that its layers cannot be compared"),)
        )
        return
    if reasons := tuple(_image_reasons(function, image)):
        yield Changed(name="", functions=path, reasons=reasons)
    titles = [title for _, title in image.layers]
    for name, key in _keys(function).items():
        if key not in image.keys:
            yield Changed(name=name, functions=path, reasons=(_of_layer(plan.stage(name), titles),), is_layer=True, key=key)
    planned = {plan.stage(name).title for name in plan.above_base}
    for key, title in image.layers:
        if title not in planned and key not in _keys(function).values():
            yield Changed(name=title, functions=path, reasons=(Reason("not there any more"),), is_layer=True, key=key)


def _of_layer(stage: Stage, titles: Sequence[str]) -> Reason:
    if stage.title in titles:
        return Reason(f'the image has "{stage.title}" with another key: what it reads, its recipe or what it stands on changed')
    return Reason(f'new: the image has no layer "{stage.title}"')


def _image_reasons(function: PlannedFunction, image: DeployedImage) -> Iterator[Reason]:
    """What the configuration of the image says otherwise; the base has variables and labels of its own, which the plan does not know."""
    assert function.kept is not None
    plan = function.kept.plan
    if image.architecture and image.architecture != BY_NAME[plan.architecture].oci:
        yield Reason(f"architecture: {image.architecture} -> {BY_NAME[plan.architecture].oci}")
    for what, before, after in (("environment", image.environment, dict(plan.environment)), ("label", image.labels, dict(plan.labels))):
        yield from pairs(what, {name: value for name, value in before.items() if name in after}, after)
    keys = [key for key, _ in image.layers]
    wanted = list(_keys(function).values())
    if sorted(keys) == sorted(wanted) and keys != wanted:
        yield Reason("order of layers: the same layers stand in another order")
