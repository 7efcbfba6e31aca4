"""Lambda's architectures, and what others call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """One architecture under each of its names.

    ``name`` is Lambda's.  ``oci`` is that of image indexes and of Go, with the
    ``variants`` of it that every Lambda function can run, the empty one for an
    index that names none.  ``machine`` is that of the kernel, of Rust and of
    packages of Python and Ruby; ``cpu`` that of Node.js and .NET.
    """

    name: str
    oci: str
    variants: tuple[str, ...]
    machine: str
    cpu: str

    @property
    def platform(self) -> str:
        """The platform as engines write it."""
        return f"linux/{self.oci}"


X86_64 = Architecture(name="x86_64", oci="amd64", variants=("", "v1"), machine="x86_64", cpu="x64")
ARM64 = Architecture(name="arm64", oci="arm64", variants=("", "v8"), machine="aarch64", cpu="arm64")

_ALL = (X86_64, ARM64)

BY_NAME: Mapping[str, Architecture] = {item.name: item for item in _ALL}
"""By Lambda's own words, https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html"""

_BY_OCI = {item.oci: item for item in _ALL}
# The machine may stand in place of the OCI name, and an architecture alone is one of Linux:
# https://github.com/containerd/platforms, whose reading of platforms engines share.
_BY_PLATFORM = {
    f"{system}{word}": item
    for item in _ALL
    for system in ("linux/", "")
    for word in (item.oci, item.machine, item.machine.replace("_", "-"), *(f"{item.oci}/{variant}" for variant in item.variants if variant))
    if system or "/" not in word
}

ARCHITECTURES = tuple(BY_NAME)
"""Lambda's own words."""

DEFAULT_ARCHITECTURE = X86_64.name
"""What a function has that sets none."""

OCI_ARCHITECTURES = tuple(_BY_OCI)
"""The words of image indexes for them, in the same order."""

PLATFORMS = tuple(item.platform for item in _ALL)
"""The platforms for them, in the same order."""


def architecture_of_oci(name: str) -> Architecture | None:
    """The architecture that images call by the name; None for one that Lambda does not have."""
    return _BY_OCI.get(name)


def architecture_of_platform(platform: str) -> Architecture | None:
    """The architecture of a platform such as ``linux/arm64/v8``, in any case of letters; None for one that Lambda does not have."""
    return _BY_PLATFORM.get(platform.lower())


def platform_of(name: str | None) -> str | None:
    """The platform for Lambda's name of an architecture; None for no name, and for one that Lambda does not have."""
    return next((item.platform for item in _ALL if item.name == name), None)


def meant_architecture(word: str) -> str | None:
    """Lambda's word for an architecture that someone calls by another of its names; None for a word that is none of them."""
    return next((item.name for item in _ALL if word.lower() in (item.oci, item.machine, item.cpu)), None)
