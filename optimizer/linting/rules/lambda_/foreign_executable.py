"""LIO664: the image holds executables for another machine."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import ImageSubject
from optimizer.linting.violations import in_image

_WIDTH = 70
"""Of the instruction that made a layer, in characters."""


def _check(subject: ImageSubject, conventions: Conventions) -> Iterator[Verdict]:
    analysis = subject.analysis
    if not analysis.foreign:
        return
    # Imported here, because most runs have no image.
    from optimizer.images.machines import machine_of_image
    from optimizer.images.overlay import sample_of

    own = machine_of_image(analysis.image.architecture)
    for (layer, machine), group in groupby(
        sorted(analysis.foreign, key=lambda entry: (entry.layer, entry.machine, entry.path)), key=lambda entry: (entry.layer, entry.machine)
    ):
        paths = [entry.path for entry in group]
        step = analysis.layers[layer].step
        noun = "executable or library" if len(paths) == 1 else "executables or libraries"
        made = f" ({step if len(step) <= _WIDTH else step[: _WIDTH - 1] + '…'})" if step else ""
        yield in_image(f"layer {layer + 1}{made} holds {len(paths)} {noun} for {machine} in an image for {own}", sample_of(paths))


RULE = Rule(
    id="LIO664",
    name="foreign-executable",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="The image holds executables or shared libraries (ELF) for another machine than its own.",
    why=(
        "They are found when they are used: exec format error for a program, invalid ELF header for a library. An install script "
        "on a build for "
        "another platform fetches what the builder runs, and so do package managers that do not know the platform; both end with "
        "exit code 0. "
        "32-bit programs count, because Lambda runs none. Files that a later layer hides, and layers of the base, do not count. "
        "A package that "
        "brings one directory or file per platform is fine if the one for the image is among them: prebuilds/linux-x64 is no "
        "finding in an image for arm64 that holds prebuilds/linux-arm64, and is one without it."
    ),
    fix=(
        "install on the image's own platform, or pass the platform to the installer: --platform for pip, --cpu and --os for npm "
        "10.2 and later, "
        "--python-platform for uv"
    ),
    bad="$ npm ci\n$ docker build --platform linux/arm64 --tag $IMAGE .",
    good="$ npm ci --os=linux --cpu=arm64 --libc=glibc --ignore-scripts\n$ docker build --platform linux/arm64 --tag $IMAGE .",
    example="console",
    image=_check,
)
