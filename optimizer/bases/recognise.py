"""Which images of a Dockerfile AWS provides, under whichever name they are pulled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from optimizer.bases.catalogue import BaseImage, Family, RetiredRuntime, base_image, retired_runtimes, runtimes
from optimizer.bases.mirror import Mirror
from optimizer.errors import SpecError
from optimizer.model.reference import ImageReference

WORKDIR = "/var/task"
"""The working directory of every AWS-provided base image."""

_DOCKER_HUB = "docker.io"
_VARIANT = re.compile(r"(?P<tag>.+?)(?:\.\d{4}\.\d{2}\.\d{2}\.\d{2})?(?:-(?P<architecture>x86_64|arm64))?")

_SERIES = {"python": re.compile(r"3\.\d+(?![^.-])"), "nodejs": re.compile(r"\d+(?![^.-])")}


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaBase:
    """An AWS-provided base image as a Dockerfile names it.

    ``base`` is its entry of the catalogue; None for a tag that belongs to no
    known runtime, such as ``latest``, or to one that is ``retired``.  ``architecture`` is Lambda's word where
    the tag is for one architecture, else None.
    """

    reference: ImageReference
    family: Family
    base: BaseImage | None
    architecture: str | None
    retired: RetiredRuntime | None = None


def image_reference(text: str) -> ImageReference | None:
    """The reference that an engine takes the text for: without a registry, one of Docker Hub; None for no reference at all."""
    for candidate in (text, f"{_DOCKER_HUB}/{text}", f"{_DOCKER_HUB}/library/{text}"):
        try:
            reference = ImageReference.parse(candidate)
        except SpecError:
            continue
        if reference.registry == _DOCKER_HUB and "/" not in reference.repository:
            reference = replace(reference, repository=f"library/{reference.repository}")
        return reference
    return None


def lambda_base(text: str, mirror: Mirror = Mirror()) -> LambdaBase | None:  # noqa: B008 - an immutable value
    """What AWS-provided base image the text names, also behind the mirror; None when it names another image."""
    reference = image_reference(text)
    family = _names(mirror).get(reference.name) if reference else None
    if reference is None or family is None:
        return None
    base, architecture = _by_tag(reference.tag or "latest", _images()[family])
    retired = None if base is not None else _retired(reference.tag or "latest", family)
    return LambdaBase(reference=reference, family=family, base=base, architecture=architecture, retired=retired)


def series_of_base(reference: ImageReference, family: Family) -> str:
    """The release series of the language in an AWS-provided base, such as ``3.13`` of Python and ``22`` of Node.js; empty for other images.

    A copy in another registry is the same base as long as its path ends alike.
    """
    repository = _images()[family][0].reference.repository
    series = _SERIES[family].match(reference.tag or "")
    return series[0] if series and f"/{reference.repository}".endswith(f"/{repository}") else ""


def lambda_environment(base: LambdaBase) -> dict[str, str]:
    """The variables that are known of every AWS-provided base image; it has others too."""
    image = base.base or _images()[base.family][0]
    return {"LAMBDA_TASK_ROOT": image.task_root, "LAMBDA_RUNTIME_DIR": image.runtime_dir}


@lru_cache(maxsize=8)
def _names(mirror: Mirror) -> Mapping[str, Family]:
    """Every name under which the images of a family are pulled."""
    result: dict[str, Family] = {}
    for family, images in _images().items():
        upstream = images[0].reference
        # The same images are on Docker Hub (https://hub.docker.com/u/amazon).
        hub = replace(upstream, registry=_DOCKER_HUB, repository=f"amazon/aws-lambda-{family}")
        for known in (upstream, hub):
            result[known.name] = result[mirror.apply(known).name] = family
    return result


@lru_cache(maxsize=1)
def _images() -> Mapping[Family, list[BaseImage]]:
    result: dict[Family, list[BaseImage]] = {}
    for image in map(base_image, runtimes()):
        result.setdefault(image.family, []).append(image)
    return result


def _retired(tag: str, family: Family) -> RetiredRuntime | None:
    match = _VARIANT.fullmatch(tag)
    plain = match["tag"] if match else tag
    return next((item for item in retired_runtimes() if item.family == family and item.tag in (tag, plain)), None)


def _by_tag(tag: str, images: list[BaseImage]) -> tuple[BaseImage | None, str | None]:
    match = _VARIANT.fullmatch(tag)
    assert match is not None
    for image in images:
        if tag == image.reference.tag:
            return image, None
        if match["tag"] == image.reference.tag:
            return image, match["architecture"]
    return None, match["architecture"]
