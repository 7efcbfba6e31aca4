"""Builds an image twice as two machines would, and compares the builds."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer.adapters.context_copy import FIRST, SECOND, Machine, copy_context
from optimizer.adapters.engine import Engine
from optimizer.adapters.images.files import FileSource, open_files
from optimizer.adapters.images.layers import LayerPass
from optimizer.errors import EngineError, ImageError
from optimizer.images.compare import (
    CONTENT,
    Difference,
    LayerComparison,
    SourceTimes,
    compare_layer,
    explained,
    verdict,
)
from optimizer.images.explain import explain_content
from optimizer.model.build import BuildOptions
from optimizer.model.image import Entry
from optimizer.model.secret import rebased_source

# Zip archives count time in steps of two seconds, and two builds must not fall into one.
_CLOCK_STEP_S = 2.1

_CACHE_MOUNT = re.compile(rb"--mount=\S*\btype=cache\b")
_EXPLAINED_FILES = 20
_EXPLAINED_BYTES = 1 << 20
_TIMES = SourceTimes(first=FIRST.times, second=SECOND.times)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInputs:
    """A build context and the options to build it with; of these the cache's are not used."""

    directory: Path
    options: BuildOptions = BuildOptions()

    def words(self) -> list[str]:
        """The arguments of ``docker build``, as CDK gives them."""
        options = self.options
        words = [f"--build-arg={name}={value}" for name, value in options.arguments.items()]
        words += [f"--build-context={name}={self._context(value)}" for name, value in options.contexts.items()]
        words += [f"--secret=id={name},{rebased_source(value, os.path.abspath(self.directory))}" for name, value in options.secrets.items()]
        words += [f"--file={options.dockerfile}"]
        for name in ("ssh", "target", "network", "platform"):
            if value := getattr(options, name):
                words.append(f"--{name}={value}")
        return words

    def _context(self, value: str) -> str:
        # A path is relative to the context, which is built from a copy elsewhere.
        return value if "://" in value else os.path.abspath(self.directory / value)


def verify_image(inputs: BuildInputs, engine: Engine, sleep: Callable[[float], None] = time.sleep) -> tuple[LayerComparison, ...]:
    """The comparison of two builds, layer by layer.

    Leaves no image and no file behind, also when it is interrupted.  Never
    reads from the user's build cache, and prunes nothing.

    Raises :class:`EngineError` when a build fails, :class:`ContextError` when
    the context cannot be copied, :class:`ImageError` when the two builds have
    different numbers of layers.
    """
    _check_caches(inputs, engine)
    run = f"optimizer-verify-{secrets.token_hex(8)}"
    names = [f"{run}:{machine.name}" for machine in (FIRST, SECOND)]
    with tempfile.TemporaryDirectory(prefix="optimizer-verify-") as directory:
        try:
            _build(inputs, engine, Path(directory), names[0], FIRST)
            sleep(_CLOCK_STEP_S)
            _build(inputs, engine, Path(directory), names[1], SECOND)
            return _compare(engine, names)
        finally:
            for name in names:
                engine.remove(name)


def _check_caches(inputs: BuildInputs, engine: Engine) -> None:
    """Raise EngineError where two builds would share what the first leaves in cache mounts."""
    if not engine.client.remote:
        return
    with contextlib.suppress(OSError):
        if _CACHE_MOUNT.search((inputs.directory / inputs.options.dockerfile).read_bytes()):
            raise EngineError(
                "the Dockerfile has cache mounts, which podman keeps on the machine that builds for it, so the second build would find what "
                "the first left there",
                hint="run the command on the machine where podman's service runs, or set OPTIMIZER_DOCKER=docker",
            )


def _build(inputs: BuildInputs, engine: Engine, directory: Path, name: str, machine: Machine) -> None:
    # The directory's name differs too, in length as well.
    context = directory / (f"{machine.name}-{secrets.token_hex(3 if machine.reverse else 8)}")
    copy_context(inputs.directory, context, machine)
    options = [*inputs.words(), "--no-cache", f"--build-arg=BUILDKIT_CACHE_MOUNT_NS={secrets.token_hex(8)}", f"--tag={name}"]
    with engine.own_caches(directory) as environment:
        engine.build(options, context, environment)


def _compare(engine: Engine, names: Sequence[str]) -> tuple[LayerComparison, ...]:
    one, other = (engine.describe(name) for name in names)
    if one.layers == other.layers and not engine.keeps_blobs():
        return tuple(compare_layer(one, other, number) for number in range(len(one.layers)))
    with contextlib.ExitStack() as stack:
        first, second = (
            stack.enter_context(contextlib.closing(open_files(stack.enter_context(engine.saved(name)), name=name, source="engine")))
            for name in names
        )
        return compare_files(first, second)


def compare_files(first: FileSource, second: FileSource) -> tuple[LayerComparison, ...]:
    """The comparison of two images, layer by layer; raises :class:`ImageError` where they have different numbers of layers."""
    if len(first.image.layers) != len(second.image.layers):
        raise ImageError(
            f"one build has {len(first.image.layers)} layers, the other {len(second.image.layers)}: "
            "the Dockerfile differs between the two builds",
            hint="check the program that writes the Dockerfile",
        )
    return tuple(_compare_layer(first, second, number) for number in range(len(first.image.layers)))


def _compare_layer(first: FileSource, second: FileSource, number: int) -> LayerComparison:
    if verdict(first.image, second.image, number) is not None:
        return compare_layer(first.image, second.image, number)
    found = compare_layer(first.image, second.image, number, (_entries(first, number), _entries(second, number)), _TIMES)
    paths = [item.path for item in found.differences if item.kind == CONTENT and item.field == "content"][:_EXPLAINED_FILES]
    if not paths:
        return found
    contents = [_contents(source, number, paths) for source in (first, second)]
    return found.with_differences([_explained(item, *contents) for item in found.differences])


def _entries(source: FileSource, number: int) -> list[Entry]:
    with LayerPass(source, number) as reading:
        return list(reading.entries())


def _contents(source: FileSource, number: int, paths: Sequence[str]) -> dict[str, bytes]:
    with LayerPass(source, number) as reading:
        return reading.contents(frozenset(paths), _EXPLAINED_BYTES)


def _explained(item: Difference, first: Mapping[str, bytes], second: Mapping[str, bytes]) -> Difference:
    if item.field != "content" or item.path not in first or item.path not in second:
        return item
    return explained(item, explain_content(item.path, first[item.path], second[item.path]))
