"""Templates that are told an architecture."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.linting.finding import Edit, Finding, Fix, Location, Severity
from optimizer.linting.fixes import apply_fixes
from optimizer.sam.document import Document, parse_document
from optimizer.sam.insertions import architectures
from optimizer.sam.template import functions


def told(data: bytes) -> bytes:
    """The template after the insertions, made as --fix makes them."""
    text = data.decode()
    document = parse_document(text)
    assert isinstance(document, Document)
    names = [item.logical_id for item in functions(document) if not item.declared.architecture_given]
    findings = [
        Finding(
            rule="LIO682",
            name="n",
            severity=Severity.INFO,
            message=name,
            hint="",
            location=Location(),
            fix=Fix(title="", edits=(Edit(path="t", span=span, text=added),)),
        )
        for name, (span, added) in architectures(text, document, names, "x86_64").items()
    ]
    return apply_fixes(findings, {"t": data}).contents.get("t", data)


HEAD = "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            f"{HEAD}    Properties:\n      # kept\n      PackageType: Image # kept\n      MemorySize: 512\n",
            f"{HEAD}    Properties:\n      # kept\n      Architectures: [x86_64]\n      PackageType: Image # kept\n      MemorySize: 512\n",
        ),
        (
            f"{HEAD}    Properties: {{PackageType: Image, Timeout: !Ref T}}\n",
            f"{HEAD}    Properties: {{Architectures: [x86_64], PackageType: Image, Timeout: !Ref T}}\n",
        ),
        (
            f"{HEAD}    Properties: {{\n      PackageType: Image\n    }}\n",
            f"{HEAD}    Properties: {{\n      Architectures: [x86_64], PackageType: Image\n    }}\n",
        ),
        (
            f'{HEAD}    Properties:\n      "PackageType": "Image"\n',
            f'{HEAD}    Properties:\n      Architectures: [x86_64]\n      "PackageType": "Image"\n',
        ),
        (
            f"\ufeff{HEAD}    Properties:\n        PackageType: Image\n".replace("\n", "\r\n"),
            f"\ufeff{HEAD}    Properties:\n        Architectures: [x86_64]\n        PackageType: Image\n".replace("\n", "\r\n"),
        ),
        (
            f"{HEAD}    Properties:\n      PackageType: Image\n"
            + HEAD.partition("\n")[2].replace("Api", "Put")
            + "    Properties: {PackageType: Image}",
            f"{HEAD}    Properties:\n      Architectures: [x86_64]\n      PackageType: Image\n"
            + HEAD.partition("\n")[2].replace("Api", "Put")
            + "    Properties: {Architectures: [x86_64], PackageType: Image}",
        ),
    ],
    ids=["a block", "braces", "braces over lines", "quotes", "carriage returns", "several functions"],
)
def test_says_the_architecture_and_changes_nothing_else(before: str, after: str) -> None:
    assert told(before.encode()) == after.encode()
    assert told(after.encode()) == after.encode()


@pytest.mark.parametrize(
    "text",
    [
        '{"Resources": {"Api": {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}}}}',
        f"{HEAD}    Properties: &all\n      PackageType: Image\n  Put:\n    Type: AWS::Lambda::Alias\n    Properties: *all\n",
        f"{HEAD}    Properties:\n      PackageType: Image\n      Architectures: []\n",
        f"{HEAD}    Properties:\n      ? PackageType\n      : Image\n",
        f"{HEAD}    Properties:\u2028      PackageType: Image\n",
    ],
    ids=["JSON", "an anchor that another resource takes", "a list that is empty", "an explicit key", "another end of line"],
)
def test_leaves_alone_what_has_no_safe_place(text: str) -> None:
    assert told(text.encode()) == text.encode()


LINES = st.lists(
    st.sampled_from([
        "      PackageType: Image\n", "      Timeout: 3\n", "      # c\n", "\n", "      Tags: {a: b}\n", "      Environment:\n        Variables: {A: b}\n",
        "      ImageConfig: &c\n        Command: [a]\n", "      <<: *c\n", "    Metadata: {Dockerfile: D}\n", "  Put:\n", "    Properties:\n",
        "    Type: AWS::Serverless::Function\n", "    Properties: {PackageType: Image}\n", "\t", "\u2028", "- ",
    ]),
    max_size=12,
).map("".join)  # fmt: skip


@given(LINES)
@settings(max_examples=200)
def test_whatever_the_template_the_rest_says_the_same(lines: str) -> None:
    """Requirement: "Each fix local, idempotent, nothing else changed in the file"."""
    before = f"{HEAD}    Properties:\n{lines}"
    document = parse_document(before)
    if not isinstance(document, Document):
        return
    after = told(before.encode()).decode()
    assert told(after.encode()).decode() == after
    assert after.replace("Architectures: [x86_64], ", "").replace("Architectures: [x86_64]\n      ", "") == before
    again = parse_document(after)
    assert isinstance(again, Document)
    for resource in again.data["Resources"].values():
        if isinstance(resource, dict) and isinstance(resource.get("Properties"), dict):
            resource["Properties"].pop("Architectures", None)
    assert again.data == document.data
