"""Fixes of the findings in the files of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from optimizer.adapters.dockerfiles import load_dockerfile, read_dockerfile
from optimizer.adapters.files import replace_file
from optimizer.bases.mirror import Mirror
from optimizer.checking.check import suppressed
from optimizer.checking.group import Group
from optimizer.errors import ContextError
from optimizer.linting.engine import lint
from optimizer.linting.finding import Finding
from optimizer.linting.fixes import fix_all, unified_diff
from optimizer.linting.report import LintReport
from optimizer.linting.subjects import Subject

Load = Callable[[Mapping[str, bytes]], Sequence[Subject]]
"""Reads a file where some files have other bytes than their own."""


class Changes:
    """What the fixes make of the files of the groups; nothing is written before :meth:`write`."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.contents: dict[str, bytes] = {}
        self._before: dict[str, bytes | None] = {}
        self._findings: list[Finding] = []
        self._refused: set[str] = set()
        for group in groups:
            for load in _fixable(group):
                # One file after the other: two may stand beside one ignore file.
                fixed = fix_all(partial(self._findings_of, group, load), self._read)
                self.contents.update(fixed.contents)
                self._findings += fixed.findings
                self._refused |= set(fixed.refused)

    def diff(self) -> str:
        """Everything that changes, as one patch."""
        return "".join(unified_diff(path, self._before[path], self.contents[path]) for path in sorted(self.contents))

    def summary(self, done: str) -> str:
        """How much changes, and what is left alone."""
        lines = [f'warning: "{path}" is not UTF-8, and is left as it is' for path in sorted(self._refused)]
        count, files = len(self._findings), len(self.contents)
        lines.append(f"{count} {'finding' if count == 1 else 'findings'} {done} in {files} {'file' if files == 1 else 'files'}")
        return "\n".join(lines)

    def write(self) -> None:
        """Write the files, each in one step."""
        for path in sorted(self.contents):
            present = read_dockerfile(path)
            if present == self.contents[path]:
                # Two names of one file.
                continue
            if present != self._before[path]:
                raise ContextError(f'"{path}" has changed in the meantime', path, "run the command again")
            replace_file(Path(path), self.contents[path].decode("utf-8"), "the file", ContextError)

    def _findings_of(self, group: Group, load: Load, contents: Mapping[str, bytes]) -> Iterable[Finding]:
        return check_loaded(group, load({**self.contents, **contents})).findings

    def _read(self, path: str) -> bytes | None:
        if path in self.contents:
            return self.contents[path]
        self._before[path] = read_dockerfile(path)
        return self._before[path]


def check_loaded(group: Group, subjects: Sequence[Subject]) -> LintReport:
    """What the rules find in subjects of one file, after the suppressions of the file and of the configuration."""
    return suppressed(lint(subjects, group.conventions, rules=group.rules, known=group.known), group)


def _fixable(group: Group) -> Iterable[Load]:
    """What reads each of the files that may be changed."""
    mirror = group.conventions.mirror
    for path in group.files:
        yield partial(dockerfile_with, path, mirror, None)
    for source in group.templates:
        for path in source.written_dockerfiles:
            # Its template says that a function runs it.
            yield partial(dockerfile_with, path, mirror, True)
    for source in group.templates:
        for path in (source.path, *source.nested):
            yield partial(template_with, path, mirror)


def dockerfile_with(path: str, mirror: Mirror, for_lambda: bool | None, contents: Mapping[str, bytes]) -> Sequence[Subject]:
    """The subject of a Dockerfile, where some files have other bytes than their own."""
    return [replace(load_dockerfile(path, mirror=mirror, contents=contents), for_lambda=for_lambda)]


def template_with(path: str, mirror: Mirror, contents: Mapping[str, bytes]) -> Sequence[Subject]:
    """The subjects of a template itself, where some files have other bytes than their own."""
    # Imported here, because most trees have no templates.
    from optimizer.adapters.templates import load_template

    # Its Dockerfiles are fixed by themselves, where more can be fixed.
    return [item for item in load_template(path, mirror=mirror, contents=contents).subjects if item.location.path == path]
