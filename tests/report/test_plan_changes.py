"""What a change makes, and what changed, in texts for terminals of several widths."""

from __future__ import annotations

import pytest

from optimizer.planning.difference.values import Reason
from optimizer.report.plan.changes import ChangeReport, PathRow, changes_as_text
from optimizer.report.plan.difference import Changed, DifferenceReport, difference_as_text
from optimizer.report.plan.rows import layers_of
from tests.report.test_plan import WIDTHS, fleet


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("size", [1, 5, 6, 123])
def test_many_functions_fit_and_are_counted(size: int, width: int) -> None:
    rows = fleet(size)
    names = tuple(row.path for row in rows)
    report = ChangeReport(
        paths=(PathRow(path="requirements.txt", readers=tuple((name, "packages") for name in names), note="planning reads it too"),),
        names=names,
        layers=layers_of(rows),
        stages=((names[0], "built"),),
        staying=1,
        unknown=(),
    )
    lines = changes_as_text(report, width).splitlines()
    assert max(map(len, lines)) <= width
    assert any(f"and {size - 5} more" in line for line in lines) is (size > 5)
    # Each function has a layer of its own, all have one in common, and every third has one more.
    assert lines[-1] == f"{size + 2} layers made and pushed, -; 1 stays"


@pytest.mark.parametrize("width", WIDTHS)
def test_a_long_difference_fits_and_says_what_it_leaves_out(width: int) -> None:
    rows = fleet(123)
    names = tuple(row.path for row in rows)
    details = tuple(f"package-{number} 1.0.0 -> 1.0.1" for number in range(50))
    report = DifferenceReport(
        changes=(Changed(name="packages", functions=names, reasons=(Reason("uv.lock changed", details),), is_layer=True),),
        changed=names,
        same=(),
        added=(),
        removed=(),
        names=names,
        pushed=layers_of(rows),
        notes=("why: \x1b[2J", "something else"),
    )
    text = difference_as_text(report, width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width and "\x1b" not in text
    assert "    and 10 more; --format json lists all" in lines and "and 85 more; --format json lists all" in lines
    assert lines[-1] == "123 functions with another image, 125 layers to push, -"


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        ((), "0 functions with another image"),
        (("Shop/Api",), "1 function with another image"),
        (("Platform/House (arm64)", "Platform/House (x86_64)"), "1 runtime with another image"),
        (("Shop/Api", "Shop/Jobs", "Platform/House (arm64)"), "2 functions, 1 runtime with another image"),
    ],
)
def test_images_of_runtimes_are_no_functions(changed: tuple[str, ...], total: str) -> None:
    report = DifferenceReport(
        changes=(),
        changed=changed,
        same=(),
        added=(),
        removed=(),
        names=changed,
        pushed=(),
        runtimes=frozenset({"Platform/House (arm64)", "Platform/House (x86_64)"}),
    )
    assert difference_as_text(report, 80).splitlines()[-1] == f"{total}, 0 layers to push, 0 B"
