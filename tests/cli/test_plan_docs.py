"""docs/plan.md: each command in it is run, and answers what the page shows."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from tests.cli.plan_projects import synthesize, write_project

PAGE = Path(__file__).parents[2] / "docs" / "plan.md"
BLOCKS = re.findall(r"^```\n\$ optimizer plan (.*?)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
SPEC = """runtime = "python3.13"

[[steps]]
kind = "python-dependencies"
name = "packages"
lock = "requirements.txt"
size = 13000000
seconds = 8

[[steps]]
kind = "source-code"
name = "code"
source = "functions/api"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the page: the app as it is deployed, and with a bump and an edit."""
    root = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        write_project(root)
        Path("api.image.toml").write_text(SPEC, encoding="utf-8")
        synthesize("main.out")
        Path("requirements.txt").write_text("six==1.17.0\nidna==3.10\n", encoding="utf-8")
        Path("functions/jobs/app.py").write_text("def handler(event, context): return 2\n", encoding="utf-8")
        synthesize("cdk.out")
    return root


@pytest.mark.parametrize(("command", "shown"), BLOCKS, ids=[command for command, _ in BLOCKS])
def test_the_page_shows_what_the_command_says(command: str, shown: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.delenv("COLUMNS", raising=False)
    # As a terminal shows it: what was written is said on standard error.
    assert CliRunner().invoke(optimizer, ["plan", *shlex.split(command)]).output == shown


def test_every_question_is_shown() -> None:
    assert len(BLOCKS) == 5
