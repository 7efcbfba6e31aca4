"""Nothing that a stage does to its tree reaches the cache that an installer keeps for later builds.

uv, pnpm and Yarn link the files of their caches where they can, or are told to; what is stripped,
compiled or given another mode in a tree would then be so in the cache too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from optimizer.builders.docker.actions import Run
from optimizer.builders.docker.lower import stage_bodies
from optimizer.model.plan import BuildPlan
from tests.test_golden import CASES, plan_of

# The commands that make trees out of a cache, and the words without which they link.
COPYING = {
    re.compile(r"\buv (pip install|pip sync|sync)\b"): "--link-mode copy",
    re.compile(r"\bpnpm (.* )?(install|deploy|add)\b"): "--package-import-method=copy",
    re.compile(r"\byarn (.* )?focus\b"): "YARN_NM_MODE=classic",
}
LINKING = re.compile(r"\bln (?!-s)|\bcp (-\w*l|.*--link\b)")


def commands(plan: BuildPlan) -> Iterator[str]:
    for body in stage_bodies(plan).values():
        for action in body.actions:
            if isinstance(action, Run):
                yield from (" ".join(command) for command in action.commands if isinstance(command, tuple))


@pytest.mark.parametrize("case", CASES)
def test_installers_copy_from_their_caches(case: str) -> None:
    for command in commands(plan_of(case)):
        assert not LINKING.search(command), command
        for installer, words in COPYING.items():
            assert not installer.search(command) or words in command, command


def test_the_golden_plans_hold_each_installer() -> None:
    known = [command for case in CASES for command in commands(plan_of(case))]
    assert all(any(installer.search(command) for command in known) for installer in COPYING)
