"""The image functions and repositories of a template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.sam.document import Document, parse_document
from optimizer.sam.intrinsics import Intrinsics
from optimizer.sam.template import TemplateFunction, flat, functions, misplaced, nested, repositories, unknown

GLOBALS = "Globals:\n  Function:\n    PackageType: Image\n    Architectures: [arm64]\n"


def read(text: str) -> Document:
    document = parse_document(text)
    assert isinstance(document, Document)
    return document


def one(text: str) -> TemplateFunction:
    (function,) = functions(read(text))
    return function


def serverless(properties: str = "PackageType: Image", metadata: str = "Dockerfile: Dockerfile", head: str = "") -> TemplateFunction:
    return one(
        f"{head}Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties: {{{properties}}}\n    Metadata: {{{metadata}}}\n"
    )


class TestFunctions:
    def test_of_sam(self) -> None:
        function = serverless(
            "PackageType: Image, Architectures: [arm64], ImageConfig: {Command: [app.get], EntryPoint: [/x]}",
            "Dockerfile: Dockerfile.api, DockerContext: ./api, DockerBuildArgs: {A: b, C: !Ref D}, DockerBuildTarget: final, DockerTag: v1",
        )
        assert (function.logical_id, function.declared.architecture, function.declared.command, function.declared.entrypoint) == (
            "Api",
            "arm64",
            ("app.get",),
            ("/x",),
        )
        assert function.build is not None
        assert (function.build.directory, function.build.dockerfile, function.build.target) == ("./api", "Dockerfile.api", "final")
        assert dict(function.build.arguments) == {"A": "b", "C": None}
        assert json.loads(function.metadata)["DockerTag"] == "v1"
        assert function.span is not None and str(function.span.start) == "2:3"

    def test_globals_stand_behind_the_function(self) -> None:
        assert serverless("Timeout: 3", head=GLOBALS).declared.architecture == "arm64"
        assert serverless("Architectures: [x86_64]", head=GLOBALS).declared.architecture == "x86_64"

    def test_mappings_and_lists_of_globals_are_added_to(self) -> None:
        """As samtranslator 1.115.0 puts them together; a function in the place of a mapping replaces that of Globals."""
        head = (
            "Parameters: {Two: {Type: String, Default: two}}\n"
            "Globals: {Function: {Environment: {Variables: {A: all, B: all}}, Tags: {T: all}, Architectures: [arm64], Timeout: 3, "
            "FileSystemConfigs: [a], DeadLetterQueue: {Type: SQS}, KmsKeyArn: all}}\n"
        )
        own = (
            "PackageType: Image, Environment: {Variables: {B: own, C: !Ref Two}}, Tags: !If [Never, {}, {}], Architectures: [x86_64], "
            "FileSystemConfigs: [b], DeadLetterQueue: !Ref AWS::NoValue, KmsKeyArn: !Ref AWS::NoValue"
        )
        properties = serverless(own, head=head).declared.properties
        assert properties["Environment"] == {"Variables": {"A": "all", "B": "own", "C": "two"}}
        assert properties["Tags"] == {"Fn::If": ["Never", {}, {}]}
        assert (properties["Architectures"], properties["Timeout"], properties["FileSystemConfigs"]) == (["x86_64"], 3, ["a", "b"])
        assert properties.keys().isdisjoint({"DeadLetterQueue", "KmsKeyArn"})

    def test_a_function_can_leave_globals_out(self) -> None:
        def architecture(left_out: str) -> str | None:
            text = (
                f"{GLOBALS}Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    IgnoreGlobals: {left_out}\n"
                "    Properties: {PackageType: Image}\n    Metadata: {Dockerfile: Dockerfile, DockerContext: .}\n"
            )
            return one(text).declared.architecture

        assert [architecture(item) for item in ("[Timeout]", "[Architectures]", "'*'")] == ["arm64", "x86_64", "x86_64"]

    def test_build_arguments_are_what_sam_passes_on(self) -> None:
        build = serverless(
            metadata="Dockerfile: D, DockerContext: ., DockerBuildArgs: {A: true, B: 3, C: 010, D: 1.10, E: yes, F: 'true', G: [a]}"
        ).build
        assert build is not None
        assert dict(build.arguments) == {"A": "True", "B": "3", "C": "8", "D": "1.1", "E": "True", "F": "true", "G": None}

    def test_contexts_are_compared_as_directories(self) -> None:
        texts = [
            serverless(metadata=f"Dockerfile: {file}, DockerContext: {context}").metadata
            for file, context in (("D", "src/"), ("D", "./src"), ("./D", "src"))
        ]
        assert texts[0] == texts[1] != texts[2]

    def test_what_is_not_given_and_what_is_hidden(self) -> None:
        missing = serverless()
        assert (missing.declared.architecture, missing.declared.architecture_given, missing.declared.command) == ("x86_64", False, ())
        hidden = serverless(
            "PackageType: Image, Architectures: [!Ref A], ImageConfig: {Command: [!Ref B]}", "DockerContext: !Ref C, Dockerfile: Dockerfile"
        )
        assert (hidden.declared.architecture, hidden.declared.architecture_given, hidden.declared.command) == (None, True, None)
        assert hidden.build is not None and hidden.build.directory is None

    def test_an_image_that_is_not_built_here(self) -> None:
        function = serverless("PackageType: Image, ImageUri: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:v1'", "Owner: shop")
        assert (function.build, function.metadata) == (None, "")
        assert function.image_uri.endswith("/shop:v1")

    def test_of_cdk_with_asset_metadata(self) -> None:
        resource = {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Code": {"ImageUri": {"Fn::Sub": "${AWS::AccountId}.dkr/assets:abc"}}, "PackageType": "Image"},
            "Metadata": {
                "aws:cdk:path": "Shop/Api/Resource",
                "aws:asset:path": "asset.abc",
                "aws:asset:dockerfile-path": "Dockerfile.api",
                "aws:asset:docker-build-args": {"A": "b"},
                "aws:asset:docker-build-target": "final",
                "aws:asset:property": "Code.ImageUri",
            },
        }
        function = one(json.dumps({"Resources": {"Api1234": resource}}))
        assert (function.path, function.image_uri, function.metadata) == ("Shop/Api", "${AWS::AccountId}.dkr/assets:abc", "")
        assert function.build is not None
        assert (function.build.directory, function.build.dockerfile, function.build.target) == ("asset.abc", "Dockerfile.api", "final")

    def test_functions_from_zip_files_are_none(self) -> None:
        assert not list(functions(read("Resources:\n  A:\n    Type: AWS::Serverless::Function\n    Properties: {Handler: app.x}\n")))


class TestMisplaced:
    @pytest.mark.parametrize(
        ("properties", "count"),
        [
            ("Runtime: python3.13, ImageConfig: {Command: [a]}", 1),
            ("PackageType: Zip, AcceleratorConfig: {AcceleratorMemorySize: 3}", 1),
            ("Runtime: python3.13", 0),
            ("PackageType: Image, ImageConfig: {Command: [a]}", 0),
            ("PackageType: !Ref P, ImageConfig: {Command: [a]}", 0),
            # It is among the functions with images already.
            ("PackageType: Zip, ImageUri: host/shop:1, ImageConfig: {Command: [a]}", 0),
        ],
    )
    def test_functions_from_zip_files_with_settings_of_images(self, properties: str, count: int) -> None:
        text = f"Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties: {{{properties}}}\n"
        assert [item.logical_id for item in misplaced(read(text))] == ["Api"] * count


def test_the_name_of_an_image_is_whole_or_unknown() -> None:
    def uri(text: str) -> str:
        return one(
            f"Resources: {{Api: {{Type: AWS::Lambda::Function, Properties: {{PackageType: Image, Code: {{ImageUri: {text}}}}}}}}}"
        ).declared.image_uri

    assert uri("python:3.13") == "python:3.13"
    assert (
        uri("!Sub '${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/shop:1'") == "${AWS::AccountId}.dkr.ecr.eu-west-1.amazonaws.com/shop:1"
    )
    assert uri('!Join ["", [!Ref P, ".dkr.ecr.eu-west-1.amazonaws.com/shop:1"]]') == ""
    assert uri("!Ref P") == ""


def test_the_uri_of_a_repository_of_the_template_is_known() -> None:
    store = "Arch: {Type: AWS::ECR::Repository}"
    for written in ('!Sub "${Arch.RepositoryUri}:1"', '!Join [":", [!GetAtt Arch.RepositoryUri, "1"]]'):
        function = one(
            f"Resources: {{{store}, Api: {{Type: AWS::Lambda::Function, Properties: {{PackageType: Image, Code: {{ImageUri: {written}}}}}}}}}"
        )
        assert function.declared.image_uri == "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/${Arch}:1"
        assert function.named is not None and function.named.logical_ids == {"Arch"}


class TestRepositories:
    def test_policies_in_both_forms(self) -> None:
        rules = {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any"}}]}
        properties: dict[str, Any] = {
            "RepositoryName": "shop",
            "LifecyclePolicy": {"LifecyclePolicyText": json.dumps(rules)},
            "RepositoryPolicyText": {"Statement": {"Effect": "Allow"}},
        }
        (found,) = repositories(read(json.dumps({"Resources": {"R": {"Type": "AWS::ECR::Repository", "Properties": properties}}})))
        assert (found.name, found.lifecycle, found.policy) == ("shop", tuple(rules["rules"]), ({"Effect": "Allow"},))

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("!Join ['-', [shop, !Ref Stage]]", "shop-live"),
            ("!Join ['-', [shop, !Ref Open]]", None),
            ('!Sub "shop-${AWS::Region}"', "shop-${AWS::Region}"),
            ("!Join ['-', [shop, !Ref AWS::Region]]", "shop-${AWS::Region}"),
            ("111122223333", "111122223333"),
        ],
    )
    def test_a_name_is_whole_or_unknown(self, name: str, expected: str | None) -> None:
        head = "Parameters: {Stage: {Type: String, Default: live}, Open: {Type: String}}\n"
        (found,) = repositories(read(f"{head}Resources: {{R: {{Type: AWS::ECR::Repository, Properties: {{RepositoryName: {name}}}}}}}"))
        assert found.name == expected

    def test_none_and_hidden_are_told_apart(self) -> None:
        (plain,) = repositories(read("Resources: {R: {Type: AWS::ECR::Repository}}"))
        assert (plain.name, plain.lifecycle, plain.policy) == (None, (), ())
        assert (plain.mutability, plain.exclusions) == ("MUTABLE", ())
        (hidden,) = repositories(
            read(
                "Resources: {R: {Type: AWS::ECR::Repository, Properties: {RepositoryName: !Ref N, RepositoryPolicyText: !Ref P, "
                "LifecyclePolicy: {LifecyclePolicyText: !Sub x}, ImageTagMutability: !Ref M, ImageTagMutabilityExclusionFilters: !Ref F}}}"
            )
        )
        assert (hidden.name, hidden.lifecycle, hidden.policy) == (None, None, None)
        assert (hidden.mutability, hidden.exclusions) == (None, None)

    def test_templates_by_which_ecr_creates_repositories(self) -> None:
        """Both policies are texts: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecr-repositorycreationtemplate.html"""
        rules = [{"rulePriority": 1, "selection": {"tagStatus": "any"}}]
        statements = [{"Effect": "Allow"}]
        properties = {
            "Prefix": "ROOT",
            "LifecyclePolicy": json.dumps({"rules": rules}),
            "RepositoryPolicy": json.dumps({"Statement": statements}),
        }
        resource = {"Type": "AWS::ECR::RepositoryCreationTemplate", "Properties": properties}
        (found,) = repositories(read(json.dumps({"Resources": {"T": resource}})))
        assert (found.name, found.lifecycle, found.policy) == (None, tuple(rules), tuple(statements))
        (plain,) = repositories(read("Resources: {T: {Type: AWS::ECR::RepositoryCreationTemplate, Properties: {Prefix: ROOT}}}"))
        assert (plain.lifecycle, plain.policy, plain.mutability, plain.exclusions) == ((), (), "MUTABLE", ())
        hidden_ones = "{LifecyclePolicy: !Ref L, RepositoryPolicy: !Ref P}"
        (hidden,) = repositories(read(f"Resources: {{T: {{Type: AWS::ECR::RepositoryCreationTemplate, Properties: {hidden_ones}}}}}"))
        assert (hidden.lifecycle, hidden.policy) == (None, None)

    def test_tags_that_may_move(self) -> None:
        filters = "[{ImageTagMutabilityExclusionFilterType: WILDCARD, ImageTagMutabilityExclusionFilterValue: VALUE}]"
        head = "Parameters: {Tags: {Type: String, Default: cache-*}, Open: {Type: String}}\nResources: {R: {Type: AWS::ECR::Repository, Properties: "
        tail = f"{{ImageTagMutability: IMMUTABLE_WITH_EXCLUSION, ImageTagMutabilityExclusionFilters: {filters}}}}}}}"
        (known,) = repositories(read(head + tail.replace("VALUE", "!Ref Tags")))
        assert known.mutability == "IMMUTABLE_WITH_EXCLUSION"
        assert known.exclusions == (
            {"ImageTagMutabilityExclusionFilterType": "WILDCARD", "ImageTagMutabilityExclusionFilterValue": "cache-*"},
        )
        (hidden,) = repositories(read(head + tail.replace("VALUE", "!Ref Open")))
        assert hidden.exclusions is None


def test_flat_leaves_out_what_only_a_deployment_knows() -> None:
    assert flat({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}) == "a-${AWS::Region}"
    assert flat({"Fn::Join": ["/", ["a", {"Ref": "B"}, {"Fn::Sub": ["c", {}]}]]}) == "a//c"
    assert flat({"Fn::Join": "x"}) == flat({"Fn::Sub": []}) == ""
    assert flat(3) == "3"


KEYS = [
    "Type",
    "Properties",
    "Metadata",
    "Code",
    "ImageUri",
    "ImageConfig",
    "Command",
    "Architectures",
    "Dockerfile",
    "DockerContext",
    "DockerBuildArgs",
    "LifecyclePolicy",
    "LifecyclePolicyText",
    "RepositoryPolicyText",
    "Statement",
    "ImageTagMutability",
    "ImageTagMutabilityExclusionFilters",
    "Fn::Join",
    "Fn::Sub",
    "Ref",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["Image", "Dockerfile", "[", "{}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(["AWS::Lambda::Function", "AWS::Serverless::Function", "AWS::ECR::Repository", "AWS::ECR::RepositoryCreationTemplate"]),
    VALUES,
    VALUES,
    VALUES,
)
def test_no_shape_does_harm(kind: str, properties: Any, metadata: Any, common: Any) -> None:
    image = {"PackageType": "Image", **properties} if isinstance(properties, dict) else properties
    resources = {"R": {"Type": kind, "Properties": image, "Metadata": metadata}, "S": properties}
    document = Document(data={"Globals": {"Function": common}, "Resources": resources})
    for function in functions(document):
        assert function.declared.architecture_given or function.declared.architecture == "x86_64"
    list(repositories(document))


PARAMETERS = """\
Parameters:
  Arch: {Type: String, Default: arm64}
  File: {Type: String, Default: Dockerfile.api}
  Kind: {Type: String, Default: Image}
  Unset: {Type: String}
Mappings: {Stages: {prod: {target: final}}}
"""


class TestResolved:
    def test_metadata_architecture_and_package_type(self) -> None:
        function = serverless(
            "PackageType: !Ref Kind, Architectures: [!Ref Arch], ImageConfig: {Command: [!Sub 'app.${Kind}']}",
            "Dockerfile: !Ref File, DockerContext: !Sub './${Arch}', DockerBuildArgs: {A: !Ref Arch},"
            " DockerBuildTarget: !FindInMap [Stages, prod, target]",
            PARAMETERS,
        )
        build = function.build
        assert build is not None
        assert (function.declared.architecture, function.declared.command) == ("arm64", ("app.Image",))
        assert (build.dockerfile, build.directory, build.arguments, build.target) == ("Dockerfile.api", "./arm64", {"A": "arm64"}, "final")
        assert function.hidden == ()

    def test_what_stays_hidden_is_named_with_its_reason(self) -> None:
        function = serverless(
            "PackageType: Image, Architectures: [!Ref Unset]",
            "Dockerfile: Dockerfile, DockerContext: ., DockerBuildTarget: !Ref Unset",
            PARAMETERS,
        )
        reason = 'is unknown: the parameter "Unset" has no default, and nothing sets it'
        assert [str(item) for item in function.hidden] == [f"Architectures of Api {reason}", f"DockerBuildTarget of Api {reason}"]
        # Another stage than the one that is meant would be judged.
        assert function.build is not None and function.build.dockerfile is None

    def test_what_a_deployment_reads_elsewhere_is_no_text(self) -> None:
        """Images that Systems Manager names were said to be in no repository of Amazon ECR, by the names of their parameters."""
        document = read(
            "Parameters: {Named: {Type: 'AWS::SSM::Parameter::Value<String>', Default: shop/image}}\nResources:\n"
            "  A: {Type: AWS::Lambda::Function, Properties: {PackageType: Image, Code: {ImageUri: '{{resolve:ssm:/shop/image}}'}}}\n"
            "  B: {Type: AWS::Lambda::Function, Properties: {PackageType: Image, Code: {ImageUri: !Ref Named}}}\n"
            "  C: {Type: AWS::Lambda::Function, Properties: {PackageType: Image, Code: {ImageUri: !Sub '{{resolve:ssm:/shop/host}}/shop:1'}}}\n"
            "  D: {Type: AWS::ECR::Repository, Properties: {RepositoryName: '{{resolve:ssm:/d}}', ImageTagMutability: '{{resolve:ssm:/e}}'}}\n"
        )
        found = list(functions(document))
        assert {item.declared.image_uri.partition("{")[0] for item in found} <= {"", "$"}
        assert [item.named for item in found] == [None, None, None]
        assert [str(hidden).partition(" is unknown: ")[2] for item in found for hidden in item.hidden] == [
            'the dynamic reference "{{resolve:ssm:/shop/image}}" is known at deployment only',
            'the value of the parameter "Named" is read from Systems Manager at deployment',
            'the dynamic reference "{{resolve:ssm:/shop/host}}" is known at deployment only',
        ]
        (store,) = repositories(document)
        assert (store.name, store.mutability) == (None, None)

    def test_a_function_that_perhaps_runs_an_image(self) -> None:
        text = PARAMETERS + "Resources: {Api: {Type: AWS::Serverless::Function, Properties: {PackageType: !Ref Unset}}}"
        document = read(text)
        assert not list(functions(document))
        (found,) = unknown(document, Intrinsics(document.data))
        assert str(found).startswith("whether Api runs an image is unknown")
        built = read(text.replace("}}}", "}, Metadata: {Dockerfile: Dockerfile, DockerContext: .}}}"))
        assert [item.logical_id for item in functions(built)] == ["Api"]
        assert not list(unknown(built, Intrinsics(built.data)))

    def test_a_build_that_lacks_a_key(self) -> None:
        assert [serverless(metadata=text).missing for text in ("Dockerfile: D", "DockerContext: .", "A: b")] == [
            ("DockerContext",),
            ("Dockerfile",),
            (),
        ]

    def test_what_cannot_be_told_is_never_passed_over(self) -> None:
        document = read(
            "Transform: [AWS::Serverless-2016-10-31, House, {Name: AWS::Include}]\nParameters: {Uri: {Type: String}}\nResources:\n"
            "  Fn::Transform: {Name: AWS::Include}\n"
            "  Api: {Type: AWS::Serverless::Function, Properties: {PackageType: Image, ImageUri: !Ref Uri}}\n"
            "  Far: {Type: AWS::Lambda::Function, Properties: {Code: {ImageUri: 'host/shop:1'}}}\n"
        )
        assert [str(item) for item in unknown(document, Intrinsics(document.data))] == [
            'what the template declares is unknown: the macro "House" may change it',
            'what the template declares is unknown: the macro "AWS::Include" may change it',
            "what the template declares is unknown: Fn::Transform adds resources that are not in the template",
        ]
        assert [str(item) for function in functions(document) for item in function.hidden] == [
            'the image of Api is unknown: the parameter "Uri" has no default, and nothing sets it',
            'the image of Far is unknown: "host/shop:1" is built elsewhere',
        ]

    def test_metadata_that_a_condition_chooses(self) -> None:
        text = (
            "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}\nResources:\n  Api:\n    Type: AWS::Serverless::Function\n"
            "    Properties: {PackageType: Image}\n    Metadata: !If [C, {Dockerfile: D, DockerContext: .}, {}]\n"
        )
        function = one(text)
        assert (function.build, [str(item) for item in function.hidden]) == (
            None,
            ['Metadata of Api is unknown: the condition "C" depends on what is known at deployment only'],
        )
        chosen = one(text.replace("Type: String", "Type: String, Default: a"))
        assert chosen.build is not None and chosen.hidden == ()

    def test_a_section_that_a_function_makes_a_text(self) -> None:
        for text in ("Properties: !Sub x", "Metadata: !Sub x", "Properties: !Sub ['${a}', !Sub x]"):
            document = read(f"Globals: {{Function: !Sub x}}\nResources: {{Api: {{Type: AWS::Serverless::Function, {text}}}}}")
            assert not list(functions(document)) and not list(unknown(document, Intrinsics(document.data)))
        document = read(
            "Resources: {A: {Type: AWS::Serverless::Application, Properties: !Sub x}, R: {Type: AWS::ECR::Repository, Properties: !Sub x}}"
        )
        assert [item.location for item in nested(document, Intrinsics(document.data))] == [None]
        assert [item.name for item in repositories(document)] == [None]


class TestNested:
    def test_applications_and_stacks(self) -> None:
        document = read(
            PARAMETERS
            + "Resources:\n"
            + "  A: {Type: AWS::Serverless::Application, Properties: {Location: a.yaml, Parameters: {X: !Ref Arch, Y: !Ref Unset}}}\n"
            + "  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Sub '${Arch}.yaml'}}\n"
            + "  C: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: a, SemanticVersion: 1.0.0}}}\n"
            + "  D: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://s3.amazonaws.com/a/b.yaml}}\n"
            + "  E: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Ref Unset}}\n"
            + "  F: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: !Ref Unset}, Metadata: {'aws:asset:path': f.json,"
            + " 'aws:asset:property': TemplateURL}}\n"
            + "  G: {Type: AWS::Serverless::Application}\n"
        )
        found = {item.logical_id: item for item in nested(document, Intrinsics(document.data))}
        assert {name: item.location for name, item in found.items()} == {
            "A": "a.yaml",
            "B": "arm64.yaml",
            "C": None,
            "D": None,
            "E": None,
            "F": "f.json",
            "G": None,
        }
        assert found["A"].parameters == {"X": "arm64", "Y": {"Ref": "Unset"}}
        assert [str(item.hidden) for item in found.values() if item.hidden] == [
            "what the functions of C are is unknown: its template is not in the project",
            "what the functions of D are is unknown: its template is not in the project",
            'what the functions of E are is unknown: the parameter "Unset" has no default, and nothing sets it',
            "what the functions of G are is unknown: it has no Location",
        ]
