"""What is installed of a lock of npm on one platform, and where it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from optimizer.locks.nodejs_places import NodeTarget, npm_places
from optimizer.locks.pins import NotPinned

TARGET = NodeTarget(cpu="x64", os="linux", libc="glibc", node=22)


def text(packages: Mapping[str, Any], root: dict[str, Any] | None = None) -> str:
    entries = {path: {"version": "1.0.0", "integrity": f"sha512-{path}", **entry} for path, entry in packages.items()}
    return json.dumps({"lockfileVersion": 3, "packages": {"": root or {}, **entries}})


def places(packages: Mapping[str, Any], target: NodeTarget = TARGET, root: dict[str, Any] | None = None) -> list[str]:
    return [item.place for item in npm_places(text(packages, root), target).packages]


def test_packages_for_development_are_left_out() -> None:
    assert places({"node_modules/a": {}, "node_modules/b": {"dev": True}}) == ["node_modules/a"]


def test_optional_packages_are_those_of_the_platform() -> None:
    """Requirement: as npm, with ``--cpu``, ``--os`` and ``--libc``."""
    root = {"optionalDependencies": {name: "*" for name in ("x64", "arm64", "musl", "mac", "not-windows")}}
    packages = {
        "node_modules/x64": {"optional": True, "os": ["linux"], "cpu": ["x64"], "libc": ["glibc"]},
        "node_modules/arm64": {"optional": True, "os": ["linux"], "cpu": ["arm64"]},
        "node_modules/musl": {"optional": True, "os": ["linux"], "libc": "musl"},
        "node_modules/mac": {"optional": True, "os": ["darwin"]},
        "node_modules/not-windows": {"optional": True, "os": ["!win32"]},
    }
    assert places(packages, root=root) == ["node_modules/not-windows", "node_modules/x64"]
    assert places(packages, replace(TARGET, cpu="arm64"), root) == ["node_modules/arm64", "node_modules/not-windows"]


def test_what_only_packages_for_other_platforms_need_is_left_out() -> None:
    root = {"optionalDependencies": {"wasm": "*"}}
    packages = {
        "node_modules/wasm": {"optional": True, "cpu": ["wasm32"], "dependencies": {"core": "1"}},
        "node_modules/core": {"optional": True},
    }
    assert places(packages, root=root) == []
    assert places({**packages, "node_modules/a": {"peerDependencies": {"core": "1"}}}, root=root) == ["node_modules/a", "node_modules/core"]


def test_what_development_needs_too_stays() -> None:
    packages = {"node_modules/tool": {"dev": True, "dependencies": {"core": "1"}}, "node_modules/core": {"devOptional": True}}
    assert places(packages) == ["node_modules/core"]


@pytest.mark.parametrize(
    ("engines", "there"), [({"node": ">=18"}, True), ({"node": "20"}, False), ({"npm": ">=9"}, True), ({"npm": "6"}, False)]
)
def test_an_optional_package_for_other_versions_is_left_out(engines: dict[str, str], there: bool) -> None:
    found = places({"node_modules/a": {"optional": True, "engines": engines}}, root={"optionalDependencies": {"a": "1"}})
    assert bool(found) is there


def test_what_a_package_bundles_is_its_own() -> None:
    packages = {
        "node_modules/a": {"bundleDependencies": ["b"], "dependencies": {"b": "1"}},
        "node_modules/a/node_modules/b": {"inBundle": True, "integrity": None, "version": "2.0.0"},
    }
    found = npm_places(text(packages), TARGET).packages
    assert [(item.place, item.name, item.release) for item in found] == [
        ("node_modules/a", "a", "1.0.0 sha512-node_modules/a"),
        ("node_modules/a/node_modules/b", "a", "2.0.0 sha512-node_modules/a"),
    ]


def test_links_to_programs_stand_beside_the_packages_and_nested_ones_below() -> None:
    packages = {
        "node_modules/@acme/a": {"bin": "./cli.js"},
        "node_modules/@acme/a/node_modules/b": {"bin": {"bee": "bin/b.js", "c": "c.js"}},
    }
    assert npm_places(text(packages), TARGET).links == (
        ("node_modules/.bin/a", "node_modules/@acme/a/cli.js"),
        ("node_modules/@acme/a/node_modules/.bin/bee", "node_modules/@acme/a/node_modules/b/bin/b.js"),
        ("node_modules/@acme/a/node_modules/.bin/c", "node_modules/@acme/a/node_modules/b/c.js"),
    )


def test_the_first_format_names_no_places() -> None:
    with pytest.raises(NotPinned, match="the first format, which names no places"):
        npm_places('{"lockfileVersion": 1, "dependencies": {}}', TARGET)
