from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [on_base("# optimizer: ignore LIO602 -- why (until 2026-11-23)\nUSER 1", 2, says="expired on 2026-11-23")]
PASSES: list[Case] = [on_base("# optimizer: ignore LIO602 -- why (until 2026-11-24)\nUSER 1")]
