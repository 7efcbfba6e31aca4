from __future__ import annotations

from tests.linting.cases import Case, dockerfile, on_base

CATCHES: list[Case] = [
    dockerfile("FORM a", 1, 1, says="no FROM"),
    on_base("RUN <<EOF\nx", 2, says="has no end"),
]
PASSES: list[Case] = [on_base("RUN <<EOF\nx\nEOF")]
