"""``optimizer completion``: what a shell needs to complete commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_PROGRAM = "optimizer"
_VARIABLE = "_OPTIMIZER_COMPLETE"
"""What click makes of the program's name, and looks for when the program starts."""

_SHELLS = ("bash", "fish", "zsh")


@click.command(name="completion", short_help="Print what a shell needs to complete commands, options, rules and functions.")
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Print a script that lets a shell complete commands, options, files, rules, runtimes, and functions of a cdk.out.

    \b
    Examples:
      optimizer completion bash > ~/.local/share/bash-completion/completions/optimizer
      optimizer completion zsh > ~/.zfunc/_optimizer
      optimizer completion fish > ~/.config/fish/completions/optimizer.fish

    Of zsh, ~/.zfunc has to be in fpath before compinit is called.
    """
    kind = get_completion_class(shell)
    assert kind is not None, "click knows it"
    found = kind(click.Command(_PROGRAM), {}, _PROGRAM, _VARIABLE)
    # Not source(), which runs bash to ask for its version: the script may be for another machine.
    click.echo(found.source_template % found.source_vars())
