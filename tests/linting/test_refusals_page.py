"""docs/refusals.md: every rule that it should name, and every reason that Lambda gives."""

from __future__ import annotations

import re
from pathlib import Path

from optimizer.linting.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "refusals.md").read_text(encoding="utf-8")
NEW = {"LIO613", *(f"LIO{number}" for number in range(641, 651)), *(f"LIO{number}" for number in range(631, 635))}


def test_every_rule_of_what_lambda_refuses_is_in_the_first_table() -> None:
    """Requirement: "section 8 of the fact sheet, each row a rule or part of one (or named as left to others)"."""
    table = PAGE.partition("## After a failed deployment")[0]
    named = set(re.findall(r"\[(LIO\d{3})\]", table))
    assert named >= NEW
    assert named <= {rule.id for rule in RULES}


def test_links_lead_to_pages() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (DOCS / target).exists(), target


def test_every_reason_code_of_the_api_is_explained() -> None:
    """Requirement: the state reason codes "explained in a docs page"; those of the API that botocore carries."""
    from botocore.session import Session

    model = Session().get_service_model("lambda")
    codes = {code for name in ("StateReasonCode", "LastUpdateStatusReasonCode") for code in model.shape_for(name).enum}
    explained = set(re.findall(r"`([A-Za-z0-9.]+)`", PAGE.partition("## After a failed deployment")[2]))
    # A newer or older botocore may have others; what the page names is never less than the one that it was written with.
    assert {"ImageDeleted", "FunctionError.InvalidEntryPoint", "IncompatibleAcceleratorInstanceTypes"} <= codes & explained
    assert codes - explained == set()
