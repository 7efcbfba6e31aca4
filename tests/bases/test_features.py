"""Which base takes which feature: every base of the catalogue has an answer, with its source."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from optimizer.bases.catalogue import BaseImage, base_image, runtimes
from optimizer.bases.features import DURABLE_SDKS, FEATURES, Feature, at_least, support, version_of

BASES: tuple[BaseImage | None, ...] = (*map(base_image, runtimes()), None)


def _with(feature: Feature, answer: str) -> set[str]:
    return {base.runtime for base in BASES if base and support(base, feature).answer == answer}


def _all(*prefixes: str) -> set[str]:
    return {runtime for runtime in runtimes() if runtime.startswith(prefixes)}


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("base", BASES, ids=lambda base: base.runtime if base else "other")
def test_every_base_has_an_answer_with_its_source(base: BaseImage | None, feature: Feature) -> None:
    """ "every base of the catalogue x SnapStart, Managed Instances, durable, GPU, runtime image: works, needs, refused;
    generated from the catalogue, with the source of each cell"."""
    found = support(base, feature)
    assert found.source.url.startswith("https://docs.aws.amazon.com/lambda/latest/")
    assert found.source.title
    # What is needed is said where something is, and nowhere else; an answer that no page gives says why it is given.
    assert bool(found.needs) == (found.answer == "needs")
    assert found.note or not (found.inferred or found.answer == "unknown")


def test_snapstart_needs_nothing_on_java_11_python_3_12_and_dotnet_8() -> None:
    """The page: "not required if you use Lambda managed base images for Java (version 11+), Python (version 3.12+), and .NET (version 8+)"."""
    ready = {"java11", "java17", "java21", "java25", "java11.al2023", "java17.al2023"}
    ready |= {"python3.12", "python3.13", "python3.14", "python3.15", "dotnet8", "dotnet9", "dotnet10"}
    assert _with("snapstart", "works") == ready
    assert _with("snapstart", "needs") == set(runtimes()) - ready


def test_snapstart_says_which_bases_the_page_names() -> None:
    """The page names "provided.al2023, Node.js, or Ruby" and "your own base container images"; the rest follows from "if neither"."""
    named = {base.runtime for base in BASES if base and not support(base, "snapstart").inferred}
    assert named == (_with("snapstart", "works") - {"python3.15"}) | _all("nodejs", "ruby") | {"provided.al2023"}
    assert not support(None, "snapstart").inferred
    assert support(None, "snapstart").answer == "needs"


def test_managed_instances_take_the_listed_bases() -> None:
    """The page: "Java 21 and later", "Python 3.13 and later", "Node.js 22 and later", ".NET 8 and later", Rust on provided.al2023."""
    listed = {"java21", "java25", "python3.13", "python3.14", "python3.15", "nodejs22.x", "nodejs24.x", "nodejs26.x"}
    listed |= {"dotnet8", "dotnet9", "dotnet10"}
    assert _with("managed-instances", "works") == listed
    assert _with("managed-instances", "needs") == {"provided.al2023"}
    assert "Rust" in support(base_image("provided.al2023"), "managed-instances").needs
    assert _with("managed-instances", "unlisted") == set(runtimes()) - listed - {"provided.al2023"}


def test_a_gpu_asks_of_a_base_what_managed_instances_ask() -> None:
    for base in BASES:
        below, gpu = support(base, "managed-instances"), support(base, "gpu")
        assert gpu.answer == ("unlisted" if below.answer == "unlisted" else "needs")
        if gpu.answer == "needs":
            assert gpu.needs.startswith("x86_64 and a capacity provider")
            assert gpu.needs.endswith(below.needs)


def test_durable_functions_need_their_sdk_in_the_image() -> None:
    """The page: images "support additional runtime versions"; its example is Python 3.11."""
    assert _with("durable-functions", "works") == set()
    python = {runtime for runtime in _all("python") if version_of(base_image(runtime)) >= (3, 11)}
    node = {"nodejs22.x", "nodejs24.x", "nodejs26.x"}
    java = {"java17", "java21", "java25", "java17.al2023"}
    assert _with("durable-functions", "needs") == python | node | java | {"dotnet8", "dotnet9", "dotnet10"}
    assert support(base_image("python3.11"), "durable-functions").needs == f"`{DURABLE_SDKS['python']}`"
    assert support(base_image("nodejs24.x"), "durable-functions").needs == f"`{DURABLE_SDKS['nodejs']}`"
    assert not support(base_image("python3.11"), "durable-functions").inferred
    assert support(base_image("python3.12"), "durable-functions").inferred


def test_no_sdk_is_guessed() -> None:
    for base in (base_image("ruby3.4"), base_image("provided.al2023"), base_image("go1.x"), base_image("python3.10")):
        assert support(base, "durable-functions").answer == "unknown"


def test_a_runtime_image_is_made_from_the_bases_that_aws_names_and_from_those_like_them() -> None:
    named = {base.runtime for base in BASES if base and not support(base, "runtime-image").inferred}
    assert named == {"python3.14", "nodejs24.x", "java21", "dotnet8", "ruby3.4", "provided.al2023", "go1.x"}
    assert _with("runtime-image", "unknown") == {"go1.x"}
    assert _with("runtime-image", "needs") == {"provided.al2023", "provided.al2"}
    assert support(None, "runtime-image").answer == "needs"


@pytest.mark.parametrize(
    ("runtime", "version"),
    [
        ("python3.13", (3, 13)),
        ("nodejs24.x", (24,)),
        ("java17.al2023", (17,)),
        ("dotnet10", (10,)),
        ("provided.al2023", ()),
        ("go1.x", (1,)),
    ],
)
def test_the_version_is_that_of_the_name(runtime: str, version: tuple[int, ...]) -> None:
    assert version_of(base_image(runtime)) == version


def test_versions_are_compared_as_numbers() -> None:
    assert at_least(base_image("dotnet10"), {"dotnet": (8,)})
    assert at_least(base_image("python3.14"), {"python": (3, 9)})
    assert not at_least(base_image("python3.9"), {"python": (3, 12)})
    assert not at_least(base_image("ruby3.4"), {"python": (3, 0)})
    assert not at_least(None, {"python": (3, 0)})


def test_a_preview_is_covered_by_the_words_alone() -> None:
    for runtime in _previews():
        found = support(base_image(runtime), "managed-instances")
        assert (found.answer, found.inferred) == ("works", True)


def _previews() -> Iterable[str]:
    return [runtime for runtime in runtimes() if base_image(runtime).status == "preview"]
