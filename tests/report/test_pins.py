"""What ``optimizer pin`` says, in the columns that there are."""

from __future__ import annotations

import datetime

import pytest

from optimizer.bases.lock import Lock, LockedImage
from optimizer.model.reference import ImageReference
from optimizer.report.pins import Brought, Pin, PinReport, pins_as_text

DAY = datetime.date(2026, 11, 20)
OLD, NEW = f"sha256:0c81d8417f2a{'0' * 52}", f"sha256:5ae52c61be90{'0' * 52}"


def image(reference: str, digest: str = NEW, **programs: dict[str, str]) -> LockedImage:
    platforms = {"amd64": digest, "arm64": digest}
    return LockedImage(
        reference=ImageReference.parse(reference), digest=digest, resolved=DAY, kind="index", platforms=platforms, programs=programs
    )


def text(*pins: Pin, width: int) -> list[str]:
    return pins_as_text(PinReport(lock=Lock(), pins=pins), width).splitlines()


PYTHON = Pin(
    image=image("public.ecr.aws/lambda/python:3.13", python={"amd64": "3.13.5", "arm64": "3.13.5"}),
    change="updated",
    old=image("public.ecr.aws/lambda/python:3.13", OLD),
    brings={"amd64": Brought(made=DAY, size=160_300_000, old_size=160_100_000, new_bytes=31_200_000)},
)


def test_an_update_at_both_widths() -> None:
    """Requirement: "on 80 and 160 columns"; docs/ci.md shows the first."""
    assert text(PYTHON, width=80) == [
        "public.ecr.aws/lambda/python:3.13  0c81d8417f2a -> 5ae52c61be90  updated",
        "  Python 3.13.5",
        "  amd64: made on 2026-11-20, 160.3 MB, 160.1 MB before, 31.2 MB in layers that",
        "    are new",
    ]
    assert text(PYTHON, width=160) == [
        "public.ecr.aws/lambda/python:3.13  0c81d8417f2a -> 5ae52c61be90  updated  Python 3.13.5",
        "  amd64: made on 2026-11-20, 160.3 MB, 160.1 MB before, 31.2 MB in layers that are new",
    ]


def test_the_page_shows_it() -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
    assert "".join(f"    {line}\n" for line in text(PYTHON, width=80)) in page


@pytest.mark.parametrize("width", [80, 160])
def test_names_stay_whole(width: int) -> None:
    long = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/docker/library/golang:1.25"
    lines = text(PYTHON, Pin(image=image(long), change="added"), width=width)
    assert any(line.startswith(long) for line in lines)
    assert all(len(line) <= width for line in lines)
