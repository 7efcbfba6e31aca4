"""A lock of Node.js packages in several layers: a part for each group of the packing, and one for the rest.

An installer puts all packages into one tree, and each part is taken out of
that.  What a place of the tree holds is its package's, whatever stands beside it,
where no script of a package runs and nothing is patched: such a part is known by
its packages alone.  A lock can be divided where that is so, and where it tells
each place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from optimizer.locks.nodejs_places import NodeTarget, Placed, PlacedTree, npm_places, pnpm_places, yarn_places
from optimizer.locks.pins import NotPinned
from optimizer.model.plan import Stage
from optimizer.model.recipes.nodejs import NodePackages, NodePart
from optimizer.model.text import few
from optimizer.toolchains.nodejs_project import NodeProject
from optimizer.toolchains.nodejs_recipe import node_recipe
from optimizer.toolchains.parts import members_of_parts

ECOSYSTEM = "nodejs"
"""The packing's name for these packages."""

ACROSS_PACKAGES = ("tests", "docs", "base-packages")
"""Words of ``slim``: what they leave out of one package depends on the code of others, or on what the base has."""

_NPMRC = ("bin-links", "global-style", "include", "install-strategy", "legacy-bundling", "omit", "only", "optional", "production")
_PNPM = ("external-dependencies", "hoisting-limits", "modules-dir", "virtual-store-dir")
_PLACING: Mapping[str, Mapping[str, Sequence[str]]] = {
    "npm": {".npmrc": _NPMRC},
    "pnpm": {
        ".npmrc": (*_NPMRC, *_PNPM),
        "pnpm-workspace.yaml": ("externalDependencies", "hoistingLimits", "modulesDir", "optional", "virtualStoreDir"),
    },
    "yarn": {
        ".yarnrc.yml": ("nmHoistingLimits", "nmSelfReferences", "packageExtensions", "plugins", "supportedArchitectures"),
        "package.json": ("installConfig",),
    },
}
"""By tool and file, the settings that decide which packages there are, and where."""

_CLASSIC = "a lock of Yarn 1 does not tell for which platforms packages are, and which have programs"


def part_stages(whole: Stage, project: NodeProject) -> tuple[Stage, ...]:
    """The stages of a lock that is divided: ``whole`` without a layer, then the parts, those of groups first.

    Raises :class:`NotPinned` for a lock that cannot be divided.
    """
    recipe = whole.recipe
    assert isinstance(recipe, NodePackages)
    _check(recipe, project)
    tree = _tree(recipe, project)
    groups, rest = members_of_parts(sorted({item.name for item in tree.packages}), project.context.packing, ECOSYSTEM)
    installed = replace(whole, name=f"{whole.name}--installed", layer=False, title=f"{whole.title}, of which the layers are parts")
    names = _stage_names(groups, project)
    parts = [_part(name, group, installed, recipe, tree) for name, group in zip(names, groups, strict=True)]
    return (installed, *parts, _rest(whole.name, rest, installed, recipe, tree))


def obstacle(recipe: NodePackages) -> str | None:
    """Why a lock cannot be divided, as far as its recipe tells; None where nothing of that keeps it whole."""
    across = [word for word in recipe.slim if word in ACROSS_PACKAGES]
    if recipe.installer == "yarn-classic":
        return _CLASSIC
    if recipe.scripts:
        return "install scripts may run, which may change other packages; scripts=False leaves them out"
    if recipe.patches is not None:
        return "patch-package changes its packages"
    if recipe.build_packages is not None:
        return f"its build packages ({', '.join(recipe.build_packages.names)}) are for packages that are built from source"
    if across:
        return f'what slim leaves out by "{across[0]}" depends on several packages'
    if recipe.workspace or recipe.places:
        return "it has packages of the project"
    return None


def installed_names(project: NodeProject) -> frozenset[str] | None:
    """The packages that are installed on the target, by the names of those that bring them; None where the lock does not tell."""
    try:
        tree = _tree(node_recipe(project), project)
    except NotPinned:
        return None
    return frozenset({item.name for item in tree.packages} | {name for name, _ in tree.unsettled})


def _check(recipe: NodePackages, project: NodeProject) -> None:
    scripted = project.installed.scripted if recipe.scripts else None
    if scripted:
        raise NotPinned(f"install scripts run, of {few(scripted)}, which may change other packages; scripts=False leaves them out")
    why = obstacle(recipe)
    if why is not None:
        raise NotPinned(why)
    for name, words in _PLACING[project.tool].items():
        found = set(re.findall(r"^\s*[\"']?([\w-]+)[\"']?(?:\[\])?\s*[=:]", project.settings(name), re.MULTILINE)) & set(words)
        if found:
            raise NotPinned(f"{min(found)} in {project.path(name)} decides which packages there are, and where")
    if recipe.hooks:
        raise NotPinned(f"{few(recipe.hooks)} is code that may change packages")


def _tree(recipe: NodePackages, project: NodeProject) -> PlacedTree:
    platform = recipe.platform
    node = int(project.context.target.base.runtime.removeprefix("nodejs").partition(".")[0])
    target = NodeTarget(cpu=platform.cpu, os=platform.os, libc=platform.libc, node=node)
    text = project.context.project.read_text(project.step.lock)
    if project.has_local_packages or project.classic:
        raise NotPinned("it has packages of the project" if project.has_local_packages else _CLASSIC)
    match recipe.installer:
        case "npm":
            return npm_places(text, target)
        case "pnpm":
            return pnpm_places(text, target)
        case _:
            return yarn_places(text, project.manifest(".").production, target, project.manifest(".").overridden)


def _stage_names(groups: Iterable[Sequence[str]], project: NodeProject) -> Sequence[str]:
    """Named after its first package, a part keeps its name whatever other groups there are."""
    found: list[str] = []
    for group in groups:
        slug = re.sub(r"[^a-z0-9]+", "-", group[0].lower()).strip("-")
        name = base = f"{project.context.name}-{slug}"
        number = 2
        while name in found:
            name, number = f"{base}-{number}", number + 1
        found.append(name)
    return found


def _part(name: str, group: Sequence[str], installed: Stage, recipe: NodePackages, tree: PlacedTree) -> Stage:
    own, others = _parted(tree, group)
    apart = tuple(place for place in others if any(place.startswith(f"{item.place}/") for item in own))
    return _stage(name, group, installed, NodePart(**_common(recipe), packages=_pairs(own), apart=apart))


def _rest(name: str, group: Sequence[str], installed: Stage, recipe: NodePackages, tree: PlacedTree) -> Stage:
    own, apart = _parted(tree, group)
    rest = NodePart(
        **_common(recipe),
        packages=_pairs(own),
        apart=tuple(apart),
        rest=True,
        links=tree.links,
        unsettled=tree.unsettled,
        graph=tree.graph or "",
    )
    return _stage(name, rest.names or ["links to programs"], installed, rest)


def _parted(tree: PlacedTree, group: Collection[str]) -> tuple[Sequence[Placed], Sequence[str]]:
    """The packages of a part, and the places of all others."""
    names = frozenset(group)
    return [item for item in tree.packages if item.name in names], [item.place for item in tree.packages if item.name not in names]


def _pairs(items: Iterable[Placed]) -> tuple[tuple[str, str], ...]:
    return tuple((item.place, item.release) for item in items)


def _common(recipe: NodePackages) -> dict[str, Any]:
    return {"installer": recipe.installer, "tools": recipe.tools, "platform": recipe.platform, "slim": recipe.slim}


def _stage(name: str, group: Sequence[str], installed: Stage, recipe: NodePart) -> Stage:
    return replace(
        installed,
        name=name,
        title=f"{installed.title.partition(',')[0]}: {few(group)}",
        taken_from=installed.name,
        layer=True,
        recipe=recipe,
    )
