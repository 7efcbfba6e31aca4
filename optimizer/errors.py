"""The one error tree of the optimizer.

::

    OptimizerError            every fault that a user can fix; exit code 2
    ├── SpecError             an image specification is wrong
    ├── LockError             optimizer.lock is missing, stale or corrupt
    │   └── UnpinnedError         it does not pin an image that is needed
    ├── PlanError             a correct specification that cannot be planned
    ├── DockerfileError       a text that no builder takes for a Dockerfile
    ├── ContextError          a named file is missing, or leaves the project
    ├── ConfigurationError    optimizer.toml or a setting of the app is wrong
    ├── RepositoryError       an asset repository that would fail later
    ├── RegistryError         a registry did not answer as it should
    │   ├── UnknownImageError     it answered that it has no such image
    │   └── WrongContentError     what it sent is not what its digest says
    ├── BudgetError           an image is larger than its budget; exit code 1
    ├── EngineError           the container engine is missing or refused
    └── ImageError            an image, or an archive of one, that cannot be read

An error holds one or more faults, so that a wrong specification is reported
whole instead of one fault at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it is, and how to fix it.

    ``place`` is the path of the value in the user's own words, such as
    ``steps[2].source``; empty when the fault has no single place.  ``message``
    says what went wrong, the value given and what is allowed; ``hint`` says
    what to do, and is empty only where the message already says it.
    """

    message: str
    place: str = ""
    hint: str = ""

    def under(self, prefix: str) -> Fault:
        """The same fault seen from one level further out."""
        if not self.place:
            place = prefix
        elif self.place.startswith("["):
            place = prefix + self.place
        else:
            place = f"{prefix}.{self.place}"
        return Fault(self.message, place, self.hint)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class OptimizerError(Exception):
    """A fault that the user can fix; never a defect of the optimizer itself.

    ``faults`` is never empty and stands in the order of the user's input.
    """

    exit_code = 2

    def __init__(self, message: str | Fault | Sequence[Fault], place: str = "", hint: str = "") -> None:
        if isinstance(message, str):
            self.faults: tuple[Fault, ...] = (Fault(message, place, hint),)
        elif isinstance(message, Fault):
            self.faults = (message,)
        else:
            self.faults = tuple(message)
        if not self.faults:
            raise ValueError("an OptimizerError needs at least one fault")
        super().__init__("\n".join(map(str, self.faults)))


class SpecError(OptimizerError):
    """An image specification is wrong; nothing was written."""


class LockError(OptimizerError):
    """``optimizer.lock`` is missing, stale or corrupt."""


class UnpinnedError(LockError):
    """``optimizer.lock`` does not pin an image that a specification needs; one fault for each image."""


class PlanError(OptimizerError):
    """A well-formed specification that cannot be planned, such as a cycle."""


class DockerfileError(OptimizerError):
    """A text that no builder takes for a Dockerfile; faults are placed as ``path:line:column``."""


class ContextError(OptimizerError):
    """A file that the specification names is missing, or leaves the project."""


class ConfigurationError(OptimizerError):
    """``optimizer.toml`` or a setting of the app is wrong."""


class RepositoryError(OptimizerError):
    """An asset repository that would fail at publishing or at deployment."""


class RegistryError(OptimizerError):
    """A registry could not be reached, or refused."""


class UnknownImageError(RegistryError):
    """A registry answered, and has no image or repository of that name."""


class WrongContentError(RegistryError):
    """A registry sent a blob whose size or content is not what its manifest says."""


class BudgetError(OptimizerError):
    """Images are larger than their budgets; one fault for each limit that is exceeded."""

    exit_code = 1


class EngineError(OptimizerError):
    """The container engine is missing, not running, or refused."""


class ImageError(OptimizerError):
    """An image, or an archive of one, that is damaged, or too large to be read."""


def did_you_mean(given: str, allowed: Iterable[str]) -> str:
    """``did you mean "x"?`` for the nearest allowed word, else an empty string."""
    # Imported here, because it is needed only when something is wrong.
    import difflib

    near = difflib.get_close_matches(given, list(allowed), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""
