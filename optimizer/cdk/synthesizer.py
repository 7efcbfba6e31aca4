"""Routes every image asset of an app to one repository per account and region.

Terms
    destination   the repository that a stack publishes to: a name, and the
                  account and region where CDK knows them
    host          the top-level stack that creates a shared repository
    assembly      the ``cdk.Stage`` (an ``App`` is one) whose stacks can depend
                  on one another; CDK allows no dependency across two of them
"""

from __future__ import annotations

import functools
import inspect
import json
import re
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import cloud_assembly_schema as schema
from constructs import Construct, IConstruct

from optimizer.errors import Fault, RepositoryError, did_you_mean
from optimizer.model.tag_mutability import TagMutability

__all__ = ["AssetDestination", "SharedRepositorySynthesizer", "asset_repository_name", "check_publishable"]

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}?")
# What the default synthesizer replaces, with the longest value that AWS gives, so that a length which holds here
# holds in every environment.
_PLACEHOLDERS = {
    "Qualifier": "hnb659fds",
    "AWS::AccountId": "111122223333",
    "AWS::Region": "ap-southeast-1",
    "AWS::Partition": "aws-us-gov",
}

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html, without the slash.
_REPOSITORY_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_REPOSITORY_NAME_LENGTH = range(2, 257)

# https://docs.docker.com/reference/cli/docker/image/tag/: at most 128 characters; CDK appends 64 of its own.
_TAG_PREFIX = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_TAG_PREFIX_LENGTH_MAX = 128 - 64

# What the default synthesizer writes into the entry of its asset manifest.
_BOOTSTRAP_VERSION = 6
_BOOTSTRAP_VERSION_TAGS = 22

_PROPERTIES = frozenset(inspect.signature(cdk.DefaultStackSynthesizer.__init__).parameters) - {"self"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDestination:
    """The repository that image assets go to.

    ``name`` may hold the placeholders of the environment, never
    ``${Qualifier}``.  ``account`` and ``region`` are None where the stack does
    not say (it then takes what the CLI finds at deployment).
    """

    name: str
    account: str | None
    region: str | None

    @classmethod
    def of(cls, stack: cdk.Stack, name: str, qualifier: str) -> AssetDestination:
        """The destination of ``stack``, with ``${Qualifier}`` replaced in ``name``."""
        account, region = stack.account, stack.region
        return cls(
            name=name.replace("${Qualifier}", qualifier),
            account=None if cdk.Token.is_unresolved(account) else account,
            region=None if cdk.Token.is_unresolved(region) else region,
        )

    @property
    def repository_name(self) -> str:
        """The name with the known account and region filled in."""
        return self.specialize(self.name)

    def specialize(self, text: str) -> str:
        """``text`` with the known account and region in place of their placeholders."""
        if self.account:
            text = text.replace("${AWS::AccountId}", self.account)
        if self.region:
            text = text.replace("${AWS::Region}", self.region)
        return text

    def may_share_environment(self, other: AssetDestination) -> bool:
        """Whether both can end in one account and region; an unknown one can be any."""
        return all(
            mine is None or theirs is None or mine == theirs
            for mine, theirs in ((self.account, other.account), (self.region, other.region))
        )

    def may_be(self, other: AssetDestination) -> bool:
        """Whether both can end as the same repository."""
        if not self.may_share_environment(other):
            return False
        known = AssetDestination(name="", account=self.account or other.account, region=self.region or other.region)
        return known.specialize(self.name) == known.specialize(other.name)

    def __str__(self) -> str:
        account, region = self.account or "unknown-account", self.region or "unknown-region"
        return f'"{self.repository_name}" in aws://{account}/{region}'


class SharedRepositorySynthesizer(cdk.DefaultStackSynthesizer):
    """``DefaultStackSynthesizer`` that publishes every image to one shared repository.

    For a whole app or for one stack::

        app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="lambda-images"))

    ``repository_name`` is required; it may hold ``${Qualifier}``,
    ``${AWS::AccountId}``, ``${AWS::Region}`` and ``${AWS::Partition}``.  Every
    other keyword is a property of ``DefaultStackSynthesizer`` with its meaning
    and default unchanged; files still go to the bootstrapped bucket.

    Every stack gets a synthesizer of its own, so that deploying a stack
    publishes its own images only.  A stack with images deploys after the stack
    of the same assembly that creates the repository (`SharedAssetRepository`).

    Raises `RepositoryError`, one fault for each wrong property, for a name or
    tag prefix that a registry would refuse, a nested name, a token, or an
    unknown property.
    """

    def __init__(self, *, repository_name: str, **properties: Any) -> None:
        faults = [*_property_faults(properties), *repository_name_faults(repository_name, properties.get("qualifier"))]
        if "docker_tag_prefix" in properties:
            faults += _tag_prefix_faults(properties["docker_tag_prefix"], properties.get("qualifier"))
        if faults:
            raise RepositoryError(faults)
        super().__init__(image_assets_repository_name=repository_name, **properties)
        self._repository_name = repository_name
        self._properties = properties
        self._host: cdk.Stack | None = None
        self._registered_image = False

    @property
    def repository_name(self) -> str:
        """The name as it was given, with its placeholders."""
        return self._repository_name

    @property
    def destination(self) -> AssetDestination:
        """Where the images of the bound stack go; RepositoryError before a stack is bound."""
        if self._host is None:
            raise RepositoryError(
                "the synthesizer is not part of a stack yet, so its repository has no account and region",
                hint="ask the synthesizer of a stack: stack.synthesizer.destination",
            )
        return AssetDestination.of(self._host, self._repository_name, self._qualifier())

    @property
    def tag_prefix(self) -> str:
        """What the tags of images begin with; empty where they are hashes alone."""
        return (self._properties.get("docker_tag_prefix") or "").replace("${Qualifier}", self._qualifier())

    @property
    def publishing_role(self) -> str:
        """ARN of the role that pushes images, with the placeholders that the bound stack cannot fill."""
        arn = self._properties.get("image_asset_publishing_role_arn")
        arn = self.DEFAULT_IMAGE_ASSET_PUBLISHING_ROLE_ARN if arn is None else arn
        return self.destination.specialize(arn.replace("${Qualifier}", self._qualifier()))

    @property
    def publishes_images(self) -> bool:
        """Whether the bound stack, or a stack nested in it, holds an image asset by now."""
        return self._registered_image or (self._host is not None and holds_image(self._host))

    def _qualifier(self) -> str:
        # None only before `bind`, which `destination` has refused already.
        return self.bootstrap_qualifier or self.DEFAULT_QUALIFIER

    # The inherited method makes the bound synthesizer with Object.create: it would share one asset manifest between
    # all stacks (aws/aws-cdk#29071), and callbacks would reach this unbound object.
    def reusable_bind(self, stack: cdk.Stack) -> cdk.IBoundStackSynthesizer:
        """A fresh synthesizer with the same properties, bound to ``stack``."""
        bound = type(self)(repository_name=self._repository_name, **self._properties)
        bound.bind(stack)
        return bound

    def bind(self, stack: cdk.Stack) -> None:
        """Bind to ``stack``; RepositoryError when the qualifier of its context makes a wrong name."""
        super().bind(stack)
        self._host = stack
        faults = repository_name_faults(self._repository_name, self.bootstrap_qualifier)
        if faults:
            raise RepositoryError(faults)

    def _register_image(self, **source: Any) -> cdk.DockerImageAssetLocation:
        """Register an image asset from Python, such as one that an ``executable`` builds."""
        if self._host is not None:
            check_publishable(self._host)
        self._registered_image = True
        return super().add_docker_image_asset(**source)

    # jsii registers a plain method as an override, and then every image of every construct takes a round trip through
    # Python that doubles the time of construction. It does not register this, which only Python callers reach; images
    # of constructs are found in the tree.
    add_docker_image_asset = functools.partialmethod(_register_image)

    def synthesize(self, session: cdk.ISynthesisSession) -> None:
        """Order the stack after its repository's, then synthesize it as the default does."""
        # Every construct exists by now, whichever was made first, and the order of stacks is not yet written.
        stack = self._host
        repositories = hosted_repositories(stack) if stack is not None else []
        if stack is None or not repositories:
            super().synthesize(session)
            return
        known = self.publishes_images
        hosts = self._deploy_after_repository(stack, repositories) if known else []
        super().synthesize(session)
        if not known and _lists_images(session, stack):
            # Code that runs in Node (a nested stack's synthesizer does) registered an image without a construct. Only
            # the manifest tells; writing the stack a second time replaces every file and entry of the first.
            self._registered_image = True
            hosts = self._deploy_after_repository(stack, repositories)
            super().synthesize(session)
        if hosts:
            self._build_after(hosts, stack, session)

    def _build_after(self, hosts: list[cdk.Stack], stack: cdk.Stack, session: cdk.ISynthesisSession) -> None:
        """Let the images of ``stack`` wait for ``hosts``, too.

        The CLI builds images before the first deployment, and asks the
        repository then whether it has them already: the order of the stacks
        comes too late.  The asset manifest can depend on stacks itself, but the
        default synthesizer has no property for it, so its entry is written again.
        """
        options = ("file_asset_publishing_role_additional_options", "image_asset_publishing_role_additional_options")
        tagged = any("Tags" in (self._properties.get(name) or {}) for name in options)
        parameter = self._properties.get("bootstrap_stack_version_ssm_parameter")
        if parameter is None:
            parameter = self.DEFAULT_BOOTSTRAP_STACK_VERSION_SSM_PARAMETER
        session.assembly.add_artifact(
            f"{stack.artifact_id}.assets",
            type=schema.ArtifactType.ASSET_MANIFEST,
            properties=schema.AssetManifestProperties(
                file=f"{stack.artifact_id}.assets.json",
                requires_bootstrap_stack_version=_BOOTSTRAP_VERSION_TAGS if tagged else _BOOTSTRAP_VERSION,
                bootstrap_stack_version_ssm_parameter=parameter.replace("${Qualifier}", self._qualifier()),
            ),
            dependencies=[host.artifact_id for host in hosts],
        )

    def _deploy_after_repository(self, stack: cdk.Stack, repositories: list[HostedRepository]) -> list[cdk.Stack]:
        check_publishable(stack)
        hosted = [entry for entry in repositories if not same_construct(entry.host, stack)]
        destination = self.destination
        creators = [entry for entry in hosted if entry.destination.may_be(destination)]
        for entry in creators:
            if _depends_on(entry.host, stack):
                raise RepositoryError(
                    f'stack "{stack.node.path}" publishes images to {destination}, which stack '
                    f'"{entry.host.node.path}" creates; but the second stack depends on the first, '
                    f"so neither can deploy first",
                    place=stack.node.path,
                    hint="move what the repository's stack needs, or the functions, to a stack of its own",
                )
            stack.add_stack_dependency(entry.host, "its images are published to the repository of that stack")
        neighbours = [entry.destination for entry in hosted if entry.destination.may_share_environment(destination)]
        if neighbours and not creators:
            names = [neighbour.repository_name for neighbour in neighbours]
            guess = did_you_mean(destination.repository_name, names) or "allowed: " + ", ".join(names)
            cdk.Annotations.of(stack).add_warning_v2(
                "optimizer:shared-repository-name",
                f"images go to {destination}, which no stack of this app creates; {guess}",
            )
        return [entry.host for entry in creators]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedRepository:
    """A shared repository, the top-level stack that creates it, and which of its tags may move."""

    destination: AssetDestination
    host: cdk.Stack
    tags: TagMutability


# jsii keeps every object made from Python for the life of the process, so a stage is the same object at each look-up.
_HOSTED: weakref.WeakKeyDictionary[cdk.Stage, list[HostedRepository]] = weakref.WeakKeyDictionary()


def hosted_repositories(scope: IConstruct) -> list[HostedRepository]:
    """The shared repositories of the assembly that holds ``scope``, in order of construction.

    The list is live: append to it to add one.
    """
    stage = cdk.Stage.of(scope)
    return [] if stage is None else _HOSTED.setdefault(stage, [])


def hosted_by_stage() -> list[tuple[cdk.Stage, list[HostedRepository]]]:
    """The shared repositories of every stage, in order of construction."""
    return list(_HOSTED.items())


def same_construct(one: IConstruct, other: IConstruct) -> bool:
    """Whether both are one construct of one tree.

    Identity does not tell: jsii hands out several Python objects for a
    construct that it passes before its constructor has returned.
    """
    return one is other or one.node.path == other.node.path


def top_level_stack(scope: IConstruct) -> cdk.Stack:
    """The stack that deploys ``scope``: for a nested stack, its outermost parent."""
    stack = cdk.Stack.of(scope)
    while (parent := stack.nested_stack_parent) is not None:
        stack = parent
    return stack


def holds_image(stack: cdk.Stack) -> bool:
    """Whether a construct of the top-level ``stack``, or of a stack nested in it, is an image asset.

    One round trip for the whole tree (0.05 ms a construct).
    """
    # A top-level stack can also stand below another in the tree: its images are its own.
    return any(
        isinstance(construct, (ecr_assets.DockerImageAsset, ecr_assets.TarballImageAsset))
        and same_construct(top_level_stack(construct), stack)
        for construct in stack.node.find_all()
    )


def _lists_images(session: cdk.ISynthesisSession, stack: cdk.Stack) -> bool:
    """Whether the asset manifest that was just written for ``stack`` lists an image."""
    manifest = Path(session.outdir, f"{stack.artifact_id}.assets.json")
    return bool(json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages"))


def asset_repository_name(scope: Construct) -> str | None:
    """The shared repository that the images of ``scope`` go to, as far as its name is known at synth.

    None when its stack does not use `SharedRepositorySynthesizer`.
    """
    synthesizer = top_level_stack(scope).synthesizer
    return synthesizer.destination.repository_name if isinstance(synthesizer, SharedRepositorySynthesizer) else None


def check_publishable(scope: Construct) -> None:
    """Raise RepositoryError when an image in ``scope`` would go to a repository that its own stack creates.

    CDK publishes the images of a stack before it deploys the stack, so such a
    stack can never be deployed for the first time.
    """
    stack = top_level_stack(scope)
    synthesizer = stack.synthesizer
    if not isinstance(synthesizer, SharedRepositorySynthesizer):
        return
    for entry in hosted_repositories(stack):
        if same_construct(entry.host, stack) and entry.destination.may_be(synthesizer.destination):
            raise RepositoryError(own_repository_fault(stack, entry.destination))


def own_repository_fault(stack: cdk.Stack, destination: AssetDestination) -> Fault:
    """The fault of a stack whose images go to the repository that it creates."""
    return Fault(
        f'stack "{stack.node.path}" holds an image and creates the repository {destination} that the image goes to; '
        f"CDK publishes images before it deploys their stack",
        stack.node.path,
        "create the repository in a stack that holds no image function",
    )


def _depends_on(stack: cdk.Stack, target: cdk.Stack) -> bool:
    """Whether ``stack`` deploys after ``target``, directly or through others."""
    wanted = target.node.path
    seen = {stack.node.path}
    waiting = [stack]
    while waiting:  # ends because each stack enters once
        for dependency in waiting.pop().dependencies:
            path = dependency.node.path
            if path == wanted:
                return True
            if path not in seen:
                seen.add(path)
                waiting.append(dependency)
    return False


def _property_faults(properties: dict[str, Any]) -> Iterator[Fault]:
    for name, value in properties.items():
        if name == "image_assets_repository_name":
            yield Fault(
                f'property "{name}" is the repository name of this synthesizer; given: {value!r}',
                name,
                "pass it as repository_name",
            )
        elif name not in _PROPERTIES:
            yield Fault(
                f'unknown property "{name}"; allowed: repository_name and the properties of DefaultStackSynthesizer',
                name,
                did_you_mean(name, _PROPERTIES) or "see the reference of DefaultStackSynthesizer",
            )
        elif name != "docker_tag_prefix" and isinstance(value, str) and "${Token[" in value:
            yield _token_fault(name, value)


def _token_fault(place: str, value: str) -> Fault:
    return Fault(
        f'"{value}" holds a token, whose value is known only at deployment; images are published before that',
        place,
        "write the value out, or use ${Qualifier}, ${AWS::AccountId}, ${AWS::Region} or ${AWS::Partition}",
    )


def _sample(value: str, qualifier: str | None) -> str:
    """``value`` as it may look once its placeholders are filled."""
    values = {**_PLACEHOLDERS, "Qualifier": qualifier or _PLACEHOLDERS["Qualifier"]}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], value)


def _text_faults(place: str, value: Any) -> list[Fault]:
    """Faults that make a closer look useless: no text, a token, an unknown placeholder."""
    if not isinstance(value, str):
        return [Fault(f"{value!r} is not text", place, 'give a name such as "lambda-images"')]
    if "${Token[" in value:
        return [_token_fault(place, value)]
    faults = []
    for match in _PLACEHOLDER.finditer(value):
        if match[1] not in _PLACEHOLDERS or not match[0].endswith("}"):
            allowed = ", ".join(f"${{{name}}}" for name in _PLACEHOLDERS)
            guess = did_you_mean(match[1], _PLACEHOLDERS) or "write the value out"
            faults.append(Fault(f'unknown placeholder "{match[0]}" in "{value}"; allowed: {allowed}', place, guess))
    return faults


def repository_name_faults(name: Any, qualifier: str | None) -> list[Fault]:
    """What a registry, or the publishing to a second region, would refuse in a repository name."""
    place = "repository_name"
    faults = _text_faults(place, name)
    if faults:
        return faults
    sample = _sample(name, qualifier)
    shown = f'"{name}"' if sample == name else f'"{name}" (such as "{sample}")'
    if "/" in sample:
        # The re-tag filter of cdk-assets, reference=*/*:tag, does not cross a second slash.
        faults.append(
            Fault(
                f"repository name {shown} is nested; allowed: a name without a slash, because the CDK CLI cannot "
                f"publish one image to nested repositories in two regions",
                place,
                f'use "{name.strip("/").replace("/", "-")}"',
            )
        )
    if sample != sample.lower():
        faults.append(
            Fault(
                f"repository name {shown} has upper-case letters; allowed: lower-case letters, digits and single . _ -",
                place,
                f'use "{name.lower()}"' if sample == name else "use a lower-case name and qualifier",
            )
        )
    if len(sample) not in _REPOSITORY_NAME_LENGTH:
        faults.append(
            Fault(
                f"repository name {shown} has {len(sample)} characters; allowed: 2 to 256, placeholders filled in",
                place,
                "give a name such as lambda-images" if len(sample) < 2 else "shorten the name",
            )
        )
    plain = sample.lower().strip("/").replace("/", "-")
    if plain and not "a" <= plain[0] <= "z":
        faults.append(
            Fault(
                f'repository name {shown} starts with "{sample[0]}"; allowed: a letter first',
                place,
                "put a word first, such as lambda-images",
            )
        )
    elif plain and not _REPOSITORY_NAME.fullmatch(plain):
        faults.append(
            Fault(
                f"repository name {shown} is not well formed; allowed: lower-case letters and digits, with single . _ - between them",
                place,
                "leave out other characters, and separators that are doubled or stand at the end",
            )
        )
    return faults


def _tag_prefix_faults(prefix: Any, qualifier: str | None) -> list[Fault]:
    """What a registry would refuse in a tag of this prefix and CDK's 64-digit hash."""
    place = "docker_tag_prefix"
    if prefix is None or prefix == "":
        return []
    faults = _text_faults(place, prefix)
    if faults:
        return faults
    sample = _sample(prefix, qualifier)
    if not _TAG_PREFIX.fullmatch(sample):
        faults.append(
            Fault(
                f'tag prefix "{prefix}" is not well formed; allowed: letters, digits and . _ -, with no . or - first',
                place,
                'give a prefix such as "orders-"',
            )
        )
    if len(sample) > _TAG_PREFIX_LENGTH_MAX:
        faults.append(
            Fault(
                f'tag prefix "{prefix}" has {len(sample)} characters; allowed: {_TAG_PREFIX_LENGTH_MAX}, because a tag '
                f"has at most 128 and CDK appends a hash of 64",
                place,
                "shorten the prefix",
            )
        )
    return faults
