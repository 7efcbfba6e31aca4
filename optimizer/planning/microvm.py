"""MicroVM images: what a specification needs to be built by AWS, and what of it AWS's pages leave open.

Lambda runs the Dockerfile of a zip archive on an ARM_64 MicroVM, starts the
entry point, and takes a snapshot.
Source: https://docs.aws.amazon.com/lambda/latest/dg/microvms-images.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from optimizer.bases.catalogue import base_image
from optimizer.errors import Fault, SpecError
from optimizer.model.architectures import ARM64
from optimizer.model.ecr import EcrRegistry
from optimizer.model.plan import BuildPlan
from optimizer.model.reference import ImageReference
from optimizer.model.spec import ImageSpec

_PUBLIC = ("public.ecr.aws", "docker.io", "ghcr.io", "quay.io", "mcr.microsoft.com", "registry.k8s.io")


def check_microvm(spec: ImageSpec, entrypoint: Sequence[str]) -> None:
    """Raise :class:`SpecError`, with all of its faults, for a specification that AWS cannot build for a MicroVM."""
    faults = [
        Fault(
            f'the step needs the build secret "{secret.id}", and AWS builds a MicroVM image without build secrets',
            f"steps[{index}].secrets[{position}]",
            "build the image elsewhere, push it to a repository of the account, and give AWS a Dockerfile with its name alone",
        )
        for index, step in enumerate(spec.steps)
        for position, secret in enumerate(getattr(step, "secrets", ()))
    ]
    if spec.architecture != ARM64.name:
        faults.append(
            Fault(
                f'MicroVM images are for "{ARM64.name}" alone, and the specification is for "{spec.architecture}"',
                "architecture",
                f'write architecture = "{ARM64.name}"',
            )
        )
    if spec.base is None and not entrypoint:
        faults.append(
            Fault(
                f'the base of "{spec.runtime}" starts a Lambda function, which no MicroVM is',
                "--entrypoint",
                'say what the MicroVM starts, for example --entrypoint \'["python3", "/var/task/server.py"]\'',
            )
        )
    if faults:
        raise SpecError(faults)


def microvm_warnings(spec: ImageSpec, plan: BuildPlan, entrypoint: Sequence[str], programs: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Sentences about what cannot be judged here; ``programs`` are those that each step runs in the base."""
    if spec.base is None:
        yield (
            f"AWS does not name the base images of functions, such as {base_image(spec.runtime).reference}, among those of MicroVM images: "
            f"set base=, for example to public.ecr.aws/lambda/microvms:al2023-minimal, or try it first"
        )
    elif not entrypoint:
        yield "the MicroVM starts what the base starts: say another program with --entrypoint"
    if spec.base is not None and not plan.base.name.endswith(f"/{base_image(spec.runtime).reference.repository}"):
        for step, names in programs.items():
            yield (
                f'the step "{step}" runs {", ".join(names)} in {spec.base}, which is not the base of "{spec.runtime}" and may not have '
                f"{'it' if len(names) == 1 else 'them'}: AWS's build then fails there; choose a base that has what the step runs"
            )
    for host in sorted({image.registry for image in _images(plan)}):
        if EcrRegistry.parse(host) is not None:
            yield f"images of {host} are reached only if it is the account that builds, whose build role may pull them"
        elif host not in _PUBLIC:
            yield f"images of {host} are reached only if it is public: AWS pulls from public registries and from Amazon ECR of the same account"


def _images(plan: BuildPlan) -> Iterator[ImageReference]:
    """The images that the Dockerfile names."""
    yield plan.base
    for stage in plan.stages:
        if stage.archive_alone:
            continue
        if isinstance(stage.origin, ImageReference):
            yield stage.origin
        yield from stage.recipe.images()
