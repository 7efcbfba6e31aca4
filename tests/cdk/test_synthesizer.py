"""Where images go, in which stack's manifest, and in which order stacks deploy."""

from __future__ import annotations

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import pipelines
from aws_cdk.assertions import Annotations, Match

from optimizer.cdk.repository import SharedAssetRepository
from optimizer.cdk.synthesizer import SharedRepositorySynthesizer, asset_repository_name, check_publishable
from optimizer.errors import OptimizerError, RepositoryError

from .conftest import region

NAME = "lambda-images"


def app(outdir, **properties) -> cdk.App:
    properties.setdefault("repository_name", NAME)
    return cdk.App(outdir=outdir, default_stack_synthesizer=SharedRepositorySynthesizer(**properties))


def images(manifest: dict) -> list[dict]:
    return [target for image in manifest["dockerImages"].values() for target in image["destinations"].values()]


class TestRouting:
    def test_three_stacks_publish_one_image_each(self, outdir, add_function, manifest):
        """aws/aws-cdk#29071: the default synthesizer, given to the app, lists 3 images in each manifest."""
        root = app(outdir)
        for content in ("one", "two", "three"):
            add_function(cdk.Stack(root, content), content)
        assembly = root.synth()
        targets = [images(manifest(assembly, content)) for content in ("one", "two", "three")]
        assert [len(target) for target in targets] == [1, 1, 1]
        assert {target[0]["repositoryName"] for target in targets} == {NAME}
        assert len({target[0]["imageTag"] for target in targets}) == 3

    def test_serves_one_stack(self, outdir, add_function, manifest):
        root = cdk.App(outdir=outdir)
        add_function(cdk.Stack(root, "shared", synthesizer=SharedRepositorySynthesizer(repository_name=NAME)))
        add_function(cdk.Stack(root, "other"))
        assembly = root.synth()
        assert images(manifest(assembly, "shared"))[0]["repositoryName"] == NAME
        assert images(manifest(assembly, "other"))[0]["repositoryName"].startswith("cdk-hnb659fds-container-assets-")

    def test_one_synthesizer_serves_several_stacks(self, outdir, add_function, manifest):
        root, synthesizer = cdk.App(outdir=outdir), SharedRepositorySynthesizer(repository_name=NAME)
        for content in ("one", "two"):
            add_function(cdk.Stack(root, content, synthesizer=synthesizer), content)
        assembly = root.synth()
        assert [len(images(manifest(assembly, content))) for content in ("one", "two")] == [1, 1]

    def test_the_function_names_the_repository(self, outdir, add_function):
        root = app(outdir)
        stack = cdk.Stack(root, "stack", env=region("eu-west-1"))
        add_function(stack)
        template = root.synth().get_stack_by_name("stack").template
        (function,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
        uri = function["Properties"]["Code"]["ImageUri"]["Fn::Sub"]
        assert uri.startswith(f"111122223333.dkr.ecr.eu-west-1.${{AWS::URLSuffix}}/{NAME}:")

    def test_placeholders_are_filled(self, outdir, add_function, manifest):
        name = "${Qualifier}-images-${AWS::AccountId}-${AWS::Region}"
        root = app(outdir, repository_name=name, qualifier="team1")
        known, unknown = cdk.Stack(root, "known", env=region("eu-west-1")), cdk.Stack(root, "unknown")
        for stack in (known, unknown):
            add_function(stack)
        assert asset_repository_name(known) == "team1-images-111122223333-eu-west-1"
        assert asset_repository_name(unknown) == "team1-images-${AWS::AccountId}-${AWS::Region}"
        assembly = root.synth()
        for stack in (known, unknown):
            assert images(manifest(assembly, stack.artifact_id))[0]["repositoryName"] == asset_repository_name(stack)

    def test_keeps_every_other_property(self, outdir, add_function, manifest):
        arn = "arn:aws:iam::111122223333:role/{}"
        root = app(
            outdir,
            qualifier="team1",
            docker_tag_prefix="orders-",
            bucket_prefix="templates/",
            file_assets_bucket_name="files-${Qualifier}",
            image_asset_publishing_role_arn=arn.format("images-${Qualifier}"),
            image_asset_publishing_external_id="external",
            file_asset_publishing_role_arn=arn.format("files"),
            deploy_role_arn=arn.format("deploy"),
            cloud_formation_execution_role=arn.format("execute"),
            lookup_role_arn=arn.format("lookup"),
            generate_bootstrap_version_rule=False,
            bootstrap_stack_version_ssm_parameter="/version/${Qualifier}",
        )
        stack = cdk.Stack(root, "stack", env=region("eu-west-1"))
        add_function(stack)
        assembly = root.synth()
        (image,) = images(manifest(assembly, "stack"))
        assert image["imageTag"].startswith("orders-") and len(image["imageTag"]) == 7 + 64
        assert image["assumeRoleArn"] == arn.format("images-team1")
        assert image["assumeRoleExternalId"] == "external"
        (file,) = [f["destinations"] for f in manifest(assembly, "stack")["files"].values()]
        (file,) = file.values()
        assert (file["bucketName"], file["assumeRoleArn"]) == ("files-team1", arn.format("files"))
        assert file["objectKey"].startswith("templates/")
        artifact = assembly.get_stack_by_name("stack")
        assert artifact.assume_role_arn == arn.format("deploy")
        assert artifact.cloud_formation_execution_role_arn == arn.format("execute")
        assert artifact.bootstrap_stack_version_ssm_parameter == "/version/team1"
        assert artifact.lookup_role.arn == arn.format("lookup")
        assert "Rules" not in artifact.template

    def test_qualifier_comes_from_the_context(self, outdir, add_function, manifest):
        root = cdk.App(
            outdir=outdir,
            context={"@aws-cdk/core:bootstrapQualifier": "ctx"},
            default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="${Qualifier}-images"),
        )
        add_function(cdk.Stack(root, "stack"))
        (image,) = images(manifest(root.synth(), "stack"))
        assert image["repositoryName"] == "ctx-images"
        assert "/cdk-ctx-image-publishing-role-" in image["assumeRoleArn"]

    def test_an_image_can_be_registered_from_python(self, outdir, manifest):
        """The route of images that an executable builds."""
        root = app(outdir)
        stack = cdk.Stack(root, "stack")
        location = stack.synthesizer.add_docker_image_asset(
            source_hash="f" * 64, executable=["./build", "image"], display_name="built elsewhere"
        )
        assert location.image_tag == "f" * 64
        (entry,) = manifest(root.synth(), "stack")["dockerImages"].values()
        assert entry["source"] == {"executable": ["./build", "image"]}
        assert entry["displayName"] == "built elsewhere"
        assert images({"dockerImages": {"": entry}})[0]["repositoryName"] == NAME

    def test_images_of_constructs_make_no_round_trip_through_python(self, outdir, add_function):
        """Each costs 7 ms, which doubled the construction of 200 functions."""
        calls = []

        class Counting(SharedRepositorySynthesizer):
            def _register_image(self, **source):
                calls.append(source)
                return super()._register_image(**source)

        root = cdk.App(outdir=outdir, default_stack_synthesizer=Counting(repository_name=NAME))
        add_function(cdk.Stack(root, "stack"))
        assert calls == []

    def test_a_subclass_stays_what_it_is(self, outdir):
        class Company(SharedRepositorySynthesizer):
            pass

        root = cdk.App(outdir=outdir, default_stack_synthesizer=Company(repository_name=NAME))
        synthesizer = cdk.Stack(root, "stack").synthesizer
        assert type(synthesizer) is Company
        assert synthesizer.repository_name == NAME

    def test_images_of_nested_stacks_go_to_the_parents_manifest(self, outdir, add_function, manifest, dependencies):
        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
        parent = cdk.Stack(root, "parent")
        nested = cdk.NestedStack(cdk.NestedStack(parent, "outer"), "inner")
        add_function(nested)
        assert asset_repository_name(nested) == NAME
        assembly = root.synth()
        assert [image["repositoryName"] for image in images(manifest(assembly, "parent"))] == [NAME]
        assert dependencies(assembly, "parent") == {"images"}

    def test_names_no_repository_for_other_synthesizers(self, outdir):
        assert asset_repository_name(cdk.Stack(cdk.App(outdir=outdir), "stack")) is None

    def test_has_no_destination_before_it_is_bound(self):
        with pytest.raises(RepositoryError, match="is not part of a stack yet"):
            _ = SharedRepositorySynthesizer(repository_name=NAME).destination


class TestOrder:
    """The stack that holds the repository deploys before its users, and no other stack waits for it."""

    @pytest.mark.parametrize("first", ["repository", "functions"])
    def test_in_either_order_of_construction(self, first, outdir, add_function, dependencies):
        root = app(outdir)
        stacks = {
            "repository": lambda: SharedAssetRepository(cdk.Stack(root, "images"), "Repository"),
            "functions": lambda: [add_function(cdk.Stack(root, name), name) for name in ("one", "two")],
        }
        for name in sorted(stacks, key=lambda name: name != first):
            stacks[name]()
        cdk.Stack(root, "network")
        assembly = root.synth()
        assert dependencies(assembly, "one") == dependencies(assembly, "two") == {"images"}
        assert dependencies(assembly, "one.assets") == {"images"}
        assert dependencies(assembly, "network") == dependencies(assembly, "images") == set()
        assert dependencies(assembly, "network.assets") == dependencies(assembly, "images.assets") == set()

    def test_images_added_by_an_aspect_count(self, outdir, add_function, dependencies):
        @jsii.implements(cdk.IAspect)
        class AddFunction:
            def visit(self, node):
                if cdk.Stack.is_stack(node) and node.node.id == "late" and node.node.try_find_child("F") is None:
                    add_function(node, id="F")

        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
        cdk.Stack(root, "late")
        cdk.Aspects.of(root).add(AddFunction())
        assert dependencies(root.synth(), "late") == {"images"}

    def test_an_image_registered_from_python_counts(self, outdir, dependencies):
        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
        stack = cdk.Stack(root, "stack")
        stack.synthesizer.add_docker_image_asset(source_hash="a", executable=["./build"])
        assert dependencies(root.synth(), "stack") == {"images"}

    @pytest.mark.parametrize(
        "properties",
        [
            {},
            {"qualifier": "team1"},
            {"bootstrap_stack_version_ssm_parameter": "/version/${Qualifier}"},
            {"image_asset_publishing_role_additional_options": {"Tags": [{"Key": "team", "Value": "one"}]}},
            {"file_asset_publishing_role_additional_options": {"Tags": [{"Key": "team", "Value": "one"}]}},
            {"file_asset_publishing_role_additional_options": {"RoleSessionName": "x"}},
        ],
    )
    def test_the_build_waits_too(self, tmp_path, add_function, artifact, properties):
        """The CLI asks the repository for each image before it builds, and builds before it deploys."""
        entries = []
        for kind, synthesizer in (
            ("plain", cdk.DefaultStackSynthesizer(image_assets_repository_name=NAME, **properties)),
            ("shared", SharedRepositorySynthesizer(repository_name=NAME, **properties)),
        ):
            root = cdk.App(outdir=str(tmp_path / kind), default_stack_synthesizer=synthesizer)
            SharedAssetRepository(cdk.Stack(root, "images"), "Repository", repository_name=NAME)
            add_function(cdk.Stack(root, "functions"))
            entries.append(artifact(root.synth(), "functions.assets"))
        plain, shared = entries
        assert shared.pop("dependencies") == ["images"]
        assert shared == plain

    def test_an_image_registered_in_node_counts(self, outdir, dependencies, manifest):
        """A nested stack's synthesizer passes images on without Python, here one that no construct stands for."""
        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
        stack = cdk.Stack(root, "stack")
        cdk.CfnOutput(stack, "Output", value="x")
        nested = cdk.NestedStack(stack, "nested")
        nested.synthesizer.add_docker_image_asset(source_hash="a", executable=["./build"])
        assembly = root.synth()
        assert dependencies(assembly, "stack") == dependencies(assembly, "stack.assets") == {"images"}
        assert len(images(manifest(assembly, "stack"))) == 1
        assert assembly.get_stack_by_name("stack").template["Outputs"] == {"Output": {"Value": "x"}}

    def test_each_region_waits_for_its_own_repository(self, outdir, add_function, dependencies):
        root = app(outdir)
        for name in ("eu-west-1", "us-east-1"):
            add_function(cdk.Stack(root, f"functions-{name}", env=region(name)))
            SharedAssetRepository(cdk.Stack(root, f"images-{name}", env=region(name)), "Repository")
        assembly = root.synth()
        for name in ("eu-west-1", "us-east-1"):
            assert dependencies(assembly, f"functions-{name}") == {f"images-{name}"}

    def test_each_account_waits_for_its_own_repository(self, outdir, add_function, dependencies):
        root = app(outdir)
        for account in ("111122223333", "444455556666"):
            env = region("eu-west-1", account)
            SharedAssetRepository(cdk.Stack(root, f"images-{account}", env=env), "Repository")
            add_function(cdk.Stack(root, f"functions-{account}", env=env))
        assembly = root.synth()
        for account in ("111122223333", "444455556666"):
            assert dependencies(assembly, f"functions-{account}") == {f"images-{account}"}

    def test_a_stack_of_unknown_environment_waits_for_all_that_may_be_its_own(self, outdir, add_function, dependencies):
        root = app(outdir, repository_name="images-${AWS::Region}")
        for name in ("eu-west-1", "us-east-1"):
            SharedAssetRepository(cdk.Stack(root, f"images-{name}", env=region(name)), "Repository")
        add_function(cdk.Stack(root, "functions"))
        assert dependencies(root.synth(), "functions") == {"images-eu-west-1", "images-us-east-1"}

    def test_each_stage_has_its_own_order(self, outdir, add_function, dependencies):
        """A dependency cannot leave a cdk.Stage."""
        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
        for name in ("beta", "prod"):
            stage = cdk.Stage(root, name)
            add_function(cdk.Stack(stage, "functions"))
            SharedAssetRepository(cdk.Stack(stage, "images"), "Repository")
        bare = cdk.Stage(root, "bare")
        add_function(cdk.Stack(bare, "functions"))
        assembly = root.synth()
        for name in ("beta", "prod"):
            nested = assembly.get_nested_assembly(f"assembly-{name}")
            ids = {stack.hierarchical_id: stack.id for stack in nested.stacks}
            assert dependencies(nested, ids[f"{name}/functions"]) == {ids[f"{name}/images"]}
        (functions,) = assembly.get_nested_assembly("assembly-bare").stacks
        assert dependencies(assembly.get_nested_assembly("assembly-bare"), functions.id) == set()

    def test_serves_a_pipeline(self, outdir, add_function, manifest):
        root = app(outdir)
        stack = cdk.Stack(root, "pipeline", env=region("eu-west-1"))
        pipeline = pipelines.CodePipeline(
            stack,
            "Pipeline",
            cross_account_keys=True,
            synth=pipelines.ShellStep(
                "Synth",
                input=pipelines.CodePipelineSource.connection(
                    "owner/repository", "main", connection_arn="arn:aws:codestar-connections:eu-west-1:111122223333:c/1"
                ),
                commands=["make synth"],
            ),
        )
        stage = cdk.Stage(root, "prod", env=region("us-east-1", "444455556666"))
        add_function(cdk.Stack(stage, "functions"))
        pipeline.add_stage(stage)
        assembly = root.synth()
        nested = assembly.get_nested_assembly("assembly-prod")
        (image,) = images(manifest(nested, nested.stacks[0].id))
        assert image["repositoryName"] == NAME
        assert "/cdk-hnb659fds-image-publishing-role-444455556666-us-east-1" in image["assumeRoleArn"]

    def test_a_stack_in_the_scope_of_another_counts_for_itself(self, outdir, add_function, dependencies):
        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
        outer = cdk.Stack(root, "outer")
        inner = cdk.Stack(outer, "inner")
        add_function(inner)
        assembly = root.synth()
        assert dependencies(assembly, "outer") == set()
        assert dependencies(assembly, inner.artifact_id) == {"images"}

    def test_fails_on_a_circle(self, outdir, add_function):
        root = app(outdir)
        images_, middle, functions = (cdk.Stack(root, name) for name in ("images", "middle", "functions"))
        SharedAssetRepository(images_, "Repository")
        add_function(functions)
        images_.add_stack_dependency(middle)
        middle.add_stack_dependency(functions)
        with pytest.raises(RuntimeError, match='"functions" publishes images to "lambda-images".*neither can deploy'):
            root.synth()

    def test_warns_of_a_name_that_no_stack_creates(self, outdir, add_function):
        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository", repository_name="lambda-image")
        stack = cdk.Stack(root, "functions")
        add_function(stack)
        root.synth()
        Annotations.from_stack(stack).has_warning(
            "/functions", Match.string_like_regexp('"lambda-images" in aws.*did you mean "lambda-image"')
        )

    def test_does_not_warn_without_a_repository_in_the_app(self, outdir, add_function):
        root = app(outdir)
        stack = cdk.Stack(root, "functions")
        add_function(stack)
        root.synth()
        assert Annotations.from_stack(stack).find_warning("*", Match.any_value()) == []


REFUSED_NAMES = [
    ("team/images", "is nested", 'use "team-images"'),
    ("/images", "is nested", 'use "images"'),
    ("Images", "upper-case", 'use "images"'),
    ("a", "has 1 characters; allowed: 2 to 256", "lambda-images"),
    ("", "has 0 characters", "lambda-images"),
    ("a" * 257, "has 257 characters", "shorten"),
    ("a" * 240 + "-${AWS::Region}-x", "has 257 characters", "shorten"),
    ("1images", 'starts with "1"', "a word first"),
    ("-images", 'starts with "-"', "a word first"),
    ("${AWS::AccountId}-images", 'starts with "1"', "a word first"),
    ("images-", "not well formed", "leave out"),
    ("images--two", "not well formed", "doubled"),
    ("images__two", "not well formed", "doubled"),
    ("images._two", "not well formed", "doubled"),
    ("my images", "not well formed", "leave out"),
    ("images:latest", "not well formed", "leave out"),
    ("bücher", "not well formed", "leave out"),
    ("images\n", "not well formed", "leave out"),
    ("images-${Token[AWS.Region.3]}", "holds a token", "${AWS::Region}"),
    ("images-${Qualifer}", 'unknown placeholder "${Qualifer}"', 'did you mean "Qualifier"?'),
    ("images-${AWS::StackName}", 'unknown placeholder "${AWS::StackName}"', "write the value out"),
    ("images-${Qualifier", 'unknown placeholder "${Qualifier"', "did you mean"),
    (None, "None is not text", "give a name"),
]


class TestRefusals:
    @pytest.mark.parametrize(("name", "message", "hint"), REFUSED_NAMES)
    def test_fails_on_a_name_that_would_fail_later(self, name, message, hint):
        with pytest.raises(RepositoryError) as caught:
            SharedRepositorySynthesizer(repository_name=name)
        (fault,) = caught.value.faults
        assert fault.place == "repository_name"
        assert message in fault.message
        assert hint in fault.hint

    @pytest.mark.parametrize(
        "name",
        [
            "lambda-images",
            "ab",
            "a" * 256,
            "a1.b_c-d",
            "${Qualifier}-images-${AWS::AccountId}-${AWS::Region}",
            "images-${AWS::Partition}",
        ],
    )
    def test_takes_a_name_that_holds_everywhere(self, name):
        assert SharedRepositorySynthesizer(repository_name=name).repository_name == name

    def test_a_real_token_is_refused(self):
        with pytest.raises(RepositoryError, match="holds a token"):
            SharedRepositorySynthesizer(repository_name=f"images-{cdk.Aws.REGION}")

    @pytest.mark.parametrize(
        ("prefix", "message"),
        [
            ("-orders", "not well formed"),
            (".x", "not well formed"),
            ("a b", "not well formed"),
            ("a/b", "not well formed"),
            ("x" * 65, "has 65 characters; allowed: 64"),
            ("x-${Oops}", "unknown placeholder"),
            (5, "not text"),
        ],
    )
    def test_fails_on_a_tag_prefix_that_would_fail_later(self, prefix, message):
        with pytest.raises(RepositoryError) as caught:
            SharedRepositorySynthesizer(repository_name=NAME, docker_tag_prefix=prefix)
        (fault,) = caught.value.faults
        assert fault.place == "docker_tag_prefix"
        assert message in fault.message
        assert fault.hint

    @pytest.mark.parametrize("prefix", [None, "", "Orders_", "x" * 64, "${Qualifier}-"])
    def test_takes_a_tag_prefix(self, prefix):
        SharedRepositorySynthesizer(repository_name=NAME, docker_tag_prefix=prefix)

    def test_reports_all_faults_at_once(self):
        with pytest.raises(RepositoryError) as caught:
            SharedRepositorySynthesizer(
                repository_name="Team/Images",
                docker_tag_prefix="-",
                qualifer="x",
                image_assets_repository_name="y",
                deploy_role_arn=f"arn:aws:iam::{cdk.Aws.ACCOUNT_ID}:role/deploy",
            )
        assert [fault.place for fault in caught.value.faults] == [
            "qualifer",
            "image_assets_repository_name",
            "deploy_role_arn",
            "repository_name",
            "repository_name",
            "docker_tag_prefix",
        ]
        assert 'did you mean "qualifier"?' in str(caught.value)
        assert "pass it as repository_name" in str(caught.value)
        assert isinstance(caught.value, OptimizerError) and caught.value.exit_code == 2

    def test_fails_on_a_qualifier_that_makes_a_wrong_name(self):
        with pytest.raises(RepositoryError, match='such as "images-Team1"') as caught:
            SharedRepositorySynthesizer(repository_name="images-${Qualifier}", qualifier="Team1")
        assert "lower-case name and qualifier" in caught.value.faults[0].hint

    def test_fails_on_a_qualifier_of_the_context_that_makes_a_wrong_name(self, outdir):
        root = cdk.App(
            outdir=outdir,
            context={"@aws-cdk/core:bootstrapQualifier": "Team1"},
            default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images-${Qualifier}"),
        )
        with pytest.raises(RuntimeError, match="upper-case letters"):
            cdk.Stack(root, "stack")

    def test_fails_on_an_image_registered_in_the_repositorys_stack(self, outdir):
        stack = cdk.Stack(app(outdir), "images")
        SharedAssetRepository(stack, "Repository")
        with pytest.raises(RepositoryError, match="publishes images before it deploys") as caught:
            stack.synthesizer.add_docker_image_asset(source_hash="a", executable=["./build"])
        assert "holds no image function" in caught.value.faults[0].hint
        with pytest.raises(RepositoryError):
            check_publishable(cdk.NestedStack(stack, "nested"))

    def test_fails_on_an_image_registered_in_node_in_the_repositorys_stack(self, outdir):
        root = app(outdir)
        stack = cdk.Stack(root, "images")
        SharedAssetRepository(stack, "Repository")
        cdk.NestedStack(stack, "nested").synthesizer.add_docker_image_asset(source_hash="a", executable=["./build"])
        with pytest.raises(RuntimeError, match="publishes images before it deploys"):
            root.synth()

    def test_other_stacks_are_publishable(self, outdir):
        root = app(outdir)
        SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
        check_publishable(cdk.Stack(root, "functions"))
        check_publishable(cdk.Stack(cdk.App(), "default"))


def test_equal_functions_make_one_image_for_each_stack(outdir, add_function, manifest, dependencies):
    root = app(outdir)
    SharedAssetRepository(cdk.Stack(root, "images"), "Repository")
    stacks = [cdk.Stack(root, f"stack{number}") for number in range(4)]
    for number in range(40):
        function = add_function(stacks[number % 4], "one", f"Function{number}")
        assert isinstance(function, lambda_.DockerImageFunction)
    assembly = root.synth()
    for stack in stacks:
        assert len(images(manifest(assembly, stack.artifact_id))) == 1
        assert dependencies(assembly, stack.artifact_id) == {"images"}
