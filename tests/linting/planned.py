"""Images made from specifications, as the rules see them."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

from optimizer import ImageSpec
from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.function import DeclaredFunction
from optimizer.model.reference import ImageReference
from optimizer.planning.plan import plan
from optimizer.project.files import Project
from tests.linting.cases import DECLARED

RUNTIMES = ("python3.12", "python3.13", "python3.15", "nodejs22.x", "provided.al2023")
BUILDERS = (
    "public.ecr.aws/docker/library/golang:1.25",
    "public.ecr.aws/docker/library/rust:1-alpine",
    "public.ecr.aws/example/insights:1",
    "example.com/house:1",
)


def lock(digit: str = "5") -> Lock:
    """A lock of digests of no real image."""
    references = [*(base_image(name).reference for name in RUNTIMES), *map(ImageReference.parse, BUILDERS)]
    day = datetime.date(2026, 11, 1)
    return Lock().with_images([LockedImage(reference=item, digest="sha256:" + digit * 64, resolved=day) for item in references])


def planned(root: Path, *steps: Any, pins: Lock | None = None, construct: str = "Shop/Api", **spec: Any) -> DockerfileSubject:
    """The image of a specification over the project at ``root``, staged as a synthesis stages it."""
    made = ImageSpec(**{"runtime": "python3.13", "steps": steps, **spec})
    project = Project(root)
    built = plan(made, pins or lock(), project)
    context = build_context(built, project)
    directory = stage_context(context, project, root.parent / "cdk.out")
    file = load_dockerfile(str(directory / "Dockerfile"), arguments={}, architecture=made.architecture)
    place = Location(path="Shop.template.json", construct=construct)
    return replace(file, construct=construct, platform=context.platform, place=place, plan=built)


def running(file: DockerfileSubject, **known: Any) -> FunctionSubject:
    """A function of the image, as CDK declares it."""
    sets = {"architecture": file.architecture, "architecture_given": True, "command": ("app.handler",)}
    sets |= {name: known.pop(name) for name in DECLARED & known.keys()}
    known = {"image": file.path, "declared": DeclaredFunction(**sets), **known}
    location = file.place or Location(path="Shop.template.json", construct=file.construct)
    return FunctionSubject(construct=file.construct, location=location, dockerfile=file, **known)


def written(file: DockerfileSubject) -> DockerfileSubject:
    """The same image from a Dockerfile that people wrote, with the same lines at the same places."""
    text = "\n".join(["# By hand", *file.dockerfile.lines[1:]])
    path = "hand/Dockerfile"
    made = DockerfileSubject.of(text, path, arguments={}, architecture=file.architecture, construct=file.construct, context=file.context)
    return replace(made, platform=file.platform, repository=file.repository, repository_tags=file.repository_tags, cache_to=file.cache_to)
