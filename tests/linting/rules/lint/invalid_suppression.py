from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("# optimizer: ignore LIO602\nUSER 1", 2, says="has the form"),
    on_base("# optimizer: ignore LIO602 -- \nUSER 1", 2),
    on_base("# optimizer: ignore LIO602 -- (until 2027-01-01)\nUSER 1", 2, says="needs a reason"),
    on_base("# optimizer: ignore LIO999 -- why\nUSER 1", 2, says='no rule is called "LIO999"'),
    on_base("# optimizer: ignore LIO602 -- why (until soon)\nUSER 1", 2, says='"soon" is not a day'),
    on_base("# optimizer: ignore-stage LIO602 -- why\nUSER 1", 2, says="before a FROM"),
    on_base("# optimizer: ignore LIO602 -- why", 2, says="no instruction follows"),
    on_base("# optimizer: hello\nUSER 1", 2),
]
PASSES: list[Case] = [
    on_base("# optimizer: ignore LIO602, LIO601 -- why\nUSER 1"),
    on_base("#optimizer:ignore user-set -- why, and -- more (until 2027-01-31)\nUSER 1"),
    on_base("# the optimizer: ignores this\nUSER 1"),
]
