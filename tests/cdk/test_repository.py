"""The repository: what it allows, what it keeps, and what it refuses."""

from __future__ import annotations

import json
import re

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Annotations, Match, Template

from optimizer.cdk.repository import SharedAssetRepository
from optimizer.cdk.synthesizer import SharedRepositorySynthesizer
from optimizer.errors import RepositoryError
from optimizer.linting.conventions import Conventions as LintConventions
from optimizer.linting.engine import lint
from optimizer.linting.finding import Location
from optimizer.linting.rule import choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import RepositorySubject
from tests.linting.cases import TODAY

from .conftest import region

NAME = "lambda-images"
MUTABLE = {
    "mutability": "IMMUTABLE_WITH_EXCLUSION",
    "exclusions": ({"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": "cache-*"},),
}
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUBLISH = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:DescribeImages",
    "ecr:DescribeRepositories",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
]
UNTAGGED = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "untagged images expire after 365 days, tagged ones never",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countNumber": 365,
                "countUnit": "days",
            },
            "action": {"type": "expire"},
        }
    ]
}


@pytest.fixture
def root(outdir) -> cdk.App:
    return cdk.App(outdir=outdir, default_stack_synthesizer=SharedRepositorySynthesizer(repository_name=NAME))


@pytest.fixture
def stack(root) -> cdk.Stack:
    return cdk.Stack(root, "images", env=region("eu-west-1"))


def repository_of(stack: cdk.Stack) -> dict:
    """The one repository in the stack's template, with intrinsic functions flattened to text."""
    (repository,) = Template.from_stack(stack).find_resources("AWS::ECR::Repository").values()
    return flatten(repository)


def flatten(value):
    if isinstance(value, dict):
        if set(value) == {"Fn::Join"}:
            separator, parts = value["Fn::Join"]
            return separator.join(flatten(part) for part in parts)
        if set(value) == {"Fn::Sub"}:
            return value["Fn::Sub"]
        if set(value) == {"Ref"}:
            return f"${{{value['Ref']}}}"
        return {key: flatten(entry) for key, entry in value.items()}
    return [flatten(entry) for entry in value] if isinstance(value, list) else value


def lifecycle(stack: cdk.Stack) -> list[dict]:
    return json.loads(repository_of(stack)["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]


def statements(stack: cdk.Stack) -> dict[str, dict]:
    policy = repository_of(stack)["Properties"]["RepositoryPolicyText"]
    return {statement.pop("Sid"): statement for statement in policy["Statement"]}


class TestTemplate:
    def test_defaults_only(self, stack):
        SharedAssetRepository(stack, "Repository")
        repository = repository_of(stack)
        properties = repository["Properties"]
        assert json.loads(properties.pop("LifecyclePolicy")["LifecyclePolicyText"]) == UNTAGGED
        assert properties == {
            "RepositoryName": NAME,
            "ImageTagMutability": "IMMUTABLE",
            "ImageScanningConfiguration": {"ScanOnPush": True},
            "RepositoryPolicyText": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "LambdaPull",
                        "Effect": "Allow",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                        "Action": PULL,
                        "Condition": {"StringLike": {"aws:SourceArn": "arn:${AWS::Partition}:lambda:eu-west-1:111122223333:function:*"}},
                    },
                    {
                        "Sid": "Publish",
                        "Effect": "Allow",
                        "Principal": {
                            "AWS": "arn:${AWS::Partition}:iam::111122223333:role/cdk-hnb659fds-image-publishing-role-111122223333-eu-west-1"
                        },
                        "Action": PUBLISH,
                    },
                ],
            },
        }
        assert (repository["DeletionPolicy"], repository["UpdateReplacePolicy"]) == ("Retain", "Retain")

    def test_every_argument(self, stack):
        key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:111122223333:key/1")
        repository = SharedAssetRepository(
            stack,
            "Repository",
            repository_name="other-images",
            pull_accounts=["444455556666", "012345678901", "444455556666", "111122223333"],
            publishing_roles=[
                "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/ci",
                iam.Role.from_role_arn(stack, "Role", "arn:aws:iam::111122223333:role/other"),
            ],
            scan_on_push=False,
            encryption_key=key,
            untagged_days=7,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        assert repository.destination.repository_name == "other-images"
        resource = repository_of(stack)
        properties = resource["Properties"]
        assert resource["DeletionPolicy"] == "Delete"
        assert properties["EmptyOnDelete"] is True
        assert properties["RepositoryName"] == "other-images"
        assert properties["ImageScanningConfiguration"] == {"ScanOnPush": False}
        assert properties["EncryptionConfiguration"] == {
            "EncryptionType": "KMS",
            "KmsKey": "arn:aws:kms:eu-west-1:111122223333:key/1",
        }
        assert '"countNumber":7' in properties["LifecyclePolicy"]["LifecyclePolicyText"]
        policy = statements(stack)
        assert policy["LambdaPull"]["Condition"]["StringLike"]["aws:SourceArn"] == [
            f"arn:${{AWS::Partition}}:lambda:eu-west-1:{account}:function:*" for account in ("111122223333", "444455556666", "012345678901")
        ]
        assert policy["AccountPull"] == {
            "Effect": "Allow",
            "Action": PULL,
            "Principal": {
                "AWS": [
                    "arn:${AWS::Partition}:iam::444455556666:root",
                    "arn:${AWS::Partition}:iam::012345678901:root",
                ]
            },
        }
        assert policy["Publish"]["Principal"]["AWS"] == [
            "arn:${AWS::Partition}:iam::111122223333:role/ci",
            "arn:aws:iam::111122223333:role/other",
        ]

    def test_an_unknown_environment(self, root):
        stack = cdk.Stack(root, "images")
        SharedAssetRepository(stack, "Repository", repository_name="images-${AWS::Region}")
        assert repository_of(stack)["Properties"]["RepositoryName"] == "images-${AWS::Region}"
        policy = statements(stack)
        assert policy["LambdaPull"]["Condition"]["StringLike"]["aws:SourceArn"] == (
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:*"
        )
        assert policy["Publish"]["Principal"]["AWS"] == (
            "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-hnb659fds-image-publishing-role-${AWS::AccountId}-${AWS::Region}"
        )
        template = Template.from_stack(stack)
        template.has_resource_properties("AWS::ECR::Repository", {"RepositoryName": {"Fn::Sub": Match.any_value()}})

    def test_another_regions_repository_serves_that_region(self, root):
        stack = cdk.Stack(root, "images", env=region("cn-north-1"))
        SharedAssetRepository(stack, "Repository")
        arn = statements(stack)["LambdaPull"]["Condition"]["StringLike"]["aws:SourceArn"]
        assert arn == "arn:${AWS::Partition}:lambda:cn-north-1:111122223333:function:*"

    @pytest.mark.parametrize(
        ("properties", "role"),
        [
            ({"qualifier": "team1"}, "cdk-team1-image-publishing-role-111122223333-eu-west-1"),
            (
                {"image_asset_publishing_role_arn": "arn:aws:iam::${AWS::AccountId}:role/x-${AWS::Region}"},
                "x-eu-west-1",
            ),
        ],
    )
    def test_takes_qualifier_and_role_from_the_synthesizer(self, outdir, properties, role):
        synthesizer = SharedRepositorySynthesizer(repository_name=NAME, **properties)
        root = cdk.App(outdir=outdir, default_stack_synthesizer=synthesizer)
        stack = cdk.Stack(root, "images", env=region("eu-west-1"))
        SharedAssetRepository(stack, "Repository")
        assert statements(stack)["Publish"]["Principal"]["AWS"].endswith(f":iam::111122223333:role/{role}")

    def test_takes_the_qualifier_that_is_given(self, stack):
        SharedAssetRepository(stack, "Repository", qualifier="team2", repository_name="${Qualifier}-images")
        assert repository_of(stack)["Properties"]["RepositoryName"] == "team2-images"
        assert "/cdk-team2-image-publishing-role-" in statements(stack)["Publish"]["Principal"]["AWS"]

    def test_stands_in_a_stack_with_the_default_synthesizer(self, outdir):
        root = cdk.App(outdir=outdir, context={"@aws-cdk/core:bootstrapQualifier": "ctx"})
        stack = cdk.Stack(root, "images", env=region("eu-west-1"))
        SharedAssetRepository(stack, "Repository", repository_name=NAME)
        assert "/cdk-ctx-image-publishing-role-" in statements(stack)["Publish"]["Principal"]["AWS"]

    def test_an_account_can_be_a_token(self, stack):
        account = cdk.CfnParameter(stack, "Account").value_as_string
        SharedAssetRepository(stack, "Repository", pull_accounts=[account])
        (principal,) = re.findall(r"iam::.*:root", statements(stack)["AccountPull"]["Principal"]["AWS"])
        assert principal == "iam::${Account}:root"

    def test_no_publishing_role_when_none_is_wanted(self, stack):
        SharedAssetRepository(stack, "Repository", publishing_roles=[])
        assert set(statements(stack)) == {"LambdaPull"}

    def test_its_stack_offers_nothing_to_cdk_gc(self, stack):
        """``cdk gc`` takes a stack with an output ``ImageRepositoryName`` for a bootstrap stack, and deletes what no template names."""
        SharedAssetRepository(stack, "Repository", repository_name=NAME)
        assert "Outputs" not in Template.from_stack(stack).to_json()

    def test_is_a_repository(self, stack):
        repository = SharedAssetRepository(stack, "Repository")
        assert isinstance(repository, ecr.Repository)
        repository.grant_pull(iam.AccountPrincipal("999900001111"))
        assert len(repository_of(stack)["Properties"]["RepositoryPolicyText"]["Statement"]) == 3


class TestLifeCycle:
    """No rule may expire a tagged image: a deployed version may still need it."""

    @pytest.mark.parametrize(
        ("rule", "given"),
        [
            ({"max_image_count": 10}, "ANY"),
            ({"max_image_age": cdk.Duration.days(90)}, "ANY"),
            ({"tag_status": ecr.TagStatus.ANY, "max_image_count": 10}, "ANY"),
            ({"tag_prefix_list": ["orders-"], "max_image_count": 10}, "TAGGED"),
            ({"tag_pattern_list": ["*"], "max_image_age": cdk.Duration.days(1)}, "TAGGED"),
            ({"tag_status": ecr.TagStatus.TAGGED, "tag_prefix_list": ["x"], "max_image_count": 1}, "TAGGED"),
        ],
    )
    def test_fails_on_a_rule_for_tagged_images(self, stack, rule, given):
        repository = SharedAssetRepository(stack, "Repository")
        with pytest.raises(RepositoryError) as caught:
            repository.add_lifecycle_rule(**rule)
        (fault,) = caught.value.faults
        assert fault.message.startswith(f"a life-cycle rule for {given} images is refused: a deployed function's image")
        assert fault.place == "images/Repository"
        assert fault.hint
        assert json.loads(repository_of(stack)["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"]) == UNTAGGED

    def test_fails_on_a_second_rule_for_untagged_images(self, stack):
        """ECR: "Only one rule selecting a specific storage class is allowed to select untagged images"."""
        repository = SharedAssetRepository(stack, "Repository")
        with pytest.raises(
            RepositoryError, match="(?s)a second life-cycle rule for UNTAGGED images is refused: ECR takes one.*set the days of that one"
        ):
            repository.add_lifecycle_rule(tag_status=ecr.TagStatus.UNTAGGED, max_image_count=5)

    @pytest.mark.parametrize("as_struct", [True, False])
    @pytest.mark.parametrize(
        "tags", [{"tag_prefix_list": ["cache-main-"]}, {"tag_pattern_list": ["cache-*"], "tag_status": ecr.TagStatus.TAGGED}]
    )
    def test_takes_a_rule_for_mutable_tags(self, stack, tags, as_struct):
        rule = {"max_image_age": cdk.Duration.days(14), **tags}
        repository = SharedAssetRepository(stack, "Repository", mutable_tags=["cache-*"])
        if as_struct:
            repository.add_lifecycle_rule(ecr.LifecycleRule(**rule))
        else:
            repository.add_lifecycle_rule(**rule)
        assert [rule["selection"]["tagStatus"] for rule in lifecycle(stack)] == ["untagged", "tagged"]

    @pytest.mark.parametrize("prefixes", [["cache"], ["cache-", "v"], ["CACHE-"]])
    def test_fails_on_a_rule_for_other_tags_than_mutable_ones(self, stack, prefixes):
        repository = SharedAssetRepository(stack, "Repository", mutable_tags=["cache-*"])
        with pytest.raises(RepositoryError, match="a life-cycle rule for TAGGED images is refused: .* allowed: tags of mutable_tags alone"):
            repository.add_lifecycle_rule(tag_prefix_list=prefixes, max_image_count=5)

    @pytest.mark.parametrize(
        ("rule", "message"),
        [
            ({}, "counts images or days; allowed: one of max_image_age, max_image_count"),
            ({"max_image_count": 1, "rule_priority": 1}, "2 rules with the rulePriority 1"),
            ({"max_image_count": 0}, "life-cycle rule 2 has the countNumber 0"),
        ],
    )
    def test_fails_on_a_rule_that_ecr_refuses(self, stack, rule, message):
        repository = SharedAssetRepository(stack, "Repository", mutable_tags=["cache-*"])
        with pytest.raises(RepositoryError, match=message) as caught:
            repository.add_lifecycle_rule(tag_prefix_list=["cache-"], **rule)
        assert [fault.place for fault in caught.value.faults] == ["images/Repository"]
        assert [rule["selection"]["tagStatus"] for rule in lifecycle(stack)] == ["untagged"]

    def test_untagged_images_can_go_to_the_archive(self, root, stack):
        """Requirement: "today's CDK L2 has no archive: raw policy text; give it a clean way"."""
        repository = SharedAssetRepository(stack, "Repository", archive_untagged_days=30, untagged_days=180, mutable_tags=["cache-*"])
        repository.add_lifecycle_rule(tag_prefix_list=["cache-"], max_image_count=5)
        rules = lifecycle(stack)
        assert [(rule["rulePriority"], rule["selection"]["tagStatus"]) for rule in rules] == [
            (1, "untagged"),
            (2, "untagged"),
            (3, "tagged"),
        ]
        assert rules[0]["selection"] == {"tagStatus": "untagged", "countType": "sinceImagePushed", "countNumber": 30, "countUnit": "days"}
        assert rules[0]["action"] == {"type": "transition", "targetStorageClass": "archive"}
        assert rules[1]["selection"] == {
            "tagStatus": "untagged",
            "storageClass": "archive",
            "countType": "sinceImageTransitioned",
            "countNumber": 180,
            "countUnit": "days",
        }
        assert rules[1]["action"] == {"type": "expire"}
        # What ECR takes, and what kills no function.
        subject = RepositorySubject(location=Location(), lifecycle=tuple(rules), receives=True, **MUTABLE)
        assert lint([subject], LintConventions(today=TODAY), rules=choose(RULES, ["LIO704", "LIO707"])).findings == ()
        root.synth()

    def test_fails_on_a_policy_set_on_the_resource(self, root, stack):
        repository = SharedAssetRepository(stack, "Repository")
        selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 9}
        rule = {"rulePriority": 3, "selection": selection, "action": {"type": "expire"}}
        repository.node.default_child.lifecycle_policy = ecr.CfnRepository.LifecyclePolicyProperty(
            lifecycle_policy_text=json.dumps({"rules": [rule]})
        )
        with pytest.raises(RuntimeError, match='life-cycle rule 3 expires images with tag status "any"'):
            root.synth()

    def test_fails_on_a_policy_that_archives_images_or_that_ecr_refuses(self, root, stack):
        repository = SharedAssetRepository(stack, "Repository")
        selection = {"tagStatus": "any", "countType": "sinceImagePulled", "countNumber": 9, "countUnit": "days"}
        actions = ({"type": "transition", "targetStorageClass": "archive"}, {"type": "expire"})
        rules = [{"rulePriority": number, "selection": selection, "action": action} for number, action in enumerate(actions, 1)]
        repository.node.default_child.lifecycle_policy = ecr.CfnRepository.LifecyclePolicyProperty(
            lifecycle_policy_text=json.dumps({"rules": rules})
        )
        with pytest.raises(RuntimeError) as raised:
            root.synth()
        assert 'life-cycle rule 1 archives images with tag status "any"' in str(raised.value)
        assert "life-cycle rule 2 expires images by sinceImagePulled, which only moves images to the archive" in str(raised.value)

    @pytest.mark.parametrize("text", ["{", "[]", '{"rule": []}', '{"rules": 1}'])
    def test_fails_on_a_text_that_is_no_policy(self, root, stack, text):
        repository = SharedAssetRepository(stack, "Repository")
        repository.node.default_child.lifecycle_policy = ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=text)
        with pytest.raises(RuntimeError, match="the life-cycle policy is no JSON with a list of rules"):
            root.synth()


class TestMutableTags:
    def test_tags_that_a_filter_covers_may_move(self, root, stack):
        SharedAssetRepository(stack, "Repository", mutable_tags=["cache-*", "mirror"])
        properties = repository_of(stack)["Properties"]
        assert properties["ImageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
        assert properties["ImageTagMutabilityExclusionFilters"] == [
            {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": text}
            for text in ("cache-*", "mirror")
        ]
        root.synth()

    @pytest.mark.parametrize(
        ("filters", "place", "message"),
        [
            ("cache-*", "mutable_tags", "is a string"),
            (["a-*", "h-*", "i-*", "j-*", "k-*", "m-*"], "mutable_tags", "6 filters; allowed: 5"),
            (["cache/*"], "mutable_tags[0]", '"cache/*" is not a filter of tags; allowed: 1 to 128'),
            (["cache-*", 1], "mutable_tags[1]", "1 is not a filter of tags"),
            (["cache-*-*-*"], "mutable_tags[0]", "has 3 stars; allowed: 2"),
            # Tags of images: hashes, and those of optimizer publish.
            (["*"], "mutable_tags[0]", '"*" may cover tags of images'),
            (["*-cache"], "mutable_tags[0]", "may cover tags of images"),
            (["Cafe*"], "mutable_tags[0]", "may cover tags of images"),
            (["l*"], "mutable_tags[0]", "may cover tags of images, which must not move: hexadecimal ones and layer-*, base-*, python-*"),
            (["Layer-1*"], "mutable_tags[0]", "may cover tags of images"),
        ],
    )
    def test_fails_on_a_filter(self, stack, filters, place, message):
        with pytest.raises(RepositoryError) as caught:
            SharedAssetRepository(stack, "Repository", mutable_tags=filters)
        (fault,) = caught.value.faults
        assert message in fault.message
        assert fault.place == f"images/Repository.{place}"
        assert fault.hint

    def test_fails_on_a_filter_that_covers_the_tag_prefix_of_images(self, outdir):
        synthesizer = SharedRepositorySynthesizer(repository_name=NAME, docker_tag_prefix="orders-")
        stack = cdk.Stack(cdk.App(outdir=outdir), "images", synthesizer=synthesizer)
        with pytest.raises(RepositoryError, match=r"and layer-\*, base-\*, python-\*, orders-\*"):
            SharedAssetRepository(stack, "Repository", mutable_tags=["orders-cache-*"])


class TestRefusals:
    @pytest.mark.parametrize(
        ("arguments", "place", "message"),
        [
            ({"repository_name": "team/images"}, "repository_name", "is nested"),
            ({"repository_name": "Images"}, "repository_name", "upper-case"),
            ({"repository_name": cdk.Aws.STACK_NAME}, "repository_name", "holds a token"),
            ({"pull_accounts": ["12345"]}, "pull_accounts[0]", "'12345' is not an account"),
            ({"pull_accounts": ["444455556666", 444455556666]}, "pull_accounts[1]", "444455556666 is not an account"),
            ({"pull_accounts": "444455556666"}, "pull_accounts", "is a string"),
            ({"publishing_roles": ["ci"]}, "publishing_roles[0]", '"ci" is not the ARN of a role'),
            ({"publishing_roles": "arn:aws:iam::111122223333:role/ci"}, "publishing_roles", "is a string"),
            ({"untagged_days": 0}, "untagged_days", "0 is not a number of days"),
            ({"untagged_days": True}, "untagged_days", "True is not a number of days"),
            ({"untagged_days": 1.5}, "untagged_days", "1.5 is not a number of days"),
            ({"archive_untagged_days": 0}, "archive_untagged_days", "0 is not a number of days"),
            ({"archive_untagged_days": 7, "untagged_days": 89}, "untagged_days", "89 days in the archive; allowed: 90 or more"),
        ],
    )
    def test_fails_on_a_wrong_value(self, stack, arguments, place, message):
        with pytest.raises(RepositoryError) as caught:
            SharedAssetRepository(stack, "Repository", **arguments)
        (fault,) = caught.value.faults
        assert fault.place == f"images/Repository.{place}"
        assert message in fault.message
        assert fault.hint
        assert stack.node.try_find_child("Repository") is None

    def test_fails_without_a_name(self, outdir):
        stack = cdk.Stack(cdk.App(outdir=outdir), "images")
        with pytest.raises(RepositoryError, match="no repository name"):
            SharedAssetRepository(stack, "Repository")

    def test_reports_all_faults_at_once(self, stack):
        with pytest.raises(RepositoryError) as caught:
            SharedAssetRepository(stack, "R", repository_name="A/b", pull_accounts=["1"], untagged_days=-1)
        assert len(caught.value.faults) == 4

    def test_fails_on_a_second_one_in_the_environment(self, root, stack):
        SharedAssetRepository(stack, "Repository")
        other = cdk.Stack(root, "other", env=region("eu-west-1"))
        with pytest.raises(RepositoryError, match='created twice, in stack "images" and in stack "other"'):
            SharedAssetRepository(other, "Repository")
        SharedAssetRepository(other, "Another", repository_name="another-name")
        SharedAssetRepository(cdk.Stack(root, "far", env=region("us-east-1")), "Repository")

    @pytest.mark.parametrize(("environment", "told"), [(region("eu-west-1"), 1), (region("us-east-1"), 0), (None, 0)])
    def test_warns_of_one_that_another_stage_creates(self, root, environment, told):
        """Only the second deployment said so."""
        stacks = [
            cdk.Stack(cdk.Stage(root, name), "images", env=env) for name, env in (("beta", region("eu-west-1")), ("prod", environment))
        ]
        for stack in stacks:
            SharedAssetRepository(stack, "Repository")
        found = [Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("another stage")) for stack in stacks]
        assert [len(item) for item in found] == [0, told]

    def test_fails_when_its_stack_already_holds_an_image(self, stack, add_function):
        add_function(stack)
        with pytest.raises(RepositoryError, match="publishes images before it deploys their stack"):
            SharedAssetRepository(stack, "Repository")

    @pytest.mark.parametrize("nested", [True, False])
    def test_fails_at_synth_when_its_stack_gets_an_image_later(self, root, stack, add_function, nested):
        SharedAssetRepository(stack, "Repository")
        add_function(cdk.NestedStack(stack, "nested") if nested else stack)
        with pytest.raises(RuntimeError, match='"images" holds an image and creates the repository "lambda-images"'):
            root.synth()

    def test_its_stack_may_hold_an_image_that_goes_elsewhere(self, outdir, add_function):
        root = cdk.App(outdir=outdir)
        stack = cdk.Stack(root, "images")
        add_function(stack)
        SharedAssetRepository(stack, "Repository", repository_name=NAME)
        root.synth()
