"""Declarations that SAM CLI 1.170.0 refuses, passes over, or reads otherwise than they are written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.model.template import TemplateFaultKind
from optimizer.sam.document import Document, parse_document
from optimizer.sam.faults import TemplateFault, faults
from optimizer.sam.intrinsics import Intrinsics

BUILT = "Dockerfile: Dockerfile, DockerContext: ."


def found(text: str, *, buildkit: bool = False, looped: tuple[str, ...] = ()) -> list[TemplateFault]:
    document = parse_document(text)
    assert isinstance(document, Document)
    return list(faults(document, Intrinsics(document.data), buildkit=buildkit, looped=looped))


def function(metadata: str = BUILT, properties: str = "PackageType: Image", head: str = "") -> str:
    return (
        f"{head}Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties: {{{properties}}}\n    Metadata: {{{metadata}}}\n"
    )


def one(text: str, *, buildkit: bool = False) -> tuple[TemplateFaultKind, str]:
    (item,) = found(text, buildkit=buildkit)
    assert item.hint or item.kind in (TemplateFaultKind.MISREAD, TemplateFaultKind.NEEDS_BUILDKIT)
    return item.kind, item.message


class TestMisread:
    @pytest.mark.parametrize(
        ("metadata", "classic", "buildkit"),
        [
            ("DockerTag: 1.10", 'DockerTag: a number without quotes, which SAM CLI writes "1.1"', True),
            ("DockerTag: yes", 'DockerTag: a boolean without quotes, which SAM CLI writes "True"', True),
            (
                "DockerBuildArgs: {B: true}",
                "DockerBuildArgs B: a boolean without quotes, which SAM CLI passes on as such, and the engine refuses",
                "True",
            ),
            (
                "DockerBuildArgs: {N: 3}",
                "DockerBuildArgs N: a number without quotes, which SAM CLI passes on as such, and the engine refuses",
                None,
            ),
            ("DockerBuildArgs: {V: 3.10}", "DockerBuildArgs V: a number without quotes", "3.1"),
            ("DockerBuildArgs: {L: [a]}", "DockerBuildArgs L: a list, which the engine refuses", "['a']"),
            ("DockerBuildArgs: {E: }", "DockerBuildArgs E: nothing, with which sam build fails", True),
            ("DockerBuildTarget: 1", "DockerBuildTarget: a number, with which sam build fails", True),
            (
                "DockerBuildArgs: {T: !Ref Typo}",
                'DockerBuildArgs T: "Typo" is no parameter of the template, and SAM CLI takes the name',
                True,
            ),
            ("DockerTag: !Ref Api", 'DockerTag: "Api" is a resource, and SAM CLI takes the name for the value', True),
        ],
    )
    def test_values_that_are_no_texts(self, metadata: str, classic: str, buildkit: bool | str | None) -> None:
        """``buildkit`` is what it gets, True for the same message, None for no fault."""
        text = function(f"{BUILT}, {metadata}")
        kind, message = one(text)
        assert (kind, message.startswith(classic)) == (TemplateFaultKind.MISREAD, True), message
        if buildkit is None:
            assert not found(text, buildkit=True)
        else:
            assert (
                (one(text, buildkit=True)[1] == message)
                if buildkit is True
                else f'passes on as "{buildkit}"' in one(text, buildkit=True)[1]
            )

    def test_a_default_that_is_a_number_with_a_point(self) -> None:
        text = function(
            f'{BUILT}, DockerBuildArgs: {{V: !Ref V, S: !Sub "x${{V}}"}}', head="Parameters: {V: {Type: String, Default: 3.10}}\n"
        )
        messages = [item.message for item in found(text)]
        assert len(messages) == 2
        assert all('the default of the parameter "V" is a number with a point' in message for message in messages)

    @pytest.mark.parametrize(
        "metadata",
        [
            'DockerTag: "1.10"',
            "DockerTag: 3",
            "DockerTag: v1",
            'DockerBuildArgs: {B: "true", D: 2026-01-01, R: !Ref AWS::Region, P: !Ref P}',
            "DockerBuildArgs: !Ref P",
        ],
    )
    def test_texts_and_what_a_deployment_knows_pass(self, metadata: str) -> None:
        assert not found(function(f"{BUILT}, {metadata}", head="Parameters: {P: {Type: String}}\n"))

    def test_json_has_types_too(self) -> None:
        resource = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}}
        metadata = {"Dockerfile": "Dockerfile", "DockerContext": ".", "DockerBuildArgs": {"B": True, "C": "true"}}
        assert "DockerBuildArgs B" in one(json.dumps({"Resources": {"Api": {**resource, "Metadata": metadata}}}))[1]


class TestNotBuilt:
    @pytest.mark.parametrize(
        ("metadata", "properties", "says"),
        [
            ("", "PackageType: Image", "sam build builds nothing for Api: Metadata has no Dockerfile and no DockerContext"),
            ("DockerContext: .", "PackageType: Image", "Metadata has no Dockerfile"),
            ("Dockerfile: Dockerfile", "PackageType: Image", "Metadata has no DockerContext"),
            ("Dockerfile: Dockerfile", "PackageType: Image, ImageUri: host/shop:1", "Metadata has no DockerContext"),
            (BUILT, "Runtime: python3.13", "Metadata names a Dockerfile, and Api is no image function"),
        ],
    )
    def test_says_what_is_missing(self, metadata: str, properties: str, says: str) -> None:
        kind, message = one(function(metadata, properties))
        assert (kind, says in message) == (TemplateFaultKind.NOT_BUILT, True), message

    @pytest.mark.parametrize(
        ("metadata", "properties"),
        [
            (BUILT, "PackageType: Image"),
            ("", "PackageType: Image, ImageUri: host/shop:1"),
            ("", "PackageType: Image, ImageUri: !Ref P"),
            ("", "Runtime: python3.13, Handler: app.x"),
            ("BuildMethod: makefile", "Runtime: python3.13, Handler: app.x"),
            ("Dockerfile: Dockerfile, SkipBuild: true", "PackageType: Image"),
            ("Dockerfile: Dockerfile", "PackageType: !Ref P"),
            ("'aws:asset:property': Code.ImageUri, 'aws:asset:path': x", "PackageType: Image"),
        ],
    )
    def test_passes(self, metadata: str, properties: str) -> None:
        assert not found(function(metadata, properties, "Parameters: {P: {Type: String}}\n"))

    def test_a_key_in_other_letters_is_named(self) -> None:
        (item,) = found(function("DockerFile: Dockerfile, DockerContext: ."))
        assert item.hint == "write Dockerfile in place of DockerFile"

    def test_metadata_that_a_condition_chooses_is_not_judged(self) -> None:
        text = function().replace(f"Metadata: {{{BUILT}}}", "Metadata: !If [C, {DockerContext: .}, {}]")
        assert not found(f"Parameters: {{P: {{Type: String}}}}\nConditions: {{C: !Equals [!Ref P, a]}}\n{text}")


class TestRefused:
    @pytest.mark.parametrize("name", ["PackageType", "ImageUri", "ImageConfig"])
    def test_properties_that_globals_do_not_take(self, name: str) -> None:
        items = found(function(head=f"Globals: {{Function: {{Timeout: 3, {name}: Image}}}}\n"))
        assert [(item.kind, item.message, item.key) for item in items] == [
            (TemplateFaultKind.REFUSED, f"{name} is not allowed in Globals", ("Globals", "Function", name))
        ]

    @pytest.mark.parametrize(
        ("value", "shown"), [("[x86_64, arm64]", "[x86_64, arm64]"), ("arm64", '"arm64"'), ("[amd64]", "[amd64]"), ("[]", "[]")]
    )
    def test_architectures_of_another_shape(self, value: str, shown: str) -> None:
        assert one(function(properties=f"PackageType: Image, Architectures: {value}")) == (
            TemplateFaultKind.REFUSED,
            f"Architectures of Api is {shown}; allowed: a list of one, x86_64 or arm64",
        )

    @pytest.mark.parametrize(
        ("metadata", "says"),
        [
            ("DockerBuildArgs: [A=1]", "DockerBuildArgs of Api is a list; allowed: a mapping of names to texts"),
            ("DockerBuildExtraParams: --ssh default", "DockerBuildExtraParams of Api is a text; allowed: a list of texts"),
        ],
    )
    def test_options_of_another_shape(self, metadata: str, says: str) -> None:
        assert one(function(f"{BUILT}, {metadata}"), buildkit=True) == (TemplateFaultKind.REFUSED, says)

    @pytest.mark.parametrize(("name", "built"), [("Command", BUILT), ("EntryPoint", "")])
    def test_a_command_that_is_no_list(self, name: str, built: str) -> None:
        """`sam validate`, `sam build` and `sam local invoke` of SAM CLI 1.170.0 take it, and cfn-lint has E3012."""
        uri = "" if built else ", ImageUri: host/shop:1"
        (item,) = found(function(built, f"PackageType: Image, ImageConfig: {{{name}: app.get}}{uri}"))
        assert (item.kind, item.key[3:]) == (TemplateFaultKind.REFUSED, ("ImageConfig", name))
        assert item.message == f'ImageConfig.{name} of Api is "app.get"; allowed: a list of texts: the deployment fails'
        assert item.hint == f"write {name}: [app.get]"
        head = "Parameters: {P: {Type: String}, L: {Type: CommaDelimitedList, Default: 'a,b'}}\n"
        for fine in ("[app.get]", "[a, 1]", "!Ref P", "!Ref L", "[!Ref P]", "!Split [',', 'a,b']", "!Ref AWS::NoValue"):
            assert not found(function(built, f"PackageType: Image, ImageConfig: {{{name}: {fine}}}{uri}", head)), fine

    @pytest.mark.parametrize("name", ["Runtime: python3.13", "Handler: app.x", "Layers: [!Ref L]", "RuntimeConfig: {RuntimeArn: a}"])
    def test_properties_of_functions_from_zip_files(self, name: str) -> None:
        word = name.partition(":")[0]
        head = f"Globals: {{Function: {{{name}}}}}\n"
        (item,) = found(function(head=head))
        assert (item.kind, item.key) == (TemplateFaultKind.REFUSED, ("Globals", "Function", word))
        assert (item.message, item.hint) == (
            f"Api runs an image and has {word} from Globals: the deployment fails",
            f"write IgnoreGlobals: [{word}] beside its Properties",
        )
        assert not found(function(head=head).replace("    Properties:", f"    IgnoreGlobals: [{word}]\n    Properties:"))
        (own,) = found(function(properties=f"PackageType: Image, {name}"))
        assert own.message == f"Api runs an image and has {word}: the deployment fails"
        # Of a function of CloudFormation LIO641 says it.
        assert not found(function(properties=f"PackageType: Image, {name}").replace("Serverless", "Lambda"))
        # A condition may take it out.
        assert not found(function(properties=f"PackageType: Image, {word}: !If [C, a, !Ref AWS::NoValue]"))

    def test_an_image_without_its_package_type(self) -> None:
        assert one(function("", "ImageUri: host/shop:1")) == (
            TemplateFaultKind.REFUSED,
            "Api has an ImageUri and no PackageType: the deployment fails",
        )

    def test_a_resource_that_is_none(self) -> None:
        assert one("Resources: {Two: x}") == (TemplateFaultKind.REFUSED, "Two is a text; a resource is a mapping with a Type")
        assert not found("Resources: {'Fn::Transform': x}")


def test_extra_parameters_need_buildkit() -> None:
    text = function(f"{BUILT}, DockerBuildExtraParams: [--no-cache]")
    assert one(text) == (TemplateFaultKind.NEEDS_BUILDKIT, "SAM CLI leaves DockerBuildExtraParams out")
    assert not found(text, buildkit=True)


def test_functions_of_loops_get_no_image() -> None:
    (item,) = found(function(), looped=("Api", "Other"))
    assert (item.kind, item.logical_id) == (TemplateFaultKind.IN_LOOP, "Api")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["Image", "x", "Dockerfile", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Ref", "Fn::If", "Fn::Sub", "A", "DockerContext", "Dockerfile", "PackageType"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(VALUES, VALUES, VALUES, st.booleans())
def test_no_shape_ends_in_a_traceback(properties: Any, metadata: Any, other: Any, buildkit: bool) -> None:
    resource = {"Type": "AWS::Serverless::Function", "Properties": properties, "Metadata": metadata, "IgnoreGlobals": other}
    document = Document(data={"Resources": {"Api": resource, "Other": other}, "Globals": {"Function": other}, "Transform": other})
    list(faults(document, Intrinsics(document.data), buildkit=buildkit))
