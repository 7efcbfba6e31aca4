"""Which install scripts npm 12 and newer run: those of the packages that a project names.

Source: https://docs.npmjs.com/cli/v12/commands/npm-install-scripts; what decides is as seen in runs of npm 12.2.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

BLOCKS_SINCE = 12
"""The major version of npm that runs no install script which the project does not name."""

_SETTING = re.compile(
    r"^\s*(?P<key>allow-scripts|dangerously-allow-all-scripts|ignore-scripts)(?:\[\])?\s*=\s*(?P<value>.*?)\s*$", re.MULTILINE
)


def undecided(releases: Iterable[tuple[str, str, str]], allowed: Mapping[str, bool], npmrc: str) -> tuple[str, ...]:
    """The packages whose install scripts npm leaves out though nobody has denied them, as ``name@version``, sorted.

    ``releases`` are packages of registries that have such scripts, each as its
    name there, its version and its URL, empty where the lock has none;
    ``allowed`` is ``allowScripts`` of the root's package.json, and ``npmrc`` the
    text of the file beside it, which npm asks only where the other has nothing.
    """
    settings: dict[str, list[str]] = {}
    for match in _SETTING.finditer(npmrc):
        settings.setdefault(match["key"], []).append(match["value"].strip("\"'"))
    if any(settings.get(key, [""])[-1] == "true" for key in ("dangerously-allow-all-scripts", "ignore-scripts")):
        return ()
    named = {name.strip(): True for value in settings.get("allow-scripts", ()) for name in value.split(",") if name.strip()}
    keys = [(*_parted(key), allows) for key, allows in (allowed or named).items()]
    return tuple(sorted({f"{name}@{version}" for name, version, url in releases if not _is_decided(name, version, url, keys)}))


def _parted(key: str) -> tuple[str, str]:
    """A name, and what stands after its ``@``."""
    at = key.find("@", 1)
    return (key[:at], key[at + 1 :]) if at > 0 else (key, "")


def _is_decided(name: str, version: str, url: str, keys: Iterable[tuple[str, str, bool]]) -> bool:
    # npm takes the version of an approval from the URL of the lock alone, and passes over ranges and tags.
    is_told = url.endswith(f"/{name.rpartition('/')[2]}-{version}.tgz")
    return any(
        named == name
        and (
            versions.strip() in ("", "*")
            or (version in (item.strip() for item in versions.split("||")) if is_told else not allows and _is_exact(versions))
        )
        for named, versions, allows in keys
    )


def _is_exact(versions: str) -> bool:
    return all(item.strip()[:1].isdigit() for item in versions.split("||"))
