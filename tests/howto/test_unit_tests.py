"""``docs/unit-tests.md``."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests import pages

PAGE = pages.page("unit-tests.md")
CODE = "def get(event, context):\n    return 1\n\n\ndef put(event, context):\n    return None\n"


def test_its_tests_pass_without_an_engine_and_find_what_changes(project: Path) -> None:
    """Requirement: "unit tests of stacks (assertions on OptimizedFunction, templates; without an engine)"."""
    pages.write(PAGE, project)
    code = project / "functions" / "shop" / "app.py"
    code.parent.mkdir(parents=True)
    code.write_text(CODE, encoding="utf-8")
    environment = {**os.environ, "DOCKER_HOST": "unix:///nowhere.sock", "CDK_DOCKER": "/nowhere/docker"}
    ((command, shown),) = pages.commands(PAGE)
    assert not shown
    assert "6 passed" in pages.run(command, project, environment)
    # An edit of the code changes the digest of the image alone.
    snapshot = (project / "tests" / "shop.template.json").read_text(encoding="utf-8")
    assert not re.search("[0-9a-f]{64}", snapshot) and "IMAGE" in snapshot
    stack = project / "shop.py"
    stack.write_text(stack.read_text(encoding="utf-8").replace("memory_size=512", "memory_size=1024"), encoding="utf-8")
    assert "2 failed, 4 passed" in pages.run(command, project, environment, 1)
