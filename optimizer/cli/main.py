"""The command line: commands are loaded when they are called."""

from __future__ import annotations

import errno
import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from optimizer.adapters.interrupts import take_requests_to_end
from optimizer.cli.hook import note_in_hook
from optimizer.cli.verbose import with_verbose
from optimizer.errors import OptimizerError
from optimizer.version import VERSION

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
_INTERRUPTED = 130
"""What shells say of a program that an interrupt ended: 128 and the number of the signal."""

_COMMANDS = {
    "audit": "Show the image functions and repositories of accounts: bases, storage, cost, dangers.",
    "bake": "Write one file that builds all images of a synthesized app, for docker buildx bake.",
    "build": "Build one image to an OCI layout, a file, the container engine or a registry.",
    "clean": "Show what nothing runs of the images in repositories, and delete it with --apply.",
    "completion": "Print what a shell needs to complete commands, options, rules and functions.",
    "explain": "Print the page of a rule: what it finds, why that is bad, and what to do.",
    "init": "Propose specs for a project's functions, Dockerfiles, SAM templates and CDK apps.",
    "inspect": "Show the layers of built images, their waste, and the rules of Lambda that they break.",
    "invoke": "Run a function with an event on this machine, as Lambda runs it.",
    "lint": "Check Dockerfiles, templates, apps and built images against the conventions.",
    "lsp": "Serve findings and fixes to an editor, while files are typed.",
    "new": "Write a first project: a CDK app or a SAM template with one function, its test and its lock.",
    "pin": "Pin base and builder images by digest in optimizer.lock.",
    "plan": "Show stages, layers, base and repository of a spec or a synthesized app.",
    "publish": "Publish images: take layers from the repository, make only what is new, and push, without a build.",
    "render": "Print the Dockerfile of a spec, or write its build context.",
    "report": "Show the image functions of many repositories: owners, bases, sizes, findings.",
    "runtimes": "Ask Lambda whether it takes the customer-managed runtimes of an app, before they are deployed.",
    "sam": "Generate the images of SAM templates from specs, and set the templates to build them.",
    "schema": "Print the JSON Schema of image specifications, or of optimizer.toml.",
    "verify": "Build images twice as two machines would, and explain what differs.",
}


class _Interrupted(Exception):
    """A request to end came, and what was begun has been cleaned up."""


class _LazyGroup(click.Group):
    """Imports a command's module when the command is named, so that --help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(f"optimizer.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return with_verbose(command)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands by their names alone: click would import all of them."""
        from click.shell_completion import CompletionItem

        commands = [CompletionItem(name, help=text) for name, text in sorted(_COMMANDS.items()) if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            # click would end with 1, which says that there are findings.
            raise _Interrupted from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name]) for name in sorted(_COMMANDS)])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from optimizer.errors import did_you_mean

            hint = did_you_mean(args[0], _COMMANDS)
            ctx.fail(f'no command "{args[0]}"; allowed: {", ".join(sorted(_COMMANDS))}' + (f"\n  hint: {hint}" if hint else ""))
        return super().resolve_command(ctx, args)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    help="Print the version.",
    callback=lambda ctx, _, given: _print_version(ctx, given),
)
def optimizer() -> None:
    """Lambda container images from a declaration: ordered, pinned, multi-stage, in one shared repository."""


def _print_version(context: click.Context, given: bool) -> None:
    if given:
        click.echo(f"optimizer {VERSION}")
        context.exit()


def main() -> None:
    """Run the command line; exits 0 when all is well, 1 with findings, 2 for wrong usage or input, 130 when it is interrupted."""
    take_requests_to_end()
    try:
        optimizer(prog_name="optimizer")
    except OptimizerError as error:
        for fault in error.faults:
            click.echo(f"error: {fault}", err=True)
        note_in_hook(fault.hint for fault in error.faults)
        sys.exit(error.exit_code)
    except _Interrupted:
        click.echo("error: interrupted; no partial result is left", err=True)
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe went away, as `| head` does; that is no fault of anyone.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        # Files are written with messages of their own; standard output is what has no name.
        if error.filename is not None or error.errno not in _NO_SPACE:
            raise
        click.echo(
            f"error: standard output cannot be written: {error.strerror}\n  hint: check the space of the disk that it goes to", err=True
        )
        sys.exit(2)
