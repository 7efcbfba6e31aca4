"""SnapStart in templates of SAM and CloudFormation, and in apps with plain functions: one failing and one passing case of each rule."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_

from optimizer.adapters.subjects import load_app
from optimizer.adapters.templates import load_template
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.rule import choose
from optimizer.linting.rules import RULES
from tests.linting.cases import TODAY

LABEL = 'LABEL com.amazonaws.lambda.feature.snapstart="Allow"\n'
ON = lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS
RULES_OF_SNAPSTART = choose(RULES, ["LIO63"])

SAM = """\
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      SnapStart: {{ApplyOn: PublishedVersions}}
      AutoPublishAlias: live
      VersionDeletionPolicy: Delete
      {more}
    Metadata: {{Dockerfile: Dockerfile, DockerContext: .}}
"""
BUILT_ELSEWHERE = SAM.replace("    Metadata: {{Dockerfile: Dockerfile, DockerContext: .}}\n", "")
PLAIN = """\
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties:
      PackageType: Image
      Code: {{ImageUri: "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop:1"}}
      Role: !Ref Role
      SnapStart: {{ApplyOn: PublishedVersions}}
      {more}
  One:
    Type: AWS::Lambda::Version
    Properties:
      FunctionName: !Ref Api
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    dockerfile(LABEL)
    return tmp_path


def dockerfile(label: str = "", base: str = "nodejs:24") -> None:
    Path("Dockerfile").write_text(f'FROM public.ecr.aws/lambda/{base}\n{label}CMD ["index.handler"]\n')


def in_template(text: str, more: str = "Timeout: 3") -> list[tuple[str, str]]:
    """The rules that find something, with the places."""
    Path("template.yaml").write_text(text.format(more=more))
    report = lint(load_template("template.yaml").subjects, Conventions(today=TODAY), rules=RULES_OF_SNAPSTART)
    return [(item.rule, str(item.location)) for item in report.findings]


class TestTemplates:
    def test_one_in_which_all_is_well(self) -> None:
        assert in_template(SAM) == in_template(PLAIN) == []

    def test_the_label_is_read_from_the_dockerfile(self) -> None:
        dockerfile()
        assert in_template(SAM) == [("LIO631", "template.yaml:6:19")]
        dockerfile(base="python:3.14")
        assert in_template(SAM) == []
        dockerfile('LABEL lambda-image-optimizer.snapstart="hooks"\n')
        assert in_template(SAM) == []

    @pytest.mark.parametrize("text", [SAM, PLAIN], ids=["SAM", "CloudFormation"])
    @pytest.mark.parametrize(
        ("more", "allowed"),
        [
            ("EphemeralStorage: {Size: 2048}", "EphemeralStorage: {Size: 512}"),
            ("FileSystemConfigs: [{Arn: arn, LocalMountPath: /mnt/files}]", "VpcConfig: {SubnetIds: [a]}"),
            ("TenancyConfig: {TenantIsolationMode: PER_TENANT}", "ReservedConcurrentExecutions: 1"),
        ],
    )
    def test_what_snapstart_excludes(self, text: str, more: str, allowed: str) -> None:
        ((rule, place),) = in_template(text, more)
        assert (rule, place.rpartition(":")[0]) == ("LIO632", "template.yaml:9")
        assert in_template(text, allowed) == []

    def test_provisioned_concurrency(self) -> None:
        more = "ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}"
        assert in_template(SAM, more) == [("LIO633", "template.yaml:9:7")]
        assert [rule for rule, _ in in_template(f"{PLAIN}      {more.replace('{', '{{').replace('}', '}}')}\n")] == ["LIO633"]

    def test_a_region_without_it(self) -> None:
        Path("samconfig.toml").write_text('[default.deploy.parameters]\nregion = "ap-east-2"\n')
        assert in_template(SAM) == [("LIO634", "template.yaml:6:19")]
        Path("samconfig.toml").write_text('[default.deploy.parameters]\nregion = "ap-east-1"\n')
        assert in_template(SAM) == []

    def test_a_tag_that_moves(self) -> None:
        host = "ImageUri: 111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop"
        assert in_template(BUILT_ELSEWHERE, f"{host}:latest") == [("LIO635", "template.yaml:9:7")]
        assert in_template(BUILT_ELSEWHERE, f"{host}:2026-11-29") == []

    def test_versions_that_are_kept(self) -> None:
        kept = SAM.replace("      VersionDeletionPolicy: Delete\n", "")
        assert in_template(kept) == [("LIO636", "template.yaml:6:19")]


class TestApps:
    def found(
        self, *, region: str | None = None, provisioned: int | None = None, tmp: int | None = None, **properties: object
    ) -> list[tuple[str, str]]:
        app = cdk.App(outdir=str(Path("cdk.out").absolute()))
        environment = cdk.Environment(account="111122223333", region=region) if region else None
        stack = cdk.Stack(app, "Shop", env=environment)
        function = lambda_.DockerImageFunction(
            stack,
            "Api",
            code=lambda_.DockerImageCode.from_image_asset(str(Path.cwd()), exclude=["cdk.out"]),
            architecture=lambda_.Architecture.X86_64,
            **{"snap_start": ON, **properties},  # type: ignore[arg-type]
        )
        function.add_alias("live", provisioned_concurrent_executions=provisioned)
        resource = function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        if tmp is not None:
            # CDK refuses it in its own construct.
            resource.add_property_override("EphemeralStorage", {"Size": tmp})
        app.synth()
        report = lint(load_app("cdk.out", RULES).subjects, Conventions(today=TODAY), rules=RULES_OF_SNAPSTART)
        return [(item.rule, item.location.construct) for item in report.findings]

    def test_one_in_which_all_is_well(self) -> None:
        assert self.found() == []
        assert self.found(region="eu-central-1") == []

    def test_the_label_is_read_from_the_dockerfile(self) -> None:
        dockerfile()
        assert self.found() == [("LIO631", "Shop/Api")]
        assert self.found(snap_start=None) == []

    def test_provisioned_concurrency_of_an_alias(self) -> None:
        assert self.found(provisioned=2) == [("LIO633", "Shop/Api")]
        assert self.found(provisioned=2, snap_start=None) == []

    def test_what_snapstart_excludes_and_cdk_does_not_see(self) -> None:
        assert self.found(tmp=1024) == [("LIO632", "Shop/Api")]
        assert self.found(tmp=512) == self.found(tmp=1024, snap_start=None) == []

    def test_a_region_without_it(self) -> None:
        assert self.found(region="ap-southeast-6") == [("LIO634", "Shop/Api")]
        assert self.found(region="ap-southeast-6", snap_start=None) == []
