"""Where build caches are kept between builders; never part of an asset hash.

One preset per kind of runner.  Every image has a cache of its own, because a
build replaces the whole cache that it writes to.
Source: https://docs.docker.com/build/cache/backends/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.errors import ConfigurationError, Fault, SpecError, did_you_mean
from optimizer.model.reference import ImageReference

PRESETS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "registry": ("repository", "scope", "fallback", "write"),
    "github-actions": ("scope", "fallback", "write"),
    "local": ("directory", "scope", "fallback", "write"),
}
"""The keys of each preset."""

_REQUIRED = {"registry": "repository", "local": "directory"}
_EXAMPLES = {
    "repository": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/build-cache",
    "directory": "/var/cache/builds",
}
# A tag has at most 128 characters: a branch as GitLab shortens it (63), the name of the image (55) and a digest.
_SCOPE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,62}")
_DIRECTORY = re.compile(r"/[^,\"\s]*")
_NAME_MAX = 55


@dataclass(frozen=True, slots=True)
class CacheOption:
    """One source or target of a build cache, as ``--cache-from`` and ``--cache-to`` take it."""

    type: str
    parameters: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return ",".join([f"type={self.type}", *(f"{name}={value}" for name, value in self.parameters)])


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildCache:
    """A preset with its values; ``BuildCache()`` caches nothing.

    ``location`` is the cache repository (``HOST/NAME``) or the directory.
    ``scope`` keeps, for example, branches apart; ``fallback`` is one more scope
    that is read and never written.  Without ``write`` the cache is only read.
    """

    preset: str = "none"
    location: str = ""
    scope: str = ""
    fallback: str = ""
    write: bool = True

    @classmethod
    def parse(cls, value: str | Mapping[str, Any] | None) -> BuildCache:
        """A cache from ``preset,key=value,...``, or from a table with the key ``preset``.

        None and an empty text give no cache.  Raises
        :class:`ConfigurationError` with one fault per wrong key or value, each
        placed under ``cache``.
        """
        if not value:
            return cls()
        table = _table(value)
        preset = table.pop("preset", None)
        if preset not in PRESETS:
            raise ConfigurationError(
                f"{_shown(preset)} is not a cache preset; allowed: {', '.join(PRESETS)}",
                "cache",
                did_you_mean(str(preset), PRESETS) or 'for example "github-actions"',
            )
        faults = list(_faults(preset, table))
        if faults:
            raise ConfigurationError(faults)
        return cls(
            preset=preset,
            location=table.get(_REQUIRED.get(preset, ""), ""),
            scope=table.get("scope", ""),
            fallback=table.get("fallback", ""),
            write=str(table.get("write", "true")).lower() == "true",
        )

    @property
    def repository(self) -> ImageReference | None:
        """The cache repository; None where the cache is in no registry."""
        return ImageReference.parse(self.location) if self.preset == "registry" else None

    def sources(self, image: str) -> tuple[CacheOption, ...]:
        """Where the build of an image, by a name that outlives its content, looks for its cache; nearest first."""
        if self.preset == "none":
            return ()
        scopes = dict.fromkeys([self.scope, self.fallback] if self.fallback else [self.scope])
        return tuple(self._option(scope, image, "src") for scope in scopes)

    def target(self, image: str) -> CacheOption | None:
        """Where the build of an image exports its cache, inner stages included; None where it exports none."""
        if self.preset == "none" or not self.write:
            return None
        option = self._option(self.scope, image, "dest")
        more = {"mode": "max"}
        if self.preset == "registry":
            # Amazon ECR takes caches in this form alone.
            # https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push.html
            more |= {"image-manifest": "true", "oci-mediatypes": "true"}
        return CacheOption(option.type, (*option.parameters, *more.items()))

    def _option(self, scope: str, image: str, directory_key: str) -> CacheOption:
        name = _name(scope, image)
        if self.preset == "registry":
            return CacheOption("registry", (("ref", f"{self.location}:{name}"),))
        if self.preset == "github-actions":
            return CacheOption("gha", (("scope", name),))
        return CacheOption("local", ((directory_key, f"{self.location.rstrip('/')}/{name}"),))


def _name(scope: str, image: str) -> str:
    """A name that is a tag, a scope and a directory alike, and differs for images that differ."""
    readable = re.sub(r"[^A-Za-z0-9]+", "-", image).strip("-")[:_NAME_MAX]
    # Imported here, because settings are read by commands that name no image.
    import hashlib

    digest = hashlib.sha256(image.encode("utf-8")).hexdigest()[:8]
    return "-".join(part for part in (scope, readable, digest) if part)


def _table(value: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    if not isinstance(value, str):
        raise ConfigurationError(
            f"cache {value!r} is neither a string nor a table", "cache", 'write "github-actions", or "registry,repository=HOST/NAME"'
        )
    preset, *pairs = value.split(",")
    table: dict[str, Any] = {"preset": preset}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or key in table:
            raise ConfigurationError(
                f'"{pair}" in cache "{value}" is given twice, or has no value; allowed: PRESET[,KEY=VALUE]...',
                "cache",
                'for example "registry,repository=HOST/NAME,scope=main"',
            )
        table[key] = text
    return table


def _faults(preset: str, table: Mapping[str, Any]) -> list[Fault]:
    allowed = PRESETS[preset]
    faults = [
        Fault(
            f'unknown key "{key}" of the preset "{preset}"; allowed: {", ".join(allowed) or "none"}',
            f"cache.{key}",
            did_you_mean(key, allowed) or "leave it out",
        )
        for key in table
        if key not in allowed
    ]
    required = _REQUIRED.get(preset)
    if required and required not in table:
        faults.append(
            Fault(f'the preset "{preset}" needs "{required}"', "cache", f'for example "{preset},{required}={_EXAMPLES[required]}"')
        )
    for key in ("repository", "directory"):
        if key in table and key in allowed and not _is_location(key, table[key]):
            form = "HOST[:PORT]/NAME without a tag" if key == "repository" else "an absolute path without a comma, a quote or a blank"
            hint = "CDK builds in another directory for each image" if key == "directory" else f'for example "{_EXAMPLES[key]}"'
            faults.append(Fault(f"{_shown(table[key])} is not a cache {key}; allowed: {form}", f"cache.{key}", hint))
    for key in ("scope", "fallback"):
        if key in table and key in allowed and not (isinstance(table[key], str) and _SCOPE.fullmatch(table[key])):
            faults.append(
                Fault(
                    f"{_shown(table[key])} is not a scope; allowed: up to 63 letters, digits and . _ -, a letter, digit or _ first",
                    f"cache.{key}",
                    "for a branch, use the form of its name that your CI makes for URLs, such as CI_COMMIT_REF_SLUG",
                )
            )
    if "write" in table and str(table["write"]).lower() not in ("true", "false"):
        faults.append(
            Fault(f"{_shown(table['write'])} is neither true nor false", "cache.write", 'write "write=false" for a cache that is only read')
        )
    return faults


def _is_location(key: str, value: object) -> bool:
    if not isinstance(value, str):
        return False
    if key == "directory":
        return _DIRECTORY.fullmatch(value) is not None
    try:
        reference = ImageReference.parse(value)
    except SpecError:
        return False
    return reference.tag is None and reference.digest is None


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
