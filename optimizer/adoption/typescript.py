"""Code in TypeScript, which the runtime does not load: the step that compiles it, as far as the project says how."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping
from typing import Any

from optimizer.adoption.proposal import NotCarried
from optimizer.model import steps
from optimizer.model.plan import TREE
from optimizer.toolchains import ProjectFiles

_SOURCES = ("index.ts", "app.ts", "handler.ts", "lambda.ts", "main.ts", "src/index.ts", "src/app.ts", "src/handler.ts", "src/lambda.ts", "src/main.ts")  # fmt: skip
# Comments and strings of JSON with comments, as TypeScript reads its configuration.
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_OUT_DIR = re.compile(r'"outDir"\s*:\s*"([^"]+)"')
_OUT_OPTION = re.compile(r"--out(?P<kind>dir|file|Dir)[= ]\s*[\"']?(?P<path>[\w./-]+)")


def is_typescript(directory: str, project: ProjectFiles) -> bool:
    """Whether the code of a directory is TypeScript, by its configuration or the usual names of a first file."""
    return _has(project, directory, "tsconfig.json") or any(_has(project, directory, name) for name in _SOURCES)


def compiled(directory: str, project: ProjectFiles) -> steps.Command | NotCarried:
    """The step that compiles with the project's own script and npm; where that cannot be told, what is to be done by hand."""
    script = _manifest(directory, project).get("scripts", {}).get("build") if _has(project, directory, "package.json") else None
    output = _output(directory, script if isinstance(script, str) else "", project)
    sources = posixpath.normpath(posixpath.join(directory, "src"))
    locked = _has(project, directory, "package-lock.json")
    if not isinstance(script, str) or output is None or not locked or project.kind(sources) != "directory":
        return NotCarried(
            f'the code in "{directory}" is TypeScript, which the runtime does not run',
            f"compile it in a command step that writes into {TREE}/var/task, or name the directory of the compiled code: "
            "optimizer init DIRECTORY --runtime RUNTIME",
        )
    built = posixpath.normpath(posixpath.join(directory, output))
    return steps.Command(
        name="typescript",
        run=[
            ["sh", "-c", f"cd {shlex.quote(directory)} && npm ci && npm run build"],
            ["sh", "-c", f"mkdir -p {TREE}/var/task && cp -R {shlex.quote(built)}/. {TREE}/var/task/"],
        ],
        # Not the whole directory: what an earlier run has installed and compiled there is no input.
        inputs=[*_files(directory, script, project), sources],
        portable=True,
    )


def _files(directory: str, script: str, project: ProjectFiles) -> list[str]:
    """The configuration that npm and the script read, as far as names tell."""
    names = ["package.json", "package-lock.json", ".npmrc", "tsconfig.json", *re.findall(r"[\w./-]+", script)]
    inside = [name for name in dict.fromkeys(names) if not name.startswith(("/", "..")) and _has(project, directory, name)]
    return [posixpath.normpath(posixpath.join(directory, name)) for name in inside]


def _output(directory: str, script: str, project: ProjectFiles) -> str | None:
    """The directory of the compiled code, relative to the project's own; None where nothing says it, or it lies elsewhere."""
    found = None
    if match := _OUT_OPTION.search(script):
        found = match["path"] if match["kind"] != "file" else posixpath.dirname(match["path"])
    elif _has(project, directory, "tsconfig.json"):
        text = _COMMENT.sub(lambda item: item[1] or "", project.read_text(posixpath.join(directory, "tsconfig.json")))
        found = named[1] if (named := _OUT_DIR.search(text)) else None
    normal = posixpath.normpath(found) if found else ""
    return normal if normal and normal != "." and not normal.startswith(("/", "../")) and normal != ".." else None


def _manifest(directory: str, project: ProjectFiles) -> Mapping[str, Any]:
    try:
        found = json.loads(project.read_text(posixpath.normpath(posixpath.join(directory, "package.json"))))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("scripts", {}), dict) else {}


def _has(project: ProjectFiles, directory: str, name: str) -> bool:
    return project.kind(posixpath.normpath(posixpath.join(directory, name))) == "file"
