"""Loops of a template, as AWS::LanguageExtensions writes them out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

import pytest

from optimizer.sam.document import Document, parse_document
from optimizer.sam.intrinsics import Intrinsics
from optimizer.sam.loops import without_loops

EXTENDED = "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
NAMES = 'Parameters:\n  Names: {Type: CommaDelimitedList, Default: "one, t-wo"}\n'


def written_out(resources: str, head: str = EXTENDED + NAMES) -> tuple[Document, Mapping[str, str]]:
    document = parse_document(f"{head}Resources:\n{textwrap.indent(textwrap.dedent(resources), '  ')}")
    assert isinstance(document, Document)
    return without_loops(document, Intrinsics(document.data))


LOOP = """\
    Fn::ForEach::Functions:
      - Name
      - !Ref Names
      - "Get&{Name}":
          Type: AWS::Serverless::Function
          Metadata: {DockerContext: "./${Name}", DockerTag: !Ref Name}
"""


def test_each_resource_stands_at_its_loop() -> None:
    document, refused = written_out(LOOP)
    assert refused == {}
    assert document.data["Resources"] == {
        f"Get{name}": {"Type": "AWS::Serverless::Function", "Metadata": {"DockerContext": f"./{value}", "DockerTag": value}}
        for name, value in (("one", "one"), ("two", "t-wo"))
    }
    assert str(document.places[("Resources", "Gettwo")].start) == "5:3"


def test_loops_within_a_loop() -> None:
    inner = 'Fn::ForEach::Inner: [B, [x, y], {"R${A}${B}": {Type: T, V: "${B}"}}]'
    document, _ = written_out(f"Fn::ForEach::Outer: [A, [p, q], {{{inner}}}]\nOther: {{Type: T}}\n")
    assert list(document.data["Resources"]) == ["Other", "Rpx", "Rpy", "Rqx", "Rqy"]


@pytest.mark.parametrize(
    ("loop", "reason"),
    [
        ("[N, !GetAtt A.B, {R: {}}]", "known at deployment only"),
        ("[N, [!Ref Unset], {R: {}}]", '"Unset" is no parameter'),
        ("[N, [a, b], {R: {}}]", 'two resources would have the name "R"'),
        ("[Names, [a], {R: {}}]", 'the name "Names" is taken'),
        ("[N, [a]]", "a loop is a list of"),
        ("text", "a loop is a list of"),
        ("[N, [{A: b}], {R: {}}]", "its values are no texts"),
    ],
)
def test_a_loop_that_cannot_be_written_out_says_why(loop: str, reason: str) -> None:
    document, refused = written_out(f"Fn::ForEach::Loop: {loop}\n")
    assert document.data["Resources"] == {}
    assert reason in refused["Fn::ForEach::Loop"]


def test_loops_need_their_transform() -> None:
    _, refused = written_out(LOOP, NAMES)
    assert "AWS::LanguageExtensions" in refused["Fn::ForEach::Functions"]


def test_loops_end() -> None:
    values = ", ".join(f"a{number}" for number in range(200))
    deep = "{R: {}}"
    for number in range(4):
        deep = f'{{"Fn::ForEach::L{number}": [N{number}, [{values}], {deep}]}}'
    _, refused = written_out(f"Fn::ForEach::Loop: [N, [x], {deep}]\n")
    assert "too much" in refused["Fn::ForEach::Loop"]
    _, refused = written_out(f"Fn::ForEach::Loop: [N, [x], {{'Fn::ForEach::More': [M, [x], {deep}]}}]\n")
    assert "more than 5 deep" in refused["Fn::ForEach::Loop"]
    _, refused = written_out(f'Fn::ForEach::Loop: [N, ["{"x" * 20_000}", b], {{"R${{N}}": {{V: "{"${N}" * 500}"}}}}]\n')
    assert "too much" in refused["Fn::ForEach::Loop"]
