"""The images of an app: each spec planned and staged once, each image one asset per stack."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from optimizer.adapters.engine_clients import build_faults
from optimizer.adapters.engine_program import building_program
from optimizer.adapters.index_files import PlatformContext, index_digest, write_index
from optimizer.adapters.plan_files import write_plan
from optimizer.bases.catalogue import base_image
from optimizer.builders.docker.context import BuildContext, build_context, stage_context
from optimizer.builders.docker.kept import kept_plan
from optimizer.builders.image_files import image_files
from optimizer.cdk.synthesizer import AssetDestination, check_publishable, hosted_repositories, top_level_stack
from optimizer.config.settings import Settings, load_settings
from optimizer.errors import ConfigurationError, Fault, SpecError
from optimizer.model.architectures import BY_NAME
from optimizer.model.cache import CacheOption
from optimizer.model.ecr import EcrRegistry
from optimizer.model.plan import BuildPlan
from optimizer.model.reference import REQUIRED_IMAGES, ImageReference
from optimizer.model.spec import ImageSpec
from optimizer.planning.defaults import with_defaults
from optimizer.planning.document import KeptPlan
from optimizer.planning.handler import ImageFiles, undefined_handler
from optimizer.planning.plan import plan, required_images
from optimizer.project.digests import DigestCache
from optimizer.project.files import Project

# What AppStagingSynthesizer says of an image without a name, by which it makes a repository: 2.275.0a0.
_WANTS_NAME = "must include an 'assetName'"

_APPS: weakref.WeakKeyDictionary[Any, AppImages] = weakref.WeakKeyDictionary()
_SCOPES: weakref.WeakKeyDictionary[Construct, tuple[AppImages, cdk.Stack]] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedImage:
    """A spec's plan with the keys of its stages, and its build context, not yet written."""

    kept: KeptPlan
    context: BuildContext

    @property
    def plan(self) -> BuildPlan:
        return self.kept.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedImage:
    """Where an image of a stack will be.

    ``metadata_directory`` is its build context, relative to the assembly, when
    the app asks for asset metadata; else None.
    """

    repository: ecr.IRepository
    tag: str
    metadata_directory: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    """A directory of the assembly to add as an image asset; ``kept`` is the plan of an image, and None for an index."""

    digest: str
    directory: Path
    name: str
    user: str
    """The path of the construct that uses it first."""
    platform: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    cache: Mapping[str, Any] = field(default_factory=dict)
    kept: KeptPlan | None = None


class AppImages:
    """What the functions of one app share: the project's files, the lock, and the plans made so far."""

    def __init__(self, settings: Settings, output: str | None = None) -> None:
        if faults := build_faults(building_program(), os.environ, cached=settings.cache.preset != "none"):
            raise ConfigurationError(faults)
        self._lock = settings.load_lock()
        self._mirror = settings.mirror
        self._tools = settings.tools
        self._defaults = settings.defaults
        self._cache = settings.cache
        self._cache_names: dict[str, str] = {}
        self._project = Project(settings.root, DigestCache.of_user(), output=output)
        self._planned: dict[ImageSpec, PlannedImage] = {}
        self._published: dict[tuple[cdk.Stack, str], PublishedImage] = {}
        self._files: dict[ImageSpec, ImageFiles] = {}
        self._handlers: dict[tuple[ImageSpec, str], Fault | None] = {}
        self._noted: set[tuple[cdk.Stack, ImageSpec]] = set()
        self._codes: dict[tuple[PublishedImage, str], lambda_.DockerImageCode] = {}

    @classmethod
    def of(cls, scope: Construct) -> AppImages:
        """The images of the scope's app, with the settings of its CDK context.

        Raises :class:`ConfigurationError` or :class:`LockError` for wrong
        settings, a client of engines that would build other images, or a
        corrupt lock.
        """
        # Each question to a construct is a round trip to Node.js (0.4 ms), so the answers are kept by scope.
        if scope not in _SCOPES:
            root = scope.node.root
            if root not in _APPS:
                output = root.outdir if isinstance(root, cdk.Stage) else None
                _APPS[root] = cls(load_settings(".", root.node.try_get_context), output)
            _SCOPES[scope] = (_APPS[root], top_level_stack(scope))
        return _SCOPES[scope][0]

    def complete(self, spec: ImageSpec) -> ImageSpec:
        """The spec with the defaults of the configuration."""
        return with_defaults(spec, self._defaults)

    def planned(self, spec: ImageSpec) -> PlannedImage:
        """The plan and the build context of a spec, made at its first use."""
        if spec not in self._planned:
            made = plan(spec, self._lock, self._project, mirror=self._mirror, tools=self._tools)
            context = build_context(made, self._project)
            self._planned[spec] = PlannedImage(kept=kept_plan(made, context, self._project), context=context)
        return self._planned[spec]

    def undefined_handler(self, spec: ImageSpec, handler: str) -> Fault | None:
        """The fault of a handler that no file of the spec's image defines, of a spec that is planned."""
        if (spec, handler) not in self._handlers:
            if spec not in self._files:
                image = self._planned[spec]
                self._files[spec] = image_files(image.plan, self._project, foreign_base=spec.base is not None)
            self._handlers[spec, handler] = undefined_handler(base_image(spec.runtime), handler, self._files[spec])
        return self._handlers[spec, handler]

    def note_images(self, scope: Construct, spec: ImageSpec) -> None:
        """Write the images that the lock must pin for the spec into the metadata of the scope's stack, once.

        ``optimizer pin`` reads them there, pinned or not.
        """
        stack = _SCOPES[scope][1]
        if (stack, spec) in self._noted:
            return
        self._noted.add((stack, spec))
        with contextlib.suppress(SpecError):  # which planning reports
            platform = BY_NAME[spec.architecture].oci
            needed = [{"image": str(image), "platform": platform} for image in required_images(spec, self._tools)]
            stack.node.add_metadata(REQUIRED_IMAGES, needed)

    def published(self, scope: Construct, image: PlannedImage, first_user: str) -> PublishedImage:
        """Where the image will be, after adding it to the assets of the scope's stack once.

        ``first_user`` is the construct id that the CLI shows beside the image.
        """
        # Only a top-level stack has a manifest of assets.
        stack = _SCOPES[scope][1]
        key = (stack, image.context.digest)
        if key not in self._published:
            self._published[key] = self._publish(stack, image, f"{scope.node.path}/{first_user}")
        return self._published[key]

    def code(self, image: PublishedImage, handler: str) -> lambda_.DockerImageCode:
        """The image as the code of functions with that handler."""
        if (image, handler) not in self._codes:
            self._codes[image, handler] = lambda_.DockerImageCode.from_ecr(image.repository, tag_or_digest=image.tag, cmd=[handler])
        return self._codes[image, handler]

    def published_index(self, scope: Construct, images: Sequence[PlannedImage]) -> PublishedImage:
        """Where the index of the images of several platforms will be, after adding it to the assets of the scope's stack once."""
        stack = _SCOPES[scope][1]
        key = (stack, "|".join(image.context.digest for image in images))
        if key not in self._published:
            self._published[key] = self._publish_index(stack, images, scope.node.path)
        return self._published[key]

    def _publish(self, stack: cdk.Stack, image: PlannedImage, first_user: str) -> PublishedImage:
        check_publishable(stack)
        directory = self._staged(stack, image)
        digest = image.context.digest
        return self._added(
            stack,
            _Asset(
                digest=digest,
                directory=directory,
                platform=image.context.platform,
                name=f"image {digest[:12]} of {first_user}",
                user=first_user,
                secrets=self._secret_sources(image, directory),
                cache=self._cache_options(digest, first_user),
                kept=image.kept,
            ),
        )

    def _publish_index(self, stack: cdk.Stack, images: Sequence[PlannedImage], first_user: str) -> PublishedImage:
        check_publishable(stack)
        contexts = []
        for image in images:
            secrets = self._secret_sources(image, self._staged(stack, image))
            contexts.append(PlatformContext(platform=image.context.platform, digest=image.context.digest, secrets=secrets))
        digest = index_digest(contexts)
        directory = write_index(_assembly(stack).asset_outdir, contexts)
        return self._added(
            stack, _Asset(digest=digest, directory=directory, name=f"runtime image {digest[:12]} of {first_user}", user=first_user)
        )

    def _staged(self, stack: cdk.Stack, image: PlannedImage) -> Path:
        """The build context of an image, written into the assembly with its plan beside it."""
        directory = stage_context(image.context, self._project, _assembly(stack).asset_outdir)
        write_plan(directory, image.kept)
        return directory

    def _secret_sources(self, image: PlannedImage, directory: Path) -> dict[str, str]:
        # The CLI builds in the directory of the image, on a machine where the project may lie elsewhere.
        return image.context.secret_sources(Path(os.path.relpath(self._project.root, directory)).as_posix())

    def _added(self, stack: cdk.Stack, asset: _Asset) -> PublishedImage:
        """Where an image will be, after adding it to the assets of the stack."""
        relative = Path(os.path.relpath(asset.directory, _assembly(stack).outdir)).as_posix()
        source = {
            "source_hash": asset.digest,
            "directory_name": relative,
            "platform": asset.platform,
            "docker_build_secrets": asset.secrets or None,
            "display_name": asset.name,
            **asset.cache,
        }
        location: cdk.DockerImageAssetLocation | None = None
        try:
            location = stack.synthesizer.add_docker_image_asset(**source)
        except RuntimeError as error:
            if _WANTS_NAME in str(error):
                location = stack.synthesizer.add_docker_image_asset(**source, asset_name=_asset_name(asset.user))
            # A synthesizer that was made in Python comes back as it was before CDK bound a copy of it to the stack.
            elif "StackSynthesizerBoundStackFirst" not in str(error):
                raise
        if location is None:
            repository, tag = _add_by_construct(stack, asset)
        else:
            repository = ecr.Repository.from_repository_name(stack, f"Image{asset.digest[:16]}", location.repository_name)
            tag = location.image_tag or asset.digest
        self._check_cache(stack, repository.repository_name, asset.cache.get("docker_cache_to"))
        return PublishedImage(
            repository=repository,
            tag=tag,
            # `sam local` finds the image by this, as it finds CDK's own.
            metadata_directory=relative if stack.node.try_get_context("aws:cdk:enable-asset-metadata") else None,
        )

    def _cache_options(self, digest: str, first_user: str) -> dict[str, Any]:
        """The options of the asset for the app's build cache, which is named by the first user of the image in the app.

        A function's path outlives the content of its image, so the next build finds what this one leaves.
        """
        # One name in every stack: the CLI would build an image again whose cache options differ.
        name = self._cache_names.setdefault(digest, first_user)
        sources, target = self._cache.sources(name), self._cache.target(name)
        if not sources:
            return {}
        return {
            "docker_cache_from": [_cache_option(source) for source in sources],
            "docker_cache_to": _cache_option(target) if target is not None else None,
            # A builder that can export caches may keep its images to itself, and CDK pushes from the engine.
            "docker_outputs": ["type=docker"],
        }

    def _check_cache(self, stack: cdk.Stack, repository_name: str, target: cdk.DockerCacheOption | None) -> None:
        """Raise ConfigurationError when the cache would be written where the images are, to a tag that cannot move."""
        cache = self._cache.repository
        if cache is None or target is None:
            return
        # CDK publishes to Amazon ECR alone.
        registry = EcrRegistry.parse(cache.registry)
        if registry is None:
            return
        environment = ((stack.account, registry.account), (stack.region, registry.region))
        if any(not cdk.Token.is_unresolved(ours) and ours != theirs for ours, theirs in environment):
            return
        name = stack.resolve(repository_name)
        text = name["Fn::Sub"] if isinstance(name, dict) and isinstance(name.get("Fn::Sub"), str) else str(name)
        if cache.repository != registry.specialize(text):
            return
        tag = ImageReference.parse((target.params or {})["ref"]).tag or "latest"
        there = AssetDestination(name=cache.repository, account=registry.account, region=registry.region)
        tags = [entry.tags for entry in hosted_repositories(stack) if entry.destination.may_be(there)]
        if tags and all(item.may_move(tag) for item in tags):
            return
        raise ConfigurationError(
            f'the cache repository "{cache}" is the asset repository of stack "{stack.node.path}"; a cache is written again under the '
            f'same tag, here "{tag}", which the asset repository refuses, and its clean-up would take the cache for an unused image',
            "optimizer:cache",
            "create another ECR repository, with mutable tags, for the cache; or let this one hold it: SharedAssetRepository(..., "
            'mutable_tags=["cache-*"]), created before the functions, and scope=cache',
        )


def _assembly(stack: cdk.Stack) -> cdk.Stage:
    assembly = cdk.Stage.of(stack)
    assert assembly is not None, "every stack of an app is in a stage"
    return assembly


def _add_by_construct(stack: cdk.Stack, asset: _Asset) -> tuple[ecr.IRepository, str]:
    """Add the context as CDK's own image asset, which reaches every synthesizer at the price of a second copy of the context."""
    made = ecr_assets.DockerImageAsset(
        stack,
        f"Image{asset.digest[:16]}",
        directory=str(asset.directory),
        platform=ecr_assets.Platform.custom(asset.platform) if asset.platform else None,
        build_secrets=asset.secrets or None,
        display_name=asset.name,
        # CDK's hash does not see everything that this one does.
        extra_hash=asset.digest,
        invalidation=ecr_assets.DockerImageAssetInvalidationOptions(outputs=False, build_secrets=False),
        **{key.removeprefix("docker_"): value for key, value in asset.cache.items()},
    )
    if asset.kept is not None:
        # CDK's copy has a name of its own, and takes what follows the dot of the original's for a suffix: AssetStaging of 2.275.0.
        write_plan(asset.directory.with_name(f"asset.{made.asset_hash}{asset.directory.suffix}"), asset.kept)
    return made.repository, made.image_tag


def _asset_name(path: str) -> str:
    """A name for the repository of an image, which stays while the path of its first user does; no two paths have one."""
    words = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")
    return f"{words[-64:].lstrip('-')}-{hashlib.sha256(path.encode()).hexdigest()[:8]}".lstrip("-")


def _cache_option(option: CacheOption) -> cdk.DockerCacheOption:
    return cdk.DockerCacheOption(type=option.type, params=dict(option.parameters))
