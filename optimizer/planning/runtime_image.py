"""Runtime images: what a specification makes of a customer-managed runtime, one image for each architecture, without code.

Terms
    runtime image   an image of Amazon ECR that becomes the runtime of many
                    functions whose code is a zip archive
    index           one name for the images of several platforms

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-customer-managed.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace

from optimizer.bases.catalogue import base_image
from optimizer.bases.features import support
from optimizer.errors import Fault, SpecError
from optimizer.model.architectures import ARCHITECTURES
from optimizer.model.fields import is_unset
from optimizer.model.spec import ImageSpec
from optimizer.model.steps import (
    DotnetBuild,
    Files,
    JavaBuild,
    NodeBuild,
    NodeDependencies,
    PythonDependencies,
    RubyDependencies,
    SourceCode,
    Step,
)

_CODE = (SourceCode, JavaBuild, DotnetBuild, NodeBuild)
_PACKAGES = (PythonDependencies, NodeDependencies, RubyDependencies)
_TASK_ROOT = "/var/task"


def runtime_specs(spec: ImageSpec, architectures: Sequence[str] = ARCHITECTURES) -> tuple[ImageSpec, ...]:
    """The specifications of a runtime's images, one for each architecture, in the order of :data:`ARCHITECTURES`.

    Raises :class:`SpecError` with one fault for each step that brings a
    function's own code, for an architecture that the specification sets, and
    for architectures that Lambda does not have.
    """
    faults = [
        Fault(
            f"a {step.kind} step brings code of a function, and a runtime image is shared by functions that each bring their own as a zip archive",
            f"steps[{index}]",
            "remove the step, and deploy the code with the functions",
        )
        for index, step in enumerate(spec.steps)
        if isinstance(step, _CODE)
    ]
    if not is_unset(spec, "architecture"):
        faults.append(
            Fault(
                "a runtime image is made for several architectures, which the specification does not choose",
                "architecture",
                "leave architecture out of the specification",
            )
        )
    faults += _architecture_faults(architectures)
    if faults:
        raise SpecError(faults)
    return tuple(replace(spec, architecture=name) for name in ARCHITECTURES if name in architectures)


def runtime_warnings(spec: ImageSpec) -> tuple[str, ...]:
    """Sentences about what AWS asks of the base of a runtime, and about files where Lambda puts the code of a zip function."""
    return (*_base_warnings(spec), *map(_task_root_warning, filter(_in_task_root, spec.steps)))


def _base_warnings(spec: ImageSpec) -> Iterable[str]:
    found = support(base_image(spec.runtime) if spec.base is None else None, "runtime-image")
    base = f'the base of "{spec.runtime}"' if spec.base is None else f'the base "{spec.base}"'
    if found.answer == "needs":
        yield f"{base} has no runtime of AWS: the image has to bring {found.needs}"
    elif found.answer != "works":
        yield f"whether {base} can become a runtime was not found: {found.note or found.source.url}"


def _task_root_warning(step: Step) -> str:
    return (
        f'the step "{step.title}" puts files into {_TASK_ROOT}, where Lambda puts the code of a zip function; AWS does not say whether '
        f"those of a runtime image stay visible there: try it with one function first"
    )


def _in_task_root(step: Step) -> bool:
    if isinstance(step, Files):
        return posixpath.normpath(step.to) == _TASK_ROOT or posixpath.normpath(step.to).startswith(f"{_TASK_ROOT}/")
    return isinstance(step, _PACKAGES)


def _architecture_faults(architectures: Sequence[str]) -> Iterable[Fault]:
    hint = 'for example ["x86_64", "arm64"]'
    if isinstance(architectures, str) or not architectures:
        yield Fault(f"{architectures!r} is not a list of architectures; allowed: {', '.join(ARCHITECTURES)}", "architectures", hint)
        return
    for index, name in enumerate(architectures):
        if name not in ARCHITECTURES:
            yield Fault(f"{name!r} is no architecture; allowed: {', '.join(ARCHITECTURES)}", f"architectures[{index}]", hint)
