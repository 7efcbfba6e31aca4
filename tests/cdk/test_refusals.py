"""What Lambda refuses at deployment, in apps: found by ``Conventions`` at synthesis, and what it takes not.

The sources are those of the cases of the rules, in ``tests/linting/rules/lambda_``.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template
from constructs import IConstruct

from optimizer import ImageSpec, PythonDependencies, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import Conventions, OptimizedFunction
from optimizer.errors import SpecError
from tests.cdk.conftest import region
from tests.cdk.test_function import DAY
from tests.linting.cases import PYTHON

RULES = {f"LIO{number}" for number in (613, 614, 641, 642, 643, 644, 645, 646, 647, 648, 649, 650, 704, 705, 707)}
SIGNING = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0"
URI = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
NETWORK = {"SubnetIds": ["subnet-12345678"], "SecurityGroupIds": ["sg-12345678"]}
HASHED = f"{{}}==1.0 --hash=sha256:{'1' * 64}\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "Dockerfile").write_text(f'FROM {PYTHON}\nCMD ["app.handler"]\n')
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "app.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "without.txt").write_text(HASHED.format("idna"))
    (tmp_path / "with.txt").write_text(HASHED.format("aws-durable-execution-sdk-python"))
    runtimes = ("python3.13", "python3.12", "ruby3.4")
    images = [LockedImage(reference=base_image(name).reference, digest="sha256:" + "5" * 64, resolved=DAY) for name in runtimes]
    (tmp_path / "optimizer.lock").write_text(Lock().with_images(images).render())
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Shop:
    """An app with one stack, and the ways to put functions into it."""

    def __init__(self) -> None:
        self.app = cdk.App()
        Conventions(fail_on="info").apply(self.app)
        self.stack = cdk.Stack(self.app, "Shop", env=region("eu-west-1"))
        self._provider: lambda_.CapacityProvider | None = None

    def plain(
        self, id: str, *, overrides: dict[str, Any] | None = None, instances: bool = False, **known: Any
    ) -> lambda_.DockerImageFunction:
        code = lambda_.DockerImageCode.from_image_asset(str(Path("plain").resolve()))
        function = lambda_.DockerImageFunction(self.stack, id, code=code, **{"architecture": lambda_.Architecture.X86_64, **known})
        for path, value in (overrides or {}).items():
            resource = function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction)
            resource.add_property_override(path, value)
        if instances:
            self.provider.add_function(function)
        return function

    def low(self, id: str, **known: Any) -> None:
        """A function as CloudFormation has it."""
        code = lambda_.CfnFunction.CodeProperty(image_uri=URI)
        role = "arn:aws:iam::111122223333:role/shop"
        lambda_.CfnFunction(self.stack, id, **{"role": role, "package_type": "Image", "code": code, **known})

    @property
    def provider(self) -> lambda_.CapacityProvider:
        if self._provider is None:
            vpc = ec2.Vpc(self.stack, "Network")
            self._provider = lambda_.CapacityProvider(
                self.stack,
                "Provider",
                subnets=vpc.private_subnets,
                security_groups=[ec2.SecurityGroup(self.stack, "Group", vpc=vpc)],
                architectures=[lambda_.Architecture.X86_64],
            )
        return self._provider

    def found(self) -> set[tuple[str, str]]:
        with contextlib.suppress(RuntimeError):
            self.app.synth()
        reports = json.loads(Path(self.app.outdir, "validation-report.json").read_text())["pluginReports"]
        return {
            (violation["ruleName"], resource["constructPath"])
            for report in reports
            if report["pluginName"] == "lambda-image-optimizer"
            for violation in report["violations"]
            if violation["ruleName"] in RULES
            for resource in violation["violatingConstructs"]
        }


def gpu(size: int = 16) -> dict[str, Any]:
    """CDK up to 2.277 has no property for it."""
    return {"AcceleratorConfig": {"AcceleratorMemorySize": size}}


def other_region(shop: Shop, id: str, arn: str) -> None:
    repository = ecr.Repository.from_repository_arn(shop.stack, f"Images-{id}", arn)
    code = lambda_.DockerImageCode.from_ecr(repository, tag_or_digest="1")
    lambda_.DockerImageFunction(shop.stack, id, code=code, architecture=lambda_.Architecture.X86_64)


def gpus(shop: Shop) -> set[tuple[str, str]]:
    shop.plain("Good", instances=True, overrides=gpu())
    shop.plain("Alone", overrides=gpu())
    shop.plain("Size", instances=True, overrides=gpu(20))
    shop.plain("Arm", instances=True, overrides=gpu(), architecture=lambda_.Architecture.ARM_64)
    lambda_.CfnFunction(
        shop.stack, "Zip", role="arn:aws:iam::111122223333:role/shop", code={"zipFile": "x"}, runtime="python3.13", handler="index.handler"
    ).add_property_override("AcceleratorConfig.AcceleratorMemorySize", 16)
    return {("LIO645", "Shop/Alone"), ("LIO645", "Shop/Size"), ("LIO645", "Shop/Arm"), ("LIO614", "Shop/Arm"), ("LIO645", "Shop/Zip")}


def sizes(shop: Shop) -> set[tuple[str, str]]:
    shop.plain("Good", ephemeral_storage_size=cdk.Size.mebibytes(10240), memory_size=10240)
    # CDK refuses more than 10,240 MB itself, but for what aspects and overrides set.
    shop.plain("Tmp", overrides={"EphemeralStorage.Size": 20480})
    shop.plain("TmpOfGpu", instances=True, overrides={"EphemeralStorage.Size": 32768, **gpu()})
    shop.plain("Memory", memory_size=16384)
    shop.plain("MemoryOfInstances", memory_size=16384, instances=True)
    return {("LIO643", "Shop/Tmp"), ("LIO644", "Shop/Memory")}


def instances(shop: Shop) -> set[tuple[str, str]]:
    shop.plain("Good", instances=True, memory_size=2048)
    shop.plain("Vpc", instances=True, overrides={"VpcConfig": NETWORK})
    shop.plain("Small", instances=True, memory_size=1024)
    shop.plain("Scaled", overrides={"FunctionScalingConfig": {"MinExecutionEnvironments": 1}})
    lambda_.Alias(
        shop.stack,
        "Alias",
        alias_name="live",
        version=shop.plain("Provisioned", instances=True).current_version,
        provisioned_concurrent_executions=1,
    )
    lambda_.Alias(shop.stack, "Quiet", alias_name="live", version=shop.plain("Published", instances=True).current_version)
    shop.plain("Arm", instances=True, architecture=lambda_.Architecture.ARM_64)
    return {("LIO614", "Shop/Arm"), *(("LIO646", f"Shop/{id}") for id in ("Vpc", "Small", "Scaled", "Provisioned"))}


def zip_properties(shop: Shop) -> set[tuple[str, str]]:
    shop.plain("Good")
    layer = lambda_.LayerVersion(shop.stack, "Insights", code=lambda_.Code.from_asset(str(Path("app").resolve())))
    shop.plain("Layers").add_layers(layer)
    shop.plain("Runtime", overrides={"Runtime": "python3.13"})
    shop.plain("Handler", overrides={"Handler": "app.handler"})
    shop.plain("Custom", overrides={"RuntimeConfig": {"RuntimeArn": "arn", "RuntimeAlias": "live"}})
    return {("LIO641", f"Shop/{id}") for id in ("Layers", "Runtime", "Handler", "Custom")}


def unsupported(shop: Shop) -> set[tuple[str, str]]:
    shop.plain("Good")
    shop.plain("Signed", code_signing_config=lambda_.CodeSigningConfig.from_code_signing_config_arn(shop.stack, "Signing", SIGNING))
    shop.plain("Managed", runtime_management_mode=lambda_.RuntimeManagementMode.AUTO)
    return {("LIO642", "Shop/Signed"), ("LIO642", "Shop/Managed")}


def image_settings(shop: Shop) -> set[tuple[str, str]]:
    config = lambda_.CfnFunction.ImageConfigProperty
    shop.low("Good", image_config=config(command=["a", "a"]))
    shop.low("Long", image_config=config(command=["a"] * 1501))
    zipped = {"package_type": "Zip", "runtime": "python3.13", "handler": "app.handler"}
    shop.low("Zip", **zipped, code={"zipFile": "x"})
    shop.low("Config", **zipped, code={"zipFile": "x"}, image_config=config(command=["a"]))
    shop.low("Uri", **zipped)
    return {("LIO643", "Shop/Long"), ("LIO647", "Shop/Config"), ("LIO647", "Shop/Uri")}


def images_elsewhere(shop: Shop) -> set[tuple[str, str]]:
    other_region(shop, "Good", "arn:aws:ecr:eu-west-1:999922223333:repository/shop")
    other_region(shop, "Region", "arn:aws:ecr:us-east-1:111122223333:repository/shop")
    for id, uri in (("Fips", URI.replace(".ecr.", ".ecr-fips.")), ("Public", "public.ecr.aws/lambda/python:3.13")):
        shop.low(id, code=lambda_.CfnFunction.CodeProperty(image_uri=uri))
    shop.plain("Asset")
    return {("LIO648", f"Shop/{id}") for id in ("Region", "Fips", "Public")}


def repository(shop: Shop, id: str, selection: dict[str, Any], action: dict[str, str], **known: Any) -> ecr.CfnRepository:
    """A repository as CloudFormation has it, to which CDK adds no policy for Lambda."""
    text = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": action}]})
    policy = ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=text)
    return ecr.CfnRepository(shop.stack, id, lifecycle_policy=policy, **known)


def repositories(shop: Shop) -> set[tuple[str, str]]:
    by_count = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3}
    by_pull = {"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 30}
    expires, archives = {"type": "expire"}, {"type": "transition", "targetStorageClass": "archive"}
    for id, selection, action in (
        ("Count", by_count, expires),
        ("Pull", by_pull, archives),
        ("Untagged", {**by_count, "tagStatus": "untagged"}, expires),
        ("Caches", {**by_count, "tagStatus": "tagged", "tagPrefixList": ["cache-"]}, expires),
    ):
        store = repository(shop, id, selection, action)
        taken = ecr.Repository.from_repository_attributes(
            shop.stack, f"{id}Store", repository_name=store.ref, repository_arn=store.attr_arn
        )
        code = lambda_.DockerImageCode.from_ecr(taken, tag_or_digest="v1")
        lambda_.DockerImageFunction(shop.stack, f"{id}Api", code=code, architecture=lambda_.Architecture.X86_64)
    of_uri = repository(shop, "Uri", by_count, expires)
    shop.low("UriApi", code=lambda_.CfnFunction.CodeProperty(image_uri=f"{of_uri.attr_repository_uri}:v1"))
    repository(shop, "Name", by_count, expires, repository_name="shop")
    shop.low("NameApi")
    # Nobody runs these images, and those of a parameter may be anywhere.
    repository(shop, "Builders", by_count, expires, repository_name="builders")
    name = cdk.CfnParameter(shop.stack, "Repository").value_as_string
    shop.low("Elsewhere", code=lambda_.CfnFunction.CodeProperty(image_uri=f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/{name}:v1"))
    # The same name in another account.
    other = cdk.Stack(shop.app, "Other", env=cdk.Environment(account="999922223333", region="eu-west-1"))
    text = json.dumps({"rules": [{"rulePriority": 1, "selection": by_count, "action": expires}]})
    policy = ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=text)
    ecr.CfnRepository(other, "Images", repository_name="shop", lifecycle_policy=policy)
    ecr.CfnRepositoryCreationTemplate(
        shop.stack,
        "Created",
        applied_for=["CREATE_ON_PUSH"],
        prefix="ROOT",
        lifecycle_policy=json.dumps({"rules": [{"rulePriority": 1, "selection": by_pull, "action": expires}]}),
    )
    return {*(("LIO704", f"Shop/{id}") for id in ("Count", "Pull", "Uri", "Name")), ("LIO707", "Shop/Created")}


def durable(shop: Shop) -> set[tuple[str, str]]:
    # What CDK refuses itself is not tried: its own bounds are those of the API.
    config = lambda_.DurableConfig(execution_timeout=cdk.Duration.days(366), retention_period=cdk.Duration.days(90))
    for id, lock, more in (("Good", "with.txt", {}), ("Without", "without.txt", {}), ("Named", "with.txt", {"function_name": "shop"})):
        spec = ImageSpec(runtime="python3.13", steps=[SourceCode("app"), PythonDependencies(lock)])
        OptimizedFunction(shop.stack, id, spec=spec, handler="app.handler", durable_config=config, **more)
    shop.low("Long", durable_config=lambda_.CfnFunction.DurableConfigProperty(execution_timeout=31622401, retention_period_in_days=1))
    return {("LIO649", "Shop/Without"), ("LIO650", "Shop/Named"), ("LIO643", "Shop/Long")}


def bases(shop: Shop) -> set[tuple[str, str]]:
    for id, runtime in (("Good", "python3.13"), ("Old", "python3.12"), ("Ruby", "ruby3.4")):
        spec = ImageSpec(runtime=runtime, steps=[SourceCode("app")])
        shop.provider.add_function(OptimizedFunction(shop.stack, id, spec=spec, handler="app.handler"))
    return {("LIO613", "Shop/Old"), ("LIO613", "Shop/Ruby")}


@pytest.mark.parametrize(
    "made",
    [gpus, sizes, instances, zip_properties, unsupported, image_settings, images_elsewhere, repositories, durable, bases],
    ids=lambda made: made.__name__,
)
def test_what_is_refused_is_found_and_what_is_taken_is_not(made: Callable[[Shop], set[tuple[str, str]]]) -> None:
    """Requirement: "For each row of section 8: a failing and a passing case in a CDK app"."""
    shop = Shop()
    expected = made(shop)
    assert shop.found() == expected


def test_a_region_that_the_deployment_decides_is_inconclusive(home: Path) -> None:
    """An app without an environment says nothing of the Region."""
    shop = Shop()
    stack = cdk.Stack(shop.app, "Anywhere")
    lambda_.CfnFunction(
        stack, "Api", role="arn:aws:iam::111122223333:role/shop", package_type="Image", code=lambda_.CfnFunction.CodeProperty(image_uri=URI)
    )
    shop.app.synth()
    report = json.loads(Path(shop.app.outdir, "validation-report.json").read_text())
    texts = [violation["description"] for item in report["pluginReports"] for violation in item["violations"]]
    assert any("whether the function is deployed to eu-west-1, where its image is, is not known" in text for text in texts)


def test_what_cdk_says_itself_is_what_the_page_says(home: Path) -> None:
    """docs/refusals.md, of CDK 2.275: codes of cfn-lint, as warnings, for a part of what Lambda refuses."""
    shop = Shop()
    shop.plain("Layers", overrides={"Layers": ["arn:aws:lambda:eu-west-1:111122223333:layer:insights:1"]})
    shop.plain("Custom", overrides={"RuntimeConfig": {"RuntimeArn": "arn", "RuntimeAlias": "live"}})
    shop.plain("Gpu", instances=True, overrides=gpu())
    shop.plain("Twice", overrides={"ImageConfig.Command": ["-v", "-v"]})
    shop.plain("Long", overrides={"ImageConfig.WorkingDirectory": "/" * 1001})
    shop.plain("Timeout", overrides={"Timeout": 1800})
    shop.plain("Tmp", overrides={"EphemeralStorage.Size": 20480})
    shop.plain("Memory", memory_size=16384)
    shop.plain("Vpc", instances=True, overrides={"VpcConfig": NETWORK})
    shop.low("Config", package_type="Zip", runtime="python3.13", handler="a.b", code={"zipFile": "x"}, image_config={"command": ["a"]})
    shop.low("Fips", code=lambda_.CfnFunction.CodeProperty(image_uri=URI.replace(".ecr.", ".ecr-fips.")))
    with contextlib.suppress(RuntimeError):
        shop.app.synth()
    reports = json.loads(Path(shop.app.outdir, "validation-report.json").read_text())["pluginReports"]
    found = {
        resource["constructPath"].split("/")[1]: violation["ruleName"]
        for report in reports
        if report["pluginName"] == "CloudFormation Validate"
        for violation in report["violations"]
        for resource in violation["violatingConstructs"]
    }
    assert {id: found.get(id) for id in ("Layers", "Custom", "Gpu", "Twice", "Long", "Timeout")} == {
        "Layers": "E3685",
        "Custom": "F3002",
        "Gpu": "F3002",
        "Twice": "F3037",
        "Long": "F3033",
        "Timeout": "E3717",
    }
    assert not {"Tmp", "Memory", "Vpc", "Config", "Fips"} & set(found)


def test_the_examples_of_the_page(home: Path) -> None:
    """Of docs/functions.md: nothing is found in them."""
    page = (Path(__file__).parents[2] / "docs" / "functions.md").read_text(encoding="utf-8")
    (program,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def ranker" in block]
    names: dict[str, Any] = {}
    exec(program, names)
    shop = Shop()
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode("app"), PythonDependencies("with.txt")])
    names["orders"](shop.stack, spec)
    names["ranker"](shop.stack, spec, ec2.Vpc(shop.stack, "Network"))
    assert shop.found() == set()
    resources = json.loads(Path(shop.app.outdir, "Shop.template.json").read_text())["Resources"].values()
    functions = [
        item["Properties"] for item in resources if item["Type"] == "AWS::Lambda::Function" and item["Properties"].get("PackageType")
    ]
    assert {tuple(sorted({"AcceleratorConfig", "CapacityProviderConfig", "DurableConfig"} & item.keys())) for item in functions} == {
        ("AcceleratorConfig", "CapacityProviderConfig"),
        ("DurableConfig",),
    }


class TestOptimizedFunction:
    """Requirement: "`OptimizedFunction` itself: the same checks at synth"; what its own properties show, as faults, without conventions."""

    def function(self, stack: cdk.Stack, **properties: Any) -> OptimizedFunction:
        spec = ImageSpec(runtime="python3.13", steps=[SourceCode("app")])
        return OptimizedFunction(stack, "Api", spec=spec, handler="app.handler", **properties)

    @pytest.mark.parametrize(
        ("properties", "place", "message"),
        [
            ({"memory_size": 64}, "memory_size", "64 MB; allowed: 128 to 32768"),
            ({"memory_size": 65536}, "memory_size", "65536 MB; allowed: 128 to 32768"),
            ({"ephemeral_storage_size": cdk.Size.gibibytes(20)}, "ephemeral_storage_size", "20480 MB; allowed: 512 to 10240"),
            (
                {"durable_config": lambda_.DurableConfig(execution_timeout=cdk.Duration.days(367))},
                "durable_config.execution_timeout",
                "31708800 seconds; allowed: 1 to 31622400",
            ),
            (
                {"durable_config": lambda_.DurableConfig(execution_timeout=cdk.Duration.days(1), retention_period=cdk.Duration.days(91))},
                "durable_config.retention_period",
                "91 days; allowed: 1 to 90",
            ),
        ],
    )
    def test_values_out_of_their_bounds(self, properties: dict[str, Any], place: str, message: str) -> None:
        with pytest.raises(SpecError) as raised:
            self.function(cdk.Stack(cdk.App(), "Shop"), **properties)
        (fault,) = raised.value.faults
        assert (fault.place, fault.message) == (f"Shop/Api: {place}", message)

    def test_values_at_their_bounds_and_unknown_ones(self) -> None:
        app = cdk.App()
        durable = lambda_.DurableConfig(execution_timeout=cdk.Duration.days(366), retention_period=cdk.Duration.days(90))
        self.function(cdk.Stack(app, "Most"), memory_size=32768, ephemeral_storage_size=cdk.Size.mebibytes(10240), durable_config=durable)
        self.function(cdk.Stack(app, "Least"), memory_size=128, ephemeral_storage_size=cdk.Size.mebibytes(512))
        unknown = cdk.Stack(app, "Unknown")
        self.function(unknown, memory_size=cdk.CfnParameter(unknown, "Memory", type="Number").value_as_number)

    def test_layers_however_they_come(self) -> None:
        stack = cdk.Stack(cdk.App(), "Shop")
        layer = lambda_.LayerVersion.from_layer_version_arn(stack, "Insights", "arn:aws:lambda:eu-west-1:580247275435:layer:insights:1")
        with pytest.raises(SpecError, match="Shop/Api: layers: a function from an image has no layers"):
            self.function(stack, layers=[layer])
        function = self.function(cdk.Stack(cdk.App(), "Shop"))
        with pytest.raises(SpecError, match="Extension"):
            function.add_layers(layer)

    @pytest.mark.parametrize(
        ("properties", "message"),
        [
            (
                {"params_and_secrets": lambda_.ParamsAndSecretsLayerVersion.from_version(lambda_.ParamsAndSecretsVersions.V1_0_103)},
                "params_and_secrets: a function from an image has no layers, and CDK adds one for this property",
            ),
            (
                {
                    "adot_instrumentation": lambda_.AdotInstrumentationConfig(
                        exec_wrapper=lambda_.AdotLambdaExecWrapper.INSTRUMENT_HANDLER,
                        layer_version=lambda_.AdotLayerVersion.from_python_sdk_layer_version(
                            lambda_.AdotLambdaLayerPythonSdkVersion.LATEST
                        ),
                    )
                },
                "adot_instrumentation: a function from an image has no layers, and CDK adds one for this property",
            ),
            ({"profiling": True}, "profiling: CDK profiles no function from an image"),
            ({"environment": {"AWS_REGION": "x", "TABLE": "y"}}, 'environment: "AWS_REGION" is reserved: Lambda sets it itself'),
        ],
        ids=["parameters and secrets", "ADOT", "profiling", "reserved variable"],
    )
    def test_what_cdk_makes_layers_of_or_refuses_itself(
        self, properties: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first was deployed, with a layer that Lambda refuses; the others ended the synthesis at the first such function."""
        app = cdk.App()
        with pytest.raises(SpecError) as raised:
            self.function(cdk.Stack(app, "Shop"), **properties)
        (fault,) = raised.value.faults
        assert f"{fault.place}: {fault.message}" == f"Shop/Api: {message}"
        monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
        monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
        stack = cdk.Stack(app, "Reported")
        self.function(stack, **properties)
        (error,) = Annotations.from_stack(stack).find_error("*", Match.any_value())
        assert str(error.entry.data).splitlines()[0] == message
        Template.from_stack(stack).has_resource_properties("AWS::Lambda::Function", {"Layers": Match.absent()})

    def test_the_permission_for_insights_may_be_asked_for(self) -> None:
        stack = cdk.Stack(cdk.App(), "Shop")
        self.function(stack, insights_version=lambda_.LambdaInsightsVersion.VERSION_1_0_333_0, profiling=False)
        Template.from_stack(stack).has_resource_properties("AWS::Lambda::Function", {"Layers": Match.absent()})

    def test_the_cli_reports_all_of_it_at_the_construct(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
        monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
        app = cdk.App()
        stack = cdk.Stack(app, "Shop")
        layer = lambda_.LayerVersion.from_layer_version_arn(stack, "Insights", "arn:aws:lambda:eu-west-1:580247275435:layer:insights:1")
        self.function(stack, layers=[layer], ephemeral_storage_size=cdk.Size.gibibytes(20))
        good = cdk.Stack(app, "Good")
        cdk.Aspects.of(good).add(_EveryFunction(layer))
        self.function(good)
        errors = {
            name: [str(item.entry.data).splitlines()[0] for item in Annotations.from_stack(item).find_error("*", Match.any_value())]
            for name, item in (("Shop", stack), ("Good", good))
        }
        assert errors == {
            "Shop": ["layers: a function from an image has no layers", "ephemeral_storage_size: 20480 MB; allowed: 512 to 10240"],
            "Good": ["layers: a function from an image has no layers"],
        }
        Template.from_stack(good).has_resource_properties("AWS::Lambda::Function", {"Layers": Match.absent()})


@jsii.implements(cdk.IAspect)
class _EveryFunction:
    """What vendors do: a layer for every function of the app."""

    def __init__(self, layer: lambda_.ILayerVersion) -> None:
        self._layer = layer

    def visit(self, node: IConstruct) -> None:
        if isinstance(node, lambda_.Function):
            node.add_layers(self._layer)
