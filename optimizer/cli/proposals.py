"""Specs proposed for what a Dockerfile, a template or an app builds: one for each image, one file for equal ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from optimizer.adapters.adoption import SET_IT, Candidate, slug
from optimizer.adapters.path_names import SPEC_SUFFIX
from optimizer.adoption.proposal import NotCarried, ProposedFile, ProposedImage, Skipped
from optimizer.adoption.propose import propose
from optimizer.adoption.toml import render_toml
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.errors import Fault, OptimizerError, SpecError
from optimizer.project.files import Project

Candidacy: TypeAlias = "tuple[Candidate | None, ProposedImage]"
"""A proposal, and what it was made for; None for code without a Dockerfile."""


def proposed(
    candidates: Sequence[Candidate],
    skipped: list[Skipped],
    project: Project,
    mirror: Mirror,
    tools: Tools,
    runtime: str | None,
    architecture: str | None,
) -> list[Candidacy]:
    """A proposal for each candidate; raises the faults of all when there is none at all."""
    found: list[Candidacy] = []
    faults: list[Fault] = []
    for item in candidates:
        try:
            proposal = propose(
                item.subject,
                directory=item.directory,
                project=project,
                mirror=mirror,
                tools=tools,
                function=item.declared,
                architecture=architecture,
                runtime=runtime,
                secrets=item.secrets,
            )
        except OptimizerError as error:
            here = [
                replace(fault, hint=fault.hint.replace("name the runtime,", "name the runtime with --runtime,")) for fault in error.faults
            ]
            # A place without a file is one of the function.
            faults += (replace(fault, place=f"{item.function}: {fault.place}") if ":" not in fault.place else fault for fault in here)
            fault = here[0]
            skipped.append(
                Skipped(item.function or item.subject.path, str(Fault(fault.message, fault.place)), NotCarried(fault.message, fault.hint))
            )
            continue
        hidden = tuple(NotCarried(message, SET_IT) for message in item.hidden)
        proposal = replace(proposal, not_carried=(*proposal.not_carried, *hidden))
        found.append((item, ProposedImage(function=item.function, id=item.id, stem=item.stem, proposal=proposal)))
    if faults and not found:
        raise SpecError(faults)
    return found


def proposed_files(images: Sequence[Candidacy], output: str) -> list[ProposedFile]:
    """One file for each spec, with all functions that have it."""
    groups: list[list[Candidacy]] = []
    for item in images:
        group = next((group for group in groups if group[0][1].proposal.spec == item[1].proposal.spec), None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    files: list[ProposedFile] = []
    taken: set[str] = set()
    for group in groups:
        first = group[0][1]
        stem = first.stem
        if stem in taken and first.function:
            stem = slug(first.function)
        number = 2
        while stem in taken:
            stem, number = f"{stem}-{number}", number + 1
        taken.add(stem)
        names = [image.function for _, image in group if image.function]
        files.append(
            ProposedFile(
                path=os.path.normpath(os.path.join(output, stem + SPEC_SUFFIX)),
                text=render_toml(first.proposal, names),
                images=tuple(image for _, image in group),
            )
        )
    return files
