"""Customer-managed runtimes: an image that becomes the runtime of many zip functions.

Terms
    version   an image under a name that is its tag, and so its content; it
              never changes, and its name is never used for another image
    alias     what functions name: it points to one version, and moving it
              releases that version to all of them, or takes it back

``CfnRuntime`` and its like are in no aws-cdk-lib before 2.278, so that the
resources are made by their types.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct

from optimizer.cdk import faults
from optimizer.cdk.images import AppImages, PlannedImage
from optimizer.cdk.synthesizer import AssetDestination, same_construct, top_level_stack
from optimizer.errors import ConfigurationError, Fault, OptimizerError, SpecError
from optimizer.model.architectures import ARCHITECTURES
from optimizer.model.managed_runtime import (
    ALIAS,
    CUSTOM,
    RUNTIME,
    VERSION,
    arn_faults,
    lifecycle_faults,
    name_faults,
    runtime_name_faults,
    text_faults,
)
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec
from optimizer.planning.runtime_image import runtime_specs, runtime_warnings

_LIVE = "live"
# A tag of an asset ends with 64 digits; a version that is made once more of the same image has a number after them.
_VERSION = re.compile(r"(?P<tag>.*[0-9a-f]{64})(?:-[1-9][0-9]{0,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _NamedRuntime:
    """The name of a runtime and where it counts; account and Region are None where the stack leaves them to the deployment."""

    name: str
    account: str | None
    region: str | None
    stage: str
    path: str
    root: IConstruct

    @classmethod
    def of(cls, construct: Construct, name: str) -> _NamedRuntime:
        # A nested stack knows the environment of its parent as tokens.
        environment = AssetDestination.of(top_level_stack(construct), "", "")
        return cls(
            name=name,
            account=environment.account,
            region=environment.region,
            stage=_stage_of(construct).node.path,
            path=construct.node.path,
            root=construct.node.root,
        )

    def repeated(self) -> Iterator[Fault]:
        """The fault of a name that another runtime of the app has in the same account and Region."""
        for other in _NAMED.get(self.root, ()):
            if self._is(other):
                yield Fault(
                    f'the name "{self.name}" is that of the runtime "{other.path}" too, and Lambda takes it once in an account and Region',
                    "runtime_name",
                    "give each a name of its own, or create the runtime once and let all functions use it",
                )
                return

    def enter(self) -> None:
        _NAMED.setdefault(self.root, []).append(self)

    def _is(self, other: _NamedRuntime) -> bool:
        # Stages that leave their environment to the deployment may go to two of them.
        known = self.account is not None and self.region is not None
        return (self.name, self.account, self.region) == (other.name, other.account, other.region) and (known or self.stage == other.stage)


_NAMED: weakref.WeakKeyDictionary[IConstruct, list[_NamedRuntime]] = weakref.WeakKeyDictionary()
"""The runtimes of each app, in order of construction."""


class CustomerManagedRuntime(Construct):
    """A runtime of your own for zip functions, from a specification without code.

    ::

        runtime = CustomerManagedRuntime(
            self,
            "HousePython",
            runtime_name="house-python",
            spec=ImageSpec(runtime="python3.13", steps=[Extension("extensions/telemetry")]),
        )
        runtime.use_in(function)

    The image is made for both architectures, under one index, in the
    repository of the stack's other images.  `optimizer publish` pushes it, and
    `cdk deploy` with `optimizer-docker`; Docker alone does not.

    Each image is a version of its own, named by the tag of the image.  An
    alias whose version is None points to the image of this specification, and
    any other to the version that it names: to roll back, name an earlier one.
    Nothing is ever deleted with the stack or by an update, because functions
    fail at once when their runtime, version or alias goes.

    Raises an :class:`OptimizerError` with every fault, or reports them under
    the CDK CLI, as `OptimizedFunction` does.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        runtime_name: str,
        spec: ImageSpec,
        architectures: Sequence[str] = ARCHITECTURES,
        aliases: Mapping[str, str | None] | None = None,
        kept_versions: Mapping[str, str] | None = None,
        reissue: int = 0,
        description: str | None = None,
        license_info: str | None = None,
        release_notes: str | None = None,
        release_lifecycle: Mapping[str, str] | None = None,
    ) -> None:
        """
        :param runtime_name: Name of the runtime in its account and Region; it stays reserved for 30 days after a deletion.
        :param spec: What belongs into the image; no code, and no architecture.
        :param architectures: Architectures of the functions; default: both.
        :param aliases: Aliases, each with the name of its version, a token perhaps, or None for the image of the spec; default: ``{"live": None}``.
        :param kept_versions: Earlier versions that stay resources of the stack, each with its release notes, or an empty text.
        :param reissue: 1 or more names the same image anew, where a version of its name was deleted, or left a stack.
        :param description: Description of the runtime, at most 1,024 characters.
        :param license_info: Licence of the runtime, at most 1,024 characters.
        :param release_notes: Release notes of the version of this image.
        :param release_lifecycle: ``ReleaseState`` and dates, as the API names them; leaving it out removes what was set.
        """
        super().__init__(scope, id)
        self._runtime_name = runtime_name
        self._aliases: Mapping[str, str | None] = {_LIVE: None} if aliases is None else aliases
        self._architectures: tuple[str, ...] = ()
        self._images: tuple[PlannedImage, ...] = ()
        self._version_name = ""
        self._image_uri = ""
        kept = {} if kept_versions is None else kept_versions
        found: list[OptimizerError] = []
        named = _NamedRuntime.of(self, runtime_name)
        wrong = [
            *runtime_name_faults(runtime_name, "runtime_name"),
            *named.repeated(),
            *_alias_faults(self._aliases),
            *_kept_faults(kept),
            *_reissue_faults(reissue),
            *text_faults(description, "description"),
            *text_faults(license_info, "license_info"),
            *(lifecycle_faults(release_lifecycle, "release_lifecycle") if release_lifecycle is not None else ()),
        ]
        if wrong:
            found.append(ConfigurationError(wrong))
        try:
            published = self._published(spec, architectures)
        except OptimizerError as error:
            found.append(error)
        self._errors = found
        if found:
            if not faults.cli_reports():
                raise faults.joined(found, self.node.path) from None
            named.enter()
            faults.annotate(self, found)
            return
        named.enter()
        for number, warning in enumerate(runtime_warnings(spec)):
            cdk.Annotations.of(self).add_warning_v2(f"lambda-image-optimizer:runtime-image-{number}", warning)
        repository, tag = published
        self._version_name = f"{tag}-{reissue}" if reissue else tag
        self._image_uri = repository.repository_uri_for_tag(tag)
        runtime = self._resource(
            "Runtime", RUNTIME, Name=runtime_name, Description=description, LicenseInfo=license_info, ReleaseLifecycle=release_lifecycle
        )
        notes: dict[str, str | None] = {**{name: text or None for name, text in kept.items()}, self._version_name: release_notes}
        versions = {name: self._version(name, text, repository, runtime) for name, text in notes.items()}
        for name, version in self._aliases.items():
            target = version or self._version_name
            alias = self._resource(f"Alias-{name}", ALIAS, Name=name, RuntimeName=runtime_name, RuntimeVersion=target)
            alias.node.add_dependency(versions.get(target, runtime))

    @property
    def runtime_arn(self) -> str:
        """ARN of the runtime, for functions of other stacks; accounts other than this one need a policy on the runtime."""
        return cdk.Stack.of(self).format_arn(service="lambda", resource="runtime", resource_name=self._runtime_name)

    @property
    def version_name(self) -> str:
        """Name of the version of this image; empty for a runtime with faults."""
        return self._version_name

    @property
    def image_uri(self) -> str:
        """The image of that version, by its tag in the repository; empty for a runtime with faults."""
        return self._image_uri

    @property
    def plans(self) -> tuple[BuildPlan, ...]:
        """How the image of each architecture is built; raises the faults of a spec that cannot be planned."""
        if self._errors:
            raise faults.joined(self._errors, self.node.path)
        return tuple(image.plan for image in self._images)

    def runtime_config(self, alias: str = _LIVE) -> dict[str, str]:
        """``RuntimeConfig`` of a function that uses an alias of this runtime.  Raises :class:`ConfigurationError` for an alias that it has not."""
        if alias not in self._aliases:
            raise ConfigurationError(
                f'the runtime "{self._runtime_name}" has no alias "{alias}"; it has {", ".join(sorted(self._aliases))}',
                self.node.path,
                "name one of them, or add it to aliases=",
            )
        return {"RuntimeArn": self.runtime_arn, "RuntimeAlias": alias}

    def use_in(self, function: lambda_.Function | lambda_.CfnFunction, alias: str = _LIVE) -> None:
        """Let a zip function use this runtime.

        Raises :class:`ConfigurationError` for an alias that the runtime has
        not, and for a function that cannot use it.
        """
        config = self.runtime_config(alias)
        resource = _resource_of(function)
        _check_architecture(resource, self._architectures)
        _set(resource, config)
        made = self.node.try_find_child(f"Alias-{alias}")
        # CDK allows no dependency across two stages.
        if made is not None and same_construct(_stage_of(self), _stage_of(resource)):
            resource.node.add_dependency(made)

    @staticmethod
    def use_by_arn(function: lambda_.Function | lambda_.CfnFunction, runtime_arn: str, alias: str = _LIVE) -> None:
        """Let a zip function use a runtime of another app or account.  Raises :class:`ConfigurationError`."""
        wrong = list(name_faults(alias, "alias", "an alias"))
        if not cdk.Token.is_unresolved(runtime_arn):
            wrong += arn_faults(runtime_arn, "runtime_arn")
        if wrong:
            raise ConfigurationError(wrong)
        _set(_resource_of(function), {"RuntimeArn": runtime_arn, "RuntimeAlias": alias})

    def _published(self, spec: ImageSpec, architectures: Sequence[str]) -> tuple[ecr.IRepository, str]:
        """The repository and the tag of the image."""
        if not isinstance(spec, ImageSpec):
            raise SpecError(f"{spec!r} is not an ImageSpec", "spec", "write spec=ImageSpec(...), or ImageSpec.load(path)")
        images = AppImages.of(self)
        specs = [images.complete(each) for each in runtime_specs(spec, architectures)]
        self._architectures = tuple(each.architecture for each in specs)
        for each in specs:
            images.note_images(self, each)
        self._images = tuple(map(images.planned, specs))
        published = images.published_index(self, self._images)
        return published.repository, published.tag

    def _version(self, name: str, notes: str | None, repository: ecr.IRepository, runtime: cdk.CfnResource) -> cdk.CfnResource:
        match = _VERSION.fullmatch(name)
        assert match is not None, "checked by _kept_faults, or made of a tag"
        uri = repository.repository_uri_for_tag(match["tag"])
        version = self._resource(f"Version-{name}", VERSION, Name=name, RuntimeName=self._runtime_name, ImageUri=uri, ReleaseNotes=notes)
        version.node.add_dependency(runtime)
        return version

    def _resource(self, id: str, type: str, **properties: Any) -> cdk.CfnResource:
        given = {name: value for name, value in properties.items() if value is not None}
        resource = cdk.CfnResource(self, id, type=type, properties=given)
        resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
        _acknowledge(resource, "F3006")
        return resource


def _alias_faults(aliases: Any) -> list[Fault]:
    if not isinstance(aliases, Mapping) or not aliases:
        return [Fault(f"{aliases!r} holds no alias, and functions name a runtime by one", "aliases", 'for example {"live": None}')]
    found: list[Fault] = []
    for name, version in aliases.items():
        found += name_faults(name, "aliases", "an alias")
        if version is not None and not cdk.Token.is_unresolved(version):
            found += name_faults(version, f"aliases.{name}", "a version")
    return found


def _kept_faults(kept: Any) -> list[Fault]:
    if not isinstance(kept, Mapping):
        return [Fault(f"{kept!r} is not a mapping of names to release notes", "kept_versions", 'write {"NAME": "what it was"}')]
    found = []
    for name in kept:
        if not isinstance(name, str) or not _VERSION.fullmatch(name):
            found.append(
                Fault(
                    f'"{name}" is not the name of a version that this construct made: it ends with 64 hexadecimal digits, and perhaps a number',
                    "kept_versions",
                    "copy the name from the template that was deployed",
                )
            )
    return found


def _reissue_faults(reissue: Any) -> list[Fault]:
    if isinstance(reissue, bool) or not isinstance(reissue, int) or not 0 <= reissue <= 9999:
        return [Fault(f"{reissue!r} is not a number from 0 to 9999", "reissue", "leave it out, or write reissue=1")]
    return []


def _resource_of(function: lambda_.Function | lambda_.CfnFunction) -> lambda_.CfnFunction:
    resource = function if isinstance(function, lambda_.CfnFunction) else function.node.default_child
    assert isinstance(resource, lambda_.CfnFunction), "the default child of a function is its resource"
    if resource.package_type == "Image":
        raise ConfigurationError(
            "a function of a container image brings its own runtime, and takes no customer-managed one",
            resource.node.path,
            "deploy the code as a zip archive, with lambda_.Function",
        )
    return resource


def _check_architecture(resource: lambda_.CfnFunction, architectures: Sequence[str]) -> None:
    given = resource.architectures
    wanted = given if isinstance(given, list) else None
    for name in wanted or ([] if given else ["x86_64"]):
        if architectures and not cdk.Token.is_unresolved(name) and name not in architectures:
            raise ConfigurationError(
                f'the function is for "{name}", and the image of the runtime for {", ".join(architectures)}',
                resource.node.path,
                "add the architecture to architectures= of the runtime, or change that of the function",
            )


def _stage_of(construct: IConstruct) -> cdk.Stage:
    stage = cdk.Stage.of(construct)
    assert stage is not None, "every construct of an app is in a stage"
    return stage


def _acknowledge(resource: cdk.CfnResource, *rules: str) -> None:
    """Set aside what CDK's own validation says of a resource because its schemas are older than customer-managed runtimes: 2.275.0."""
    for rule in rules:
        known = cdk.Acknowledgment(id=f"CloudFormation-Validate::{rule}", reason="customer-managed runtimes are newer than CDK's schemas")
        cdk.Validations.of(resource).acknowledge(known)


def _set(resource: lambda_.CfnFunction, config: Mapping[str, str]) -> None:
    _acknowledge(resource, "F3002", "W3030")
    resource.add_property_override("Runtime", CUSTOM)
    resource.add_property_override("RuntimeConfig", dict(config))
