"""From a specification and a lock to a build plan.

1. *Check* the spec against its runtime and the project's files.
2. *Split*: every step becomes stages of its own, which share no file system;
   only steps that change the system in place remain a chain.
3. *Order* that chain, and the layers of the final image.
4. *Pin* every image by the lock, and name it as the mirror does.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from optimizer.bases.catalogue import BaseImage, base_image, check_runtime
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.dockerfile.rendered import BASE, BUILD
from optimizer.errors import Fault, PlanError, SpecError, UnpinnedError
from optimizer.locks.local import Local
from optimizer.model.architectures import BY_NAME
from optimizer.model.ignore import IgnorePatterns
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, OnTarget, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.spec import ImageSpec
from optimizer.model.stability import Stability
from optimizer.model.steps import Step
from optimizer.planning.order import Item, Ordering, stable_first
from optimizer.toolchains import (
    ProjectFiles,
    ReadsLocks,
    StepContext,
    TakesSecrets,
    Target,
    Toolchain,
    Warns,
    local_faults,
    secret_faults,
    toolchain_of,
)

RESERVED_NAMES = (BASE, BUILD, "scratch")
"""Names that stages have already: a step of this name would hide them."""


def plan(
    spec: ImageSpec,
    lock: Lock,
    project: ProjectFiles,
    *,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    tools: Tools = Tools(),  # noqa: B008 - an immutable value
    ordering: Ordering = stable_first,
) -> BuildPlan:
    """The build plan of a spec; equal arguments give equal plans.

    Layers stand by stability, then by what ``after`` asks for, then by kind
    (system packages, extensions, dependencies, files, commands, programs,
    code), then by name; the order of declaration does not matter.

    Raises :class:`SpecError` for a spec that its runtime or the project's
    files contradict, :class:`PlanError` for wishes that cannot be met, and
    :class:`UnpinnedError` for images that the lock does not pin; each with every
    fault of its kind.
    """
    target, warnings = _target(spec, tools)
    drafts = _drafts(spec, target, project)
    _check_stage_names(drafts)
    _check_secret_files(drafts)
    warnings += [warning for draft in drafts for warning in draft.warnings()]
    in_place, layered = _split(drafts)
    chain = _chain(in_place, ordering)
    layers = _layers(layered, ordering)
    by_step = {draft.context.name: draft for draft in drafts}
    stages = [*chain, *(_with_earlier_steps(stage, by_step, chain, target) for stage in layers)]
    pins = _Pins(lock, mirror, spec.architecture)
    pins.require([target.image, *(image for stage in stages for image in _images(stage))])
    return BuildPlan(
        runtime=spec.runtime,
        architecture=spec.architecture,
        base=pins.pinned(target.image),
        final=chain[-1].name if chain else pins.pinned(target.image),
        stages=tuple(_pin_stage(stage, pins) for stage in stages),
        layers=tuple(stage.name for stage in layers),
        environment=spec.environment,
        labels=spec.labels,
        warnings=tuple(warnings),
    )


def required_images(spec: ImageSpec, tools: Tools = Tools()) -> tuple[ImageReference, ...]:  # noqa: B008 - an immutable value
    """The images that the lock must pin for a spec, without digests, sorted, each once.

    Raises :class:`SpecError` for an unknown or refused runtime.
    """
    target, _ = _target(spec, tools)
    wanted = [target.image]
    for step in spec.steps:
        wanted += toolchain_of(step).images(step, target)
    return tuple(sorted({image for image in wanted if image.digest is None}, key=str))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    step: Step
    context: StepContext
    toolchain: Toolchain
    stages: tuple[Stage, ...]

    def warnings(self) -> Iterable[str]:
        return self.toolchain.warnings(self.step, self.context) if isinstance(self.toolchain, Warns) else ()


def _target(spec: ImageSpec, tools: Tools) -> tuple[Target, list[str]]:
    base = base_image(spec.runtime)
    faults, warnings = check_runtime(base, frozenset(spec.allow))
    if spec.architecture not in base.architectures:
        faults.append(
            Fault(
                f'runtime "{base.runtime}" has no base image for "{spec.architecture}"; allowed: {", ".join(base.architectures)}',
                "architecture",
                "choose an allowed architecture, or a newer runtime",
            )
        )
    if faults:
        raise SpecError(faults)
    target = Target(
        base=base,
        image=spec.base or base.reference,
        architecture=spec.architecture,
        build_arguments=spec.build_arguments,
        bytecode=spec.bytecode,
        tools=tools,
    )
    return target, warnings


def _drafts(spec: ImageSpec, target: Target, project: ProjectFiles) -> list[_Draft]:
    """The stages of each step; raises SpecError with the faults of all steps."""
    drafts: list[_Draft] = []
    faults: list[Fault] = []
    for index, step in enumerate(spec.steps):
        place = f"steps[{index}]"
        try:
            toolchain = toolchain_of(step)
        except KeyError:
            faults.append(
                Fault(
                    f'no toolchain is registered for the step kind "{step.kind}"',
                    place,
                    "call optimizer.toolchains.register_toolchain first",
                )
            )
            continue
        if step.title in RESERVED_NAMES:
            faults.append(
                Fault(
                    f'the step name "{step.title}" is reserved; reserved: {", ".join(RESERVED_NAMES)}',
                    f"{place}.name",
                    "choose another name",
                )
            )
        if toolchain.families and target.base.family not in toolchain.families:
            faults.append(_family_fault(step, place, target.base, toolchain.families))
            continue
        context = StepContext(name=step.title, stability=step.stability or step.default_stability, target=target, project=project)
        found, stages = _stages(step, toolchain, context)
        faults += [fault.under(place) for fault in found]
        drafts.append(_Draft(step=step, context=context, toolchain=toolchain, stages=stages))
    faults += _secret_faults(spec.steps)
    if faults:
        raise SpecError(faults)
    return drafts


def _stages(step: Step, toolchain: Toolchain, context: StepContext) -> tuple[list[Fault], tuple[Stage, ...]]:
    """The faults of a step, and the stages of one that has none."""
    faults = list(toolchain.check(step, context))
    local = list(toolchain.local(step, context)) if not faults and isinstance(toolchain, ReadsLocks) else []
    faults += [fault.under(_lock_field(step)) for fault in local_faults(local, context)]
    if faults:
        return faults, ()
    stages = tuple(toolchain.stages(step, context))
    faults += _unread(step, local, stages)
    if not faults and isinstance(toolchain, TakesSecrets) and any(getattr(step, name, None) for name in ("secrets", "index_url")):
        faults += secret_faults(step, toolchain.installers(step, context), context, stages)
    return faults, stages


def _unread(step: Step, local: Iterable[Local], stages: Iterable[Stage]) -> Iterable[Fault]:
    """A fault for each thing that the step's lock names and no stage of the step reads: an installer would miss it, or its image would."""
    inputs = [item for stage in stages for item in stage.inputs()]
    directories = {item.source for item in inputs if item.directory}
    files = {item.source for item in inputs if not item.directory}
    for item in local:
        if not item.within(directories, files):
            yield Fault(
                f"{item.place} names {item.title}, which a {step.kind} step cannot put into the image",
                _lock_field(step),
                "remove it from the lock, or install it in a Command step that has it in inputs",
            )


def _lock_field(step: Step) -> str:
    return "lock" if hasattr(step, "lock") else "source"


def _family_fault(step: Step, place: str, base: BaseImage, families: Sequence[str]) -> Fault:
    return Fault(
        f'{type(step).__name__} does not work with runtime "{base.runtime}"; allowed: {", ".join(families)} runtimes',
        place,
        "choose one of those runtimes, or remove the step",
    )


def _secret_faults(steps: Sequence[Step]) -> Iterable[Fault]:
    sources: dict[str, str] = {}
    for index, step in enumerate(steps):
        for position, secret in enumerate(getattr(step, "secrets", ())):
            if sources.setdefault(secret.id, secret.source) != secret.source:
                yield Fault(
                    f'the build secret "{secret.id}" has two sources: {sources[secret.id]} and {secret.source}',
                    f"steps[{index}].secrets[{position}]",
                    "set another id for one of them",
                )


def _check_stage_names(drafts: Sequence[_Draft]) -> None:
    owner: dict[str, str] = {}
    for draft in drafts:
        for stage in draft.stages:
            other = owner.setdefault(stage.name, draft.context.name)
            if other != draft.context.name:
                raise PlanError(
                    f'the steps "{other}" and "{draft.context.name}" both make a stage "{stage.name}"', "steps", "rename one of the steps"
                )


def _check_secret_files(drafts: Sequence[_Draft]) -> None:
    """Raise SpecError for the file of a build secret among the files of the image."""
    secrets = {secret for draft in drafts for stage in draft.stages for secret in stage.recipe.secrets if secret.from_file}
    faults = [
        Fault(
            f'"{secret.from_file}", the file of the build secret "{secret.id}", is among the files that the step copies into the image',
            f'"{draft.context.name}"',
            "add it to exclude of the step, or keep it in another directory",
        )
        for draft in drafts
        for stage in draft.stages
        for secret in sorted(secrets, key=lambda secret: secret.id)
        if (packed := stage.packed()) is not None and _holds(packed.files, posixpath.normpath(str(secret.from_file)))
    ]
    if faults:
        raise SpecError(faults)


def _holds(item: Input, path: str) -> bool:
    if not item.directory or path.startswith(("/", "../")):
        return item.source == path
    prefix = "" if item.source == "." else f"{item.source}/"
    return path.startswith(prefix) and not IgnorePatterns.parse(item.exclude).ignores(path.removeprefix(prefix))


def _split(drafts: Sequence[_Draft]) -> tuple[list[_Draft], list[_Draft]]:
    """The steps that change the system in place, and those that make trees of their own."""
    in_place = [draft for draft in drafts if draft.stages and draft.stages[0].in_place]
    layered = [draft for draft in drafts if draft not in in_place]
    names = {draft.context.name for draft in layered}
    impossible = [
        Fault(
            f'"{draft.context.name}" changes the system that all other steps build on, so it cannot come after "{name}"',
            "steps",
            f'remove "{name}" from the after= of "{draft.context.name}"',
        )
        for draft in in_place
        for name in draft.step.after
        if name in names
    ]
    if impossible:
        raise PlanError(impossible)
    return in_place, layered


def _key(draft: _Draft, stage: Stage, index: int) -> tuple[int, int, str, int]:
    return (stage.stability.rank, draft.toolchain.rank, draft.context.name, index)


def _order(drafts: Sequence[_Draft], ordering: Ordering) -> list[Stage]:
    stages = {stage.name: stage for draft in drafts for stage in draft.stages}
    of_step = {draft.context.name: [stage.name for stage in draft.stages] for draft in drafts}
    items = [
        Item(
            name=stage.name,
            key=_key(draft, stage, index),
            after=frozenset(name for step in draft.step.after for name in of_step.get(step, ())),
            probability=stage.stability.probability,
            seconds=draft.step.seconds,
            size_bytes=draft.step.size,
        )
        for draft in drafts
        for index, stage in enumerate(draft.stages)
    ]
    return [stages[name] for name in ordering(items)]


def _chain(drafts: Sequence[_Draft], ordering: Ordering) -> list[Stage]:
    """The stages that change the system, each on the one before it."""
    chain: list[Stage] = []
    for stage in _order(drafts, ordering):
        stage = replace(stage, on_target=OnTarget("it changes the image's own file system"))
        chain.append(replace(stage, origin=chain[-1].name) if chain else stage)
    return chain


def _layers(drafts: Sequence[_Draft], ordering: Ordering) -> list[Stage]:
    """The stages that make trees, in the order of the layers."""
    return _order(_effective(drafts), ordering)


def _effective(drafts: Sequence[_Draft]) -> list[_Draft]:
    """A step that sees other trees is made again whenever one of them changes, so it is as volatile as that."""
    by_name = {draft.context.name: draft for draft in drafts}
    known: dict[str, Stability] = {}

    def stability(name: str, below: tuple[str, ...]) -> Stability:
        if name not in known:
            draft = by_name[name]
            own = max(stage.stability for stage in draft.stages)
            earlier = [step for step in draft.step.after if step in by_name and step not in below] if draft.toolchain.sees_trees else []
            known[name] = max([own, *(stability(step, (*below, name)) for step in earlier)])
        return known[name]

    return [
        replace(draft, stages=tuple(replace(stage, stability=stability(draft.context.name, ())) for stage in draft.stages))
        if draft.toolchain.sees_trees
        else draft
        for draft in drafts
    ]


def _with_earlier_steps(stage: Stage, drafts: dict[str, _Draft], chain: Sequence[Stage], target: Target) -> Stage:
    """The stage on top of what its step comes after: the changed system, and the trees where its toolchain wants them."""
    draft = drafts[stage.step]
    if stage.archive_alone:
        return stage
    earlier = [drafts[name] for name in draft.step.after]
    systems = {item.name for other in earlier for item in other.stages if item.in_place}
    if systems and stage.origin == target.image:
        system = [item.name for item in chain if item.name in systems][-1]
        stage = replace(stage, origin=system, on_target=stage.on_target or OnTarget(f"it starts from {system}"))
    if draft.toolchain.sees_trees:
        stage = replace(stage, trees=tuple(sorted(item.name for other in earlier for item in other.stages if not item.in_place)))
    return stage


def _images(stage: Stage) -> Iterable[ImageReference]:
    if isinstance(stage.origin, ImageReference):
        yield stage.origin
    yield from stage.recipe.images()


def _pin_stage(stage: Stage, pins: _Pins) -> Stage:
    recipe = stage.recipe.with_images(pins.pinned)
    if not isinstance(stage.origin, ImageReference):
        return replace(stage, recipe=recipe)
    one_platform = not stage.archive_alone and not pins.has_every_platform(stage.origin)
    return replace(
        stage,
        origin=pins.pinned(stage.origin),
        on_target=stage.on_target or (OnTarget(f"{stage.origin} is pinned for one platform") if one_platform else None),
        recipe=recipe,
    )


class _Pins:
    """The lock and the mirror, as a plan sees them."""

    def __init__(self, lock: Lock, mirror: Mirror, architecture: str) -> None:
        self._lock = lock
        self._mirror = mirror
        self._platform = BY_NAME[architecture].oci

    def require(self, images: Iterable[ImageReference]) -> None:
        """Raise UnpinnedError with one fault per image that the lock does not pin for the platform."""
        faults = []
        for image in sorted(set(images), key=str):
            if image.digest is not None:
                continue
            locked = self._lock.pinned(image)
            if locked is None:
                faults.append(Fault(f'"{image}" is not pinned {self._lock.where}', "", f"run: optimizer pin --image {image}"))
            elif locked.kind == "manifest" and self._platform not in locked.platforms:
                there = ", ".join(locked.platforms) or "an unknown platform"
                faults.append(
                    Fault(
                        f'"{image}" is pinned {self._lock.where} for {there} only, not for {self._platform}',
                        "",
                        f"run: optimizer pin --update --image {image}",
                    )
                )
        if faults:
            raise UnpinnedError(faults)

    def has_every_platform(self, image: ImageReference) -> bool:
        """Whether the digest names an index, from which each builder takes its own platform."""
        locked = self._lock.pinned(image)
        # Nothing is known of a digest that the specification itself gives.
        return image.digest is None and locked is not None and locked.kind == "index"

    def pinned(self, image: ImageReference) -> ImageReference:
        locked = self._lock.pinned(image)
        digest = image.digest or (locked.digest if locked else None)
        return self._mirror.apply(image.with_digest(digest))
