from __future__ import annotations

from tests.linting.cases import Case, function
from tests.linting.snapstart import BY_SAM, HIDDEN, restored

# samtranslator 1.115.0: DeletionPolicy of a version is Retain unless VersionDeletionPolicy or a capacity provider says otherwise.
CATCHES: list[Case] = [Case(restored(serverless=True, qualifiers=BY_SAM), (7,), "the snapshot of each is billed")]
PASSES: list[Case] = [
    Case(restored({"VersionDeletionPolicy": "Delete"}, serverless=True, qualifiers=BY_SAM)),
    Case(restored({"VersionDeletionPolicy": "Retain"}, serverless=True, qualifiers=BY_SAM)),
    Case(restored({"VersionDeletionPolicy": {"Ref": "Policy"}}, serverless=True, qualifiers=BY_SAM)),
    Case(restored({"CapacityProviderConfig": {"Arn": "arn"}}, serverless=True, qualifiers=BY_SAM)),
    Case(function(serverless=True, qualifiers=BY_SAM, properties=HIDDEN), inconclusive=1),
    Case(function(serverless=True, qualifiers=BY_SAM, properties={**HIDDEN, "VersionDeletionPolicy": "Delete"})),
    Case(restored(serverless=True)),
    Case(restored(qualifiers=BY_SAM)),
    Case(function(serverless=True, qualifiers=BY_SAM)),
]
