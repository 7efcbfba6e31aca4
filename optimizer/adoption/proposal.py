"""What is proposed for an image, and what becomes of every instruction of its Dockerfile."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from optimizer.adoption.guesses import Guess
from optimizer.model.spec import ImageSpec


class Outcome(enum.Enum):
    """What becomes of an instruction."""

    CARRIED = "carried"
    """The proposal has it."""
    NOT_NEEDED = "not needed"
    """The image is as meant without it: the optimizer does it itself, or it has no effect."""
    NOT_CARRIED = "not carried"
    """The proposal lacks it, or a part of it."""


@dataclass(frozen=True, slots=True)
class NotCarried:
    """What a proposal could not take over, and what to do about it by hand."""

    message: str
    by_hand: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of one instruction.

    ``line`` and ``end_line`` are its first and last line, ``text`` the
    instruction on one line.  ``into`` names what carries it: steps by their
    names, and keys of the spec.  ``remarks`` say what is different now, or why
    it is not needed; ``not_carried`` is what of it is lost, empty for nothing.
    """

    line: int
    end_line: int
    text: str
    outcome: Outcome
    into: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    not_carried: tuple[NotCarried, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A spec for the image of a Dockerfile.

    ``dockerfile`` is its path as the user knows it.  ``handler`` is empty
    where nothing says it.  ``lines`` has, for each of the spec's steps, the
    lines that it came from.  ``accounts`` has every instruction once, in the
    file's order; ``not_carried`` and ``remarks`` belong to no instruction, and
    ``guesses`` are what nothing says outright.
    """

    dockerfile: str
    spec: ImageSpec
    handler: str
    lines: tuple[tuple[int, ...], ...]
    accounts: tuple[Account, ...]
    not_carried: tuple[NotCarried, ...] = ()
    remarks: tuple[str, ...] = ()
    guesses: tuple[Guess, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing was left behind."""
        return not self.not_carried and not any(account.not_carried for account in self.accounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedImage:
    """The proposal for one function; ``function`` is its name, ``id`` and ``stem`` what its construct and its file may be called."""

    function: str
    id: str
    stem: str
    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedFile:
    """A file with one spec, for all functions that have it; ``text`` is what the file holds, ``images`` is never empty."""

    path: str
    text: str
    images: tuple[ProposedImage, ...]
    not_carried: tuple[NotCarried, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing was left behind."""
        return not self.not_carried and all(image.proposal.complete for image in self.images)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A function for which nothing is proposed, and why; without a loss there is nothing to do.

    ``is_place`` says that it is a place in the project, and that its functions, if it has any, are not known.
    """

    function: str
    why: str
    not_carried: NotCarried | None = None
    is_place: bool = False
