"""Questions to the person at the terminal; without one, nothing is asked."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import click

from optimizer.adoption.guesses import Choice, Guess


@dataclass(frozen=True, slots=True)
class Questions:
    """Whom to ask: ``asks`` is whether somebody is there, and ``agreed`` whether all changes are agreed to in advance."""

    asks: bool
    agreed: bool

    @classmethod
    def of_terminal(cls, *, agreed: bool, silent: bool) -> Questions:
        """Questions on the terminal of this process, if it has one; none where it is to be ``silent``."""
        return cls(asks=sys.stdin.isatty() and sys.stderr.isatty() and not silent and not agreed, agreed=agreed)

    def choose(self, subject: str, choice: Choice) -> Guess | None:
        """What the person chooses; None where nobody is asked, and for none of the options."""
        if not self.asks:
            return None
        click.echo(f"{subject}: {choice.question}", err=True)
        for number, option in enumerate(choice.options, 1):
            click.echo(f"  {number}  {option}", err=True)
        click.echo("  0  none of them: leave it out", err=True)
        answer = click.prompt("which", type=click.IntRange(0, len(choice.options)), default=0, err=True)
        return Guess(choice.options[answer - 1].value, "chosen") if answer else None

    def confirm(self, question: str) -> bool:
        """Whether a change is agreed to; without anybody to ask, only in advance."""
        if not self.asks:
            return self.agreed
        return click.confirm(question, default=True, err=True)
