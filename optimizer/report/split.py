"""What stages of their own save, to a person and to a machine."""

from __future__ import annotations

from typing import Any

from optimizer.planning.split import Split
from optimizer.report.plan.figures import rounded
from optimizer.report.table import fitted_table


def split_as_text(split: Split, width: int) -> str:
    """What all stages save, and what each of them does, in so many columns."""
    rows = [(each.name, f"{rounded(each.saves, 2):.2f} s") for each in split.stages]
    notes = (
        ["  where nobody says what a step takes, 20 s and 20 MB are assumed"] if any(each.assumed for each in split.together.links) else []
    )
    return "\n".join(
        [
            f"stages of their own: {rounded(split.apart, 2):.2f} s per deployment; in one stage {split.together.cost:.2f} s",
            fitted_table(("stage", "saves"), rows, width, (0,), "  "),
            *notes,
        ]
    )


def split_to_dict(split: Split) -> dict[str, Any]:
    """The same as data for JSON; all numbers are expected seconds per deployment, those of pushing layers included."""
    return {
        "apart": rounded(split.apart),
        "together": rounded(split.together.cost),
        "order": [each.name for each in split.together.links],
        "saves": rounded(split.saves),
        "stages": {each.name: rounded(each.saves) for each in split.stages},
    }
