from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [on_base("", 0, inside_context=False, says="outside the build context")]
PASSES: list[Case] = [on_base("")]
