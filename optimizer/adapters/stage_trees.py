"""The trees of stages, made by a container engine: nothing is loaded into it, and no image is assembled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from optimizer.adapters.engine import Engine
from optimizer.builders.docker.render import render_trees
from optimizer.model.build import BuildOptions
from optimizer.model.plan import BuildPlan
from optimizer.model.secret import rebased_source


def build_trees(plan: BuildPlan, stages: Sequence[str], context: Path, options: BuildOptions, output: Path, *, facts: bool = False) -> None:
    """Build stages of a plan, and write an archive with the tree of each in a directory of the stage's name.

    ``output`` is the path of the archive, in a directory that is there and
    holds nothing of that name; ``facts`` are those of :func:`render_trees`.
    Raises :class:`EngineError` where there is no
    engine, or the build fails.
    """
    dockerfile = output.with_name(f"{output.name}.Dockerfile")
    dockerfile.write_text(render_trees(plan, stages, facts=facts), encoding="utf-8")
    words = [f"--secret=id={name},{rebased_source(value, os.path.abspath(context))}" for name, value in options.secrets.items()]
    words += [f"--cache-from={source}" for source in options.cache_from]
    words += [f"--network={options.network}"] if options.network else []
    words += [f"--platform={plan.platform}", f"--file={os.path.abspath(dockerfile)}", f"--output=type=tar,dest={os.path.abspath(output)}"]
    Engine().build(words, context)
