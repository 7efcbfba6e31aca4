"""The configuration of SAM CLI that counts for a template, and what it says of its images."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.adapters.files import read_bounded
from optimizer.adapters.path_names import LARGEST_TEMPLATE
from optimizer.dockerfile.instruction import Position, Problem, Span
from optimizer.dockerfile.parse import decode
from optimizer.errors import ContextError, did_you_mean
from optimizer.model.template import SamBuilder
from optimizer.sam.config import (
    DEFAULT_ENVIRONMENT,
    ImageRepositories,
    ParameterOverrides,
    base_directory,
    deployed_region,
    image_repositories,
    parameter_overrides,
    templates,
    uses_buildkit,
)
from optimizer.sam.document import parse_document

SAMCONFIGS = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
"""The files that configure SAM CLI in a directory; of several, it reads the first."""

_START = Span(Position(1, 1), Position(1, 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Samconfig:
    """What the configuration of SAM says; ``base`` is the directory where paths of build contexts start, None for that of the template."""

    repositories: ImageRepositories = ImageRepositories()
    parameters: ParameterOverrides = ParameterOverrides()
    builder: SamBuilder = SamBuilder.CLASSIC
    region: str | None = None
    base: str | None = None
    problems: tuple[Problem, ...] = ()


def samconfig_path(template: str) -> str | None:
    """The file that counts for a template: the nearest one above it that names it, up to the working directory, else the one beside it.

    ``sam build`` takes the first without an option, and the second with ``--template``.
    """
    beside = _first_in(os.path.dirname(template))
    for directory in _above(template):
        path = _first_in(directory)
        if path is None:
            continue
        config = _read(path)
        named = templates(config) if not isinstance(config, Problem) else ()
        if any(os.path.realpath(os.path.join(directory, name)) == os.path.realpath(template) for name in named):
            return path
    return beside


def _first_in(directory: str) -> str | None:
    return next((path for path in (os.path.join(directory, name) for name in SAMCONFIGS) if os.path.exists(path)), None)


def _above(template: str) -> Iterator[str]:
    """The directories above that of a template, up to the working directory, as paths from there; none for one that is elsewhere."""
    directory = os.path.relpath(os.path.dirname(os.path.abspath(template)))
    while directory != "." and not directory.startswith(".."):
        directory = os.path.dirname(directory) or "."
        yield "" if directory == "." else directory


def load_samconfig(template: str, environment: str = DEFAULT_ENVIRONMENT) -> Samconfig:
    """What the file of a template says for an environment; of one that cannot be read, that it cannot.

    Raises :class:`ContextError` when it has no such environment.
    """
    path = samconfig_path(template)
    if path is None:
        return Samconfig()
    config = _read(path)
    if isinstance(config, Problem):
        why = f'"{path}" cannot be read, so parameters and the builder are unknown: {config.message}'
        problem = Problem(why, _START, config.hint or "fix the file")
        return Samconfig(parameters=ParameterOverrides(complete=False), builder=SamBuilder.UNKNOWN, problems=(problem,))
    if environment != DEFAULT_ENVIRONMENT and environment not in config:
        known = [key for key, value in config.items() if isinstance(value, Mapping)]
        raise ContextError(
            f'there is no environment "{environment}"; allowed: {", ".join(known) or "none"}',
            path,
            did_you_mean(environment, known) or "name one of those with --config-env",
        )
    base = base_directory(config, environment)
    return Samconfig(
        repositories=image_repositories(config, environment),
        parameters=parameter_overrides(config, environment),
        builder=SamBuilder.BUILDKIT if uses_buildkit(config, environment) else SamBuilder.CLASSIC,
        region=deployed_region(config, environment),
        base=os.path.normpath(os.path.join(os.path.dirname(path), base)) if base is not None else None,
    )


def _read(path: str) -> Mapping[str, Any] | Problem:
    data = read_bounded(path, LARGEST_TEMPLATE)
    if data is None:
        return Problem(f"it is not readable as a file of at most {LARGEST_TEMPLATE // 1024 // 1024} MB", _START)
    return _plain(path, decode(data))


def _plain(name: str, text: str) -> Mapping[str, Any] | Problem:
    """The data of a configuration of SAM, or why a text holds none."""
    if not name.endswith(".toml"):
        document = parse_document(text)
        if isinstance(document, Problem):
            return document
        return document.data if isinstance(document.data, dict) else Problem("it is not a mapping", _START)
    # Imported here, because most trees have no such file.
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text).unwrap()
    except (TOMLKitError, ValueError, RecursionError) as error:
        from optimizer.model.toml import toml_fault

        fault = toml_fault(text, error)
        return Problem(f"line {fault.line}: {fault.message}" if fault.line else fault.message, _START, fault.hint)
