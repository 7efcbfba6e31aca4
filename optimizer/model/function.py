"""How an image function is declared, in a template or in an app."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.model.architectures import DEFAULT_ARCHITECTURE


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredFunction:
    """What a function sets for the container that Lambda starts.

    ``architecture`` is Lambda's default where the function sets none, which
    ``architecture_given`` tells, and None where only a deployment knows it.
    ``command`` and ``entrypoint`` are empty, and ``workdir`` is the empty text,
    where the image decides; each is None where only a deployment knows it.
    """

    architecture: str | None = DEFAULT_ARCHITECTURE
    architecture_given: bool = False
    command: tuple[str, ...] | None = ()
    entrypoint: tuple[str, ...] | None = ()
    workdir: str | None = ""

    @property
    def handler(self) -> str:
        """The command as one text; empty where the image decides it, or only a deployment knows it."""
        return " ".join(self.command or ())
