"""``--verbose``, which every command has: what is asked of whom, and how long it took."""

from __future__ import annotations

import click

_VERBOSE = "optimizer.cli.verbose"


def with_verbose(command: click.Command) -> click.Command:
    """The same command, with ``--verbose`` after its own options."""
    if all(parameter.name != "verbose" for parameter in command.params):
        command.params.append(
            click.Option(
                ["--verbose", "-v"],
                is_flag=True,
                envvar="OPTIMIZER_VERBOSE",
                expose_value=False,
                # Before the others, which may read files when they are taken.
                is_eager=True,
                callback=_be_verbose,
                help="Say on standard error what is asked of whom and how long it took: requests, programs, files. Without secrets.",
            )
        )
    return command


def is_verbose() -> bool:
    """Whether the command that runs was called with ``--verbose``."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_VERBOSE))


def _be_verbose(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    if given and not context.resilient_parsing:
        # Imported here, because most calls are not.
        from optimizer.adapters.record import recorded

        context.meta[_VERBOSE] = True
        context.with_resource(recorded(lambda line: click.echo(line, err=True)))
