"""A lock of Python packages in several layers: a part for each group of the packing, and one for what no group names.

Each part is a recipe of its packages alone, by their exact releases, so that a
new release of one of them makes that part again and no other.  A lock can be
divided where each of its packages comes from an index, in one version and with
hashes, and where nothing that is done to the tree looks at several packages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from optimizer.locks.exports import pipenv_requirements, poetry_patch_matters, poetry_requirements, uv_patch_matters
from optimizer.locks.pins import FileLines, NotPinned, Pin, file_lines, pins_of
from optimizer.locks.python import From, LockFault, Package, of_origin, registries
from optimizer.locks.wheels import download_bytes, uv_platform, without_wheel
from optimizer.model.plan import OnTarget, Stage
from optimizer.model.recipes.python import PinnedPackages
from optimizer.model.steps import PythonDependencies
from optimizer.model.text import few
from optimizer.toolchains.parts import members_of_parts
from optimizer.toolchains.python_indexes import package_indexes, tool_indexes
from optimizer.toolchains.python_reading import Reading, locked_by
from optimizer.toolchains.toolchain import StepContext, beside

ECOSYSTEM = "python"
"""The packing's name for these packages."""

ACROSS_PACKAGES = ("tests", "docs", "base-packages")
"""Words of ``slim``: what they leave out of one package depends on the code of others, or on what the base has."""


def part_stages(step: PythonDependencies, context: StepContext, reading: Reading) -> tuple[Stage, ...]:
    """The stages of the lock's packages that are not first-party, those of groups first, in the order of the packing; none without packages.

    Raises :class:`NotPinned` for a lock that cannot be divided.
    """
    _check_step(step, reading)
    lines = _lines(step, context, reading)
    parts = _parts(pins_of(lines.requirements, reading.wanted.variables), context)
    by_name = {package.name: package for package in reading.packages}
    return tuple(_stage(name, parts[name], lines.options, by_name, step, context) for name in parts)


def _check_step(step: PythonDependencies, reading: Reading) -> None:
    across = [word for word in step.slim if word in ACROSS_PACKAGES]
    if step.installer != "uv":
        raise NotPinned(f"{step.installer} installs it, which takes no part of a lock")
    if step.build_packages:
        raise NotPinned(f"its build packages ({', '.join(step.build_packages)}) are for packages that are built from source")
    if across:
        raise NotPinned(f'what slim leaves out by "{across[0]}" depends on several packages')
    if not reading.hashed:
        raise NotPinned("its packages have no hashes")
    if reading.kind == "pylock.toml":
        raise NotPinned("it names its archives by their URLs")
    for package in reading.packages:
        if package.origin not in (From.REGISTRY, From.DIRECTORY, From.VIRTUAL):
            raise NotPinned(f"{package.name or package.location} comes from no index")


def _lines(step: PythonDependencies, context: StepContext, reading: Reading) -> FileLines:
    """What the lock's tool would export."""
    if reading.requirements is not None:
        return file_lines(reading.requirements.files, context.project.read_text)
    text = context.project.read_text(step.lock)
    try:
        return FileLines(options=(), requirements=tuple(_exported(text, step, context, reading)))
    except LockFault as error:
        raise NotPinned(str(error)) from None


def _exported(text: str, step: PythonDependencies, context: StepContext, reading: Reading) -> Sequence[str]:
    if reading.kind == "Pipfile.lock":
        return pipenv_requirements(text)
    if reading.kind == "poetry.lock":
        wanted = replace(reading.wanted, words=(*reading.groups, *reading.extras))
        if poetry_patch_matters(text, wanted):
            raise NotPinned("the patch release of Python decides which packages it takes")
        return poetry_requirements(text, context.project.read_text(beside(step.lock, "pyproject.toml")), wanted)
    if uv_patch_matters(text, reading.wanted):
        raise NotPinned("the patch release of Python decides which packages it takes")
    packages = of_origin(reading.packages, From.REGISTRY)
    return [" ".join([f"{each.name}=={each.version}", *(f"--hash={digest}" for digest in each.hashes)]) for each in packages]


def _parts(pins: Sequence[Pin], context: StepContext) -> Mapping[str, Sequence[Pin]]:
    """The pins of each part by the name of its stage; what no group names keeps that of the step."""
    by_name = {pin.name: pin for pin in pins}
    groups, rest = members_of_parts(by_name, context.packing, ECOSYSTEM)
    # Named after its first package, a part keeps its name whatever other groups there are.
    parts = {f"{context.name}-{names[0]}": [by_name[name] for name in names] for names in groups}
    return {**parts, context.name: [by_name[name] for name in rest]} if rest else parts


def _stage(
    name: str, pins: Sequence[Pin], options: tuple[str, ...], by_name: Mapping[str, Package], step: PythonDependencies, context: StepContext
) -> Stage:
    target = context.target
    packages = [by_name[pin.name] for pin in pins if pin.name in by_name]
    missing = without_wheel(packages, target.base, target.architecture)
    return Stage(
        name=name,
        step=context.name,
        title=f"Python packages of {step.lock}: {few([pin.name for pin in pins])}",
        stability=context.stability,
        origin=target.image,
        locked_by=locked_by(step),
        on_target=OnTarget(f"no wheel for {target.architecture}: {few(missing)}") if missing else None,
        download_bytes=download_bytes(packages, target.base, target.architecture) if len(packages) == len(pins) else None,
        recipe=PinnedPackages(
            requirements=tuple(pin.requirement for pin in pins),
            options=options,
            platform=uv_platform(target.base, target.architecture),
            indexes=package_indexes(step, registries(packages)),
            tool_indexes=tool_indexes(step),
            wheels_only=step.wheels_only,
            bytecode=target.compiles_python,
            slim=step.slim,
            tools=(target.tools.tool("uv"),),
            secrets=step.secrets,
        ),
    )
