"""The construct that a product team uses."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from optimizer.bases.catalogue import base_image
from optimizer.bases.handlers import check_handler
from optimizer.cdk import faults, refusals, snapstart, traces
from optimizer.cdk.images import AppImages, PlannedImage
from optimizer.errors import Fault, OptimizerError, SpecError, did_you_mean
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from optimizer.cdk.properties import FunctionProperties

_FROM_SPEC = {"code": "spec", "architecture": "spec.architecture", "runtime": "spec.runtime", "cmd": "handler"}
PROPERTIES = tuple(
    name
    for name in inspect.signature(lambda_.DockerImageFunction.__init__).parameters
    if name not in ("self", "scope", "id") and name not in _FROM_SPEC
)
"""The names of the properties that the installed ``DockerImageFunction`` has and a specification leaves open."""

_ARCHITECTURES = {"x86_64": lambda_.Architecture.X86_64, "arm64": lambda_.Architecture.ARM_64}


class OptimizedFunction(lambda_.DockerImageFunction):
    """A Lambda function whose image is built from a specification.

    It takes every property of ``DockerImageFunction`` but ``code`` and
    ``architecture``, which the spec decides.  The handler goes to the
    function's image configuration, never into the image, so functions with
    equal specs share one image: one build, one push.

    ::

        OptimizedFunction(self, "Api", spec=spec, handler="app.handler", memory_size=512)

    Raises an :class:`OptimizerError` with every fault of the spec, each placed
    under the construct's path; under the CDK CLI the faults become errors of
    the construct instead, so that one ``cdk synth`` tells those of the whole app.
    """

    def __init__(self, scope: Construct, id: str, *, spec: ImageSpec, handler: str, **properties: Unpack[FunctionProperties]) -> None:
        """
        :param spec: What belongs into the image.
        :param handler: The function's handler, in the form of the spec's runtime.
        :param properties: Every other property of ``DockerImageFunction``.
        """
        given: dict[str, Any] = {**properties}
        self._image: PlannedImage | None = None
        self._errors: list[OptimizerError] = []
        self._layers_refused = False
        with self._collected():
            _check_arguments(scope, spec, handler, given)
        with self._collected():
            images = AppImages.of(scope)
            if isinstance(spec, ImageSpec):
                spec = images.complete(spec)
                images.note_images(scope, spec)
                self._image = images.planned(spec)
                published = images.published(scope, self._image, id)
        self._path = f"{scope.node.path}/{id}".lstrip("/")
        if self._errors and not faults.cli_reports():
            raise faults.joined(self._errors, self._path) from None
        if self._errors:
            # What CDK refuses with an exception of its own, beside SnapStart or by itself, is among the faults.
            left_out = ("snap_start", *refusals.REFUSED_BY_CDK)
            own = {name: value for name, value in given.items() if name in PROPERTIES and name not in left_out}
            super().__init__(scope, id, code=faults.placeholder(cdk.Stack.of(scope)), **own)
            faults.annotate(self, self._errors)
            self._image_tag = ""
            return
        super().__init__(
            scope,
            id,
            code=images.code(published, handler),
            architecture=_ARCHITECTURES[spec.architecture],
            **properties,
        )
        traces.record(self)
        self._image_tag = published.tag
        if properties.get("snap_start") is not None:
            snapstart.watch_versions(self)
            if doubt := snapstart.doubt(spec):
                cdk.Annotations.of(self).add_warning_v2("lambda-image-optimizer:snapstart", doubt)
        for warning in self.plan.warnings:
            cdk.Annotations.of(self).add_warning_v2("lambda-image-optimizer:runtime", warning)
        undefined = images.undefined_handler(spec, handler)
        if undefined is not None:
            cdk.Annotations.of(self).add_warning_v2("lambda-image-optimizer:handler", f"{undefined.message}\n  hint: {undefined.hint}")
        if published.metadata_directory is not None:
            self._add_asset_metadata(published.metadata_directory)

    @property
    def plan(self) -> BuildPlan:
        """How the image is built; raises the faults of a spec that cannot be planned."""
        if self._image is None or self._errors:
            raise faults.joined(self._errors, self._path)
        return self._image.plan

    @property
    def image_tag(self) -> str:
        """The tag of the image in the asset repository; equal for functions that share their image, and empty for one with faults."""
        return self._image_tag

    def add_layers(self, *layers: lambda_.ILayerVersion) -> None:
        """Refused: what a layer holds belongs into the image.

        Aspects and constructs of vendors call it for every function.  Raises
        :class:`SpecError`; under the CDK CLI it becomes an error of the construct.
        """
        error = SpecError([refusals.layers_fault()])
        if not faults.cli_reports():
            raise faults.joined([error], self._path)
        # Aspects call it again when an app is synthesized again, and annotations stay.
        if not self._layers_refused:
            faults.annotate(self, [error])
        self._layers_refused = True

    @contextlib.contextmanager
    def _collected(self) -> Iterator[None]:
        try:
            yield
        except OptimizerError as error:
            self._errors.append(error)

    def _add_asset_metadata(self, directory: str) -> None:
        resource = self.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        for key, value in (("path", directory), ("dockerfile-path", "Dockerfile"), ("property", "Code.ImageUri")):
            resource.add_metadata(f"aws:asset:{key}", value)


def _check_arguments(scope: Construct, spec: ImageSpec, handler: str, properties: dict[str, Any]) -> None:
    if not isinstance(spec, ImageSpec):
        raise SpecError(f"{spec!r} is not an ImageSpec", "spec", "write spec=ImageSpec(...), or ImageSpec.load(path)")
    found = [
        Fault(f'the property "{name}" is decided by {instead}', name, f"leave {name}= out, and set {instead}")
        for name, instead in _FROM_SPEC.items()
        if name in properties
    ]
    found += [
        Fault(f'DockerImageFunction has no property "{name}"', name, did_you_mean(name, PROPERTIES) or "leave it out")
        for name in properties
        if name not in PROPERTIES and name not in _FROM_SPEC
    ]
    if not isinstance(handler, str):
        found.append(Fault(f"{handler!r} is not a string", "handler", 'for example "app.handler"'))
    elif (fault := check_handler(base_image(spec.runtime), handler)) is not None:
        found.append(fault)
    found += snapstart.property_faults(scope, spec, properties)
    found += refusals.property_faults(properties)
    if found:
        raise SpecError(found)
