"""The shape of the package: imports, public names, start-up times, pages that are made from the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import tomlkit

import optimizer
from optimizer.model.spec import json_schema
from optimizer.report.specification import specification_page
from tests.pace import START_S, quickest
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def test_modules_import_in_one_direction() -> None:
    result = run(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert result.returncode == 0, result.stdout


def test_importing_the_package_is_light() -> None:
    """Requirement: "`import optimizer` under 50 ms and free of jsii"."""
    program = "import sys, optimizer; print(sorted({'jsii', 'aws_cdk', 'boto3', 'urllib3', 'click', 'tomlkit'} & set(sys.modules)))"
    assert run(sys.executable, "-c", program).stdout == "[]\n"
    assert quickest(lambda: run(sys.executable, "-c", "import optimizer")) - START_S < 0.05


def test_help_answers_at_once() -> None:
    """Requirement: "`optimizer --help` under 200 ms", beside the interpreter's own start."""
    assert quickest(lambda: run(sys.executable, "-m", "optimizer", "--help")) - START_S < 0.2


def test_a_function_loads_no_rules() -> None:
    program = "import sys; from optimizer.cdk import OptimizedFunction;"
    program += "print(sorted(name for name in sys.modules if name.startswith(('optimizer.linting', 'optimizer.sam'))))"
    assert run(sys.executable, "-c", program).stdout == "[]\n"


def test_a_push_in_the_place_of_docker_reads_no_templates() -> None:
    """CDK starts the program anew for each of its calls."""
    program = "import sys, optimizer.docker_program.push;"
    program += "print(sorted(name for name in sys.modules if name.startswith(('optimizer.linting', 'optimizer.sam', 'optimizer.adapters.assembly'))))"
    assert run(sys.executable, "-c", program).stdout == "[]\n"


@pytest.mark.parametrize("name", optimizer.__all__)
def test_public_names_are_there(name: str) -> None:
    assert getattr(optimizer, name) is not None


def test_the_reference_page_is_that_of_the_code() -> None:
    page = ROOT / "docs" / "specification.md"
    assert page.read_text(encoding="utf-8") == specification_page(), "write it again: python -m tests.write_pages"


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "golden").glob("*/spec.toml")), ids=lambda path: path.parent.name)
def test_the_schema_accepts_every_good_spec(path: Path) -> None:
    jsonschema.validate(tomlkit.parse(path.read_text(encoding="utf-8")).unwrap(), json_schema())


def test_the_schema_refuses_a_misspelt_key() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"runtime": "python3.13", "architekture": "arm64"}, json_schema())


@pytest.mark.parametrize("file", ["requirements.txt", "docs/requirements.txt"])
def test_every_requirement_is_pinned_and_has_its_reason(file: str) -> None:
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[a-z0-9_.\[\]-]+==[\d.]+(; .+)?", line), line
            assert line.partition("==")[0] in reasons, line


def test_every_page_has_its_place_on_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages - set(re.findall(r"[\w-]+\.md", navigation)) == set(), "add it to nav in mkdocs.yml"
