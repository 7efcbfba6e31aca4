"""Repositories of ECR in templates of SAM and CloudFormation: what ECR refuses, and what kills functions."""

from __future__ import annotations

from pathlib import Path

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
