from __future__ import annotations

from optimizer.model.function import Qualifier
from tests.linting.cases import Case, function
from tests.linting.snapstart import BY_SAM, HIDDEN, restored

# https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html: "SnapStart does not support provisioned concurrency".
LIVE = Qualifier(name="Live", alias=True, provisioned=True)
ONE = Qualifier(name="One", alias=False, provisioned=True)

CATCHES: list[Case] = [
    Case(restored(qualifiers=(LIVE,)), (0,), "which the alias Live has"),
    Case(restored(qualifiers=(*BY_SAM, ONE)), (0,), "which the version One has"),
    Case(restored(qualifiers=(LIVE, ONE)), (0, 0), "SnapStart does not work with provisioned concurrency"),
]
PASSES: list[Case] = [
    Case(restored()),
    Case(restored(qualifiers=BY_SAM)),
    Case(function(qualifiers=(LIVE,))),
    Case(restored(qualifiers=(Qualifier(name="Live", alias=True, provisioned=None),)), inconclusive=1),
    Case(function(properties=HIDDEN, qualifiers=(LIVE,)), inconclusive=1),
    Case(function(properties=HIDDEN, qualifiers=BY_SAM)),
]
