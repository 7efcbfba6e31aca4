"""Repositories of ECR in templates of SAM and CloudFormation: what ECR refuses, and what kills functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import optimizer

HEADS = {"sam": "Transform: AWS::Serverless-2016-10-31\n", "cloudformation": "AWSTemplateFormatVersion: '2010-09-09'\n"}
TEMPLATE = """\
Resources:
  Images:
    Type: AWS::ECR::Repository
    Properties:
      RepositoryName: functions
      RepositoryPolicyText:
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: [ecr:BatchGetImage, ecr:GetDownloadUrlForLayer]
"""
POLICY = """\
      LifecyclePolicy:
        LifecyclePolicyText: '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", "countType": "sinceImagePulled",
          "countUnit": "days", "countNumber": 30}, "action": ACTION}]}'
"""
ARCHIVE = '{"type": "transition", "targetStorageClass": "archive"}'


def found(directory: Path, text: str) -> list[tuple[str, int]]:
    """Rules and lines of what is found in the template with the text."""
    path = directory / "template.yaml"
    path.write_text(text, encoding="utf-8")
    report = optimizer.lint([str(path)], select=["repository"])
    assert report.inconclusive == ()
    return [(finding.rule, finding.location.span.start.line if finding.location.span else 0) for finding in report.findings]


@pytest.mark.parametrize("kind", HEADS)
def test_life_cycle_policies_in_templates(kind: str, tmp_path: Path) -> None:
    """Requirement: "`sinceImagePulled` with expire", and archived tags, in SAM and CloudFormation templates."""
    template = HEADS[kind] + TEMPLATE
    assert found(tmp_path, template) == []
    assert found(tmp_path, template + POLICY.replace("ACTION", ARCHIVE)) == [("LIO704", 3)]
    assert found(tmp_path, template + POLICY.replace("ACTION", '{"type": "expire"}')) == [("LIO704", 3), ("LIO707", 3)]
    untagged = POLICY.replace("ACTION", ARCHIVE).replace('"any"', '"untagged"')
    assert found(tmp_path, template + untagged) == []


@pytest.mark.parametrize("kind", HEADS)
def test_tags_that_may_move_in_templates(kind: str, tmp_path: Path) -> None:
    """Requirement: "CDK throws if filters and mode do not match: row 16 as a rule for raw templates"."""
    template = HEADS[kind] + TEMPLATE
    filters = """\
      ImageTagMutabilityExclusionFilters:
        - {ImageTagMutabilityExclusionFilterType: WILDCARD, ImageTagMutabilityExclusionFilterValue: cache-*}
"""
    mode = "      ImageTagMutability: IMMUTABLE_WITH_EXCLUSION\n"
    assert found(tmp_path, template + filters) == [("LIO708", 3)]
    assert found(tmp_path, template + mode) == [("LIO708", 3)]
    assert found(tmp_path, template + mode + filters) == []


NAMED = f"{'1' * 12}.dkr.ecr.eu-west-1.amazonaws.com"
OWN = "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}"
BY_COUNT = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3}
BY_PULL = {"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 30}
VERSIONS = {**BY_COUNT, "tagStatus": "tagged", "tagPrefixList": ["v"]}
EXPIRES, ARCHIVES = {"type": "expire"}, {"type": "transition", "targetStorageClass": "archive"}
LOCAL = {"Metadata": {"Dockerfile": "Dockerfile", "DockerContext": "."}}


def store(selection: dict[str, Any] = BY_COUNT, action: dict[str, str] = EXPIRES, **properties: Any) -> dict[str, Any]:
    """A repository that has no policy for Lambda, and one rule for its images."""
    text = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": action}]})
    policy = {"LifecyclePolicy": {"LifecyclePolicyText": text}}
    return {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": "shop", **policy, **properties}}


def template(kind: str, uri: Any, repository: dict[str, Any], **sections: Any) -> dict[str, Any]:
    """A template with a function that has the image, and the repository."""
    api: dict[str, Any] = {"PackageType": "Image", "Architectures": ["x86_64"]}
    api |= {"ImageUri": uri} if kind == "sam" else {"Code": {"ImageUri": uri}, "Role": "arn:aws:iam::111111111111:role/shop"}
    resources = {"Api": {"Type": f"AWS::{'Serverless' if kind == 'sam' else 'Lambda'}::Function", "Properties": api}, "Arch": repository}
    return {**({"Transform": "AWS::Serverless-2016-10-31"} if kind == "sam" else {}), "Resources": resources, **sections}


def judged(directory: Path, declared: dict[str, Any], config: str = "") -> tuple[set[str], int]:
    """What is found of the repository, of the rules that ask whose images it has, and how much stays unknown."""
    (directory / "template.json").write_text(json.dumps(declared), encoding="utf-8")
    (directory / "samconfig.toml").write_text(f"[default.deploy.parameters]\n{config}\n", encoding="utf-8")
    (directory / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    report = optimizer.lint([str(directory / "template.json")], select=["LIO704", "LIO705", "LIO707", "LIO708"])
    assert {finding.location.construct for finding in report.findings} <= {"Arch"}
    return {finding.rule for finding in report.findings}, len(report.inconclusive)


@pytest.mark.parametrize("kind", HEADS)
class TestRepositoriesThatFunctionsName:
    """Requirement: LIO704 where the repository has no policy for Lambda, which adds its permission itself; LIO705 stays silent."""

    @pytest.mark.parametrize(
        "uri",
        [
            f"{NAMED}/shop:v1",
            {"Fn::Sub": f"{OWN}/shop:v1"},
            {"Fn::Sub": f"{OWN}/${{Arch}}:${{Tag}}"},
            {"Fn::Sub": "${Arch.RepositoryUri}:v1"},
            {"Fn::Join": [":", [{"Fn::GetAtt": ["Arch", "RepositoryUri"]}, "v1"]]},
            {"Fn::Join": ["", [{"Ref": "AWS::AccountId"}, ".dkr.ecr.", {"Ref": "AWS::Region"}, ".amazonaws.com/", {"Ref": "Arch"}, ":v1"]]},
        ],
        ids=json.dumps,
    )
    def test_every_way_to_name_one(self, kind: str, uri: Any, tmp_path: Path) -> None:
        assert judged(tmp_path, template(kind, uri, store())) == ({"LIO704"}, 0)
        assert judged(tmp_path, template(kind, uri, store(BY_PULL, ARCHIVES))) == ({"LIO704"}, 0)
        assert judged(tmp_path, template(kind, uri, store({**BY_COUNT, "tagStatus": "untagged"}))) == (set(), 0)

    @pytest.mark.parametrize(
        "uri",
        [
            f"{NAMED}/other:v1",
            f"{NAMED}/team/shop:v1",
            {"Ref": "Image"},
            {"Fn::Sub": "${Registry}/shop:v1"},
            {"Fn::Sub": f"{OWN}/${{Repository}}:v1"},
            {"Fn::Sub": [f"{OWN}/${{Shared}}:v1", {"Shared": {"Fn::ImportValue": "shop"}}]},
            {"Fn::Join": [":", [{"Fn::ImportValue": "uri-of-shop"}, "v1"]]},
        ],
        ids=json.dumps,
    )
    def test_another_one_and_what_only_a_deployment_knows(self, kind: str, uri: Any, tmp_path: Path) -> None:
        assert judged(tmp_path, template(kind, uri, store())) == (set(), 0)

    def test_a_name_that_a_parameter_gives(self, kind: str, tmp_path: Path) -> None:
        uri = {"Fn::Sub": f"{OWN}/${{Name}}:v1"}
        for declared in ({"Type": "String"}, {"Type": "String", "Default": "shop"}):
            sections = {"Parameters": {"Name": declared}}
            assert judged(tmp_path, template(kind, uri, store(RepositoryName={"Ref": "Name"}), **sections)) == ({"LIO704"}, 0)
        assert judged(tmp_path, template(kind, uri, store(RepositoryName={"Ref": "Other"}), **sections)) == (set(), 0)

    def test_tags_of_the_functions_decide(self, kind: str, tmp_path: Path) -> None:
        assert judged(tmp_path, template(kind, f"{NAMED}/shop:v1", store(VERSIONS))) == ({"LIO704"}, 0)
        assert judged(tmp_path, template(kind, f"{NAMED}/shop:main", store(VERSIONS))) == (set(), 0)
        assert judged(tmp_path, template(kind, f"{NAMED}/shop@sha256:{'1' * 64}", store(VERSIONS))) == (set(), 1)
        assert judged(tmp_path, template(kind, {"Fn::Sub": "${Arch.RepositoryUri}:${Tag}"}, store(VERSIONS))) == (set(), 1)

    def test_the_repository_of_another_region(self, kind: str, tmp_path: Path) -> None:
        declared = template(kind, f"{NAMED}/shop:v1", store())
        assert judged(tmp_path, declared, 'region = "eu-west-1"') == ({"LIO704"}, 0)
        assert judged(tmp_path, declared, 'region = "us-east-1"') == (set(), 0)

    @pytest.mark.parametrize(
        ("config", "expected"),
        [
            (f'image_repository = "{NAMED}/shop"', {"LIO704"}),
            (f'image_repositories = ["Api={NAMED}/shop"]', {"LIO704"}),
            (f'image_repositories = ["Other={NAMED}/shop"]', set()),
            (f'image_repository = "{NAMED}/other"', set()),
            ("resolve_image_repos = true", set()),
            ("", set()),
        ],
    )
    def test_what_sam_deploy_pushes(self, kind: str, config: str, expected: set[str], tmp_path: Path) -> None:
        declared = template(kind, "shop:latest", store())
        assert judged(tmp_path, declared, config) == (expected, 0)
        del declared["Resources"]["Api"]["Properties"]["ImageUri" if kind == "sam" else "Code"]
        declared["Resources"]["Api"] |= LOCAL
        assert judged(tmp_path, declared, config) == (expected, 0)

    def test_functions_of_a_nested_template(self, kind: str, tmp_path: Path) -> None:
        below = template(kind, f"{NAMED}/shop:v1", store(RepositoryName="other"))
        (tmp_path / "below.json").write_text(json.dumps(below), encoding="utf-8")
        nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "below.json"}}
        assert judged(tmp_path, {"Resources": {"Below": nested, "Arch": store()}}) == ({"LIO704"}, 0)
        # The logical id of another template's repository.
        below = template(kind, {"Fn::Sub": f"{OWN}/${{Arch}}:v1"}, store({**BY_COUNT, "tagStatus": "untagged"}, RepositoryName="other"))
        (tmp_path / "below.json").write_text(json.dumps(below), encoding="utf-8")
        assert judged(tmp_path, {"Resources": {"Below": nested, "Arch": store()}}) == (set(), 0)


def test_templates_by_which_ecr_creates_repositories(tmp_path: Path) -> None:
    """Requirement: ``AWS::ECR::RepositoryCreationTemplate`` is looked at as a repository is."""

    def creation(selection: dict[str, Any], action: dict[str, str], **properties: Any) -> dict[str, Any]:
        text = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": action}]})
        common = {"AppliedFor": ["CREATE_ON_PUSH"], "Prefix": "shop", "LifecyclePolicy": text}
        return {"Resources": {"Arch": {"Type": "AWS::ECR::RepositoryCreationTemplate", "Properties": {**common, **properties}}}}

    excluded = {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": "cache-*"}
    moving = {"ImageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "ImageTagMutabilityExclusionFilters": [excluded]}
    pull = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": pull}
    assert judged(tmp_path, creation(BY_PULL, ARCHIVES, **moving)) == (set(), 0)
    assert judged(tmp_path, creation(BY_PULL, EXPIRES)) == ({"LIO707"}, 0)
    assert judged(tmp_path, creation(BY_PULL, ARCHIVES, **{**moving, "ImageTagMutability": "IMMUTABLE"})) == ({"LIO708"}, 0)
    for_lambda = {"RepositoryPolicy": json.dumps({"Statement": [statement]})}
    assert judged(tmp_path, creation(BY_PULL, ARCHIVES, **for_lambda)) == ({"LIO704"}, 0)
    assert judged(tmp_path, creation({**BY_PULL, "tagStatus": "untagged"}, ARCHIVES, **for_lambda)) == (set(), 0)
