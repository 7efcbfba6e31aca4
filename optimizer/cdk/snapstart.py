"""What Lambda refuses of a function with SnapStart, told when the app is synthesized.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html and, for
images, https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks-custom.html
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct

from optimizer.bases.catalogue import base_image
from optimizer.bases.features import support
from optimizer.cdk import faults
from optimizer.errors import Fault, SpecError
from optimizer.model.snapstart import HOOKS, NO_HOOKS, PAGE, without_snapstart
from optimizer.model.spec import ImageSpec
from optimizer.model.template_references import PROVISIONED, references

LARGEST_TMP = 512
"""Of the ephemeral storage of a function with SnapStart, in MiB."""

_NEVER_PUBLISHED = "@aws-cdk/aws-lambda:snapStartRequirePublish"
"""The warning that CDK gives to every function with SnapStart, whether it has a version or not."""

_Published = lambda_.CfnVersion | lambda_.CfnAlias
_Looked = _Published | scaling.CfnScalableTarget
_LOOKED: weakref.WeakKeyDictionary[cdk.Stack, list[_Looked]] = weakref.WeakKeyDictionary()


def property_faults(scope: Construct, spec: ImageSpec, properties: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the properties of a function, if it asks for SnapStart."""
    if properties.get("snap_start") is None:
        return
    if spec.snapstart is None and support(base_image(spec.runtime), "snapstart").answer == "needs":
        yield Fault(
            f'the base image of runtime "{spec.runtime}" needs a promise for SnapStart: without one, publishing a version fails',
            "spec.snapstart",
            f'set snapstart="{HOOKS}" or snapstart="{NO_HOOKS}" in the spec, once you have read what they promise: {PAGE}',
        )
    if properties.get("filesystem") is not None:
        yield Fault("SnapStart does not work with a file system (EFS or S3 Files)", "filesystem", "leave out filesystem=, or snap_start=")
    size = properties.get("ephemeral_storage_size")
    if isinstance(size, cdk.Size) and not size.is_unresolved() and size.to_mebibytes() > LARGEST_TMP:
        yield Fault(
            f"SnapStart does not work with {size.to_mebibytes():.0f} MiB of ephemeral storage; allowed: {LARGEST_TMP} at most",
            "ephemeral_storage_size",
            "leave out ephemeral_storage_size=, or snap_start=",
        )
    if properties.get("tenancy_config") is not None:
        yield Fault("SnapStart does not work with tenant isolation", "tenancy_config", "leave out tenancy_config=, or snap_start=")
    region = cdk.Stack.of(scope).region
    if without_snapstart(region):
        yield Fault(f"SnapStart is not available in {region}", "snap_start", "leave out snap_start= in this Region")


def doubt(spec: ImageSpec) -> str:
    """What cannot be told of the base of a function with SnapStart; empty where nothing is in doubt."""
    if spec.base is None or spec.snapstart is not None:
        return ""
    return (
        f'it is unknown whether "{spec.base}" is made from the base image of {spec.runtime} that AWS provides; from any other, publishing a '
        f"version fails unless its runtime client speaks the restore protocol: say which with snapstart= ({PAGE})"
    )


def watch_versions(function: lambda_.DockerImageFunction) -> None:
    """Look at the function's versions and aliases when the app is complete."""
    cdk.Aspects.of(function).add(_Versions(function))


@jsii.implements(cdk.IAspect)
class _Versions:
    """Tells of provisioned concurrency, and takes back CDK's warning about a function that is never published where it is."""

    def __init__(self, function: lambda_.DockerImageFunction) -> None:
        self._function = function
        self._seen = False

    def visit(self, node: IConstruct) -> None:
        # An app may be synthesized more than once, and its annotations stay.
        if self._seen or node.node.path != self._function.node.path:
            return
        self._seen = True
        published = list(_published(self._function))
        if published:
            cdk.Annotations.of(self._function).acknowledge_warning(_NEVER_PUBLISHED)
        found = [
            Fault(
                "SnapStart does not work with provisioned concurrency, which a version or an alias of the function has",
                item.node.path,
                "leave out provisioned_concurrent_executions= and add_auto_scaling(), or snap_start=",
            )
            for item in (*published, *_scaled(self._function, published))
            if isinstance(item, scaling.CfnScalableTarget) or item.provisioned_concurrency_config is not None
        ]
        if found and not faults.cli_reports():
            raise faults.joined([SpecError(found)], self._function.node.path)
        if found:
            faults.annotate(self._function, [SpecError(found)])
            # No stack with an error is deployed, and without SnapStart the rules do not find the same again.
            resource = self._function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction), "the default child of a function is its resource"
            resource.add_property_deletion_override("SnapStart")


def _published(function: lambda_.DockerImageFunction) -> Iterator[_Published]:
    """The versions and aliases of the function in its stack."""
    stack = cdk.Stack.of(function)
    own = stack.resolve(function.function_name)
    return (
        item
        for item in _looked(stack)
        if isinstance(item, (lambda_.CfnVersion, lambda_.CfnAlias)) and stack.resolve(item.function_name) == own
    )


def _scaled(function: lambda_.DockerImageFunction, published: Sequence[_Published]) -> Iterator[scaling.CfnScalableTarget]:
    """What scales the provisioned concurrency of the function, by its own name or by that of an alias."""
    stack = cdk.Stack.of(function)
    own = {*references(stack.resolve([[item.ref, item.function_name] for item in published]))}
    return (
        item
        for item in _looked(stack)
        if isinstance(item, scaling.CfnScalableTarget)
        and stack.resolve(item.scalable_dimension) == PROVISIONED
        and own & {*references(stack.resolve(item.resource_id))}
    )


def _looked(stack: cdk.Stack) -> list[_Looked]:
    """The resources of a complete stack that concern the versions of its functions, which are many to ask one by one."""
    if stack not in _LOOKED:
        kinds = (lambda_.CfnVersion, lambda_.CfnAlias, scaling.CfnScalableTarget)
        _LOOKED[stack] = [item for item in stack.node.find_all() if isinstance(item, kinds)]
    return _LOOKED[stack]
