"""`CustomerManagedRuntime`: the three resources of a runtime, its image, and functions that use it."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import botocore.session
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template
from botocore.validate import ParamValidator

from optimizer import Extension, Files, ImageSpec, JavaBuild, PythonDependencies, SourceCode
from optimizer.adapters.index_files import read_index
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import CustomerManagedRuntime, SharedRepositorySynthesizer
from optimizer.errors import ConfigurationError, OptimizerError, SpecError

OLDER = "a" * 64
GERMANY = cdk.Environment(account="123456789012", region="eu-central-1")
# Which operation of the API makes the resource of a type: https://docs.aws.amazon.com/lambda/latest/lambda-core/API_CreateRuntimeVersion.html
OPERATIONS = {
    "AWS::Lambda::Runtime": "CreateRuntime",
    "AWS::Lambda::RuntimeVersion": "CreateRuntimeVersion",
    "AWS::Lambda::RuntimeAlias": "CreateRuntimeAlias",
}
MODELS = botocore.session.get_session()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pinned = [
        LockedImage(reference=base_image(runtime).reference, digest="sha256:" + "5" * 64, resolved=datetime.date(2026, 11, 1))
        for runtime in ("python3.13", "java21", "provided.al2023")
    ]
    for path, text in {
        "extensions/telemetry": "#!/bin/sh\n",
        "root.pem": "certificate\n",
        "functions/api/app.py": "def handler(event, context):\n    return None\n",
        "requirements.txt": "idna==3.10\n",
        "optimizer.lock": Lock().with_images(pinned).render(),
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spec(**fields: Any) -> ImageSpec:
    return ImageSpec(
        **{"runtime": "python3.13", "steps": [Extension("extensions/telemetry"), Files("root.pem", to="/opt/house/")], **fields}
    )


def stack(**properties: Any) -> cdk.Stack:
    synthesizer = SharedRepositorySynthesizer(repository_name="images", **properties)
    return cdk.Stack(cdk.App(default_stack_synthesizer=synthesizer), "Platform")


def runtime(home: cdk.Stack, **properties: Any) -> CustomerManagedRuntime:
    return CustomerManagedRuntime(home, "House", **{"runtime_name": "house-python", "spec": spec(), **properties})


def zip_function(home: cdk.Stack, **properties: Any) -> lambda_.Function:
    given = {
        "runtime": lambda_.Runtime.PYTHON_3_13,
        "handler": "app.handler",
        "code": lambda_.Code.from_asset(str(Path("functions/api").absolute())),
        **properties,
    }
    return lambda_.Function(home, "Api", **given)


def resources(home: cdk.Stack, type: str) -> dict[str, Any]:
    found = Template.from_stack(home).find_resources(type)
    return {resource["Properties"].get("Name", id): resource for id, resource in found.items()}


def flat(value: Any) -> Any:
    """A value of a template in an account and a Region."""
    known = {"AWS::AccountId": "123456789012", "AWS::Region": "eu-central-1", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
    if isinstance(value, dict) and "Ref" in value:
        return known[value["Ref"]]
    if isinstance(value, dict) and "Fn::Join" in value:
        return value["Fn::Join"][0].join(map(flat, value["Fn::Join"][1]))
    return {key: flat(item) for key, item in value.items()} if isinstance(value, dict) else value


def faults_of_shape(service: str, operation: str, values: dict[str, Any]) -> list[str]:
    """What the model of the API has against an input, its patterns too, which botocore does not check itself."""
    shape = MODELS.get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(values, shape)
    found = [report.generate_report()] if report.has_errors() else []
    found += [f"{name}: {value}" for name, value in values.items() if name in shape.members and not matches(shape.members[name], value)]
    return found


def matches(shape: Any, value: Any) -> bool:
    if shape.type_name == "structure":
        return all(matches(shape.members[name], item) for name, item in value.items())
    pattern = shape.metadata.get("pattern", "").replace(r"\p{C}", r"\x00-\x1f")
    return not pattern or re.fullmatch(pattern, value) is not None


class TestResources:
    def test_they_are_what_the_api_takes(self) -> None:
        """Requirement: "`cdk synth` output valid against [...] the API model's shapes (botocore), in a test"."""
        home = stack()
        runtime(
            home,
            description="Python with the house's certificates",
            license_info="Apache-2.0",
            release_notes="python3.13 of November",
            release_lifecycle={"ReleaseState": "GA", "DeprecationDate": "2029-06-30"},
            aliases={"live": OLDER, "next": None},
            kept_versions={OLDER: "the first"},
        )
        checked = []
        for type, operation in OPERATIONS.items():
            for resource in Template.from_stack(home).find_resources(type).values():
                assert faults_of_shape("lambda-core", operation, flat(resource["Properties"])) == []
                checked.append(type)
        assert sorted(checked) == sorted([*OPERATIONS, "AWS::Lambda::RuntimeVersion", "AWS::Lambda::RuntimeAlias"])

    def test_the_shapes_refuse_what_is_wrong(self) -> None:
        """The test above can fail."""
        assert faults_of_shape("lambda-core", "CreateRuntime", {"Name": "House"}) == ["Name: House"]
        (report,) = faults_of_shape("lambda-core", "CreateRuntimeAlias", {"RuntimeName": "house", "Name": "live", "Version": "1"})
        assert 'Missing required parameter in input: "RuntimeVersion"' in report
        assert 'Unknown parameter in input: "Version"' in report

    def test_the_version_is_named_by_its_image_and_the_alias_points_to_it(self) -> None:
        """Requirement: "`RuntimeVersion` with a name from the image's content"."""
        home = stack()
        made = runtime(home)
        (version,) = resources(home, "AWS::Lambda::RuntimeVersion").values()
        (alias,) = resources(home, "AWS::Lambda::RuntimeAlias").values()
        assert re.fullmatch("[0-9a-f]{64}", made.version_name)
        assert version["Properties"]["Name"] == alias["Properties"]["RuntimeVersion"] == made.version_name
        assert flat(version["Properties"]["ImageUri"]) == f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/images:{made.version_name}"
        assert alias["Properties"]["Name"] == "live"
        (image,) = json.loads(Path(home.node.root.synth().directory, "Platform.assets.json").read_text())["dockerImages"]  # type: ignore[attr-defined]
        assert image == made.version_name

    def test_nothing_that_functions_use_is_deleted(self) -> None:
        """Requirement: "retained so that nothing that functions use is deleted"."""
        home = stack()
        runtime(home)
        for type in OPERATIONS:
            for resource in resources(home, type).values():
                assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")

    def test_each_comes_after_what_it_names(self) -> None:
        home = stack()
        runtime(home)
        ids = {type: next(iter(Template.from_stack(home).find_resources(type))) for type in OPERATIONS}
        (version,) = resources(home, "AWS::Lambda::RuntimeVersion").values()
        (alias,) = resources(home, "AWS::Lambda::RuntimeAlias").values()
        assert version["DependsOn"] == [ids["AWS::Lambda::Runtime"]]
        assert alias["DependsOn"] == [ids["AWS::Lambda::RuntimeVersion"]]

    def test_a_change_of_the_image_makes_another_version_and_keeps_the_others(self, project: Path) -> None:
        first, second = stack(), stack()
        before = runtime(first).version_name
        (project / "root.pem").write_text("another certificate\n")
        after = runtime(second, kept_versions={before: "before the new certificate"}).version_name
        assert before != after
        old, new = resources(first, "AWS::Lambda::RuntimeVersion"), resources(second, "AWS::Lambda::RuntimeVersion")
        assert set(new) == {before, after}
        assert new[before]["Properties"]["ImageUri"] == old[before]["Properties"]["ImageUri"], "a version cannot change its image"
        ids = [set(Template.from_stack(home).find_resources("AWS::Lambda::RuntimeVersion")) for home in (first, second)]
        assert ids[0] < ids[1], "the resource is the same, so that nothing is made again"

    def test_to_roll_back_moves_the_alias_alone(self) -> None:
        """Requirement: "roll-out and roll-back by alias"."""
        out, back = stack(), stack()
        runtime(out, kept_versions={OLDER: ""})
        runtime(back, kept_versions={OLDER: ""}, aliases={"live": OLDER})
        found = [Template.from_stack(home).to_json()["Resources"] for home in (out, back)]
        changed = [id for id in found[0] if found[0][id] != found[1][id]]
        assert [found[0][id]["Type"] for id in changed] == ["AWS::Lambda::RuntimeAlias"]
        assert found[1][changed[0]]["Properties"]["RuntimeVersion"] == OLDER

    def test_an_alias_may_name_a_version_that_left_the_stack(self) -> None:
        home = stack()
        runtime(home, aliases={"live": OLDER})
        (alias,) = resources(home, "AWS::Lambda::RuntimeAlias").values()
        assert alias["Properties"]["RuntimeVersion"] == OLDER
        assert OLDER not in resources(home, "AWS::Lambda::RuntimeVersion")

    def test_a_parameter_may_choose_the_version_of_an_alias(self) -> None:
        home = stack()
        parameter = cdk.CfnParameter(home, "LiveVersion")
        runtime(home, aliases={"live": parameter.value_as_string})
        (alias,) = resources(home, "AWS::Lambda::RuntimeAlias").values()
        assert alias["Properties"]["RuntimeVersion"] == {"Ref": "LiveVersion"}

    def test_the_same_image_can_be_made_a_version_once_more(self) -> None:
        """The name of a deleted version stays reserved for 30 days."""
        home, again = stack(), stack()
        first, second = runtime(home).version_name, runtime(again, reissue=2).version_name
        assert second == f"{first}-2"
        (version,) = resources(again, "AWS::Lambda::RuntimeVersion").values()
        assert flat(version["Properties"]["ImageUri"]).endswith(f"/images:{first}")

    def test_the_tag_prefix_of_the_stack_is_part_of_the_name(self) -> None:
        home = stack(docker_tag_prefix="platform-")
        made = runtime(home)
        (version,) = resources(home, "AWS::Lambda::RuntimeVersion").values()
        assert made.version_name.startswith("platform-")
        assert flat(version["Properties"]["ImageUri"]).endswith(f"/images:{made.version_name}")

    def test_cdk_does_not_call_the_types_unknown(self) -> None:
        """CDK 2.275.0 validates templates by schemas that do not have them; with its feature flag that ends the synthesis."""
        app = cdk.App(
            default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"),
            context={"@aws-cdk/core:validateAgainstDefaultRules": True},
        )
        home = cdk.Stack(app, "Platform")
        runtime(home).use_in(zip_function(home))
        assembly = app.synth()
        report = json.loads(Path(assembly.directory, "validation-report.json").read_text())
        found = [item for each in report["pluginReports"] for item in each.get("violations", ())]
        assert not [item for item in found if "untime" in json.dumps(item)]


class TestImage:
    def test_both_architectures_are_planned_and_one_asset_is_published(self) -> None:
        home = stack()
        made = runtime(home)
        assert [plan.architecture for plan in made.plans] == ["x86_64", "arm64"]
        directory = Path(home.node.root.synth().directory)  # type: ignore[attr-defined]
        images = json.loads((directory / "Platform.assets.json").read_text())["dockerImages"]
        (asset,) = images.values()
        index = json.loads((directory / asset["source"]["directory"] / "optimizer-index.json").read_text())
        assert [item["platform"] for item in index["platforms"]] == ["linux/amd64", "linux/arm64"]
        for item in index["platforms"]:
            assert (directory / f"asset.{item['context']}" / "Dockerfile").is_file()
            assert (directory / f"asset.{item['context']}.plan.json").is_file()
        dockerfile = (directory / asset["source"]["directory"] / "Dockerfile").read_text()
        assert "optimizer publish" in dockerfile and "CDK_DOCKER=optimizer-docker" in dockerfile

    def test_the_architectures_can_be_chosen(self) -> None:
        home = stack()
        made = runtime(home, architectures=["arm64"])
        assert [plan.architecture for plan in made.plans] == ["arm64"]
        with pytest.raises(ConfigurationError, match='the function is for "x86_64", and the image of the runtime for arm64'):
            made.use_in(zip_function(home))

    def test_files_beside_the_code_of_functions_are_warned_of(self) -> None:
        """What AWS does not say is said to be so."""
        home = stack()
        runtime(home, spec=spec(steps=[PythonDependencies("requirements.txt"), Extension("extensions/telemetry")]))
        found = Annotations.from_stack(home).find_warning("*", Match.string_like_regexp("puts files into /var/task"))
        assert ['the step "python-dependencies' in str(entry.entry.data) for entry in found] == [True]

    @pytest.mark.parametrize(
        ("fields", "says"),
        [
            ({"runtime": "provided.al2023"}, 'the base of "provided.al2023" has no runtime of AWS'),
            (
                {"base": "public.ecr.aws/docker/library/debian:13@sha256:" + "6" * 64},
                "has no runtime of AWS: the image has to bring a language",
            ),
        ],
    )
    def test_what_the_image_has_to_bring_itself_is_said(self, fields: dict[str, Any], says: str) -> None:
        home = stack()
        runtime(home, spec=spec(**fields))
        assert Annotations.from_stack(home).find_warning("*", Match.string_like_regexp(re.escape(says)))

    def test_a_synthesizer_that_python_made_gets_the_index_too(self) -> None:
        """CDK binds a copy of it, so that the index is added as a construct, with a hash of CDK's own."""
        app = cdk.App()
        home = cdk.Stack(app, "Platform", synthesizer=cdk.DefaultStackSynthesizer(qualifier="team"))
        made = runtime(home)
        directory = Path(app.synth().directory)
        ((tag, image),) = json.loads((directory / "Platform.assets.json").read_text())["dockerImages"].items()
        assert made.version_name == tag
        contexts = read_index(directory / image["source"]["directory"])
        assert [context.platform for context in contexts] == ["linux/amd64", "linux/arm64"]
        assert all((directory / context.directory_name / "Dockerfile").is_file() for context in contexts)

    def test_a_stack_of_a_stage_finds_its_build_contexts(self) -> None:
        app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"))
        home = cdk.Stack(cdk.Stage(app, "Production"), "Platform")
        made = runtime(home)
        directory = Path(app.synth().directory)
        contexts = read_index(directory / f"asset.{made.version_name}")
        assert all((directory / context.directory_name / "Dockerfile").is_file() for context in contexts)


class TestFunctions:
    def test_a_zip_function_names_runtime_and_alias(self) -> None:
        home = stack()
        made = runtime(home, aliases={"live": None, "next": None})
        made.use_in(zip_function(home), alias="next")
        (function,) = resources(home, "AWS::Lambda::Function").values()
        properties = flat(function["Properties"] | {"Role": "x", "Code": {}})
        assert properties["Runtime"] == "custom"
        assert properties["RuntimeConfig"] == {
            "RuntimeArn": "arn:aws:lambda:eu-central-1:123456789012:runtime/house-python",
            "RuntimeAlias": "next",
        }
        given = {key: properties[key] for key in ("Runtime", "RuntimeConfig")}
        role = "arn:aws:iam::123456789012:role/x"
        assert faults_of_shape("lambda", "CreateFunction", {"FunctionName": "api", "Role": role, "Code": {}, **given}) == []
        aliases = Template.from_stack(home).find_resources("AWS::Lambda::RuntimeAlias", {"Properties": {"Name": "next"}})
        assert next(iter(aliases)) in function["DependsOn"]

    def test_a_function_of_another_stack_is_deployed_after_the_runtime(self) -> None:
        home = stack()
        shop = cdk.Stack(home.node.root, "Shop")  # type: ignore[arg-type]
        runtime(home).use_in(zip_function(shop))
        home.node.root.synth()  # type: ignore[attr-defined]
        assert [item.node.id for item in shop.dependencies] == ["Platform"]

    def test_a_runtime_of_another_account_is_named_by_its_arn(self) -> None:
        home = stack()
        arn = "arn:aws:lambda:eu-central-1:444455556666:runtime/house-python"
        CustomerManagedRuntime.use_by_arn(zip_function(home), arn, "live")
        (function,) = resources(home, "AWS::Lambda::Function").values()
        assert function["Properties"]["RuntimeConfig"] == {"RuntimeArn": arn, "RuntimeAlias": "live"}

    def test_a_wrong_arn_and_a_wrong_alias_are_refused_together(self) -> None:
        with pytest.raises(ConfigurationError) as raised:
            CustomerManagedRuntime.use_by_arn(zip_function(stack()), "house-python", "-")
        assert [fault.place for fault in raised.value.faults] == ["alias", "runtime_arn"]

    def test_an_image_function_is_refused(self, project: Path) -> None:
        (project / "own").mkdir()
        (project / "own/Dockerfile").write_text("FROM scratch\n")
        home = stack()
        function = lambda_.DockerImageFunction(home, "Own", code=lambda_.DockerImageCode.from_image_asset(str(project / "own")))
        with pytest.raises(ConfigurationError, match="brings its own runtime, and takes no customer-managed one"):
            runtime(home).use_in(function)

    def test_an_alias_that_is_not_there_is_named_with_those_that_are(self) -> None:
        home = stack()
        with pytest.raises(ConfigurationError, match='has no alias "prod"; it has live'):
            runtime(home).use_in(zip_function(home), alias="prod")


class TestFaults:
    def test_all_are_told_at_once_at_the_construct(self) -> None:
        with pytest.raises(OptimizerError) as raised:
            runtime(
                stack(),
                runtime_name="House",
                aliases={"-": None},
                kept_versions={"v1": ""},
                reissue=-1,
                description="x" * 1025,
                release_lifecycle={"ReleaseState": "OLD", "DeprecationDate": "soon", "Date": "2027-01-01"},
                spec=spec(steps=[SourceCode("functions/api")], architecture="arm64"),
                architectures=["arm"],
            )
        places = [fault.place.removeprefix("Platform/House: ") for fault in raised.value.faults]
        assert places == [
            "runtime_name",
            "aliases",
            "kept_versions",
            "reissue",
            "description",
            "release_lifecycle.ReleaseState",
            "release_lifecycle.DeprecationDate",
            "release_lifecycle.Date",
            "steps[0]",
            "architecture",
            "architectures[0]",
        ]
        assert all(fault.hint or "allowed: " in fault.message for fault in raised.value.faults)

    @pytest.mark.parametrize("step", [SourceCode("functions/api"), JavaBuild("functions/api")], ids=lambda step: step.kind)
    def test_code_is_refused_with_the_reason(self, step: Any) -> None:
        """Requirement: "without code"."""
        with pytest.raises(SpecError, match="a runtime image is shared by functions that each bring their own"):
            runtime(stack(), spec=spec(runtime="java21", steps=[step]))

    def test_a_deprecated_runtime_needs_its_date(self) -> None:
        with pytest.raises(OptimizerError, match="needs the date since when it is"):
            runtime(stack(), release_lifecycle={"ReleaseState": "DEPRECATED"})

    def test_under_the_cli_the_rest_of_the_app_is_looked_at_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
        monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
        home = stack()
        made = runtime(home, spec=spec(steps=[SourceCode("functions/api")]))
        made.use_in(zip_function(home))
        entries = [entry.data for entry in made.node.metadata if entry.type == "aws:cdk:error"]
        assert len(entries) == 1
        assert (made.version_name, made.image_uri) == ("", "")
        with pytest.raises(SpecError):
            assert made.plans


class TestNames:
    """Requirement: "Two runtimes of one name in one stack/environment" are refused."""

    def two(self, first: cdk.Stack, second: cdk.Stack) -> None:
        runtime(first)
        CustomerManagedRuntime(second, "Again", runtime_name="house-python", spec=spec(runtime="provided.al2023"))

    def stacks(self, one: cdk.Environment | None, other: cdk.Environment | None) -> tuple[cdk.Stack, cdk.Stack]:
        app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"))
        return cdk.Stack(app, "One", env=one), cdk.Stack(app, "Other", env=other)

    def stages(self, one: cdk.Environment | None, other: cdk.Environment | None) -> tuple[cdk.Stack, cdk.Stack]:
        app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"))
        made = [cdk.Stack(cdk.Stage(app, name, env=env), "Platform") for name, env in (("Test", one), ("Live", other))]
        return made[0], made[1]

    def test_a_name_is_one_runtimes_in_a_stack(self) -> None:
        home = stack()
        with pytest.raises(ConfigurationError) as raised:
            self.two(home, home)
        assert str(raised.value) == (
            'Platform/Again: runtime_name: the name "house-python" is that of the runtime "Platform/House" too, '
            "and Lambda takes it once in an account and Region\n"
            "  hint: give each a name of its own, or create the runtime once and let all functions use it"
        )

    def test_the_cli_is_told_of_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        home = stack()
        monkeypatch.setenv("CDK_CLI_VERSION", "2.1148.1")
        monkeypatch.setenv("CDK_OUTDIR", "cdk.out")
        self.two(home, home)
        found = Annotations.from_stack(home).find_error("*", Match.string_like_regexp('that of the runtime "Platform/House" too'))
        assert [item.id for item in found] == ["/Platform/Again"]

    @pytest.mark.parametrize("env", [None, GERMANY], ids=["unknown", "known"])
    def test_in_two_stacks_of_one_environment(self, env: cdk.Environment | None) -> None:
        with pytest.raises(ConfigurationError, match='that of the runtime "One/House" too'):
            self.two(*self.stacks(env, env))

    def test_in_a_nested_stack(self) -> None:
        home = self.stacks(GERMANY, None)[0]
        with pytest.raises(ConfigurationError, match='that of the runtime "One/House" too'):
            self.two(home, cdk.NestedStack(home, "Below"))

    def test_in_two_stages_of_one_environment(self) -> None:
        with pytest.raises(ConfigurationError, match='that of the runtime "Test/Platform/House" too'):
            self.two(*self.stages(GERMANY, GERMANY))

    @pytest.mark.parametrize(
        "env",
        [
            None,
            cdk.Environment(account="123456789012", region="eu-west-1"),
            cdk.Environment(account="210987654321", region="eu-central-1"),
        ],
        ids=["unknown", "another Region", "another account"],
    )
    def test_elsewhere_it_may_be_used_again(self, env: cdk.Environment | None) -> None:
        self.two(*self.stacks(GERMANY, env))

    def test_stages_whose_environments_a_deployment_tells_may_go_to_two(self) -> None:
        self.two(*self.stages(None, None))

    def test_a_runtime_that_was_refused_has_no_name(self) -> None:
        home = stack()
        with pytest.raises(ConfigurationError):
            CustomerManagedRuntime(home, "Wrong", runtime_name="house-python", spec=spec(), reissue=-1)
        runtime(home)
