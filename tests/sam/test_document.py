"""Any text as a template: tags, places, bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.dockerfile.instruction import Problem
from optimizer.sam.document import DEPTH, Document, parse_document


def data(text: str) -> Any:
    document = parse_document(text)
    assert isinstance(document, Document), document
    return document.data


def problem(text: str) -> Problem:
    found = parse_document(text)
    assert isinstance(found, Problem)
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: !Ref B", {"a": {"Ref": "B"}}),
        ("a: !Sub '${B}-x'", {"a": {"Fn::Sub": "${B}-x"}}),
        ("a: !Join ['', [b, !Ref C]]", {"a": {"Fn::Join": ["", ["b", {"Ref": "C"}]]}}),
        ("a: !GetAtt B.Arn", {"a": {"Fn::GetAtt": "B.Arn"}}),
        ("a: !If\n  - B\n  - c: d\n  - !Ref AWS::NoValue", {"a": {"Fn::If": ["B", {"c": "d"}, {"Ref": "AWS::NoValue"}]}}),
        ("a: !Condition B", {"a": {"Condition": "B"}}),
        ("a:\nb: ~\nc: ''", {"a": None, "b": None, "c": ""}),
        (
            "a: 3.10\nb: 010\nc: yes\nd: 3x\ne: 'yes'\nf: 2026-01-01\n010: g",
            {"a": 3.1, "b": 8, "c": True, "d": "3x", "e": "yes", "f": "2026-01-01", "010": "g"},
        ),
        ("a: &x {b: c}\nd: *x", {"a": {"b": "c"}, "d": {"b": "c"}}),
        ("a: &x {b: c, d: e}\nf:\n  <<: *x\n  d: g", {"a": {"b": "c", "d": "e"}, "f": {"b": "c", "d": "g"}}),
        ("a: |\n  b\n  c\n", {"a": "b\nc\n"}),
        ("\ufeffa: b", {"a": "b"}),
        ('{"a": [1, true, null]}', {"a": [1, True, None]}),
        ("{a: b}", {"a": "b"}),
        ("a: 1\n---\nb: 2", {"a": 1}),
        ("", None),
        # No tag ever constructs anything.
        ('a: !!python/object/apply:os.system ["false"]', {"a": ["false"]}),
    ],
)
def test_reads(text: str, value: Any) -> None:
    assert data(text) == value


def test_knows_where_keys_stand() -> None:
    document = parse_document("Resources:\n  Api:\n    Metadata:\n      Dockerfile: x\n")
    assert isinstance(document, Document)
    assert {path: str(span.start) for path, span in document.places.items()} == {
        ("Resources",): "1:1",
        ("Resources", "Api"): "2:3",
        ("Resources", "Api", "Metadata"): "3:5",
        ("Resources", "Api", "Metadata", "Dockerfile"): "4:7",
    }
    assert str(document.places["Resources", "Api"].end) == "2:6"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("a: [", "not readable as YAML", "2:1"),
        ("a: 'b", "not readable as YAML", "1:6"),
        ("a: b\n c: d", "mapping values are not allowed", "2:3"),
        ("a: *b", 'the alias "b" names nothing', "1:4"),
        ("a: &a\n  b: *a", 'the alias "a" is inside of its own anchor', "2:6"),
        ("? [a]\n: b", "a key is not a string", "1:5"),
        ("a: \x00", "not readable as YAML", "1:1"),
        ('{"a": ' * 200 + "1" + "}" * 200, "nested more than", "1:1"),
        ('{"a": ' * 100_000, "nested more than", "1:1"),
        ("\n".join(" " * level + "a:" for level in range(DEPTH + 1)) + " b", "nested more than", ""),
    ],
)
def test_fails_with_one_problem(text: str, message: str, place: str) -> None:
    found = problem(text)
    assert message in found.message
    assert place in ("", str(found.span.start))


def test_fails_for_a_bomb_of_aliases_before_it_goes_off() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for one, other in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f"{other}: &{other} [{', '.join([f'*{one}'] * 10)}]")
    assert "aliases written out" in problem("\n".join(lines)).message


def test_deep_flow_collections_end() -> None:
    assert "nest" in problem("[" * 100_000).message


@given(st.text(max_size=200) | st.text(alphabet="ab:-&*!<>[]{}'\"|#? \n\t,", max_size=60))
def test_no_text_does_harm(text: str) -> None:
    """Requirement: "no crash, hang or traceback on any input"."""
    found = parse_document(text)
    assert isinstance(found, (Document, Problem))
    if isinstance(found, Document):
        json.dumps(found.data)
