from __future__ import annotations

from tests.linting.cases import Case, app

CATCHES: list[Case] = [app(problem="values are nested more than 100 deep", lines=(3,), says="nested more than 100")]
PASSES: list[Case] = [app()]
