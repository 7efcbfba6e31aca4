"""Presets of build caches: what each becomes, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.errors import ConfigurationError
from optimizer.model.cache import BuildCache

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/build-cache"
IMAGE = "Storefront/Catalog"
NAME = "Storefront-Catalog-ed57dda4"


def shown(value: Any) -> tuple[list[str], str]:
    cache = BuildCache.parse(value)
    return list(map(str, cache.sources(IMAGE))), str(cache.target(IMAGE))


@pytest.mark.parametrize("value", [None, "", "none", {}, {"preset": "none"}])
def test_by_default_nothing_is_cached(value: Any) -> None:
    assert shown(value) == ([], "None")


def test_registry_is_what_ecr_takes() -> None:
    """Source: https://aws.amazon.com/blogs/containers/announcing-remote-cache-support-in-amazon-ecr-for-buildkit-clients/."""
    ref = f"type=registry,ref={REPOSITORY}:{NAME}"
    assert shown(f"registry,repository={REPOSITORY}") == ([ref], f"{ref},mode=max,image-manifest=true,oci-mediatypes=true")


def test_github_actions_has_a_scope_per_image() -> None:
    assert shown("github-actions") == ([f"type=gha,scope={NAME}"], f"type=gha,scope={NAME},mode=max")


def test_local_reads_and_writes_one_directory_per_image() -> None:
    assert shown("local,directory=/var/cache/builds/") == (
        [f"type=local,src=/var/cache/builds/{NAME}"],
        f"type=local,dest=/var/cache/builds/{NAME},mode=max",
    )


def test_a_branch_reads_its_own_cache_first_and_then_that_of_the_fallback() -> None:
    sources, target = shown(f"registry,repository={REPOSITORY},scope=feature-1,fallback=main")
    assert sources == [f"type=registry,ref={REPOSITORY}:{scope}-{NAME}" for scope in ("feature-1", "main")]
    assert f"ref={REPOSITORY}:feature-1-{NAME}," in target


def test_the_fallback_itself_reads_once() -> None:
    assert len(BuildCache.parse("github-actions,scope=main,fallback=main").sources(IMAGE)) == 1


@pytest.mark.parametrize("value", ["github-actions,write=false", {"preset": "github-actions", "write": False}])
def test_a_cache_can_be_only_read(value: Any) -> None:
    assert shown(value) == ([f"type=gha,scope={NAME}"], "None")


def test_a_table_says_the_same_as_a_text() -> None:
    table = {"preset": "registry", "repository": REPOSITORY, "scope": "main", "write": True}
    assert BuildCache.parse(table) == BuildCache.parse(f"registry,repository={REPOSITORY},scope=main")


def test_images_that_differ_in_signs_alone_have_two_caches() -> None:
    cache = BuildCache.parse("github-actions")
    assert cache.target("A-B/C") != cache.target("A/B-C")


def test_a_name_fits_into_a_tag_however_long_the_path_is() -> None:
    cache = BuildCache.parse(f"registry,repository={REPOSITORY},scope={'s' * 63}")
    reference = dict(cache.sources("Stage/" * 100)[0].parameters)["ref"]
    assert len(reference.rpartition(":")[2]) <= 128


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("github", 'cache: "github" is not a cache preset; allowed: none, registry, github-actions, local'),
        ("github-action", 'did you mean "github-actions"?'),
        ({"repository": REPOSITORY}, "cache: None is not a cache preset"),
        (7, "cache: cache 7 is neither a string nor a table"),
        ("registry", 'cache: the preset "registry" needs "repository"'),
        ("local", 'cache: the preset "local" needs "directory"'),
        ("registry,repository", '"repository" in cache "registry,repository" is given twice, or has no value'),
        ("github-actions,scope=a,scope=b", '"scope=b" in cache'),
        ("github-actions,scop=a", 'cache.scop: unknown key "scop" of the preset "github-actions"; allowed: scope, fallback, write'),
        ("none,scope=a", 'unknown key "scope" of the preset "none"; allowed: none'),
        (f"registry,repository={REPOSITORY}:latest", "is not a cache repository; allowed: HOST[:PORT]/NAME without a tag"),
        ("registry,repository=build-cache", 'cache.repository: "build-cache" is not a cache repository'),
        ("local,directory=.cache", 'cache.directory: ".cache" is not a cache directory; allowed: an absolute path'),
        ("github-actions,scope=feature/1", 'cache.scope: "feature/1" is not a scope'),
        ({"preset": "github-actions", "fallback": 1}, "cache.fallback: 1 is not a scope"),
        ("github-actions,write=no", 'cache.write: "no" is neither true nor false'),
    ],
)
def test_fails_with_the_key_and_what_is_allowed(value: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        BuildCache.parse(value)
    assert message in str(raised.value)


def test_all_faults_of_a_cache_are_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as raised:
        BuildCache.parse("registry,repository=x,scope=/,write=2")
    assert [fault.place for fault in raised.value.faults] == ["cache.repository", "cache.scope", "cache.write"]
