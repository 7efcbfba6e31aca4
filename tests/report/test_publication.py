"""The reports of publish and build as JSON, whose fields the pages list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from optimizer.model.publication import PUSHED, ImageResult, LayerResult, LeftImage, PublishedSize
from optimizer.report.build import BuiltImage, BuiltIndex, build_to_dict, index_to_dict
from optimizer.report.publish import publication_as_text, publication_to_dict

DOCS = Path(__file__).parents[2] / "docs"
LAYER = LayerResult(stage="code", key="0" * 64, source="made", size=1, pushed=1, seconds=1.0)


def listed(page: str) -> set[str]:
    """The fields that the table of a page lists."""
    (table,) = re.findall(r"\| Field \| What it is \|\n\|---\|---\|\n((?:\|.*\n)+)", (DOCS / page).read_text(encoding="utf-8"))
    return set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE))


def fields(value: Any, prefix: str = "") -> Iterator[str]:
    """Every field of the data, as the tables name it."""
    for name, inner in value.items():
        yield f"{prefix}{name}"
        for item in inner if isinstance(inner, list) else ():
            yield from fields(item, f"{prefix}{name}[].")


def test_the_page_lists_the_fields_of_a_publication() -> None:
    """Requirement: "`--format json` for machines: per image what was found, mounted, made, pushed, in bytes and seconds"."""
    image = ImageResult(name="a", reference="b/c:1", state=PUSHED, digest="sha256:0", layers=(LAYER,))
    size = PublishedSize(name="a", reference="b/c:1", layers={"code": 1})
    data = publication_to_dict([image], [LeftImage(name="d", reason="e")], 1.0, sizes=[size])
    assert set(fields(data)) == listed("publish.md")


def test_the_page_lists_the_fields_of_a_build() -> None:
    """Those of an index are the same, with its images."""
    built = BuiltImage(
        name="a",
        reference="a:latest",
        output="oci:a",
        platform="linux/arm64",
        digest="sha256:0",
        config_digest="sha256:1",
        layers=(LAYER,),
        seconds=1.0,
    )
    assert set(fields(build_to_dict(built))) == listed("build.md")
    index = BuiltIndex(name="a", reference="a:latest", output="oci:a", digest="sha256:2", images=(built,), seconds=1.0)
    data = index_to_dict(index)
    assert {*data, "platform", "config_digest", "layers"} - {"images"} == set(build_to_dict(built))


def test_the_table_fits_the_terminal() -> None:
    """Requirement: "tables that break at 80 columns" are no more."""
    name = "Storefront/TheServiceThatMakesInvoices/OfAllOrders"
    image = ImageResult(name=name, reference=f"123.example/lambda-images:{'f' * 64}", state=PUSHED, digest="sha256:0", layers=(LAYER,))
    left = LeftImage(name=name, reason="no plan is kept beside its Dockerfile; run cdk synth again with the version of this tool")
    for width in (80, 160):
        lines = publication_as_text([image], [left], 1.0, width=width).splitlines()
        assert max(map(len, lines)) <= width
        assert (name in lines[2]) is (width == 160)
        assert "ffffffffffff" in lines[2] and "f" * 13 not in lines[2]
