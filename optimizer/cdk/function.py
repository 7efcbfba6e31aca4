"""The construct that a product team uses."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from optimizer.bases.catalogue import base_image
from optimizer.bases.handlers import check_handler
from optimizer.cdk.images import AppImages
from optimizer.errors import Fault, OptimizerError, SpecError
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec

_FROM_SPEC = {"code": "spec", "architecture": "spec.architecture", "runtime": "spec.runtime", "cmd": "handler"}
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
    under the construct's path.
    """

    def __init__(self, scope: Construct, id: str, *, spec: ImageSpec, handler: str, **properties: Any) -> None:
        """
        :param spec: What belongs into the image.
        :param handler: The function's handler, in the form of the spec's runtime.
        :param properties: Every other property of ``DockerImageFunction``.
        """
        try:
            _check_arguments(spec, handler, properties)
            images = AppImages.of(scope)
            image = images.planned(spec)
            published = images.published(scope, image, id)
        except OptimizerError as error:
            place = f"{scope.node.path}/{id}".lstrip("/")
            raise type(error)(
                [Fault(fault.message, f"{place}: {fault.place}".removesuffix(": "), fault.hint) for fault in error.faults]
            ) from None
        super().__init__(
            scope,
            id,
            code=images.code(published, handler),
            architecture=_ARCHITECTURES[spec.architecture],
            **properties,
        )
        self._plan = image.plan
        self._image_tag = published.tag
        for warning in image.plan.warnings:
            cdk.Annotations.of(self).add_warning_v2("lambda-image-optimizer:runtime", warning)
        if published.metadata_directory is not None:
            self._add_asset_metadata(published.metadata_directory)

    @property
    def plan(self) -> BuildPlan:
        """How the image is built."""
        return self._plan

    @property
    def image_tag(self) -> str:
        """The tag of the image in the asset repository; equal for functions that share their image."""
        return self._image_tag

    def _add_asset_metadata(self, directory: str) -> None:
        resource = self.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        for key, value in (("path", directory), ("dockerfile-path", "Dockerfile"), ("property", "Code.ImageUri")):
            resource.add_metadata(f"aws:asset:{key}", value)


def _check_arguments(spec: ImageSpec, handler: str, properties: dict[str, Any]) -> None:
    if not isinstance(spec, ImageSpec):
        raise SpecError(f"{spec!r} is not an ImageSpec", "spec", "write spec=ImageSpec(...), or ImageSpec.load(path)")
    faults = [
        Fault(f'the property "{name}" is decided by {instead}', name, f"leave {name}= out, and set {instead}")
        for name, instead in _FROM_SPEC.items()
        if name in properties
    ]
    if not isinstance(handler, str):
        faults.append(Fault(f"{handler!r} is not a text", "handler", 'for example "app.handler"'))
    elif (fault := check_handler(base_image(spec.runtime), handler)) is not None:
        faults.append(fault)
    if faults:
        raise SpecError(faults)
