"""What Lambda says of a version of a customer-managed runtime before it is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionAnswer:
    """The answer for one version.

    ``state`` is ``taken``, ``refused``, ``present`` (a version of that name is
    there) or ``unknown`` (Lambda was not asked, or could not judge); ``reason``
    says why, and is empty for a version that is taken.  ``architectures`` are
    those that Lambda sees in the image, and ``managed_instances`` says whether
    it may run there, in Lambda's own words.
    """

    state: str
    reason: str = ""
    architectures: tuple[str, ...] = ()
    managed_instances: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVersion:
    """A version of an app, its image, and the answer for it; ``name`` is that of its construct."""

    name: str
    runtime: str
    version: str
    image: str
    answer: VersionAnswer
