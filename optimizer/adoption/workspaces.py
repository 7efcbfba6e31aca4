"""What an installer of a Dockerfile installs of the project itself, and a step of dependencies does not: its own package, other members."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optimizer.adoption.drafts import ContentDraft, InstallDraft
from optimizer.adoption.places import Places
from optimizer.adoption.tree import is_below
from optimizer.adoption.walk import TASK, Walk
from optimizer.errors import OptimizerError
from optimizer.locks.python import LockFault, parse_toml
from optimizer.locks.uv import NAME as UV_LOCK
from optimizer.locks.uv import read_uv_lock
from optimizer.model import steps
from optimizer.model.python_names import normal_name
from optimizer.toolchains.nodejs_project import read_project
from optimizer.toolchains.toolchain import StepContext


@dataclass(frozen=True, slots=True)
class Workspaces:
    """What installers bring beside the packages of a lock."""

    walk: Walk
    places: Places

    def members_left(self, draft: InstallDraft, step: steps.Step, context: StepContext) -> None:
        """Report the members of a workspace for which the Dockerfile installs, and the step does not."""
        if isinstance(step, steps.NodeDependencies) and step.package is None and draft.whole:
            self._left(draft, sorted(set(_members_of_node(step, context))))
        if isinstance(step, steps.PythonDependencies) and draft.whole:
            self._left(draft, sorted(self._members_of_uv(step.lock)))

    def own_packages(self, found_in: Collection[str]) -> None:
        """Bring the code of projects that are installed as packages, where nothing else brings it to where Python looks.

        ``found_in`` are the directories of the image in which Python looks for packages.
        """
        for draft in list(self.walk.drafts.values()):
            if not isinstance(draft, InstallDraft) or not draft.used or not draft.own:
                continue
            directory = self._own(draft)
            source = self._code_of(directory) if directory is not None else None
            if directory is None:
                continue
            inside = "" if source is None or posixpath.basename(source) == "src" else posixpath.basename(source)
            if source is not None and set(self._landings(source)) & {posixpath.join(path, inside).rstrip("/") for path in found_in}:
                continue
            if source is None:
                for instruction in draft.own:
                    self.walk.left(
                        instruction,
                        f'it installs the project in "{directory}" as a package too, and the step only what that depends on',
                        "copy its code with a source-code step",
                    )
                continue
            to = f"{TASK}/{inside}/" if inside else None
            code = self.walk.draft(("own", source), ContentDraft(kind=steps.SourceCode, source=source, to=to))
            code.used = True
            self.walk.carry(code, draft.own)
            for instruction in draft.own:
                self.walk.note(instruction).remarks.append(
                    f'the package in "{directory}" is copied, and not installed: its commands and its metadata are missing'
                )

    def _left(self, draft: InstallDraft, members: list[str]) -> None:
        for instruction in draft.whole if members else ():
            self.walk.left(
                instruction,
                f'"{draft.lock}" is the lock of a workspace: the step installs what one member needs, and not what all do',
                f"set package to the member whose code the function runs: {', '.join(members)}",
            )

    def _members_of_uv(self, lock: str) -> Mapping[str, str]:
        if posixpath.basename(lock) != UV_LOCK:
            return {}
        try:
            return read_uv_lock(self.walk.read_text(lock)).members
        except LockFault:
            return {}

    def _own(self, draft: InstallDraft) -> str | None:
        """The directory of the project that is installed as a package; None where it is none."""
        package = dict(draft.options).get("package")
        member = self._members_of_uv(draft.lock).get(normal_name(str(package)), ".") if package else "."
        directory = posixpath.normpath(posixpath.join(posixpath.dirname(draft.lock), member))
        data = self._manifest(directory)
        tool = data.get("tool", {})
        if "poetry" in tool:
            packaged = tool["poetry"].get("package-mode", True)
        else:
            packaged = tool.get("uv", {}).get("package", "build-system" in data)
        return directory if packaged else None

    def _manifest(self, directory: str) -> Mapping[str, Any]:
        try:
            data = parse_toml(self.walk.read_text(posixpath.join(directory, "pyproject.toml")))
        except LockFault:
            return {}
        tool = data.get("tool", {})
        plain = isinstance(tool, dict) and all(isinstance(tool.get(name, {}), dict) for name in ("poetry", "uv"))
        return data if plain and isinstance(data.get("project", {}), dict) else {}

    def _code_of(self, directory: str) -> str | None:
        """The directory of which the content, or which itself, is the package; None where no layout that is known is there.

        Source: https://packaging.python.org/en/latest/discussions/src-layout-vs-flat-layout/
        """
        source = posixpath.normpath(posixpath.join(directory, "src"))
        # A package that is called src is not the layout of that name.
        if self.walk.kind(source) == "directory" and self.walk.kind(f"{source}/__init__.py") is None:
            return source
        data = self._manifest(directory)
        name = data.get("project", {}).get("name") or data.get("tool", {}).get("poetry", {}).get("name") or ""
        flat = posixpath.normpath(posixpath.join(directory, normal_name(str(name)).replace("-", "_")))
        return flat if name and self.walk.kind(flat) == "directory" else None

    def _landings(self, source: str) -> Iterator[str]:
        """Where in the image the content of a directory of the project is, also where only a part of it is there."""
        for entry in self.walk.last.tree.entries:
            if entry.source is None:
                continue
            path = self.places.now(entry.path)
            if entry.directory and (entry.source in (source, ".") or is_below(source, entry.source)):
                yield posixpath.normpath(posixpath.join(path, posixpath.relpath(source, entry.source)))
            elif source == "." or is_below(entry.source, source):
                inside = posixpath.relpath(entry.source, source)
                if path.endswith(f"/{inside}"):
                    yield path.removesuffix(f"/{inside}") or "/"


def _members_of_node(step: steps.NodeDependencies, context: StepContext) -> Collection[str]:
    try:
        return read_project(step, context).members.values()
    except OptimizerError:
        return ()
