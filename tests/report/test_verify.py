"""What a verification says of layers that are the same, and compressed differently."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from optimizer.images.compare import CLOCK, COMPRESSOR, CONTENT, EQUAL, METADATA, OTHER_COMPRESSOR, Difference, LayerComparison
from optimizer.report.style import Style
from optimizer.report.verify import SkippedImage, VerifiedImage, verification_as_text, verification_to_dict


def layer(number: int, verdict: str) -> LayerComparison:
    known: dict[str, Any] = {}
    if verdict == CONTENT:
        known["differences"] = (Difference(kind=CONTENT, field="content", path="opt/a", first="1", second="2"),)
    hint = OTHER_COMPRESSOR if verdict == COMPRESSOR else ""
    return LayerComparison(number=number, step="", first_diff_id="a", second_diff_id="a", verdict=verdict, hint=hint, **known)


def image(*verdicts: str) -> VerifiedImage:
    return VerifiedImage(name="shop", functions=(), layers=tuple(layer(number, verdict) for number, verdict in enumerate(verdicts)))


def test_another_compressor_is_a_note_and_no_difference() -> None:
    """Requirement: "equal diff_ids, other compressed digests: a note, not a difference"."""
    made = image(EQUAL, COMPRESSOR, COMPRESSOR)
    assert made.reproducible
    assert verification_as_text([made], [], width=1000) == (
        "shop  reproducible  3 layers\n\n"
        f"shop\n  note: 2 of 3 layers: {OTHER_COMPRESSOR}\n\n"
        "1 image built twice, all layers equal, but for how they are compressed"
    )
    document = verification_to_dict([made], [])
    assert document["reproducible"] is True
    assert [item["verdict"] for item in document["images"][0]["layers"]] == ["equal", "compressor", "compressor"]
    assert document["images"][0]["layers"][1]["hint"] == OTHER_COMPRESSOR


def test_a_difference_stays_one_beside_it() -> None:
    text = verification_as_text([image(CONTENT, COMPRESSOR, EQUAL)], [])
    assert text.startswith("shop  NOT reproducible  1 of 3 layers differ\n\nshop\n  layer 1: content\n")
    assert f"note: 1 of 3 layers: {OTHER_COMPRESSOR}" in " ".join(text.split())
    assert text.endswith("\n\n1 image built twice, 1 not reproducible")


@pytest.mark.parametrize("verdicts", [(EQUAL,), (EQUAL, EQUAL)])
def test_equal_layers_have_no_note(verdicts: tuple[str, ...]) -> None:
    assert "note" not in verification_as_text([image(*verdicts)], [])


FIRST, SECOND = (f"v 24 15:56:{second} UTC 2026· and more of the file than a line of 80 columns has" for second in (42, 45))


def differing(path: str = "var/task/built.txt") -> VerifiedImage:
    difference = Difference(
        kind=CONTENT, field="content", path=path, first=FIRST, second=SECOND, offset=8, hint="a timestamp inside the file"
    )
    step = "RUN date > built.txt && python3 -m compileall -q lib && rm -rf /var/cache/of/everything"
    layers = (
        LayerComparison(number=9, step=step, first_diff_id="a", second_diff_id="b", verdict=CONTENT, hint="", differences=(difference,)),
    )
    return VerifiedImage(name="Shop/Api", functions=("Shop/Api", "Shop/Jobs", "Shop/Admin", "Shop/Again"), layers=layers)


def test_values_stand_below_one_another_where_a_line_is_too_narrow() -> None:
    """Requirement: "reads at a glance at both widths", "differences short and exact"."""
    narrow, wide = (verification_as_text([differing()], [], width=width).splitlines() for width in (80, 240))
    assert narrow == [
        narrow[0],
        "",
        "Shop/Api, Shop/Jobs, Shop/Admin and 1 more",
        "  layer 10: content  (RUN date > built.txt && python3 -m compileall -q lib && r…",
        "    var/task/built.txt: content at byte 8",
        f"      first   {FIRST}",
        f"      second  {SECOND}",
        "      hint: a timestamp inside the file",
        "",
        "1 image built twice, 1 not reproducible",
    ]
    assert narrow[0].endswith("  NOT reproducible  1 of 1 layers differ") and len(narrow[0]) <= 80
    assert f"    var/task/built.txt: content at byte 8, {FIRST} | {SECOND}" in wide


def test_verdicts_stand_below_one_another_and_reasons_go_on_below() -> None:
    reason = "no plan is kept beside its Dockerfile, or it is not what its plan says; run cdk synth again and verify it then"
    skipped = SkippedImage(name="Operations/ReceiptsOfAllTheOtherStacks", functions=(), reason=reason)
    lines = verification_as_text([image(EQUAL)], [skipped], width=80).splitlines()
    assert lines[0].index("reproducible") == lines[1].index("not built")
    assert all(len(line) <= 80 for line in lines)
    assert " ".join(" ".join(lines).split()).count(reason) == 1


def test_colours_are_for_those_who_see_them() -> None:
    """Requirement: "and without colour"."""
    coloured = verification_as_text([image(EQUAL), differing()], [], style=Style(colour=True))
    assert "\x1b[32mreproducible\x1b[0m" in coloured and "\x1b[31mNOT reproducible\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == verification_as_text([image(EQUAL), differing()], [])


def test_the_page_shows_what_is_said() -> None:
    """docs/verify.md shows two of the differences that a real build of its Dockerfile had."""
    page = (Path(__file__).parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```console\n\$ optimizer verify cdk.out\n(.*?)```", page, re.DOTALL)
    path, times = "var/task/built.txt", ("2026-11-29T17:29:42Z", "2026-11-29T17:29:47Z")
    hint = "a timestamp inside the file: make the build write a constant, or none; many tools read SOURCE_DATE_EPOCH"
    first, second = (f"v 29 17:29:{seconds} UTC 2026·" for seconds in (42, 47))
    differences = (
        Difference(kind=CONTENT, field="content", path=path, first=first, second=second, offset=18, hint=hint),
        Difference(kind=METADATA, field="mtime", path=path, first=times[0], second=times[1], hint=CLOCK),
    )
    step = "RUN date > built.txt && python3 -m compileall -q lib"
    layers = [layer(number, EQUAL) for number in range(11)]
    layers[9] = LayerComparison(
        number=9, step=step, first_diff_id="a", second_diff_id="b", verdict=CONTENT, hint="", differences=differences
    )
    api = VerifiedImage(name="Shop/Api", functions=("Shop/Api",), layers=tuple(layers))
    jobs = VerifiedImage(name="Shop/Jobs", functions=("Shop/Jobs",), layers=tuple(layer(number, EQUAL) for number in range(8)))
    assert verification_as_text([api, jobs], []) + "\n" == shown
