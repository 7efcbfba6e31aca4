"""From a specification and a lock to a build plan.

1. *Check* the spec against its runtime and the project's files.
2. *Split*: every step becomes stages of its own, which share no file system;
   only steps that change the system in place remain a chain.
3. *Order* that chain by expected cost, and the layers of the final image by stability.
4. *Pin* every image by the lock, and name it as the mirror does; name the exact
   programs of the base, where the lock has these and no more of the base matters.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.bases.catalogue import BaseImage, base_image, check_runtime
from optimizer.bases.features import support
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.dockerfile.rendered import BASE, BUILD
from optimizer.errors import Fault, PlanError, SpecError, UnpinnedError
from optimizer.locks.files import ProjectFiles
from optimizer.locks.local import Local, LocalKind
from optimizer.model import snapstart
from optimizer.model.architectures import BY_NAME
from optimizer.model.chain import ChainOrder, Link
from optimizer.model.evidence import Evidence
from optimizer.model.ignore import IgnorePatterns
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, OnTarget, Stage
from optimizer.model.reference import ImageReference
from optimizer.model.spec import ImageSpec
from optimizer.model.stability import Stability
from optimizer.model.steps import Step
from optimizer.planning.chain.order import cheapest_order, link, order_with_memory
from optimizer.planning.dependents import dependents_of
from optimizer.planning.evidence import decided_order, joint_of
from optimizer.planning.figures import with_figures
from optimizer.planning.keys import made_of
from optimizer.planning.order import Item, stable_first
from optimizer.toolchains.registry import toolchain_of
from optimizer.toolchains.secrets import secret_faults
from optimizer.toolchains.toolchain import ReadsLocks, StepContext, TakesSecrets, Target, Toolchain, Warns, local_faults

RESERVED_NAMES = (BASE, BUILD, "scratch")
"""Names that stages have already: a step of this name would hide them."""


def plan(
    spec: ImageSpec,
    lock: Lock,
    project: ProjectFiles,
    *,
    mirror: Mirror = Mirror(),  # noqa: B008 - an immutable value
    tools: Tools = Tools(),  # noqa: B008 - an immutable value
) -> BuildPlan:
    """The build plan of a spec; equal arguments give equal plans.

    Layers stand by stability, then by what ``after`` asks for, then by kind
    (system packages, extensions, dependencies, files, commands, programs,
    code), then by name; the order of declaration does not matter.  Steps that
    change the system in place share one file system, and stand in the order
    of least expected cost.

    Raises :class:`SpecError` for a spec that its runtime or the project's
    files contradict, :class:`PlanError` for wishes that cannot be met, and
    :class:`UnpinnedError` for images that the lock does not pin; each with every
    fault of its kind.
    """
    target, warnings = _target(spec, tools)
    pins = _Pins(lock, mirror, spec.architecture)
    drafts = _drafts(spec, target, project, lock, pins)
    _check_stage_names(drafts)
    _check_secret_files(drafts)
    warnings += [warning for draft in drafts for warning in draft.warnings()]
    in_place, layered = _split(drafts)
    by_step = {draft.context.name: draft for draft in drafts}
    layers = _layers(layered)
    chain, order = _chain(in_place, lambda chain: _dependents(layers, by_step, chain, target), lock.evidence)
    stages = [*chain, *(_with_earlier_steps(stage, by_step, chain, target) for stage in layers)]
    pins.require([target.image, *(image for stage in stages for image in _images(stage))])
    return BuildPlan(
        runtime=spec.runtime,
        architecture=spec.architecture,
        base=pins.pinned(target.image),
        final=chain[-1].name if chain else pins.pinned(target.image),
        stages=tuple(_pin_stage(stage, pins) for stage in stages),
        layers=tuple(stage.name for stage in layers if stage.has_layer),
        environment=spec.environment,
        labels=_labels(spec, target.base),
        warnings=tuple(warnings),
        order=order,
    )


def _labels(spec: ImageSpec, base: BaseImage) -> tuple[tuple[str, str], ...]:
    """The labels of the spec, with the promise about SnapStart where the base asks for one."""
    # Whether a base of one's own is made from one that asks for nothing is unknown, and a label does no harm.
    if spec.snapstart is None or support(None if spec.base else base, "snapstart").answer == "works":
        return spec.labels
    return tuple(sorted((*spec.labels, snapstart.LABELS[spec.snapstart])))


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


def _drafts(spec: ImageSpec, target: Target, project: ProjectFiles, lock: Lock, pins: _Pins) -> list[_Draft]:
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
        context = StepContext(
            name=step.title,
            stability=step.stability or step.default_stability,
            target=target,
            project=project,
            steps=spec.steps,
            environment=spec.environment,
            packing=lock.packing,
            programs=pins.programs(target.image),
        )
        found, stages = _stages(step, toolchain, context)
        faults += [fault.under(place) for fault in found]
        drafts.append(
            _Draft(step=step, context=context, toolchain=toolchain, stages=with_figures(stages, step, lock.evidence, lock.packing))
        )
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
    # A lock that no stage reads was read for the plan, with the files that it includes.
    lock = Local(kind=LocalKind.FILE, path=getattr(step, "lock", "."), place="")
    planned = hasattr(step, "lock") and not lock.within(directories, files)
    for item in local:
        if not item.within(directories, files) and not (planned and item.kind is LocalKind.FILE):
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


def _stable_first(drafts: Sequence[_Draft]) -> list[Stage]:
    stages = {stage.name: stage for draft in drafts for stage in draft.stages}
    of_step = {draft.context.name: [stage.name for stage in draft.stages] for draft in drafts}
    items = [
        Item(
            name=stage.name,
            key=_key(draft, stage, index),
            after=frozenset((*(name for step in draft.step.after for name in of_step.get(step, ())), *stage.needs)),
        )
        for draft in drafts
        for index, stage in enumerate(draft.stages)
    ]
    return [stages[name] for name in stable_first(items)]


def _chain(
    drafts: Sequence[_Draft], dependents: Callable[[Sequence[Stage]], Sequence[Link]], evidence: Evidence
) -> tuple[list[Stage], ChainOrder | None]:
    """The stages that change the system, each on the one before it, and how their order was found.

    ``dependents`` gives what stands on stages of the system, in whatever order.
    """
    stages = {stage.name: stage for stage in _stable_first(drafts)}
    order = _order(stages.values(), drafts, dependents([*stages.values()]), evidence) if len(stages) > 1 else None
    chain: list[Stage] = []
    for name in [each.name for each in order.links] if order else stages:
        stage = replace(stages[name], on_target=OnTarget("it changes the image's own file system"))
        chain.append(replace(stage, origin=chain[-1].name) if chain else stage)
    return chain, order


def _order(stages: Collection[Stage], drafts: Sequence[_Draft], dependents: Sequence[Link], evidence: Evidence) -> ChainOrder:
    """The cheapest order, or the one that the lock has decided, where changing it does not pay."""
    best = cheapest_order([_link(stage, drafts) for stage in stages], joint_of(stages, evidence), dependents)
    kept = decided_order(stages, evidence)
    return order_with_memory(best, kept) if kept else best


def _link(stage: Stage, drafts: Sequence[_Draft]) -> Link:
    """A stage of the chain; what its step takes counts for its last stage, and the stages of a step stand in their order."""
    by_step = {draft.context.name: draft for draft in drafts}
    draft = by_step[stage.step]
    names = [item.name for item in draft.stages]
    position = names.index(stage.name)
    after = {item.name for step in draft.step.after if step in by_step for item in by_step[step].stages}
    figures = stage.figures
    assert figures is not None
    last = position == len(names) - 1
    return link(
        stage.name,
        figures.probability,
        figures.seconds if last else figures.seconds or 0.0,
        figures.size_bytes if last else figures.size_bytes or 0,
        [*after, *names[:position]],
    )


def _dependents(layers: Sequence[Stage], drafts: dict[str, _Draft], chain: Sequence[Stage], target: Target) -> tuple[Link, ...]:
    """The stages of their own that are made of the chain, with all steps of it that they need."""
    names = {stage.name for stage in chain}
    placed = [_with_earlier_steps(stage, drafts, chain, target) for stage in layers]
    on = {stage.name: _systems(drafts[stage.step], drafts) for stage in placed if names & {*made_of(stage)}}
    return dependents_of(placed, on, _dependent)


def _dependent(stage: Stage) -> Link:
    figures = stage.figures
    assert figures is not None
    return link(stage.name, figures.probability, figures.seconds, figures.size_bytes if stage.has_layer else 0)


def _layers(drafts: Sequence[_Draft]) -> list[Stage]:
    """The stages that make trees, in the order of the layers."""
    return _stable_first(_effective(drafts))


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
        replace(draft, stages=tuple(_as_volatile(stage, stability(draft.context.name, ())) for stage in draft.stages))
        if draft.toolchain.sees_trees
        else draft
        for draft in drafts
    ]


def _as_volatile(stage: Stage, stability: Stability) -> Stage:
    # A stage without a tree finds none either.
    return replace(stage, stability=stability) if stage.recipe.makes_tree else stage


def _with_earlier_steps(stage: Stage, drafts: dict[str, _Draft], chain: Sequence[Stage], target: Target) -> Stage:
    """The stage on top of what its step comes after: the changed system, and the trees where its toolchain wants them."""
    draft = drafts[stage.step]
    if stage.archive_alone:
        return stage
    earlier = [drafts[name] for name in draft.step.after]
    systems = _systems(draft, drafts)
    if systems and stage.origin == target.image:
        system = [item.name for item in chain if item.name in systems][-1]
        stage = replace(stage, origin=system, on_target=stage.on_target or OnTarget(f"it starts from {system}"))
    if draft.toolchain.sees_trees and stage.recipe.makes_tree:
        trees = (item.name for other in earlier for item in other.stages if not item.in_place and item.recipe.makes_tree)
        # Of such a tree all is in those that are taken from it.
        whole = {item.taken_from for other in earlier for item in other.stages}
        stage = replace(stage, trees=tuple(sorted(name for name in trees if name not in whole)))
    return stage


def _systems(draft: _Draft, drafts: dict[str, _Draft]) -> set[str]:
    """The stages of the chain that a step comes after."""
    return {item.name for name in draft.step.after for item in drafts[name].stages if item.in_place}


def _images(stage: Stage) -> Iterable[ImageReference]:
    if isinstance(stage.origin, ImageReference):
        yield stage.origin
    yield from stage.recipe.images()


def _pin_stage(stage: Stage, pins: _Pins) -> Stage:
    recipe = stage.recipe.with_images(pins.pinned)
    if not isinstance(stage.origin, ImageReference):
        return replace(stage, recipe=recipe)
    if set(stage.trees) <= {stage.taken_from}:
        recipe = recipe.with_programs(pins.programs(stage.origin), on_target=stage.on_target is not None)
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

    def programs(self, image: ImageReference) -> Mapping[str, str]:
        """The exact versions of the image's programs, of those where it is known and the same for each platform that a builder may have."""
        locked = self._lock.pinned(image)
        if locked is None or image.digest not in (None, locked.digest):
            return {}
        own = {name: table.get(self._platform, "") for name, table in locked.programs.items()}
        return {name: version for name, version in own.items() if set(locked.programs[name].values()) == {version}}

    def pinned(self, image: ImageReference) -> ImageReference:
        locked = self._lock.pinned(image)
        digest = image.digest or (locked.digest if locked else None)
        return self._mirror.apply(image.with_digest(digest))
