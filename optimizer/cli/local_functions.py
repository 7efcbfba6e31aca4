"""Functions of specifications, apps and templates, to be run on this machine: which one is meant, and its image in the engine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from optimizer.adapters.adoption import slug
from optimizer.adapters.assembly import load_functions, load_images
from optimizer.adapters.engine import Engine
from optimizer.adapters.kinds import Kind, expect, kind_of
from optimizer.adapters.progress import told
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.adapters.runtime_images import load_runtime_images
from optimizer.adapters.sam_project import load_sam_project
from optimizer.adapters.verification import BuildInputs
from optimizer.bases.mirror import Mirror
from optimizer.cli.spec_image import spec_image
from optimizer.config.settings import load_settings
from optimizer.errors import ConfigurationError, ContextError, did_you_mean
from optimizer.model.invocation import RunSettings
from optimizer.model.progress import Report, Task
from optimizer.publishing.assembling import assembled
from optimizer.publishing.images import PublishImage
from optimizer.publishing.outputs import EnginePublisher
from optimizer.publishing.planned import NotPlanned, planned
from optimizer.sam.config import DEFAULT_ENVIRONMENT
from optimizer.sam.running import run_settings

_NAME = "optimizer-invoke"
_TAG_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFunction:
    """A function with its settings, and where its image comes from.

    ``planned`` stages an image that is assembled, and ``inputs`` are those of a
    build by the engine; both are None for one that nobody here builds.
    ``reference`` is the name that the engine has for it; the tag of one that is
    assembled tells what is in it.
    """

    name: str
    settings: RunSettings
    reference: str
    planned: Callable[[], AbstractContextManager[PublishImage]] | None = None
    inputs: BuildInputs | None = None


def local_function(
    target: str, function: str | None, *, handler: str | None, root: Path | None, lock: Path | None, mirror: str | None
) -> LocalFunction:
    """The function that is meant; the options are those of ``optimizer invoke``.

    Raises :class:`OptimizerError`.
    """
    expect("invoke", [target])
    kind = kind_of(target)
    if kind is Kind.ASSEMBLY:
        found = _of_app(target, function)
    elif kind is Kind.SPEC:
        if function is not None:
            raise ConfigurationError(
                f'"{target}" is the image of any number of functions', "--function", "leave it out, and name the handler with --handler"
            )
        found = _of_spec(Path(target), handler, root, lock, mirror)
    else:
        found = _of_template(target, function, root, lock, mirror)
    if handler is None:
        return found
    return replace(found, settings=replace(found.settings, command=(handler,)))


def _chosen(target: str, names: Sequence[str], function: str | None) -> str:
    """The name of the function that is meant; the last part of a path is enough where it is that of one function alone."""
    if function is None and len(names) == 1:
        return names[0]
    fitting = [name for name in names if function is not None and (name == function or name.endswith(f"/{function}"))]
    exact = [name for name in fitting if name == function]
    if len(exact or fitting) == 1:
        return (exact or fitting)[0]
    listed = ", ".join(names)
    if function is None:
        raise ConfigurationError(f'"{target}" has {len(names)} functions', "--function", f"name one of them: {listed}")
    if fitting:
        raise ConfigurationError(f'"{function}" may be {" or ".join(fitting)}', "--function", "name it whole")
    raise ConfigurationError(
        f'no function "{function}"; "{target}" has {listed}', "--function", did_you_mean(function, names) or "name one of those"
    )


def _assembled(tag: str) -> str:
    """The name of an image that is assembled, the same for all functions that share it."""
    return f"{_NAME}:{tag[:_TAG_DIGITS].lower()}"


def _built(name: str) -> str:
    """The name of an image that the engine builds, whose own cache tells whether it is current."""
    return f"{_NAME}-{slug(name) or 'function'}:latest"


def _of_spec(spec: Path, handler: str | None, root: Path | None, lock: Path | None, mirror: str | None) -> LocalFunction:
    image = spec_image(spec, root=root, lock=lock, mirror=mirror)
    if handler is None and not image.plan.runtime.startswith("provided"):
        raise ConfigurationError(
            f'"{spec}" says nothing of a handler: that is the function\'s own', "--handler", "name it, for example --handler app.handler"
        )
    name = spec.name.removesuffix(".image.toml")
    settings = RunSettings(name=slug(name) or "function", architecture=image.plan.architecture, command=("bootstrap",))
    return LocalFunction(name=str(spec), settings=settings, reference=_assembled(image.tag), planned=image.staged)


def _of_app(app: str, function: str | None) -> LocalFunction:
    functions = {item.path: item for item in load_functions(app)}
    if not functions and load_runtime_images(app):
        raise ContextError(
            f'the app in "{app}" has no image function, only customer-managed runtimes, which run the code of functions from zip archives',
            app,
            "check a runtime with optimizer runtimes, and invoke a function that uses it once both are deployed",
        )
    if not functions:
        raise ContextError(f'the app in "{app}" has no image function', app, "declare an OptimizedFunction, and run cdk synth again")
    found = functions[_chosen(app, sorted(functions), function)]
    settings = run_settings(found.path.rpartition("/")[2], found.declared, found.region)
    images = {image.asset: image for image in load_images(app)}
    image = images.get(found.asset or "")
    if image is None and found.error:
        raise ContextError(f"synthesis made no image of it: {found.error.splitlines()[0]}", found.path, "fix that, and run cdk synth again")
    if image is None:
        return _pulled(found.path, settings, found.declared.image_uri)
    if image.directory is None:
        raise ContextError("a program makes its image", found.path, "run that program, and the image by docker run")
    inputs = BuildInputs(directory=image.directory, options=image.options)
    try:
        kept = planned(image.directory, image.options)
    except NotPlanned:
        return LocalFunction(name=found.path, settings=settings, reference=_built(found.path), inputs=inputs)
    publish = PublishImage(name=found.path, kept=kept, directory=image.directory, destinations=(), options=image.options)
    return LocalFunction(
        name=found.path, settings=settings, reference=_assembled(image.asset), planned=lambda: contextlib.nullcontext(publish)
    )


def _of_template(template: str, function: str | None, root: Path | None, lock: Path | None, mirror: str | None) -> LocalFunction:
    through = Mirror.parse(mirror) if mirror is not None else load_settings(".", root=root, lock=lock).mirror
    functions = {item.construct: item for item in load_sam_project(template, DEFAULT_ENVIRONMENT, through, {}).functions}
    found = functions[_chosen(template, sorted(functions), function)]
    settings = run_settings(found.construct.rpartition("/")[2], found.declared)
    if found.spec is not None and not found.why:
        image = spec_image(found.spec, root=root, lock=lock, mirror=mirror)
        command = settings.command or ((found.handler,) if found.handler else ())
        if not command:
            raise ContextError(
                "nothing says which handler the function starts",
                f"{found.template}: {found.construct}",
                f"set ImageConfig.Command of {found.logical_id}, or name it with --handler",
            )
        settings = replace(settings, architecture=image.plan.architecture, command=command)
        return LocalFunction(name=found.construct, settings=settings, reference=_assembled(image.tag), planned=image.staged)
    if found.build is not None:
        directory, options = found.build
        return LocalFunction(
            name=found.construct,
            settings=settings,
            reference=_built(found.construct),
            inputs=BuildInputs(directory=Path(directory), options=options),
        )
    return _pulled(found.construct, settings, found.declared.image_uri)


def _pulled(name: str, settings: RunSettings, image: str) -> LocalFunction:
    if not image or "${" in image:
        raise ContextError(
            "its image is known only at deployment, and nothing here builds it", name, "invoke the specification that it is made of"
        )
    return LocalFunction(name=name, settings=settings, reference=image)


def bring(function: LocalFunction, engine: Engine, report: Report) -> None:
    """Have the engine hold the function's image under its reference.

    One that it holds already is taken as it is where its name tells what is in
    it.  Raises :class:`OptimizerError`.
    """
    if function.inputs is not None:
        task = Task(action="building", subject="the image", place=function.name, reason="its Dockerfile was written by hand")
        with told(task, report):
            engine.build([*function.inputs.words(), f"--tag={function.reference}"], function.inputs.directory)
    elif function.planned is not None and not engine.has(function.reference):
        with (
            function.planned() as image,
            HttpRegistry(DefaultCredentials()) as registry,
            assembled(image, function.reference, registry, report=report) as made,
        ):
            EnginePublisher(engine).publish(made.image)
