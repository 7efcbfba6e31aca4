"""The scripts of Node.js that run beside the installers."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.builders.docker.actions import TreeScript
from optimizer.builders.docker.script_files import tree_script

# Fails for what the second lock resolves and the first does not: of the packages of registries, because Yarn itself makes
# the entries of workspaces and of patches again.
SAME_LOCK = (
    'const read = (path) => { let names = []; return require("fs").readFileSync(path, "utf8").split("\\n").flatMap((line) => { '
    'if (/^[^ #]/.test(line)) names = line.replace(/^"|"?:$/g, "").split(", "); '
    'const [, found] = line.match(/^  resolution: "?([^"]*)/) || []; '
    'return found ? names.filter((name) => !/@workspace:|@patch:/.test(name)).map((name) => name + " as " + found) : []; }); }; '
    "const [given, now] = process.argv.slice(1).map(read); const known = new Set(given); "
    'const lacks = now.filter((item) => !known.has(item)); if (lacks.length) { console.error("yarn.lock does not fit package.json: '
    'it lacks " + lacks.join(", ") + "; run yarn install, and commit the lock"); process.exit(1); }'
)
"""Script of Node.js; its arguments are the two locks."""

# What a package.json would have an installer run for the project itself has no place among dependencies; and the lock
# decides which installer that is, in a version of ours.
DEPENDENCIES_ONLY = (
    'const fs = require("fs"); for (const path of process.argv.slice(1)) { const data = JSON.parse(fs.readFileSync(path, "utf8")); '
    "delete data.scripts; delete data.packageManager; "
    'for (const tool of ["npm", "pnpm", "yarn"]) if (data.engines) delete data.engines[tool]; '
    "fs.writeFileSync(path, JSON.stringify(data)); }"
)
"""Script of Node.js; its arguments are the manifests to be changed in place."""
ONLY_IMPORTERS = (
    'const fs = require("fs"); const [path, ...keep] = process.argv.slice(1); let inside = false, drop = false; '
    'const lines = fs.readFileSync(path, "utf8").split("\\n").filter((line) => { '
    'if (/^\\S/.test(line)) { inside = line.startsWith("importers:"); drop = false; } '
    "const found = inside && line.match(/^ {2}([^\\s].*?):(?: *\\{\\})?\\s*$/); "
    'if (found) drop = !keep.includes(found[1].replace(/^["\\x27]|["\\x27]$/g, "")); return !drop; }); '
    'fs.writeFileSync(path, lines.join("\\n"));'
)
"""Script of Node.js that leaves in a lock of pnpm only some importers: its flat ``node_modules`` would hold the packages of all.

Its arguments are the lock and the importers.
"""


def collect(own: str, places: Sequence[tuple[str, str]]) -> TreeScript:
    """The script that moves the packages of a workspace into the tree, from each source to its place.

    Links to ``own`` go, because it is unknown where the code of the function is; with an empty ``own`` all stay.
    """
    return tree_script(
        "collect_nodejs.js",
        "Puts the packages of a workspace where Node.js looks for them, without links that would lead nowhere.",
        (own, *(word for pair in places for word in pair)),
    )


def prune(lock: str) -> TreeScript:
    """The script that leaves of npm's packages only what each of its versions would leave, by the lock."""
    return tree_script(
        "prune_nodejs.js",
        "Takes away what some versions of npm leave of optional packages for other platforms, and others do not.",
        (lock,),
    )
