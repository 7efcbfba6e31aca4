"""Which base image takes which feature of Lambda, and where that is written.

Five features ask something of an image's base: SnapStart, Managed Instances,
durable functions, GPUs, and being the runtime of functions without an image
of their own.  Every base of the catalogue has an answer for each, and so has
a base that is not AWS's.  Answers are facts of the day on which their sources
were read (2026-11-28); nothing here was tried in an account.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from optimizer.bases.catalogue import BaseImage

Feature = Literal["snapstart", "managed-instances", "durable-functions", "gpu", "runtime-image"]
Answer = Literal["works", "needs", "unlisted", "unknown"]

FEATURES: Final[Mapping[Feature, str]] = MappingProxyType(
    {
        "snapstart": "SnapStart",
        "managed-instances": "Managed Instances",
        "durable-functions": "Durable functions",
        "gpu": "GPU",
        "runtime-image": "Customer-managed runtime",
    }
)
"""The name of each feature, as AWS writes it."""

DURABLE_SDKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "python": "aws-durable-execution-sdk-python",
        "nodejs": "@aws/durable-execution-sdk-js",
        "java": "software.amazon.lambda.durable:aws-durable-execution-sdk-java",
    }
)
"""The package of the durable execution SDK, by the family of the base; .NET has one whose name is not known here."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page of AWS, by its title and its address."""

    title: str
    url: str


_GUIDE: Final = "https://docs.aws.amazon.com/lambda/latest/dg/"

SNAPSTART_SOURCE: Final = Source("Implementing SnapStart hooks for container images", _GUIDE + "snapstart-runtime-hooks-custom.html")
INSTANCES_SOURCE: Final = Source("Lambda Managed Instances runtimes", _GUIDE + "lambda-managed-instances-runtimes.html")
DURABLE_SOURCE: Final = Source("Supported runtimes for durable functions", _GUIDE + "durable-supported-runtimes.html")
GPU_SOURCE: Final = Source("CreateFunction: AcceleratorConfig", "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html")
RUNTIME_SOURCE: Final = Source("Customer-managed runtimes", _GUIDE + "runtimes-customer-managed.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Whether a base takes a feature.

    ``answer`` is one of four words: ``works``: the image needs nothing for it;
    ``needs``: it works with what ``needs`` says; ``unlisted``: AWS lists what
    takes the feature, and this base is not in the list; ``unknown``: nothing
    was found that says either.  ``needs`` is what the image or the function
    must have, empty where nothing is needed.  ``inferred`` says that the source
    does not name this base, and ``note`` then why the answer is given.
    """

    answer: Answer
    source: Source
    needs: str = ""
    note: str = ""
    inferred: bool = False


def support(base: BaseImage | None, feature: Feature) -> Support:
    """Whether a base takes a feature; None stands for every base that is not AWS's."""
    return _ANSWERS[feature](base)


def version_of(base: BaseImage) -> tuple[int, ...]:
    """The version of the language in the runtime's name, such as (3, 13) of ``python3.13``; () of ``provided.al2023``."""
    found = re.match(r"[a-z]+(\d+(?:\.\d+)*)", base.runtime)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def at_least(base: BaseImage | None, versions: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether a base is of one of the families, and of its version or a later one."""
    lowest = versions.get(base.family) if base else None
    return base is not None and lowest is not None and version_of(base) >= lowest


_DECLARED: Final = "the label or the restore protocol"
_SNAPSTART_READY: Final = {"java": (11,), "python": (3, 12), "dotnet": (8,)}
_SNAPSTART_NAMED: Final = ("nodejs", "ruby")


def _snapstart(base: BaseImage | None) -> Support:
    if at_least(base, _SNAPSTART_READY):
        return _preview(base, Support(answer="works", source=SNAPSTART_SOURCE))
    if base is None or base.family in _SNAPSTART_NAMED or base.runtime == "provided.al2023":
        return Support(answer="needs", needs=_DECLARED, source=SNAPSTART_SOURCE)
    note = "not among the bases that need nothing, so it is as any other base"
    return Support(answer="needs", needs=_DECLARED, source=SNAPSTART_SOURCE, note=note, inferred=True)


_INSTANCES: Final = {"java": (21,), "python": (3, 13), "nodejs": (22,), "dotnet": (8,)}
_CONCURRENT: Final = "a runtime client that takes `AWS_LAMBDA_MAX_CONCURRENCY` requests at once"


def _managed_instances(base: BaseImage | None) -> Support:
    if at_least(base, _INSTANCES):
        return _preview(base, Support(answer="works", source=INSTANCES_SOURCE))
    if base is None:
        note = "the page names languages, and no base but AWS's"
        return Support(answer="needs", needs=_CONCURRENT, source=INSTANCES_SOURCE, note=note, inferred=True)
    if base.runtime == "provided.al2023":
        return Support(answer="needs", needs=f"Rust, or {_CONCURRENT}", source=INSTANCES_SOURCE, note="the page names Rust alone")
    return Support(answer="unlisted", source=INSTANCES_SOURCE)


_DURABLE_MANAGED: Final = ("nodejs22.x", "nodejs24.x", "python3.13", "python3.14", "java17", "java21", "java25", "dotnet8", "dotnet10")
_DURABLE_LOWEST: Final = {"python": (3, 11), "nodejs": (22,), "java": (17,), "dotnet": (8,)}


def _durable(base: BaseImage | None) -> Support:
    if base is None:
        return Support(answer="needs", needs="the durable execution SDK of its language", source=DURABLE_SOURCE)
    if not at_least(base, _DURABLE_LOWEST):
        note = _NO_SDK.get(base.family, "no durable execution SDK was found for its language")
        return Support(answer="unknown", source=DURABLE_SOURCE, note=note)
    package = DURABLE_SDKS.get(base.family)
    needs = f"`{package}`" if package else "the durable execution SDK"
    named = base.runtime in _DURABLE_MANAGED or base.runtime == "python3.11"
    note = "" if named else "an image may have other versions than the managed runtimes; this one is not named"
    return Support(answer="needs", needs=needs, source=DURABLE_SOURCE, note=note, inferred=not named)


_NO_SDK: Final = {
    "python": "release 3.0.0 of the SDK asks for Python 3.11 or later",
    "nodejs": "release 2.4.0 of the SDK asks for Node.js 22 or later",
    "java": "the managed runtimes begin with Java 17",
    "dotnet": "the managed runtimes begin with .NET 8",
}


def _gpu(base: BaseImage | None) -> Support:
    # A GPU comes with a capacity provider alone, so what Managed Instances ask of a base, a GPU asks too.
    below = _managed_instances(base)
    if below.answer == "unlisted":
        return Support(answer="unlisted", source=INSTANCES_SOURCE, note="a GPU comes with Managed Instances alone", inferred=True)
    needs = "; ".join(part for part in ("x86_64 and a capacity provider", below.needs) if part)
    return Support(answer="needs", needs=needs, source=GPU_SOURCE, note="the base must be one that Managed Instances take", inferred=True)


_RUNTIME_EXAMPLES: Final = ("python3.14", "nodejs24.x", "java21", "dotnet8", "ruby3.4", "provided.al2023")
_RUNTIME_OWN: Final = "a language, its runtime interface client and a bootstrap that starts it"


def _runtime_image(base: BaseImage | None) -> Support:
    if base is None:
        return Support(answer="needs", needs=_RUNTIME_OWN, source=RUNTIME_SOURCE)
    if base.family == "go":
        return Support(answer="unknown", source=RUNTIME_SOURCE, note="its client is that of a retired runtime")
    named = base.runtime in _RUNTIME_EXAMPLES
    note = "" if named else 'AWS names examples ("such as"), and this base has what they have'
    needs = _RUNTIME_OWN if base.family == "provided" else ""
    return Support(answer="needs" if needs else "works", needs=needs, source=RUNTIME_SOURCE, note=note, inferred=not named)


def _preview(base: BaseImage | None, answer: Support) -> Support:
    if base is None or base.status != "preview":
        return answer
    return Support(answer=answer.answer, source=answer.source, note='a preview, by the words "and later"', inferred=True)


_ANSWERS: Final = MappingProxyType(
    {
        "snapstart": _snapstart,
        "managed-instances": _managed_instances,
        "durable-functions": _durable,
        "gpu": _gpu,
        "runtime-image": _runtime_image,
    }
)
