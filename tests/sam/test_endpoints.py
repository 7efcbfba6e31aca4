"""The FIPS endpoint in the name of an image, and how it is taken out."""

from __future__ import annotations

import pytest

from optimizer.sam.document import Document, parse_document
from optimizer.sam.endpoints import fips_mark

URI = "111122223333.dkr.ecr-fips.us-east-1.amazonaws.com/shop-fips.x:1"
HEAD = "Resources:\n  Api:\n    Properties:\n      Code:\n"


def taken_out(text: str) -> str | None:
    document = parse_document(text)
    assert isinstance(document, Document)
    span = fips_mark(text, document, document.places["Resources", "Api", "Properties", "Code", "ImageUri"])
    if span is None:
        return None
    lines = text.split("\n")
    line = lines[span.start.line - 1]
    lines[span.start.line - 1] = line[: span.start.column - 1] + line[span.end.column - 1 :]
    return "\n".join(lines)


@pytest.mark.parametrize("value", [URI, f"'{URI}'", f"!Sub {URI} # -fips", f"!Sub '{URI.replace('us-east-1', '${AWS::Region}')}'"])
def test_only_the_endpoint_changes(value: str) -> None:
    text = f"{HEAD}        ImageUri: {value}\n"
    assert taken_out(text) == text.replace("ecr-fips", "ecr")


@pytest.mark.parametrize(
    "text",
    [
        # Behind its key stands nothing, or something else; or the change would concern more.
        f"{HEAD}        ImageUri: >-\n          {URI}\n",
        f"{HEAD}        ImageUri: 111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:1\n",
        f"{HEAD}        ImageUri: &name {URI}\n  Put:\n    Properties:\n      Code:\n        ImageUri: *name\n",
        f"{HEAD}        ImageUri: x # {URI}\n",
    ],
)
def test_elsewhere_nothing_is_offered(text: str) -> None:
    assert taken_out(text) is None
