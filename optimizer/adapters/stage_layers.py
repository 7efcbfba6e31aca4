"""The layers of stages that change the base's own file system, made by a container engine.

No archive of a tree can hold what such a stage deletes, or what it finds: the
engine builds it as an image of its own, and of that what lies above the base is
taken.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from optimizer.adapters.engine import Engine
from optimizer.adapters.engine_clients import Client
from optimizer.adapters.images.files import open_files
from optimizer.adapters.images.layers import LayerPass
from optimizer.adapters.verification import BuildInputs
from optimizer.errors import EngineError
from optimizer.model.build import BuildOptions
from optimizer.model.plan import BuildPlan, Stage


def stage_layers(plan: BuildPlan, context: Path, options: BuildOptions, base: Sequence[str]) -> Iterator[tuple[Stage, Iterator[bytes]]]:
    """The stages in place, the lowest first, each with the archive of its layer, to be read before the next one.

    ``base`` are the ``diff_id``s of the base's layers.  The engine keeps no
    image.  Raises :class:`EngineError` where there is no engine, or one whose
    layers are others than BuildKit's, the build fails, or the engine has another base, and :class:`ImageError` for layers
    that cannot be read.
    """
    stages = [stage for stage in plan.stages if stage.in_place]
    name = f"optimizer-layers-{secrets.token_hex(8)}:{stages[-1].name}"
    engine = Engine()
    if engine.client.client is not Client.BUILDKIT:
        raise EngineError(
            f'"{stages[-1].name}" changes the file system of its base, and podman leaves files of its own in the layer of a RUN: /etc/hosts, '
            "/run and the places of mounts. Its layer would be another one than that which all builds of this stage share",
            stages[-1].name,
            "set OPTIMIZER_DOCKER=docker, or another client of BuildKit",
        )
    with contextlib.ExitStack() as stack:
        stack.callback(engine.remove, name)
        words = BuildInputs(directory=context, options=replace(options, platform=plan.platform)).words()
        words += [f"--cache-from={source}" for source in options.cache_from]
        engine.build([*words, f"--target={stages[-1].name}", f"--tag={name}"], context)
        path = stack.enter_context(engine.saved(name))
        opened = stack.enter_context(contextlib.closing(open_files(path, name=name, source="engine")))
        found = [layer.diff_id for layer in opened.image.layers]
        if found[: len(base)] != list(base) or len(found) != len(base) + len(stages):
            raise EngineError(
                f'the engine built "{stages[-1].name}" with {len(found)} layers; allowed: the {len(base)} of "{plan.base}" and {len(stages)} '
                "more, one for each stage",
                stages[-1].name,
                "build with BuildKit, which makes one layer of each RUN, and pull the base again",
            )
        for number, stage in enumerate(stages, len(base)):
            with LayerPass(opened, number) as reading:
                yield stage, reading.chunks()
