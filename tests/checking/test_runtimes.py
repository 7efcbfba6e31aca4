"""Customer-managed runtimes and functions that use one, in templates and in synthesized apps: rules LIO691 to LIO694."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_

import optimizer

ARN = "arn:aws:lambda:eu-central-1:123456789012:runtime/house-python"
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/lambda-images:v1"
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def function(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "app.handler", "Code": {"ZipFile": ""}, **properties}}


def resource(type: str, kept: Any = KEPT, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::Lambda::{type}", **kept, "Properties": properties}


def version(**properties: Any) -> dict[str, Any]:
    return resource("RuntimeVersion", **{"RuntimeName": "house-python", "Name": "v1", "ImageUri": ECR, **properties})


CONFIG = {"RuntimeArn": ARN, "RuntimeAlias": "live"}
FAILING = [
    pytest.param("LIO691", function(Runtime="custom"), "has Runtime: custom and names no runtime", id="no RuntimeConfig"),
    pytest.param("LIO691", function(Runtime="custom", RuntimeConfig={"RuntimeArn": ARN}), "has no RuntimeAlias", id="no alias"),
    pytest.param("LIO691", function(Runtime="custom", RuntimeConfig={"RuntimeAlias": "live"}), "has no RuntimeArn", id="no ARN"),
    pytest.param("LIO691", function(Runtime="python3.13", RuntimeConfig=CONFIG), 'and Runtime is "python3.13"', id="another Runtime"),
    pytest.param("LIO691", function(RuntimeConfig=CONFIG), "and Runtime is none", id="no Runtime"),
    pytest.param(
        "LIO691", function(Runtime="custom", RuntimeConfig={**CONFIG, "RuntimeAlias": "-"}), "not the name of an alias", id="alias"
    ),
    pytest.param(
        "LIO691", function(Runtime="custom", RuntimeConfig={**CONFIG, "RuntimeArn": "house"}), "not the ARN of a runtime", id="ARN"
    ),
    pytest.param("LIO692", version(ImageUri="public.ecr.aws/lambda/python:3.13"), "in no private repository", id="public image"),
    pytest.param("LIO692", version(ImageUri="registry.example.com/house:1"), "in no private repository", id="another registry"),
    pytest.param("LIO692", resource("RuntimeVersion", RuntimeName="house-python", Name="v1"), "names no image", id="no image"),
    pytest.param("LIO693", resource("Runtime", {}, Name="house-python"), "is deleted with its stack or by an update", id="not kept"),
    pytest.param(
        "LIO693",
        resource("Runtime", {"DeletionPolicy": "Retain"}, Name="house-python"),
        "is deleted with its stack",
        id="not kept by updates",
    ),
    pytest.param("LIO694", resource("Runtime", Name="House"), "not the name of a runtime", id="runtime's name"),
    pytest.param("LIO694", version(Name="v1-"), "not the name of a version", id="version's name"),
    pytest.param("LIO694", resource("Runtime", Name="house", Description="x" * 1025), "at most 1024 characters", id="description"),
    pytest.param(
        "LIO694",
        resource("RuntimeAlias", RuntimeName="house", Name="live", RuntimeVersion="v1", ReleaseLifecycle={"ReleaseState": "DEPRECATED"}),
        "needs the date since when it is",
        id="lifecycle",
    ),
]
PASSING = [
    function(Runtime="custom", RuntimeConfig=CONFIG),
    function(Runtime="custom", RuntimeConfig={"RuntimeArn": {"Fn::ImportValue": "house"}, "RuntimeAlias": {"Ref": "Alias"}}),
    function(Runtime="python3.13"),
    # Of an image function, LIO641 says it.
    {"Type": "AWS::Lambda::Function", "Properties": {"PackageType": "Image", "Code": {"ImageUri": ECR}, "RuntimeConfig": CONFIG}},
    version(),
    version(ImageUri={"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/lambda-images:v1"}),
    version(ImageUri={"Ref": "Image"}),
    version(Name={"Ref": "Name"}),
    resource("Runtime", {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}, Name="house-python"),
    resource("Runtime", Name="house", ReleaseLifecycle={"ReleaseState": "DEPRECATED", "DeprecationDate": "2026-11-01"}),
    resource("RuntimeAlias", RuntimeName="house", Name="live", RuntimeVersion={"Ref": "Version"}),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def template(declared: dict[str, Any]) -> str:
    document = {
        "Parameters": {name: {"Type": "String"} for name in ("Alias", "Image", "Name", "Version")},
        "Resources": {"Declared": declared},
    }
    Path("template.yaml").write_text(json.dumps(document, indent=1))
    return "template.yaml"


def app(declared: dict[str, Any]) -> str:
    made = cdk.App(outdir=str(Path("cdk.out").absolute()), context={"aws:cdk:enable-path-metadata": True})
    stack = cdk.Stack(made, "Platform")
    found = cdk.CfnResource(stack, "Declared", type=declared["Type"], properties=declared["Properties"])
    found.cfn_options.deletion_policy = _policy(declared.get("DeletionPolicy"))
    found.cfn_options.update_replace_policy = _policy(declared.get("UpdateReplacePolicy"))
    made.synth()
    return "cdk.out"


def _policy(word: str | None) -> cdk.CfnDeletionPolicy | None:
    return {None: None, "Retain": cdk.CfnDeletionPolicy.RETAIN, "RetainExceptOnCreate": cdk.CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE}[word]


@pytest.mark.parametrize("made", [template, app], ids=["template", "app"])
@pytest.mark.parametrize(("rule", "declared", "says"), FAILING)
def test_what_is_wrong_is_found(rule: str, declared: dict[str, Any], says: str, made: Any) -> None:
    """Requirement: "Lint: functions that pin nothing, images that a version cannot take where known"."""
    report = optimizer.lint(made(declared), select=["LIO69"])
    (finding,) = report.findings
    assert finding.rule == rule
    assert says in finding.message
    place = finding.location
    if made is app:
        assert (place.construct, place.span) == ("Platform/Declared", None)
        assert place.path.endswith("Platform.template.json")
    else:
        assert place.path == "template.yaml" and place.span is not None
        assert place.construct == "Declared"


@pytest.mark.parametrize("made", [template, app], ids=["template", "app"])
def test_nothing_that_lambda_takes_is_refused(made: Any) -> None:
    for declared in PASSING if made is template else [item for item in PASSING if '{"Ref"' not in json.dumps(item)]:
        report = optimizer.lint(made(declared), select=["LIO69"])
        assert [finding.message for finding in report.findings] == []


def test_a_function_of_sam_is_looked_at_with_its_globals() -> None:
    text = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: custom
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: .
"""
    Path("template.yaml").write_text(text)
    (finding,) = optimizer.lint("template.yaml", select=["LIO69"]).findings
    assert finding.rule == "LIO691"


def test_the_construct_makes_nothing_that_the_rules_find(here: Path) -> None:
    from optimizer import Files, ImageSpec
    from optimizer.bases.catalogue import base_image
    from optimizer.bases.lock import Lock, LockedImage
    from optimizer.cdk import CustomerManagedRuntime, SharedRepositorySynthesizer

    day = __import__("datetime").date(2026, 11, 1)
    pinned = LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=day)
    (here / "optimizer.lock").write_text(Lock().with_images([pinned]).render())
    (here / "root.pem").write_text("certificate\n")
    made = cdk.App(outdir=str(here / "cdk.out"), default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"))
    stack = cdk.Stack(made, "Platform")
    spec = ImageSpec(runtime="python3.13", steps=[Files("root.pem", to="/opt/house/")])
    runtime = CustomerManagedRuntime(stack, "House", runtime_name="house-python", spec=spec)
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    runtime.use_in(lambda_.Function(stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code))
    made.synth()
    assert [finding.message for finding in optimizer.lint("cdk.out", select=["LIO69"]).findings] == []


def named(type: str = "Runtime", condition: str | None = None, **properties: Any) -> dict[str, Any]:
    return {**resource(type, **properties), **({"Condition": condition} if condition else {})}


HOUSE = named(Name="house")
VERSION = named("RuntimeVersion", RuntimeName="house", Name="v1", ImageUri=ECR)
ALIAS = named("RuntimeAlias", RuntimeName="house", Name="live", RuntimeVersion="v1")


def names(one: dict[str, Any], other: dict[str, Any]) -> list[tuple[str | None, str]]:
    """Where LIO694 finds something in a template with both, and what."""
    document = {
        "Parameters": {"Name": {"Type": "String"}},
        "Conditions": {"Live": {"Fn::Equals": [{"Ref": "Name"}, "a"]}, "Test": {"Fn::Equals": [{"Ref": "Name"}, "b"]}},
        "Resources": {"One": one, "Other": other},
    }
    Path("template.yaml").write_text(json.dumps(document, indent=1))
    return [(item.location.construct, item.message) for item in optimizer.lint("template.yaml", select=["LIO694"]).findings]


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        (HOUSE, HOUSE, 'the name "house" is that of One too'),
        (HOUSE, {**HOUSE, "Condition": "Live"}, 'the name "house" is that of One too'),
        ({**HOUSE, "Condition": "Live"}, {**HOUSE, "Condition": "Live"}, 'the name "house" is that of One too'),
        (VERSION, VERSION, 'the name "v1" of the runtime "house" is that of One too'),
        (ALIAS, ALIAS, 'the name "live" of the runtime "house" is that of One too'),
    ],
    ids=["runtimes", "one on a condition", "both on one condition", "versions", "aliases"],
)
def test_a_name_that_two_have_is_found(one: dict[str, Any], other: dict[str, Any], says: str) -> None:
    ((construct, message),) = names(one, other)
    assert construct == "Other" and message.startswith(says)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HOUSE, named(Name="home")),
        (named(Name={"Ref": "Name"}), named(Name={"Ref": "Name"})),
        (named(Name={"Fn::Sub": "house-${Name}"}), named(Name={"Fn::Sub": "house-${Name}"})),
        ({**HOUSE, "Condition": "Live"}, {**HOUSE, "Condition": "Test"}),
        (VERSION, named("RuntimeVersion", RuntimeName="home", Name="v1", ImageUri=ECR)),
        (VERSION, named("RuntimeAlias", RuntimeName="house", Name="v1", RuntimeVersion="v1")),
        (
            named("RuntimeAlias", RuntimeName={"Ref": "Name"}, Name="live", RuntimeVersion="v1"),
            named("RuntimeAlias", RuntimeName={"Ref": "Name"}, Name="live", RuntimeVersion="v1"),
        ),
    ],
    ids=["others", "parameter", "text with a parameter", "two conditions", "of two runtimes", "of two types", "of an unknown runtime"],
)
def test_names_that_differ_or_cannot_be_compared_are_no_fault(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert names(one, other) == []


GERMANY = cdk.Environment(account="123456789012", region="eu-central-1")
IRELAND = cdk.Environment(account="123456789012", region="eu-west-1")


@pytest.mark.parametrize(
    ("environments", "stages", "found"),
    [
        ((None, None), False, True),
        ((GERMANY, GERMANY), False, True),
        ((GERMANY, GERMANY), True, True),
        ((GERMANY, IRELAND), False, False),
        ((GERMANY, None), False, False),
        ((None, None), True, False),
    ],
)
def test_stacks_are_compared_where_their_environment_is_one(
    environments: tuple[cdk.Environment | None, cdk.Environment | None], stages: bool, found: bool
) -> None:
    made = cdk.App(outdir=str(Path("cdk.out").absolute()), context={"aws:cdk:enable-path-metadata": True})
    for number, env in enumerate(environments):
        stack = cdk.Stack(cdk.Stage(made, f"Stage{number}") if stages else made, f"Stack{number}", env=env)
        house = cdk.CfnResource(stack, "House", type="AWS::Lambda::Runtime", properties={"Name": "house"})
        house.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    made.synth()
    paths = [f"Stage{number}/Stack{number}/House" if stages else f"Stack{number}/House" for number in range(2)]
    findings = optimizer.lint("cdk.out", select=["LIO694"]).findings
    assert [(item.location.construct, f"that of {paths[0]} too" in item.message) for item in findings] == [(paths[1], True)] * found
