"""`OptimizedFunction(snap_start=...)`: what Lambda refuses is told at synthesis, with the reason."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template

from optimizer import ImageSpec, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import Conventions, OptimizedFunction
from optimizer.errors import SpecError

ON = lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS
HOUSE = "registry.example.com/house:1"
CDK_WARNING = Match.string_like_regexp("SnapStart only supports published")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "code" / "app.mjs").write_text("export const handler = async () => 1;\n")
    house = ImageSpec(runtime="python3.13", base=HOUSE).base
    assert house is not None
    references = [*(base_image(runtime).reference for runtime in ("python3.13", "python3.11", "nodejs22.x")), house]
    images = [LockedImage(reference=item, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1)) for item in references]
    (tmp_path / "optimizer.lock").write_text(Lock().with_images(images).render())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def node(stack: cdk.Stack, promise: str | None = "no-hooks", **properties: Any) -> OptimizedFunction:
    spec = ImageSpec(runtime="nodejs22.x", steps=[SourceCode("code")], snapstart=promise)
    return OptimizedFunction(stack, "Api", spec=spec, handler="app.handler", **{"snap_start": ON, **properties})


def stack_in(region: str | None = None) -> cdk.Stack:
    return cdk.Stack(cdk.App(), "Shop", env=cdk.Environment(region=region) if region else None)


def fault(make: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(SpecError) as raised:
        make()
    (found,) = raised.value.faults
    return found.place, found.message, found.hint


def network(stack: cdk.Stack) -> dict[str, Any]:
    vpc = ec2.Vpc(stack, "Network", max_azs=1, nat_gateways=0)
    point = efs.FileSystem(stack, "Files", vpc=vpc).add_access_point("Point")
    return {"vpc": vpc, "filesystem": lambda_.FileSystem.from_efs_access_point(point, "/mnt/files"), "allow_public_subnet": True}


def test_a_base_that_needs_a_promise_has_one() -> None:
    """Requirement: "base that needs a declaration and has none"; "publishing the version fails; creating the function does not"."""
    place, message, hint = fault(lambda: node(stack_in(), promise=None))
    assert place == "Shop/Api: spec.snapstart"
    assert message == 'the base image of runtime "nodejs22.x" needs a promise for SnapStart: without one, publishing a version fails'
    assert hint == 'set snapstart="hooks" or snapstart="no-hooks" in the spec, once you have read what they promise: docs/snapstart.md'


@pytest.mark.parametrize("promise", ["hooks", "no-hooks"])
def test_with_a_promise_it_is_deployed(promise: str) -> None:
    stack = stack_in()
    node(stack, promise).add_alias("live")
    template = Template.from_stack(stack)
    template.has_resource_properties("AWS::Lambda::Function", {"SnapStart": {"ApplyOn": "PublishedVersions"}})
    template.resource_count_is("AWS::Lambda::Version", 1)
    template.resource_count_is("AWS::Lambda::Alias", 1)


def test_a_base_that_needs_nothing_needs_no_promise() -> None:
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode("code")])
    stack = stack_in()
    function = OptimizedFunction(stack, "Api", spec=spec, handler="app.handler", snap_start=ON)
    plain = OptimizedFunction(stack, "Plain", spec=spec, handler="app.handler")
    assert function.image_tag == plain.image_tag
    assert dict(function.plan.labels) == {}


def test_without_snapstart_nothing_is_asked() -> None:
    assert node(stack_in(), promise=None, snap_start=None, ephemeral_storage_size=cdk.Size.gibibytes(1)).image_tag


@pytest.mark.parametrize(
    ("properties", "place", "says"),
    [
        (
            {"ephemeral_storage_size": cdk.Size.mebibytes(1024)},
            "ephemeral_storage_size",
            "1024 MiB of ephemeral storage; allowed: 512 at most",
        ),
        ({"tenancy_config": lambda_.TenancyConfig.PER_TENANT}, "tenancy_config", "does not work with tenant isolation"),
    ],
)
def test_what_snapstart_excludes_is_a_fault(properties: dict[str, Any], place: str, says: str) -> None:
    found, message, hint = fault(lambda: node(stack_in(), **properties))
    assert (found, says in message, "leave out" in hint) == (f"Shop/Api: {place}", True, True)


def test_a_file_system_is_a_fault() -> None:
    stack = stack_in()
    place, message, _ = fault(lambda: node(stack, **network(stack)))
    assert (place, message) == ("Shop/Api: filesystem", "SnapStart does not work with a file system (EFS or S3 Files)")


def test_storage_that_is_allowed_is_none() -> None:
    assert node(stack_in(), ephemeral_storage_size=cdk.Size.mebibytes(512)).image_tag


@pytest.mark.parametrize("region", ["ap-southeast-6", "ap-east-2", "cn-north-1", "us-gov-west-1"])
def test_a_region_without_snapstart_is_a_fault(region: str) -> None:
    place, message, _ = fault(lambda: node(stack_in(region)))
    assert (place, message) == ("Shop/Api: snap_start", f"SnapStart is not available in {region}")


@pytest.mark.parametrize("region", ["eu-central-1", "ap-east-1", "mx-central-1", None])
def test_other_regions_and_those_of_the_deployment_are_none(region: str | None) -> None:
    assert node(stack_in(region)).image_tag


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(SpecError) as raised:
        node(
            stack_in("ap-east-2"),
            promise=None,
            ephemeral_storage_size=cdk.Size.gibibytes(2),
            tenancy_config=lambda_.TenancyConfig.PER_TENANT,
        )
    assert [item.place.partition(": ")[2] for item in raised.value.faults] == [
        "spec.snapstart",
        "ephemeral_storage_size",
        "tenancy_config",
        "snap_start",
    ]


def provision_alias(function: OptimizedFunction) -> None:
    function.add_alias("live", provisioned_concurrent_executions=2)


def provision_version(function: OptimizedFunction) -> None:
    lambda_.Version(cdk.Stack.of(function), "One", lambda_=function, provisioned_concurrent_executions=1)


def scale_alias(function: OptimizedFunction) -> None:
    function.add_alias("live").add_auto_scaling(min_capacity=1, max_capacity=3)


@pytest.mark.parametrize("provision", [provision_alias, provision_version, scale_alias])
def test_provisioned_concurrency_of_a_version_or_an_alias_fails(provision: Callable[[OptimizedFunction], None]) -> None:
    stack = stack_in()
    provision(node(stack))
    with pytest.raises(RuntimeError, match="SnapStart does not work with provisioned concurrency"):
        Template.from_stack(stack)


def test_under_the_cli_faults_are_errors_of_the_construct(monkeypatch: pytest.MonkeyPatch) -> None:
    """ADR 7: faults are annotations; what CDK refuses with an exception of its own is among them."""
    monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
    monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
    stack = stack_in()
    node(stack, promise=None, ephemeral_storage_size=cdk.Size.gibibytes(2))
    other = OptimizedFunction(
        stack,
        "Other",
        spec=ImageSpec(runtime="python3.13", steps=[SourceCode("code")]),
        handler="app.handler",
        snap_start=ON,
    )
    provision_alias(other)
    Template.from_stack(stack)
    messages = [(item.id, str(item.entry.data)) for item in Annotations.from_stack(stack).find_error("*", Match.any_value())]
    assert [id for id, _ in messages] == ["/Shop/Api", "/Shop/Api", "/Shop/Other"]
    assert "provisioned concurrency" in messages[2][1]
    assert "Shop/Other/Aliaslive/Resource" in messages[2][1]


@pytest.mark.parametrize("provision", [provision_alias, provision_version, scale_alias])
def test_conventions_do_not_tell_it_again(provision: Callable[[OptimizedFunction], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
    monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
    app = cdk.App(outdir=str(Path("cdk.out").absolute()))
    Conventions().apply(app)
    stack = cdk.Stack(app, "Shop")
    function = node(stack)
    provision(function)
    Path("image").mkdir()
    Path("image/Dockerfile").write_text('FROM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]\n')
    code = lambda_.DockerImageCode.from_image_asset(str(Path("image").absolute()))
    plain = lambda_.DockerImageFunction(stack, "Plain", code=code, snap_start=ON)
    plain.add_alias("live", provisioned_concurrent_executions=2)
    with contextlib.suppress(RuntimeError):
        app.synth()
    (error,) = [entry.data for entry in function.node.metadata if entry.type == "aws:cdk:error"]
    assert "provisioned concurrency" in error
    reports = json.loads(Path("cdk.out/validation-report.json").read_text())["pluginReports"]
    violations = [violation for report in reports for violation in report["violations"] if violation["ruleName"] == "LIO633"]
    assert [resource["constructPath"] for violation in violations for resource in violation["violatingConstructs"]] == ["Shop/Plain"]


def test_provisioned_concurrency_of_another_function_is_none() -> None:
    stack = stack_in()
    node(stack).add_alias("live")
    spec = ImageSpec(runtime="nodejs22.x", steps=[SourceCode("code")])
    other = OptimizedFunction(stack, "Other", spec=spec, handler="app.handler")
    scale_alias(other)
    provision_version(other)
    assert Template.from_stack(stack)


def test_cdks_warning_stays_where_the_function_is_never_published_and_goes_where_it_is() -> None:
    """CDK says it of every function: "Ignore if function already has published versions"."""
    never, published = stack_in(), stack_in()
    node(never)
    node(published).add_alias("live")
    for stack in (never, published):
        Template.from_stack(stack)
    Annotations.from_stack(never).has_warning("/Shop/Api", CDK_WARNING)
    Annotations.from_stack(published).has_no_warning("/Shop/Api", CDK_WARNING)


def test_a_base_of_ones_own_is_in_doubt() -> None:
    def warned(promise: str | None) -> int:
        stack = stack_in()
        spec = ImageSpec(runtime="python3.13", base=HOUSE, steps=[SourceCode("code")], snapstart=promise)
        OptimizedFunction(stack, "Api", spec=spec, handler="app.handler", snap_start=ON)
        return len(Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp("it is unknown whether .*house")))

    assert (warned(None), warned("no-hooks")) == (1, 0)
