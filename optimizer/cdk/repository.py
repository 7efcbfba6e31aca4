"""The shared repository that `SharedRepositorySynthesizer` publishes to."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, IValidation

from optimizer.cdk.lifecycle import (
    archive_faults,
    mutable_tag_faults,
    policy_faults,
    policy_text,
    rule_fault,
    rule_of,
    tag_mutability,
    untagged_rules,
)
from optimizer.cdk.synthesizer import (
    AssetDestination,
    HostedRepository,
    SharedRepositorySynthesizer,
    check_publishable,
    hosted_by_stage,
    hosted_repositories,
    own_repository_fault,
    repository_name_faults,
    top_level_stack,
)
from optimizer.errors import Fault, RepositoryError

__all__ = ["SharedAssetRepository"]

# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#configuration-images-permissions
_PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")

# What the bootstrap stack allows its publishing role on its own repository. `ecr:GetAuthorizationToken` belongs to no
# repository; the role has it from the bootstrap stack.
_PUBLISH_ACTIONS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)

_RULE_FIELDS = frozenset(inspect.signature(ecr.LifecycleRule.__init__).parameters) - {"self"}

_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE_ARN = re.compile(r"arn:(?:\$\{AWS::Partition\}|[^:]+):iam::(?:\$\{AWS::AccountId\}|[0-9]{12}):role/.+")


class SharedAssetRepository(ecr.Repository):
    """The one repository of an account and region for all image assets.

    Put it in a stack that holds no image function, one for each environment::

        class ImageRepositoryStack(cdk.Stack):
            def __init__(self, scope, id, **kwargs):
                super().__init__(scope, id, **kwargs)
                SharedAssetRepository(self, "Repository", pull_accounts=["444455556666"])

    Tags are immutable, but for ``mutable_tags``.  Lambda may pull for the functions of this account and
    of ``pull_accounts`` in this region, the accounts themselves may pull, and
    the publishing role of the bootstrap stack may push, which its own policy
    allows for the bootstrapped repository only.

    ``repository_name``     default: the name in the stack's `SharedRepositorySynthesizer`
    ``pull_accounts``       other accounts with functions that use these images; 12 digits each; default: none
    ``publishing_roles``    roles that push, as ARNs (with placeholders) or roles; default: the publishing role of the
                            stack's synthesizer, or of the bootstrap stack with ``qualifier``
    ``qualifier``           of the bootstrap stack; default: the one of the stack's synthesizer
    ``scan_on_push``        default: True
    ``encryption_key``      KMS key; default: none, so AES-256 with a key that ECR owns
    ``untagged_days``       days after which an untagged image expires, 1 or more; default: 365, as bootstrapped
    ``archive_untagged_days``  days after which an untagged image moves to the archive, 1 or more; ``untagged_days``, 90
                            or more, then count from there; default: none, so no image is archived
    ``mutable_tags``        filters of tags that may move to another image, such as ``["cache-*"]`` for build caches: up
                            to 5, with ``*`` for any run of characters, none of which covers tags of images; default: none
    ``removal_policy``      default: RETAIN; DESTROY also deletes the images

    Raises `RepositoryError` for wrong values, one fault each; for a second
    repository of the same name in one environment; and when its own stack
    already holds an image that goes to it.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        repository_name: str | None = None,
        pull_accounts: Sequence[str] = (),
        publishing_roles: Sequence[str | iam.IRole] | None = None,
        qualifier: str | None = None,
        scan_on_push: bool = True,
        encryption_key: kms.IKey | None = None,
        untagged_days: int = 365,
        archive_untagged_days: int | None = None,
        mutable_tags: Sequence[str] = (),
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        host = top_level_stack(scope)
        synthesizer = host.synthesizer
        shared = synthesizer if isinstance(synthesizer, SharedRepositorySynthesizer) else None
        qualifier = qualifier or _qualifier(host)

        faults: list[Fault] = []
        if repository_name is None and shared is not None:
            repository_name = shared.repository_name
        if repository_name is None:
            faults.append(
                Fault(
                    "no repository name is given, and the stack has no SharedRepositorySynthesizer that would give one",
                    "repository_name",
                    "pass repository_name, the same as to the synthesizer",
                )
            )
        else:
            faults += repository_name_faults(repository_name, qualifier)
        faults += _account_faults(pull_accounts)
        faults += _role_faults(publishing_roles)
        faults += archive_faults(untagged_days, archive_untagged_days)
        faults += mutable_tag_faults(mutable_tags, shared.tag_prefix if shared is not None else "")
        if faults or repository_name is None:
            raise RepositoryError([fault.under(f"{host.node.path}/{id}") for fault in faults])

        destination = AssetDestination.of(host, repository_name, qualifier)
        repositories = hosted_repositories(host)
        _check_single(destination, host, repositories)
        if shared is not None and shared.destination.may_be(destination) and shared.publishes_images:
            raise RepositoryError(own_repository_fault(host, destination))

        tags = tag_mutability(mutable_tags)
        super().__init__(
            scope,
            id,
            repository_name=_text(destination.repository_name),
            image_tag_mutability=ecr.TagMutability[tags.mode],
            image_tag_mutability_exclusion_filters=[ecr.ImageTagMutabilityExclusionFilter.wildcard(text) for text in tags.filters] or None,
            image_scan_on_push=scan_on_push,
            # CDK writes nothing for AES-256: it is what ECR does by default.
            encryption=ecr.RepositoryEncryption.AES_256 if encryption_key is None else ecr.RepositoryEncryption.KMS,
            encryption_key=encryption_key,
            removal_policy=removal_policy,
            empty_on_delete=True if removal_policy == cdk.RemovalPolicy.DESTROY else None,
        )
        self._destination = destination
        self._tags = tags
        self._rules = untagged_rules(untagged_days, archive_untagged_days)
        self._write_policy()
        for path in _other_creators(destination, self):
            cdk.Annotations.of(self).add_warning_v2(
                "optimizer:repository-in-two-stages",
                f'repository {destination} is created by the stack "{path}" of another stage too, and the second deployment fails; '
                f"leave the repository out of one of them, and deploy the other one first",
            )
        repositories.append(HostedRepository(destination=destination, host=host, tags=tags))

        if publishing_roles is None:
            publishing_roles = [_publishing_role(shared, destination, qualifier)]
        self._allow_pull([account for account in dict.fromkeys(pull_accounts) if account != destination.account])
        self._allow_publishing(publishing_roles)
        self.node.add_validation(_Validation(self, host))

    @property
    def destination(self) -> AssetDestination:
        """Name, account and region, as far as they are known at synth."""
        return self._destination

    @property
    def _resource(self) -> ecr.CfnRepository:
        resource = self.node.default_child
        assert isinstance(resource, ecr.CfnRepository)
        return resource

    def _allow_pull(self, accounts: Sequence[str]) -> None:
        stack = cdk.Stack.of(self)
        # The ARN holds the account, so no second condition on aws:SourceAccount is needed.
        functions = [f"arn:{stack.partition}:lambda:{stack.region}:{account}:function:*" for account in (stack.account, *accounts)]
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LambdaPull",
                principals=[iam.ServicePrincipal("lambda.amazonaws.com")],
                actions=list(_PULL_ACTIONS),
                conditions={"StringLike": {"aws:SourceArn": functions if accounts else functions[0]}},
            )
        )
        if accounts:
            self.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="AccountPull",
                    principals=[iam.AccountPrincipal(account) for account in accounts],
                    actions=list(_PULL_ACTIONS),
                )
            )

    def _allow_publishing(self, roles: Sequence[str | iam.IRole]) -> None:
        if not roles:
            return
        arns = [_text(self._destination.specialize(role)) if isinstance(role, str) else role.role_arn for role in roles]
        self.add_to_resource_policy(
            iam.PolicyStatement(
                sid="Publish",
                # The role itself, not its account under a condition: a repository policy that names the account only
                # leaves the decision to the role's own policy, which does not know this repository.
                principals=[iam.ArnPrincipal(arn) for arn in arns],
                actions=list(_PUBLISH_ACTIONS),
            )
        )

    def add_lifecycle_rule(self, rule: ecr.LifecycleRule | None = None, **fields: Any) -> None:
        """Add a life-cycle rule for tags of ``mutable_tags``.

        RepositoryError for every other rule: one for tagged images could expire
        the image of a deployed function, and the one for untagged images that
        ECR takes is there.
        """
        if rule is not None:  # jsii passes the struct, Python its fields
            fields = {name: value for name in _RULE_FIELDS if (value := getattr(rule, name)) is not None}
        status = fields.get("tag_status")
        fault = rule_fault({**fields, "tag_status": status.name.lower() if status is not None else None}, self._tags)
        if fault is not None:
            raise RepositoryError([fault.under(self.node.path)])
        try:
            self._rules.append(rule_of(fields, self._rules))
        except RepositoryError as error:
            raise RepositoryError([fault.under(self.node.path) for fault in error.faults]) from None
        self._write_policy()

    # CDK's own rules know no archive, and cannot be read back: the text is written here.
    def _write_policy(self) -> None:
        policy = ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=policy_text(self._rules))
        self._resource.lifecycle_policy = policy


@jsii.implements(IValidation)
class _Validation:
    """What can go wrong after construction, reported at synth together with CDK's own findings."""

    def __init__(self, repository: SharedAssetRepository, host: cdk.Stack) -> None:
        self._repository = repository
        self._host = host

    def validate(self) -> list[str]:
        return [*self._own_images(), *self._lifecycle()]

    def _own_images(self) -> list[str]:
        synthesizer = self._host.synthesizer
        if not isinstance(synthesizer, SharedRepositorySynthesizer) or not synthesizer.publishes_images:
            return []
        try:
            check_publishable(self._host)
        except RepositoryError as error:
            return [str(error)]
        return []

    def _lifecycle(self) -> list[str]:
        """The rules of the CloudFormation resource, where `add_lifecycle_rule` can be passed by."""
        policy = cdk.Stack.of(self._repository).resolve(self._repository._resource.lifecycle_policy)
        text = (policy or {}).get("lifecyclePolicyText")
        return policy_faults(text, self._repository._tags) if isinstance(text, str) else []


def _qualifier(host: cdk.Stack) -> str:
    synthesizer = host.synthesizer
    bound = synthesizer.bootstrap_qualifier if isinstance(synthesizer, cdk.StackSynthesizer) else None
    if bound is None:
        bound = host.node.try_get_context("@aws-cdk/core:bootstrapQualifier")
    return bound or cdk.DefaultStackSynthesizer.DEFAULT_QUALIFIER


def _publishing_role(shared: SharedRepositorySynthesizer | None, destination: AssetDestination, qualifier: str) -> str:
    if shared is not None and shared.bootstrap_qualifier == qualifier:
        return shared.publishing_role
    default = cdk.DefaultStackSynthesizer.DEFAULT_IMAGE_ASSET_PUBLISHING_ROLE_ARN
    return destination.specialize(default.replace("${Qualifier}", qualifier))


def _text(value: str) -> str:
    """``value``, with its remaining placeholders filled by CloudFormation."""
    return cdk.Fn.sub(value) if "${AWS::" in value else value


def _check_single(destination: AssetDestination, host: cdk.Stack, repositories: Iterable[HostedRepository]) -> None:
    for entry in repositories:
        if entry.destination == destination:
            raise RepositoryError(
                f'repository {destination} is created twice, in stack "{entry.host.node.path}" and in stack "{host.node.path}"',
                place=host.node.path,
                hint="create it once for each account and region",
            )


def _other_creators(destination: AssetDestination, scope: Construct) -> list[str]:
    """The stacks of other stages that create the same repository; none where it is unknown in which environment."""
    if destination.account is None or destination.region is None:
        return []
    own, root = cdk.Stage.of(scope), scope.node.root
    return [
        entry.host.node.path
        for stage, entries in hosted_by_stage()
        if stage is not own and stage.node.root is root
        for entry in entries
        if entry.destination == destination
    ]


def _account_faults(accounts: Any) -> list[Fault]:
    if isinstance(accounts, str):
        return [Fault(f'"{accounts}" is a string; allowed: a list of accounts', "pull_accounts", f'write ["{accounts}"]')]
    return [
        Fault(
            f"{account!r} is not an account; allowed: a string of 12 digits",
            f"pull_accounts[{index}]",
            'quote the account, with its leading zeros, such as "012345678901"',
        )
        for index, account in enumerate(accounts)
        if not (isinstance(account, str) and (_ACCOUNT.fullmatch(account) or "${Token[" in account))
    ]


def _role_faults(roles: Any) -> list[Fault]:
    if roles is None:
        return []
    if isinstance(roles, str):
        return [Fault(f'"{roles}" is a string; allowed: a list of roles', "publishing_roles", f'write ["{roles}"]')]
    return [
        Fault(
            f'"{role}" is not the ARN of a role',
            f"publishing_roles[{index}]",
            "write arn:${AWS::Partition}:iam::${AWS::AccountId}:role/NAME, or pass a role",
        )
        for index, role in enumerate(roles)
        if isinstance(role, str) and "${Token[" not in role and not _ROLE_ARN.fullmatch(role)
    ]
