"""``optimizer invoke``: a function on this machine."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from optimizer.adapters.engine import Engine
from optimizer.adapters.invocation.invoking import invoke
from optimizer.cli.completions import complete_files, complete_functions
from optimizer.cli.local_functions import bring, local_function
from optimizer.cli.options import of_project, quiet_option
from optimizer.cli.progress import shown_progress
from optimizer.errors import ConfigurationError, ContextError, Fault
from optimizer.model.invocation import LARGEST_EVENT, RunSettings
from optimizer.model.limits import MEMORY_WITHOUT_INSTANCES
from optimizer.report.invoke import invocation_as_text, invocation_to_dict

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@click.command(name="invoke", short_help="Run a function with an event on this machine, as Lambda runs it.")
@click.argument("target", metavar="APP|TEMPLATE|SPEC", shell_complete=complete_files)
@click.option(
    "--function",
    metavar="NAME",
    shell_complete=complete_functions,
    help="Of several functions, this one: its path, or the last part of it.",
)
@click.option(
    "--event", "event_option", default="{}", metavar="FILE|-|JSON", shell_complete=complete_files, help="The event.  [default: {}]"
)
@click.option("--handler", metavar="HANDLER", help="Start this handler; a SPEC has none of its own.")
@click.option(
    "--env", "variables", multiple=True, metavar="NAME[=VALUE]", help="Set a variable, without a value as it is here. Repeatable."
)
@click.option(
    "--memory",
    type=click.IntRange(int(MEMORY_WITHOUT_INSTANCES.least), int(MEMORY_WITHOUT_INSTANCES.most)),
    metavar="MB",
    help="Memory in place of the function's own.",
)
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="Timeout in place of the function's own.",
)
@quiet_option("Only the answer: neither log nor report.", expose=True)
@of_project
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the result.")
def command(
    target: str,
    function: str | None,
    event_option: str,
    handler: str | None,
    variables: tuple[str, ...],
    memory: int | None,
    timeout: int | None,
    quiet: bool,
    root: Path | None,
    lock: Path | None,
    mirror: str | None,
    form: str,
) -> None:
    """Run a function with an event, and print its answer.

    APP is the output directory of cdk synth, TEMPLATE a SAM template, and SPEC
    a *.image.toml file, whose handler --handler names.

    The image is assembled as by optimizer build, or built where its Dockerfile
    was written by hand, and runs in the container engine as in Lambda: with an
    unprivileged user, read-only but for /tmp, and with the memory, the timeout,
    the environment and the architecture of the function. The container is gone
    afterwards.

    The answer goes to standard output; log, times and the size of the image to
    standard error. A function that fails gives Lambda's error document, and
    exit code 1.

    \b
    Examples:
      optimizer invoke cdk.out --function Api --event events/order.json
      optimizer invoke template.yaml --event '{"name": "Ada"}'
      echo '{}' | optimizer invoke api.image.toml --handler app.handler --event -
    """
    event = _event(event_option)
    given, passed = _variables(variables)
    found = local_function(target, function, handler=handler, root=root, lock=lock, mirror=mirror)
    settings = _with(found.settings, given, passed, memory, timeout)
    engine = Engine()
    engine.check()
    with shown_progress() as report:
        bring(found, engine, report)
    result = invoke(found.reference, settings, event, passed=passed)
    size = engine.unpacked_bytes(found.reference)
    if form == "json":
        click.echo(json.dumps(invocation_to_dict(found.name, settings, result, size), indent=2))
    else:
        click.echo(result.answer.decode("utf-8", "replace"))
        if not quiet:
            click.echo(result.log, nl=not result.log.endswith("\n") and bool(result.log), err=True)
            click.echo(invocation_as_text(found.name, settings, result, size), err=True)
    sys.exit(1 if result.failure else 0)


def _with(settings: RunSettings, given: dict[str, str], passed: Sequence[str], memory: int | None, timeout: int | None) -> RunSettings:
    """The settings with what the options say in their place."""
    environment = {name: value for name, value in {**settings.environment, **given}.items() if name not in passed}
    named = {*given, *passed}
    return replace(
        settings,
        environment=environment,
        memory_mb=memory or settings.memory_mb,
        timeout_s=timeout or settings.timeout_s,
        unknown=tuple(item for item in settings.unknown if not any(item.startswith(f"the variable {name}:") for name in named)),
    )


def _event(option: str) -> bytes:
    """The JSON document of ``--event``: what a file holds, or standard input, or the option itself."""
    place = "--event"
    if option == "-":
        data = sys.stdin.buffer.read(LARGEST_EVENT + 1)
        place = "standard input"
    elif os.path.isfile(option):
        place = option
        try:
            with open(option, "rb") as file:
                data = file.read(LARGEST_EVENT + 1)
        except OSError as error:
            raise ContextError(f'the event "{option}" cannot be read: {error.strerror}', option, "check its permissions") from None
    else:
        data = option.encode("utf-8", "surrogateescape")
    if len(data) > LARGEST_EVENT:
        raise ContextError(
            f"the event is larger than {LARGEST_EVENT} bytes, the most that Lambda takes at once", place, "give a smaller one"
        )
    try:
        json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        if place == "--event":
            raise ConfigurationError(
                f'"{option}" is no file, and no JSON: {error}', place, "name a file, write the event as JSON, or - for standard input"
            ) from None
        raise ContextError(f"the event is not JSON: {error}", place, "write it as a JSON document in UTF-8") from None
    return data


def _variables(options: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The values of ``--env``, and the variables that come from this process."""
    given: dict[str, str] = {}
    passed: list[str] = []
    faults: list[Fault] = []
    for option in options:
        name, equals, value = option.partition("=")
        if not _VARIABLE.fullmatch(name):
            faults.append(Fault(f'"{option}" is no NAME=VALUE', "--env", "for example --env TABLE=orders"))
        elif equals:
            given[name] = value
        elif name in os.environ:
            passed.append(name)
        else:
            faults.append(Fault(f'the variable "{name}" is not set here', "--env", f"set it, or write --env {name}=VALUE"))
    if faults:
        raise ConfigurationError(faults)
    return given, tuple(passed)
