"""The scripts of Node.js that run beside the installers."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.script_files import script, tree_script


def same_lock(given: str, now: str) -> Script:
    """Fails for what the second lock resolves and the first does not.

    Only packages of registries count, because Yarn itself makes the entries of workspaces and of patches again.
    """
    return script("same_lock.js", "Fails where Yarn had to resolve what the project's lock lacks.", (given, now))


def dependencies_only(manifests: Sequence[str]) -> Script:
    """Takes out of manifests what an installer would run for the project itself, which has no place among dependencies.

    The lock decides which installer that is, in a version of ours, so what manifests say of installers goes too.
    """
    return script("dependencies_only.js", "Takes scripts and versions of installers out of manifests.", manifests)


def only_importers(lock: str, importers: Sequence[str]) -> Script:
    """Leaves in a lock of pnpm only some importers: its flat ``node_modules`` would hold the packages of all."""
    return script("only_importers.js", "Leaves in a lock of pnpm only the packages of some importers.", (lock, *importers))


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
