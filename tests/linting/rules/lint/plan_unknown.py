from __future__ import annotations

from dataclasses import replace

from tests.linting.cases import PYTHON, Case, dockerfile

_OTHER = dockerfile(f"FROM {PYTHON}\n", 1, says="was changed")


def _noted(case: Case, note: str) -> Case:
    return replace(case, subject=replace(case.subject, plan_note=note))


CATCHES: list[Case] = [_noted(_OTHER, "its generated Dockerfile was changed after it was synthesized")]
PASSES: list[Case] = [dockerfile(f"FROM {PYTHON}\n")]
