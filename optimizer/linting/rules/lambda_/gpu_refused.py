"""LIO645: a GPU for a function that cannot have one."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.instances import on_instances
from optimizer.linting.facts.properties import HIDDEN, from_archive, is_set, property_of, whole_number
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.limits import GPU_SIZES

_CONFIG, _SIZE = "AcceleratorConfig", "AcceleratorMemorySize"


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    declared = subject.declared
    if not is_set(declared, _CONFIG):
        return
    place = subject.place(_CONFIG)
    if from_archive(declared):
        yield Violation(
            message="a function with a GPU runs an image, and this one has a zip archive", span=place, hint="write PackageType: Image"
        )
    if declared.architecture is None:
        yield Inconclusive(reason="the architecture of the function is known at deployment only", span=place)
    elif declared.architecture != "x86_64":
        yield Violation(
            message=f"a function with a GPU runs on x86_64, and this one on {declared.architecture}", span=place, hint="choose x86_64"
        )
    managed = on_instances(declared)
    if managed is None:
        yield Inconclusive(reason="whether the function has a capacity provider is known at deployment only", span=place)
    elif not managed:
        yield Violation(
            message="a function with a GPU needs a capacity provider, and this one has none",
            span=place,
            hint="give it CapacityProviderConfig, with a provider whose instances have GPUs",
        )
    size = property_of(declared, _CONFIG, _SIZE)
    if size is HIDDEN:
        yield Inconclusive(reason=f"{_SIZE} is known at deployment only", span=subject.place(_CONFIG, _SIZE))
    elif whole_number(size) not in GPU_SIZES:
        given = "missing" if size is None else size
        allowed = ", ".join(map(str, GPU_SIZES))
        yield Violation(
            message=f"{_SIZE} is {given}; allowed: {allowed}",
            span=subject.place(_CONFIG, _SIZE),
            hint="write the least memory of a GPU that the function can use, in GiB",
        )


RULE = Rule(
    id="LIO645",
    name="gpu-refused",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A function with AcceleratorConfig is no image, not of x86_64, without a capacity provider, or asks for a size that no GPU has.",
    why=(
        "Lambda gives GPUs to functions that run images of x86_64 on Managed Instances, with 3, 6, 12, 16, 24 or 48 GiB, and refuses all others "
        "at deployment. CDK up to 2.277, cfn-lint 1.58 and SAM's translator 1.115 do not know the property yet: in CDK it is set with "
        "add_property_override on the L1 function."
    ),
    fix="make it an image function of x86_64 with a capacity provider, or take AcceleratorConfig out",
    bad="AcceleratorConfig:\n  AcceleratorMemorySize: 16\nArchitectures: [arm64]",
    good=(
        "AcceleratorConfig:\n  AcceleratorMemorySize: 16\nArchitectures: [x86_64]\nPackageType: Image\nCapacityProviderConfig:\n"
        "  LambdaManagedInstancesCapacityProviderConfig:\n    CapacityProviderArn: !GetAtt Gpus.Arn"
    ),
    example="yaml",
    function=_check,
)
