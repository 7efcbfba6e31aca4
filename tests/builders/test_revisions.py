"""Whoever changes how a recipe is made has to decide whether its trees change, and so its revision."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from optimizer.builders.docker.render import context_scripts, render, render_part
from optimizer.model.recipes import KINDS
from optimizer.planning.document import text_digest
from tests.planning.test_keys import STAGES
from tests.test_golden import GOLDEN

FILE = GOLDEN / "revisions.json"


def made(kind: str) -> dict[str, object]:
    """The revision of a recipe, and a digest of the instructions that make one of that kind."""
    plan, stage = STAGES[kind]
    text = render(plan) if stage.archive_alone else render_part(plan, [stage.name], image=False)
    scripts = [] if stage.archive_alone else sorted(context_scripts(replace(plan, stages=(stage,))).items())
    return {"revision": KINDS[kind].revision, "instructions": text_digest(json.dumps([text, scripts]))}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_changed_instructions_are_looked_at(kind: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        FILE.write_text(json.dumps({name: made(name) for name in sorted(KINDS)}, indent=2) + "\n", encoding="utf-8")
    known = json.loads(FILE.read_text(encoding="utf-8"))[kind]
    assert made(kind) == known, (
        f"the instructions of {KINDS[kind].__name__} changed: where they make another tree of the same values, raise its revision, "
        "or layers of both forms would have one key; then run pytest tests/builders/test_revisions.py --update-golden"
    )
