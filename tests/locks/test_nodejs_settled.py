"""Which packages of locks that name no places stand in the uppermost directory, whatever else there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from optimizer.locks.nodejs_places import NodeTarget, PlacedTree, pnpm_places, yarn_places
from optimizer.locks.pins import NotPinned

TARGET = NodeTarget(cpu="x64", os="linux", libc="glibc", node=22)

Needs = Mapping[str, Mapping[str, str]]
"""Per package, as NAME@VERSION, the versions that it needs by name."""

GRAPH: Needs = {
    "debug@4.0.0": {"ms": "2.1.3"},
    "send@1.0.0": {"ms": "2.0.0", "etag": "1.0.0"},
    "ms@2.1.3": {},
    "ms@2.0.0": {},
    "etag@1.0.0": {},
    "react-dom@18.0.0": {"react": "18.0.0"},
    "react@18.0.0": {},
}
ROOT = {"debug": "4.0.0", "send": "1.0.0", "react-dom": "18.0.0", "react": "18.0.0"}
PEERS = ("react-dom@18.0.0",)
PROGRAMS = ("send@1.0.0",)


def pnpm(graph: Needs = GRAPH, root: Mapping[str, str] = ROOT, about: Mapping[str, Mapping[str, Any]] = {}) -> PlacedTree:
    suffix = {key: "(react@18.0.0)" for key in PEERS}
    packages = {
        key: {"resolution": {"integrity": f"sha512-{key}"}, **({"hasBin": True} if key in PROGRAMS else {}), **about.get(key, {})}
        for key in graph
    }
    versions = {name: {"version": version + suffix.get(f"{name}@{version}", "")} for name, version in root.items()}
    snapshots = {
        key + suffix.get(key, ""): {"dependencies": dict(needs), **({"optional": True} if key in about else {})}
        for key, needs in graph.items()
    }
    data = {"lockfileVersion": "9.0", "importers": {".": {"dependencies": versions}}, "packages": packages, "snapshots": snapshots}
    return pnpm_places(yaml.safe_dump(data), TARGET)


def yarn(graph: Needs = GRAPH, root: Mapping[str, str] = ROOT, about: Mapping[str, Mapping[str, Any]] = {}) -> PlacedTree:
    def entry(key: str, needs: Mapping[str, str]) -> dict[str, Any]:
        name, _, version = key.rpartition("@")
        return {
            "version": version,
            "resolution": f"{name}@npm:{version}",
            "dependencies": {other: f"npm:{wanted}" for other, wanted in needs.items()},
            "checksum": f"10c0/{key}",
            **({"peerDependencies": {"react": "*"}} if key in PEERS else {}),
            **({"bin": {"send": "cli.js"}} if key in PROGRAMS else {}),
            **about.get(key, {}),
        }

    entries = {key.replace("@", "@npm:", 1): entry(key, needs) for key, needs in graph.items()}
    entries |= {f"{name}@npm:{key}": entry(key, graph[key]) for name, key in root.items() if key in graph}
    shop = {
        "version": "0.0.0-use.local",
        "resolution": "shop@workspace:.",
        "dependencies": {name: f"npm:{version}" for name, version in root.items()},
    }
    shop["dependencies"]["tool"] = "npm:1.0.0"  # type: ignore[index]
    return yarn_places(yaml.safe_dump({"__metadata": {"version": 8}, **entries, "shop@workspace:.": shop}), tuple(root), TARGET)


both = pytest.mark.parametrize("made", [pnpm, yarn], ids=["pnpm", "yarn"])


@both
def test_one_version_under_its_own_name_without_peers_is_settled(made: Any) -> None:
    found = made()
    assert [(item.place, item.name) for item in found.packages] == [
        (f"node_modules/{name}", name) for name in ("debug", "etag", "react", "send")
    ]
    assert [name for name, _ in found.unsettled] == ["ms", "ms", "react-dom"]
    assert [name for name, _ in found.links] == ["send"]


@both
def test_a_new_release_of_a_settled_package_changes_its_release_alone(made: Any) -> None:
    """Requirement: "bumping another package leaves the part's key and diff_id the same"."""
    newer = {
        "etag@2.0.0" if key == "etag@1.0.0" else key: {**needs, **({"etag": "2.0.0"} if "etag" in needs else {})}
        for key, needs in GRAPH.items()
    }
    before, after = made(), made(newer)
    assert after.graph == before.graph
    assert (after.links, after.unsettled) == (before.links, before.unsettled)
    assert {item.name for item, other in zip(before.packages, after.packages, strict=True) if item != other} == {"etag"}


@both
@pytest.mark.parametrize(
    "graph",
    [
        {**GRAPH, "etag@1.0.0": {"react": "18.0.0"}},
        {**{key: needs for key, needs in GRAPH.items() if key != "ms@2.1.3"}, "debug@4.0.0": {"ms": "2.2.0"}, "ms@2.2.0": {}},
    ],
    ids=["a need", "an unsettled release"],
)
def test_what_decides_places_is_in_the_graph(made: Any, graph: Needs) -> None:
    assert made(graph).graph != made().graph


@both
def test_a_second_name_of_a_package_leaves_it_unsettled(made: Any) -> None:
    found = made(root={**ROOT, "other": "etag@1.0.0"})
    assert "etag" not in {item.name for item in found.packages}
    assert {"etag", "other"} <= {name for name, _ in found.unsettled}


def test_optional_packages_are_those_of_the_platform() -> None:
    graph = {**GRAPH, "fast@1.0.0": {}, "slow@1.0.0": {}}
    root = {**ROOT, "fast": "1.0.0", "slow": "1.0.0"}
    found = pnpm(graph, root, {"fast@1.0.0": {"os": ["linux"], "libc": ["glibc"]}, "slow@1.0.0": {"os": ["darwin"]}})
    assert {"fast", "slow"} & {item.name for item in found.packages} == {"fast"}
    conditions = {"fast@1.0.0": {"conditions": "(os=darwin | os=linux) & cpu=x64 & libc=glibc"}, "slow@1.0.0": {"conditions": "os=darwin"}}
    assert {"fast", "slow"} & {item.name for item in yarn(graph, root, conditions).packages} == {"fast"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lockfileVersion: '6.0'\n", "its lock file is of pnpm 8 or older"),
        ("lockfileVersion: '9.0'\nimporters: {.: {dependencies: {a: {version: 'link:../a'}}}}\n", "it takes a from link:../a"),
        (
            "lockfileVersion: '9.0'\nimporters: {.: {dependencies: {a: {version: 1.0.0}}}}\n"
            "packages: {a@1.0.0: {resolution: {tarball: x}}}\nsnapshots: {a@1.0.0: {}}\n",
            "a@1.0.0 has no integrity in it",
        ),
    ],
)
def test_what_a_lock_of_pnpm_does_not_tell_is_said(text: str, why: str) -> None:
    with pytest.raises(NotPinned, match=why):
        pnpm_places(text, TARGET)


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"etag@1.0.0": {"conditions": "phase=new"}}, "the conditions of etag@npm:1.0.0 are phase=new"),
        ({"etag@1.0.0": {"resolution": "etag@https://example.com/etag.git#commit=1"}}, "it does not tell|comes from"),
    ],
)
def test_what_a_lock_of_yarn_does_not_tell_is_said(about: Mapping[str, Mapping[str, Any]], why: str) -> None:
    with pytest.raises(NotPinned, match=why):
        yarn(about=about)


def test_a_catalog_or_a_resolution_names_the_one_package_of_its_name() -> None:
    """Yarn writes a dependency as the package has it, and what is installed by another descriptor."""
    entries = {
        "debug@npm:4.4.0": {"version": "4.4.0", "resolution": "debug@npm:4.4.0", "checksum": "d", "dependencies": {"ms": "npm:^2.1.3"}},
        "ms@npm:2.1.2": {"version": "2.1.2", "resolution": "ms@npm:2.1.2", "checksum": "m"},
    }
    shop = {"version": "0", "resolution": "shop@workspace:.", "dependencies": {"debug": "catalog:"}}
    text = yaml.safe_dump({"__metadata": {"version": 8}, **entries, "shop@workspace:.": shop})
    assert [item.name for item in yarn_places(text, ("debug",), TARGET, ("ms",)).packages] == ["debug", "ms"]
    other = {"ms@npm:^2.1.3": {"version": "2.1.3", "resolution": "ms@npm:2.1.3", "checksum": "n"}}
    with pytest.raises(NotPinned, match="which ms"):
        yarn_places(yaml.safe_dump(yaml.safe_load(text) | other), ("debug",), TARGET, ("ms",))
