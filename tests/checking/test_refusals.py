"""What Lambda refuses at deployment, in templates of CloudFormation and of SAM: each found, and what it takes not.

The sources are those of the cases of the rules, in ``tests/linting/rules/lambda_``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import optimizer
from optimizer.cli import lint as lint_command
from tests.linting.cases import PYTHON

RULES = [f"LIO{number}" for number in (613, 614, 641, 642, 643, 644, 645, 646, 647, 648, 649, 650, 686)]
URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
ARN = "arn:aws:lambda:eu-west-1:111122223333:capacity-provider:shop"
INSTANCES = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": ARN}}
NETWORK = {"SubnetIds": ["subnet-12345678"], "SecurityGroupIds": ["sg-12345678"]}
GPU = {"AcceleratorConfig": {"AcceleratorMemorySize": 16}, "CapacityProviderConfig": INSTANCES}
ZIP = {"PackageType": "Zip", "Runtime": "python3.13", "Handler": "app.handler", "Code": {"ZipFile": "x"}}
PROVIDER = {"Type": "AWS::Lambda::CapacityProvider", "Properties": {"InstanceRequirements": {"Architectures": ["arm64"]}}}
OF_PROVIDER = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": {"Fn::GetAtt": ["Provider", "Arn"]}}}


def found(directory: Path, template: dict[str, Any], *, region: str = "eu-west-1") -> set[str]:
    path = directory / "template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    (directory / "samconfig.toml").write_text(f'[default.deploy.parameters]\nregion = "{region}"\n', encoding="utf-8")
    report = optimizer.lint([str(path)], select=RULES)
    assert {finding.location.construct for finding in report.findings} <= {"Api"}
    return {finding.rule for finding in report.findings}


def of_cloudformation(properties: dict[str, Any], **others: Any) -> dict[str, Any]:
    common = {"PackageType": "Image", "Code": {"ImageUri": URI}, "Role": "arn:aws:iam::111122223333:role/shop", "Architectures": ["x86_64"]}
    return {"Resources": {"Api": {"Type": "AWS::Lambda::Function", "Properties": {**common, **properties}}, **others}}


def of_sam(properties: dict[str, Any], **others: Any) -> dict[str, Any]:
    common = {"PackageType": "Image", "ImageUri": URI, "Architectures": ["x86_64"]}
    function = {"Type": "AWS::Serverless::Function", "Properties": {**common, **properties}}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Api": function, **others}}


def qualified(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Lambda::{kind}", "Properties": {"FunctionName": {"Ref": "Api"}, **properties}}


PROVISIONED = {"ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 1}}


class TestCloudFormation:
    @pytest.mark.parametrize(
        ("rule", "refused", "taken"),
        [
            ("LIO645", {"AcceleratorConfig": {"AcceleratorMemorySize": 16}}, GPU),
            ("LIO645", {**GPU, "Architectures": ["arm64"]}, GPU),
            ("LIO645", {**GPU, "AcceleratorConfig": {"AcceleratorMemorySize": 20}}, GPU),
            ("LIO645", {**ZIP, **GPU}, ZIP),
            ("LIO643", {"EphemeralStorage": {"Size": 20480}}, {"EphemeralStorage": {"Size": 10240}}),
            ("LIO643", {"EphemeralStorage": {"Size": 20480}}, {"EphemeralStorage": {"Size": 32768}, **GPU}),
            ("LIO644", {"MemorySize": 16384}, {"MemorySize": 16384, "CapacityProviderConfig": INSTANCES}),
            ("LIO646", {"CapacityProviderConfig": INSTANCES, "VpcConfig": NETWORK}, {"VpcConfig": NETWORK}),
            (
                "LIO646",
                {"CapacityProviderConfig": INSTANCES, "MemorySize": 1024},
                {"CapacityProviderConfig": INSTANCES, "MemorySize": 2048},
            ),
            (
                "LIO646",
                {"FunctionScalingConfig": {"MinExecutionEnvironments": 1}},
                {"CapacityProviderConfig": INSTANCES, "FunctionScalingConfig": {"MinExecutionEnvironments": 1}},
            ),
            ("LIO641", {"Runtime": "python3.13"}, {}),
            ("LIO641", {"Handler": "app.handler"}, {"ImageConfig": {"Command": ["app.handler"]}}),
            ("LIO641", {"Layers": [{"Ref": "Insights"}]}, {"Layers": []}),
            ("LIO642", {"CodeSigningConfigArn": {"Ref": "Signing"}}, {}),
            ("LIO642", {"RuntimeManagementConfig": {"UpdateRuntimeOn": "Auto"}}, {}),
            ("LIO641", {"RuntimeConfig": {"RuntimeArn": "arn", "RuntimeAlias": "live"}}, {}),
            ("LIO641", {"Runtime": "custom"}, {**ZIP, "Runtime": "custom", "RuntimeConfig": {"RuntimeArn": "arn", "RuntimeAlias": "live"}}),
            ("LIO647", {**ZIP, "ImageConfig": {"Command": ["app.handler"]}}, ZIP),
            ("LIO647", {**ZIP, "Code": {"ImageUri": URI}}, ZIP),
            ("LIO643", {"ImageConfig": {"Command": ["a"] * 1501}}, {"ImageConfig": {"Command": ["a"] * 1500}}),
            ("LIO643", {"ImageConfig": {"EntryPoint": ["a"] * 1501}}, {"ImageConfig": {"EntryPoint": ["-v", "-v"]}}),
            ("LIO643", {"ImageConfig": {"WorkingDirectory": "/" * 1001}}, {"ImageConfig": {"WorkingDirectory": "/srv"}}),
            ("LIO648", {"Code": {"ImageUri": URI.replace(".ecr.", ".ecr-fips.")}}, {"Code": {"ImageUri": URI}}),
            ("LIO648", {"Code": {"ImageUri": URI.replace("eu-west-1", "us-east-1")}}, {"Code": {"ImageUri": URI.replace("1111", "9999")}}),
            (
                "LIO648",
                {"Code": {"ImageUri": "public.ecr.aws/lambda/python:3.13"}},
                {"Code": {"ImageUri": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/shop:1"}}},
            ),
            ("LIO643", {"DurableConfig": {"ExecutionTimeout": 31622401}}, {"DurableConfig": {"ExecutionTimeout": 31622400}}),
            (
                "LIO643",
                {"DurableConfig": {"ExecutionTimeout": 1, "RetentionPeriodInDays": 91}},
                {"DurableConfig": {"ExecutionTimeout": 1, "RetentionPeriodInDays": 90}},
            ),
            ("LIO650", {"DurableConfig": {"ExecutionTimeout": 1}, "FunctionName": "shop"}, {"DurableConfig": {"ExecutionTimeout": 1}}),
            ("LIO650", {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}, "FunctionName": "shop"}, {"FunctionName": "shop"}),
        ],
    )
    def test_properties(self, rule: str, refused: dict[str, Any], taken: dict[str, Any], tmp_path: Path) -> None:
        assert found(tmp_path, of_cloudformation(refused)) == {rule}
        assert found(tmp_path, of_cloudformation(taken)) == set()

    @pytest.mark.parametrize("kind", ["Version", "Alias"])
    def test_provisioned_concurrency_on_managed_instances(self, kind: str, tmp_path: Path) -> None:
        instances = {"CapacityProviderConfig": INSTANCES}
        assert found(tmp_path, of_cloudformation(instances, Live=qualified(kind, **PROVISIONED))) == {"LIO646"}
        assert found(tmp_path, of_cloudformation(instances, Live=qualified(kind))) == set()
        assert found(tmp_path, of_cloudformation({}, Live=qualified(kind, **PROVISIONED))) == set()

    def test_the_architecture_of_the_capacity_provider(self, tmp_path: Path) -> None:
        instances = {"CapacityProviderConfig": OF_PROVIDER}
        assert found(tmp_path, of_cloudformation(instances, Provider=PROVIDER)) == {"LIO614"}
        assert found(tmp_path, of_cloudformation({**instances, "Architectures": ["arm64"]}, Provider=PROVIDER)) == set()
        # Of a provider that is declared elsewhere nothing is known.
        assert found(tmp_path, of_cloudformation({"CapacityProviderConfig": INSTANCES}, Provider=PROVIDER)) == set()

    def test_the_uri_of_a_repository_of_the_template_names_its_registry(self, tmp_path: Path) -> None:
        path = tmp_path / "template.json"
        for uri in ({"Fn::Sub": "${Arch.RepositoryUri}:v1"}, {"Fn::Join": [":", [{"Fn::GetAtt": ["Arch", "RepositoryUri"]}, "v1"]]}):
            for of in (of_cloudformation({"Code": {"ImageUri": uri}}), of_sam({"ImageUri": uri})):
                of["Resources"]["Arch"] = {"Type": "AWS::ECR::Repository"}
                path.write_text(json.dumps(of), encoding="utf-8")
                report = optimizer.lint([str(path)], select=["LIO648"])
                assert (report.findings, report.inconclusive) == ((), ())
        path.write_text(json.dumps(of_cloudformation({"Code": {"ImageUri": "shop:v1"}})), encoding="utf-8")
        (result,) = optimizer.lint([str(path)], select=["LIO648"]).inconclusive
        assert result.reason.startswith('"shop:v1" names no registry')

    def test_a_region_that_nobody_names_is_inconclusive(self, tmp_path: Path) -> None:
        path = tmp_path / "template.json"
        path.write_text(json.dumps(of_cloudformation({})), encoding="utf-8")
        report = optimizer.lint([str(path)], select=["LIO648"])
        (result,) = report.inconclusive
        assert (report.findings, result.reason) == ((), "whether the function is deployed to eu-west-1, where its image is, is not known")


class TestSam:
    @pytest.mark.parametrize(
        ("rule", "refused", "taken"),
        [
            ("LIO645", {"AcceleratorConfig": {"AcceleratorMemorySize": 16}}, {**GPU, "CapacityProviderConfig": {"Arn": ARN}}),
            ("LIO643", {"EphemeralStorage": {"Size": 20480}}, {"EphemeralStorage": {"Size": 10240}}),
            ("LIO644", {"MemorySize": 16384}, {"MemorySize": 16384, "CapacityProviderConfig": {"Arn": ARN}}),
            (
                "LIO643",
                {"CapacityProviderConfig": {"Arn": ARN, "PerExecutionEnvironmentMaxConcurrency": 1601}},
                {"CapacityProviderConfig": {"Arn": ARN, "PerExecutionEnvironmentMaxConcurrency": 1600}},
            ),
            ("LIO646", {"CapacityProviderConfig": {"Arn": ARN}, "VpcConfig": NETWORK}, {"CapacityProviderConfig": {"Arn": ARN}}),
            (
                "LIO646",
                {"CapacityProviderConfig": {"Arn": ARN}, "AutoPublishAlias": "live", **PROVISIONED},
                {"CapacityProviderConfig": {"Arn": ARN}, "AutoPublishAlias": "live"},
            ),
            ("LIO686", {"Layers": [{"Ref": "Insights"}]}, {"Layers": {"Fn::If": ["Traced", ["arn"], {"Ref": "AWS::NoValue"}]}}),
            ("LIO686", {"Handler": "app.handler"}, {"ImageConfig": {"Command": ["app.handler"]}}),
            ("LIO686", {"RuntimeConfig": {"RuntimeArn": "arn", "RuntimeAlias": "live"}}, {}),
            ("LIO642", {"CodeSigningConfigArn": "arn"}, {}),
            ("LIO647", {"PackageType": "Zip", "ImageUri": None, "ImageConfig": {"Command": ["a"]}}, {"ImageConfig": {"Command": ["a"]}}),
            ("LIO643", {"ImageConfig": {"Command": ["a"] * 1501}}, {"ImageConfig": {"Command": ["a"] * 1500}}),
            ("LIO648", {"ImageUri": URI.replace(".ecr.", ".ecr-fips.")}, {"ImageUri": URI}),
            ("LIO648", {"ImageUri": URI.replace("eu-west-1", "us-east-1")}, {"ImageUri": "shop:latest"}),
            ("LIO643", {"DurableConfig": {"ExecutionTimeout": 0}}, {"DurableConfig": {"ExecutionTimeout": 1}}),
            ("LIO650", {"DurableConfig": {"ExecutionTimeout": 1}, "FunctionName": "shop"}, {"DurableConfig": {"ExecutionTimeout": 1}}),
        ],
    )
    def test_properties(self, rule: str, refused: dict[str, Any], taken: dict[str, Any], tmp_path: Path) -> None:
        assert found(tmp_path, of_sam(refused)) == {rule}
        assert found(tmp_path, of_sam(taken)) == set()

    def test_the_architecture_of_the_capacity_provider(self, tmp_path: Path) -> None:
        provider = {**PROVIDER, "Type": "AWS::Serverless::CapacityProvider"}
        instances = {"CapacityProviderConfig": {"Arn": {"Fn::GetAtt": "Provider.Arn"}}}
        assert found(tmp_path, of_sam(instances, Provider=provider)) == {"LIO614"}
        assert found(tmp_path, of_sam({**instances, "Architectures": ["arm64"]}, Provider=provider)) == set()


def built(directory: Path, base: str, properties: str, lock: str) -> Path:
    """A template of SAM, in YAML, with a Dockerfile of the base."""
    (directory / "Dockerfile").write_text(f"FROM {base}\nCOPY uv.lock ./\nCMD app.handler\n")
    (directory / "uv.lock").write_text(lock)
    path = directory / "template.yaml"
    path.write_text(
        "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n      PackageType: Image\n      Architectures: [x86_64]\n"
        f"      {properties}\n    Metadata:\n      Dockerfile: Dockerfile\n      DockerContext: .\n"
    )
    return path


def test_images_that_sam_builds(tmp_path: Path) -> None:
    """Requirement: "Managed Instances, durable functions: what can be checked at synth is, by base", with the place of the property."""

    def places(base: str, properties: str, lock: str = "") -> list[tuple[str, str]]:
        report = optimizer.lint([str(built(tmp_path, base, properties, lock))], select=RULES)
        assert not report.inconclusive
        return [(finding.rule, str(finding.location.span.start if finding.location.span else "")) for finding in report.findings]

    on_instances = f"CapacityProviderConfig: {{Arn: {ARN}}}"
    assert places(PYTHON, on_instances) == []
    assert places(PYTHON.replace("3.13", "3.12"), on_instances) == [("LIO613", "2:3")]
    durable = "DurableConfig: {ExecutionTimeout: 60}"
    assert places(PYTHON, durable) == [("LIO649", "2:3")]
    assert places(PYTHON, durable, 'name = "aws-durable-execution-sdk-python"\n') == []
    assert places(PYTHON, "EphemeralStorage: {Size: 20480}") == [("LIO643", "7:26")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_fips_endpoint_is_taken_out_by_fix(end: str, tmp_path: Path) -> None:
    """ "with fixes where safe": both endpoints name the same repository."""
    text = (
        "Resources:\n  Api:\n    Type: AWS::Lambda::Function\n    Properties:\n      PackageType: Image\n      Architectures: [x86_64]\n"
        f"      Code: {{ImageUri: {URI.replace('.ecr.', '.ecr-fips.')}}}  # the image\n"
    )
    path = tmp_path / "template.yaml"
    path.write_bytes(text.replace("\n", end).encode())
    result = CliRunner().invoke(lint_command.command, [str(path), "--select", "LIO648", "--fix"])
    assert result.exit_code == 0, result.output
    assert path.read_bytes().decode() == text.replace(".ecr-fips.", ".ecr.").replace("\n", end)
