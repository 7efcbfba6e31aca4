"""The modules of a Java build, of which a step makes one."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from optimizer.adoption.drafts import BuildDraft
from optimizer.adoption.walk import Walk
from optimizer.errors import OptimizerError
from optimizer.locks import gradle, maven
from optimizer.locks.files import ProjectFiles
from optimizer.model import steps


def modules_of(project: ProjectFiles, source: str, tool: str) -> Mapping[str, str]:
    """The directories of the modules within the source, by each name that a command has for them; empty for a build that cannot be read."""
    found: dict[str, str] = {}
    try:
        if tool == "maven":
            for pom in maven.reactor(project, source)[1:]:
                directory = posixpath.relpath(pom.directory, source)
                found.update({directory: directory, f":{pom.artifact}": directory, f"{pom.group}:{pom.artifact}": directory})
        else:
            for module in gradle.build_files(project, source).modules:
                directory = posixpath.relpath(module, source)
                found[directory] = directory
    except (ValueError, OptimizerError):
        return {}
    return {name: directory for name, directory in found.items() if not directory.startswith("..")}


def one_module(walk: Walk) -> None:
    """Of each build, keep the step of one module, which brings those that it depends on, and report what is taken of others."""
    by_source: dict[str, list[BuildDraft]] = {}
    for entry in walk.last.tree.entries:
        draft = entry.draft
        if isinstance(draft, BuildDraft) and draft.kind is steps.JavaBuild and draft not in by_source.setdefault(draft.source, []):
            by_source[draft.source].append(draft)
    for drafts in by_source.values():
        needed = {id(draft): _needed(walk.project, draft) for draft in drafts}
        # Of equal ones, the first that the Dockerfile takes.
        kept = max(drafts, key=lambda draft: sum(other.module in needed[id(draft)] for other in drafts))
        for other in drafts:
            if other is kept:
                continue
            other.used = False
            for instruction in other.via:
                if other.module in needed[id(kept)]:
                    walk.carry(kept, [instruction])
                elif instruction not in kept.via:
                    walk.left(
                        instruction,
                        f'the step builds "{kept.module or kept.source}" with the modules that it depends on, '
                        f'and not "{other.module or other.source}"',
                        "let the one depend on the other, or make a spec for each",
                    )


def _needed(project: ProjectFiles, draft: BuildDraft) -> set[str | None]:
    """The modules that a module depends on, as far as the POMs show."""
    if draft.tool != "maven":
        return set()
    try:
        poms = {posixpath.relpath(pom.directory, draft.source): pom for pom in maven.reactor(project, draft.source)}
    except (ValueError, OptimizerError):
        return set()
    by_name = {pom.artifact: place for place, pom in poms.items()}
    waiting, seen = [draft.module or "."], set[str]()
    while waiting:
        place = waiting.pop()
        if place not in seen and place in poms:
            seen.add(place)
            waiting += [by_name[artifact] for _, artifact in poms[place].dependencies if artifact in by_name]
    return {place for place in seen if place != draft.module}
