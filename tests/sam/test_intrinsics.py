"""Intrinsic functions: what SAM CLI 1.170.0 gave for the same templates, and what it makes up and we leave open."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.sam.document import Document, parse_document
from optimizer.sam.intrinsics import LONGEST_TEXT, Intrinsics

HEAD = """\
Parameters:
  File: {Type: String, Default: Dockerfile.api}
  Plain: {Type: String, Default: Dockerfile}
  Unset: {Type: String}
  Arch: {Type: String, Default: arm64}
  Names: {Type: CommaDelimitedList, Default: "one, two"}
Mappings: {M: {x: {y: mapped}, arm64: {y: by-architecture}}}
Conditions:
  IsArm: !Equals [!Ref Arch, arm64]
  IsNot: !Not [!Condition IsArm]
  Both: !And [!Condition IsArm, !Not [!Condition IsNot]]
  One: !Or [!Condition IsNot, !Equals [a, a]]
  Itself: !Not [!Condition Itself]
  Open: !Equals [!Ref Unset, a]
"""


def read(text: str) -> Any:
    document = parse_document(text)
    assert isinstance(document, Document)
    return document.data


def intrinsics(**values: Any) -> Intrinsics:
    return Intrinsics(read(HEAD), values)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("!Ref File", "Dockerfile.api"),
        ('!Sub "a/${Plain}/b"', "a/Dockerfile/b"),
        ("!Sub ['${X}', {X: plain}]", "plain"),
        ("!Sub ['${X}/${File}', {X: !Ref Plain}]", "Dockerfile/Dockerfile.api"),
        ("!Sub '${!Plain}'", "${!Plain}"),
        ("!FindInMap [M, x, y]", "mapped"),
        ("!FindInMap [M, !Ref Arch, y]", "by-architecture"),
        ("!FindInMap [M, q, y, {DefaultValue: other}]", "other"),
        ("!If [IsArm, 'a', 'b']", "a"),
        ("!If [IsNot, 'a', 'b']", "b"),
        ("!If [Both, 'a', 'b']", "a"),
        ("!If [One, !Ref Plain, 'b']", "Dockerfile"),
        ("!Join ['-', [a, !Ref Plain]]", "a-Dockerfile"),
        ("!Join ['+', !Ref Names]", "one+two"),
        ("!Select [1, !Ref Names]", "two"),
        ("!Select [0, !Split ['-', 'x-y']]", "x"),
        ("!Base64 ab", "YWI="),
        ("[!Ref Arch, !Ref AWS::NoValue]", ["arm64"]),
        ("{A: !Ref Arch, B: !Ref AWS::NoValue}", {"A": "arm64"}),
        # Left out too where a condition that is known chooses it.
        ("[!Ref Arch, !If [IsNot, a, !Ref AWS::NoValue]]", ["arm64"]),
        ("{A: !Ref Arch, B: !If [IsNot, {C: d}, !Ref AWS::NoValue]}", {"A": "arm64"}),
        ("{A: !If [IsArm, !If [IsNot, a, !Ref AWS::NoValue], b], B: c}", {"B": "c"}),
    ],
)
def test_gives_what_sam_gives(written: str, expected: Any) -> None:
    known = intrinsics()
    value = known.resolve(read(f"V: {written}")["V"])
    assert (value, known.reason(value)) == (expected, "")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        # SAM takes the name of a parameter without a value for its value.
        ("!Ref Unset", 'the parameter "Unset" has no default, and nothing sets it'),
        ("!Sub 'a-${Unset}'", 'the parameter "Unset" has no default, and nothing sets it'),
        ("!Ref Typo", '"Typo" is no parameter of the template'),
        ("!Ref AWS::Region", '"AWS::Region" is known at deployment only'),
        ("!Sub '${File}-${AWS::AccountId}'", '"AWS::AccountId" is known at deployment only'),
        ("!Join ['', [a, !Ref AWS::Region]]", '"AWS::Region" is known at deployment only'),
        # SAM gives "Dockerfile", because it looks the value up as a name once more, and "$Dockerfile.b" for the next.
        ("!Sub ['${X}', {X: Plain}]", "the value of Fn::Sub is known at deployment only"),
        ("!Sub ['${X}', {X: Dockerfile.b}]", "the value of Fn::Sub is known at deployment only"),
        ("!GetAtt Repo.Uri", "the value of Fn::GetAtt is known at deployment only"),
        ("!ImportValue a", "the value of Fn::ImportValue is known at deployment only"),
        ("!If [Open, a, b]", 'the condition "Open" depends on what is known at deployment only'),
        ("!If [Itself, a, b]", 'the condition "Itself" depends on what is known at deployment only'),
        ("!If [Missing, a, b]", 'the condition "Missing" depends on what is known at deployment only'),
        ("!FindInMap [M, q, y]", "the value of Fn::FindInMap is known at deployment only"),
        ("!Select [7, !Ref Names]", "the value of Fn::Select is known at deployment only"),
    ],
)
def test_says_why_a_value_is_hidden(written: str, reason: str) -> None:
    known = intrinsics()
    assert known.reason(known.resolve(read(f"V: {written}")["V"])) == reason


OF_SYSTEMS_MANAGER = """\
Parameters:
  Arch: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/arch}
  Subnets: {Type: 'AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>', Default: /shop/subnets}
  Ami: {Type: AWS::EC2::Image::Id, Default: ami-1}
Conditions: {IsArm: !Equals [!Ref Arch, arm64]}
"""


@pytest.mark.parametrize("values", [{}, {"Arch": "/other/arch"}], ids=["default", "given"])
def test_a_parameter_of_systems_manager_is_not_its_name_there(values: dict[str, str]) -> None:
    known = Intrinsics(read(OF_SYSTEMS_MANAGER), values)
    reason = 'the value of the parameter "Arch" is read from Systems Manager at deployment'
    assert [known.reason(known.resolve(item)) for item in ({"Ref": "Arch"}, {"Fn::Sub": "a-${Arch}"})] == [reason, reason]
    assert known.resolve({"Fn::Sub": "a-${Arch}"}) == {"Fn::Sub": "a-${Arch}"}
    assert known.reason(known.resolve([{"Ref": "Subnets"}]))
    assert known.decided("IsArm") is None
    assert known.resolve({"Ref": "Ami"}) == "ami-1"
    assert known.mistaken({"Ref": "Arch"}) == '"Arch" is a parameter of Systems Manager, and SAM CLI takes its name there for the value'


def test_dynamic_references_are_known_to_a_deployment_alone() -> None:
    known = Intrinsics({"Parameters": {"Uri": {"Type": "String", "Default": "{{resolve:ssm:/shop/image:1}}"}}})
    for value, text in (
        ("{{resolve:ssm:/shop/memory}}", "{{resolve:ssm:/shop/memory}}"),
        ({"Ref": "Uri"}, "{{resolve:ssm:/shop/image:1}}"),
        ({"Fn::Sub": "${AWS::AccountId}/{{resolve:ssm:/a}}:1"}, "{{resolve:ssm:/a}}"),
        ({"Fn::Join": ["/", [{"Ref": "AWS::Region"}, {"A": ["x-{{resolve:secretsmanager:s:SecretString:p}}"]}]]}, ""),
    ):
        reason = f'the dynamic reference "{text}" is known at deployment only'
        assert known.reason(known.deployed(value)) == (reason if text else '"AWS::Region" is known at deployment only')
    assert known.deployed("{{resolve}} {{other:x}}") == "{{resolve}} {{other:x}}"
    # SAM CLI builds with the text.
    assert known.resolve({"Ref": "Uri"}) == "{{resolve:ssm:/shop/image:1}}"
    assert "passes the dynamic reference" in known.mistaken("a{{resolve:ssm:/b}}")


def test_what_is_known_of_a_hidden_name_is_filled_in() -> None:
    assert intrinsics().resolve({"Fn::Sub": "${Plain}-${AWS::Region}"}) == {"Fn::Sub": "Dockerfile-${AWS::Region}"}


def test_given_values_win_over_defaults() -> None:
    known = intrinsics(File="Other", Arch="x86_64", Unset="a", Names="q")
    values = ["Ref File", "If [IsArm, a, b]", "If [Open, a, b]", "Ref Names"]
    assert [known.resolve(read(f"V: !{value}")["V"]) for value in values] == ["Other", "b", "a", ["q"]]


def test_a_given_value_that_is_hidden_does_not_fall_back_to_the_default() -> None:
    known = intrinsics(File={"Ref": "AWS::Region"})
    assert known.reason(known.resolve({"Ref": "File"})) == 'the value that the parameter "File" gets is known at deployment only'


def test_no_parameter_is_known_where_a_file_may_set_each() -> None:
    known = Intrinsics(read(HEAD), complete=False)
    assert "parameter_overrides" in known.reason(known.resolve({"Ref": "File"}))


def test_nothing_grows_without_bounds() -> None:
    long = Intrinsics({"Parameters": {"P": {"Type": "String", "Default": "x" * LONGEST_TEXT}}})
    for value in ({"Fn::Sub": "${P}" * 1000}, {"Fn::Join": [{"Ref": "P"}, ["a"] * 100]}, {"Fn::Join": ["", [{"Ref": "P"}] * 900]}):
        assert long.reason(long.resolve(value))
    # A template is read to 100 levels, five of which are one round of this.
    deep: Any = {"Ref": "Unset"}
    for _ in range(19):
        deep = {"Fn::Equals": [{"Fn::Join": ["", ["a", deep]]}, "a"]}
    assert intrinsics().reason(intrinsics().resolve(deep))
    nested: dict[str, Any] = {}
    for number in range(50):
        value: Any = {"Condition": f"N{number + 1}"}
        for _ in range(19):
            value = {"Fn::Not": [{"Fn::And": [value, {"Fn::Equals": ["a", "a"]}]}]}
        nested[f"N{number}"] = value
    assert Intrinsics({"Conditions": nested}).decided("N0") is None
    chain = {f"C{number}": {"Condition": f"C{number + 1}"} for number in range(5000)}
    assert Intrinsics({"Conditions": chain}).decided("C0") is None


_NAMES = st.sampled_from(
    ["Ref", "Condition", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::Select", "Fn::FindInMap", "Fn::Split", "Fn::Equals", "x"]
)
_SCALARS = st.sampled_from(["File", "Names", "IsArm", "M", "x", "y", "${File}", "0", None, 1])
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=2), max_leaves=12)


@given(_VALUES, _VALUES)
def test_no_shape_does_harm(value: Any, section: Any) -> None:
    intrinsics().reason(intrinsics().resolve(value))
    other = Intrinsics({"Parameters": section, "Mappings": section, "Conditions": {"IsArm": section}})
    other.reason(other.resolve(value))


TYPED = """\
Parameters:
  V: {Type: String, Default: 3.10}
  T: {Type: String, Default: "true"}
  U: {Type: String, Default: true}
  N: {Type: Number, Default: 3}
Conditions:
  Texts: !Equals [!Ref T, "true"]
  Mixed: !Equals [!Ref T, true]
  Booleans: !Equals [!Ref U, true]
Mappings: {M: {k: {v: 1.10, b: true}}}
Resources: {Bucket: {Type: AWS::S3::Bucket}}
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("!Ref N", 3),
        ("!Ref U", True),
        ('!Sub "${N}-${U}"', "3-True"),
        ("!FindInMap [M, k, v]", 1.1),
        ("!FindInMap [M, k, b]", True),
        ("!If [Texts, 'a', 'b']", "a"),
        ("!If [Booleans, 'a', 'b']", "a"),
        # SAM CLI leaves these as they are, or differs from CloudFormation.
        ("!Ref V", {"Ref": "V"}),
        ('!Sub "${V}"', {"Fn::Sub": "${V}"}),
        ("!Sub ['${X}', {X: 5}]", {"Fn::Sub": ["${X}", {"X": 5}]}),
        ("!Join ['-', [a, 1]]", {"Fn::Join": ["-", ["a", 1]]}),
        ("!If [Mixed, 'a', 'b']", {"Fn::If": ["Mixed", "a", "b"]}),
    ],
)
def test_types_of_scalars_count(written: str, expected: Any) -> None:
    data = read(TYPED + f"X: {written}\n")
    assert Intrinsics(data).resolve(data["X"]) == expected


def test_a_name_that_sam_takes_for_the_value_is_a_mistake_and_an_open_parameter_is_none() -> None:
    found = Intrinsics(read(TYPED.replace("Parameters:", "Parameters:\n  Open: {Type: String}")))
    assert found.mistaken({"Ref": "Typo"}) == '"Typo" is no parameter of the template, and SAM CLI takes the name for the value'
    assert found.mistaken({"Ref": "Bucket"}).startswith('"Bucket" is a resource')
    assert "is a number with a point" in found.mistaken({"Fn::Sub": "a-${V}"})
    assert [found.mistaken(item) for item in ("a", {"Ref": "Open"}, {"Ref": "AWS::Region"}, {"Fn::GetAtt": "A.B"})] == [""] * 4
    # Something else may set it.
    assert not Intrinsics(read(TYPED), complete=False).mistaken({"Ref": "V"})
