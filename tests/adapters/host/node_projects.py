"""Projects of Node.js packages that need no registry, and programs that stand for Node.js and npm."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimizer import ImageSpec, Lock, NodeDependencies, plan
from optimizer.adapters.host.tree import BaseFacts, TreeRequest
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
OPTIONAL = "@acme/for-linux"


def write_project(root: Path, files: Mapping[str, str] | None = None, **optional: Any) -> None:
    """A project with a lock of npm: a package with a program and an install script; ``optional`` are values of an optional one."""
    tool = {"name": "@acme/tool", "version": "1.0.0", "bin": {"tool": "run.js"}, "scripts": {"postinstall": "node run.js"}}
    code = "#!/usr/bin/env node\nrequire('fs').writeFileSync('ran', '');\n"
    other = {"name": OPTIONAL, "version": "1.0.0", **optional}
    pack(root / "vendor" / "tool.tgz", {"package.json": json.dumps(tool), "run.js": code})
    pack(root / "vendor" / "other.tgz", {"package.json": json.dumps(other)})
    manifest = {
        "name": "shop",
        "version": "1.0.0",
        "dependencies": {"@acme/tool": "file:vendor/tool.tgz"},
        "optionalDependencies": {OPTIONAL: "file:vendor/other.tgz"},
    }
    packages = {
        "": manifest,
        "node_modules/@acme/tool": {
            "version": "1.0.0",
            "resolved": "file:vendor/tool.tgz",
            "hasInstallScript": True,
            "bin": {"tool": "run.js"},
        },
        f"node_modules/{OPTIONAL}": {"version": "1.0.0", "resolved": "file:vendor/other.tgz", "optional": True, **optional},
    }
    (root / "package.json").write_text(json.dumps(manifest))
    lock = {"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (root / "package-lock.json").write_text(json.dumps(lock))
    for name, text in (files or {}).items():
        (root / name).write_text(text)


def pack(archive: Path, files: Mapping[str, str]) -> None:
    """Write a package as npm packs one."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))


def request_of(root: Path, output: Path, *, runtime: str = "nodejs22.x", architecture: str = "x86_64", **values: Any) -> TreeRequest:
    """The tree of the lock; values are those of the step."""
    values = {"lock": "package-lock.json", "scripts": False, **values}
    spec = ImageSpec(runtime=runtime, architecture=architecture, steps=[NodeDependencies(**values)])
    made = plan(spec, LOCK, root=root)
    project = Project(root)
    context = stage_context(build_context(made, project), project, output)
    return TreeRequest(plan=made, stage=made.stage("node-dependencies"), context=context, facts=BaseFacts())


def write_tools(directory: Path, *, node: str = "22.20.0", npm: str = "10.9.3", does: str = "mkdir -p node_modules") -> Path:
    """A directory for PATH with a Node.js and an npm that tell these versions; those that are empty are missing.

    npm writes its arguments and its environment to ``calls`` there.
    """
    directory.mkdir(parents=True, exist_ok=True)
    log = f'{{ printf "%s\\n" "$@"; env | sort; }} >> "{directory}/calls"'
    for name, version, work in (("node", f"v{node}" if node else "", ":"), ("npm", npm, f"{log}\n{does}")):
        if version:
            (directory / name).write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo {version}; exit; fi\n{work}\n')
            (directory / name).chmod(0o755)
    return directory
