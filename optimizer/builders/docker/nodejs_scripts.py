"""The scripts of Node.js that run beside the installers, and that build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from optimizer.builders.docker.actions import ContextFile, Script
from optimizer.builders.docker.script_files import script, tree_script
from optimizer.model.recipes.nodejs import NodeBundles, NodePart, NodeScriptOutput

_DIGITS = 12


def same_lock(given: str, now: str) -> Script:
    """Fails for what the second lock resolves and the first does not.

    Only packages of registries count, because Yarn itself makes the entries of workspaces and of patches again.
    """
    return script("same_lock.js", "Fails where Yarn had to resolve what the project's lock lacks.", (given, now))


def dependencies_only(manifests: Sequence[str]) -> Script:
    """Takes out of manifests what an installer would run for the project itself, which has no place among dependencies.

    The lock decides which installer that is, in a version of ours, so what manifests say of installers goes too. Of a .npmrc goes
    what has npm install packages for development, whatever its command says.
    """
    return script("dependencies_only.js", "Takes scripts and versions of installers out of manifests.", manifests)


def only_importers(lock: str, importers: Sequence[str]) -> Script:
    """Leaves in a lock of pnpm only some importers: its flat ``node_modules`` would hold the packages of all."""
    return script("only_importers.js", "Leaves in a lock of pnpm only the packages of some importers.", (lock, *importers))


def named_patches(lock: str, patches: Sequence[tuple[str, str]]) -> Script:
    """Writes the files of patches into a lock of pnpm 11 or newer, which has their hashes alone, as pnpm 10 wants them there."""
    words = [word for pair in patches for word in pair]
    return script("named_patches.js", "Names the files of patches in a lock of pnpm.", (lock, *words))


def collect(own: str, places: Sequence[tuple[str, str]]) -> Script:
    """The script that moves the packages of a workspace into the tree, from each source to its place.

    Links to ``own`` go, because it is unknown where the code of the function is; with an empty ``own`` all stay.
    """
    return tree_script(
        "collect_nodejs.js",
        "Puts the packages of a workspace where Node.js looks for them, without links that would lead nowhere.",
        (own, *(word for pair in places for word in pair)),
    )


def prune(lock: str) -> Script:
    """The script that leaves of npm's packages only what each of its versions would leave, by the lock."""
    return tree_script(
        "prune_nodejs.js",
        "Takes away what some versions of npm leave of optional packages for other platforms, and others do not.",
        (lock,),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places(ContextFile):
    """Names places of packages in a tree."""

    folder: ClassVar[str] = "places"


def take(recipe: NodePart, installed: str) -> tuple[Script, ContextFile]:
    """The script that takes the packages of a part out of the tree of an installation, and the file that names them.

    The file is named by its content: equal ones of two images are one cache entry of a builder.
    """
    own, unsettled = [place for place, _ in recipe.packages], sorted({name for name, _ in recipe.unsettled})
    named = {"own": own, "apart": recipe.apart, "rest": recipe.rest, "unsettled": None if recipe.names_places else unsettled}
    text = json.dumps(named, indent=0) + "\n"
    places = _Places(name=f"places-{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}.json", text=text)
    return tree_script("take_nodejs.js", "Takes some packages out of the tree of an installation.", (installed, places.path)), places


def bundle(recipe: NodeBundles) -> Script:
    """The script that runs esbuild, and writes what it makes into the tree.

    The command line would name source files by their way out of the tree.
    """
    options = {
        "root": recipe.root,
        "to": recipe.to,
        "entries": [{"in": source, "out": name} for source, name in recipe.entries],
        "ending": recipe.ending,
        "format": recipe.format,
        "target": recipe.target,
        "external": list(recipe.external),
        "minify": recipe.minify,
        "sourcemap": recipe.source_maps,
    }
    return tree_script(
        "bundle_nodejs.js",
        "Bundles each entry and what it imports into one file, whose source map names the sources as the project does.",
        (json.dumps(options, sort_keys=True, ensure_ascii=False),),
    )


def take_output(recipe: NodeScriptOutput) -> Script:
    """The script that moves what the project's own script has made into the tree."""
    modules = ("modules",) if recipe.modules else ()
    return tree_script(
        "take_output.js",
        "Moves what a script of package.json has made into the tree, and fails where it made nothing.",
        (recipe.script, recipe.output, recipe.to, *modules),
    )
