"""What the lock of a step names, release by release: what differs between two of its versions, and what each weighs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from optimizer.locks.python import Package, applies, environment_of
from optimizer.locks.requirement_lines import logical_lines, option, reference
from optimizer.locks.requirements import Requirements
from optimizer.locks.wheels import download_bytes
from optimizer.model.python_names import normal_name
from optimizer.model.steps import PythonDependencies
from optimizer.toolchains.python_reading import read_step
from optimizer.toolchains.releases import Release
from optimizer.toolchains.toolchain import StepContext

_HASH = re.compile(r"\s--hash(?:=|\s+)\S+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def releases_of(step: PythonDependencies, context: StepContext) -> Mapping[str, Release]:
    """What the step installs, by normalised names, without first-party packages that have layers of their own.

    Raises LockFault for a lock that cannot be read, and ContextError for a file of it that is not there.
    """
    reading = read_step(step, context)
    sources = {package.name for package in reading.sources}
    found = {package.name or package.location: _release(package, context) for package in reading.packages if package.name not in sources}
    if reading.requirements is not None:
        found.update(_of_lines(reading.requirements, context))
    return dict(sorted(found.items()))


def _release(package: Package, context: StepContext) -> Release:
    parts = (package.version, package.location if package.version == "" else "", package.commit, package.digest, *package.archives)
    size = download_bytes([package], context.target.base, context.target.architecture) if package.sizes else None
    return Release(" ".join(filter(None, parts)), size)


def _of_lines(requirements: Requirements, context: StepContext) -> Iterator[tuple[str, Release]]:
    """The lines that name packages of an index, where their markers hold."""
    environment = dict(environment_of(context.target.base, context.target.architecture))
    for path in requirements.files:
        for _, line in logical_lines(context.project.read_text(path)):
            text = _HASH.sub("", line).strip()
            name = _NAME.match(text)
            if name is None or option(line) or reference(line):
                continue
            wanted, _, marker = text[name.end() :].partition(";")
            if applies(marker.strip(), environment):
                yield normal_name(name[0]), Release(wanted.strip().removeprefix("=="))
