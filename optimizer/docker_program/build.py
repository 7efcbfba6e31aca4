"""``build``: nothing is built of a context with a plan; its name is remembered for the push."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from optimizer.adapters.index_files import read_index
from optimizer.docker_program.arguments import parse_build
from optimizer.docker_program.context import dockerfile_digest, shown_name
from optimizer.docker_program.real import hand_over
from optimizer.docker_program.state import RememberedImage, State
from optimizer.publishing.planned import NotPlanned, planned


def build(words: Sequence[str], rest: Sequence[str], config: str, state: State) -> int:
    """Remember the image of a generated Dockerfile, or let the real docker build any other."""
    state.prune()
    call = parse_build(rest)
    if call is None:
        return hand_over(words, "this build has options that only a container engine knows")
    directory = Path(os.path.abspath(call.directory))
    try:
        # What an index lacks is told when it is pushed: its images may be there by then.
        if not read_index(directory):
            planned(directory, call.options)
    except NotPlanned as why:
        # What the engine builds under this name is meant from now on.
        state.forget(call.tag)
        name = shown_name(directory, call.tag)
        return hand_over(words, f'the image "{name}" in "{directory}" needs a container engine, because {why}', why.hint)
    state.remember(
        RememberedImage(
            name=call.tag,
            directory=str(directory),
            words=tuple(rest),
            dockerfile=call.options.dockerfile,
            digest=dockerfile_digest(directory / call.options.dockerfile),
            config=config,
        )
    )
    return 0
