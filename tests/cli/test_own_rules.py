"""Rules of a company that a configuration names: every front end runs them, and nothing else of a checkout runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import optimizer
from optimizer.config.own_rules import GROUP
from optimizer.errors import ConfigurationError
from tests.cli.test_lint import GOOD, run
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
HOUSE = 'extends = "acme_lambda:optimizer.toml"\n'


def declare(site: Path, name: str, value: str, package: str = "acme") -> None:
    """What installing a package leaves beside its modules."""
    info = site / f"{package}-1.0.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {value}\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The package of docs/company-conventions, as installed."""
    shutil.copytree(ROOT / "docs" / "company-conventions" / "acme_lambda", tmp_path / "site" / "acme_lambda")
    declare(tmp_path / "site", "acme", "acme_lambda.rules:RULES")
    return tmp_path / "site"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in {
        "shop/.git/HEAD": "",
        "shop/optimizer.toml": HOUSE,
        "shop/api/Dockerfile": GOOD,
        "shop/web/Dockerfile": GOOD + "LABEL acme.owner=web\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path / "shop"


@pytest.fixture(autouse=True)
def imports_of_its_own() -> Iterator[None]:
    """A package that one test imports is no package of another."""
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_lambda"]:
        del sys.modules[name]


def path_of(*directories: Path) -> str:
    return os.pathsep.join([*map(str, directories), str(ROOT)])


def found(tree: Path, site: Path, *words: str) -> list[tuple[str, str, str]]:
    result = run(tree, *words, "--format", "json", PYTHONPATH=path_of(site))
    assert result.stdout, result.stderr
    return [(item["rule"], item["severity"], item["path"]) for item in json.loads(result.stdout)["findings"]]


def test_explain_knows_the_rules_that_the_configuration_names(tree: Path, site: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": path_of(site)}
    argv = [sys.executable, "-m", "optimizer", "explain", "acme101"]
    result = subprocess.run(argv, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert result.stdout.startswith("# ACME101: "), result.stderr


def test_lint_runs_the_rules_that_the_configuration_names(tree: Path, site: Path) -> None:
    """Issue 14: "House rules run in `cdk synth` only: `lint`, pre-commit and the action never see them"."""
    assert found(tree, site, ".") == [("ACME101", "error", "api/Dockerfile")]
    # As a pre-commit hook names files.
    assert found(tree, site, "web/Dockerfile", "api/Dockerfile") == [("ACME101", "error", "api/Dockerfile")]


def test_their_words_are_those_of_any_rule(tree: Path, site: Path) -> None:
    assert found(tree, site, ".", "--select", "acme-owner-label") == [("ACME101", "error", "api/Dockerfile")]
    assert found(tree, site, ".", "--ignore", "ACME") == []
    (tree / "optimizer.toml").write_text(f'{HOUSE}[conventions]\nseverities = {{ ACME101 = "info" }}\n')
    assert found(tree, site, ".") == [("ACME101", "info", "api/Dockerfile")]
    (tree / "api" / "Dockerfile").write_text("# optimizer: ignore-file ACME101 -- nobody owns it\n" + GOOD)
    assert found(tree, site, ".") == []


def test_they_hold_where_the_configuration_holds(tree: Path, site: Path) -> None:
    (tree / "optimizer.toml").unlink()
    (tree / "api" / "optimizer.toml").write_text(HOUSE)
    (tree / "web" / "Dockerfile").write_text(GOOD)
    assert found(tree, site, ".") == [("ACME101", "error", "api/Dockerfile")]


def test_a_baseline_knows_them(tree: Path, site: Path) -> None:
    assert run(tree, ".", "--baseline", "b.json", "--write-baseline", PYTHONPATH=path_of(site)).returncode == 0
    assert found(tree, site, ".", "--baseline", "b.json") == []
    (tree / "api" / "Dockerfile").write_text(GOOD + "LABEL acme.owner=api\n")
    assert found(tree, site, ".", "--baseline", "b.json") == [("LIO005", "warning", "b.json")]


def test_the_library_runs_them_too(tree: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tree)
    assert [finding.rule for finding in optimizer.lint(".").findings] == ["ACME101"]
    from acme_lambda.rules import RULES  # type: ignore[import-not-found]

    # A program that gives them as well runs them once.
    assert [finding.rule for finding in optimizer.lint(".", rules=RULES).findings] == ["ACME101"]


class TestWhatIsRefused:
    """Importing code of a checkout's own choosing would run it on the machine of whoever looks at it."""

    def fails(self, tree: Path, *site: Path) -> str:
        result = run(tree, ".", PYTHONPATH=path_of(*site))
        assert result.returncode == 2 and "Traceback" not in result.stderr
        return result.stderr

    def test_what_is_not_installed(self, tree: Path, site: Path) -> None:
        (tree / "optimizer.toml").write_text('[conventions]\nrules = ["acmee"]\n')
        assert self.fails(tree, site) == (
            'error: optimizer.toml:2: conventions.rules[0]: no installed package has the rules "acmee"; installed: acme\n'
            '  hint: did you mean "acme"?\n'
        )
        assert 'installed: none\n  hint: install the package whose entry points "lambda_image_optimizer.rules"' in self.fails(tree)

    @pytest.mark.parametrize("name", ["evil", "evil:RULES", "evil.py", "./evil.py", "os"])
    def test_modules_and_what_the_checkout_declares_itself(self, name: str, tree: Path) -> None:
        (tree / "evil.py").write_text("open('pwned', 'w')\nRULES = []\n")
        declare(tree, "evil", "evil:RULES", "evil")
        (tree / "optimizer.toml").write_text(f'[conventions]\nrules = ["{name}"]\n')
        assert f'no installed package has the rules "{name}"' in self.fails(tree)
        assert not (tree / "pwned").exists()

    def test_a_module_of_the_checkout_in_place_of_the_installed_one(self, tree: Path, site: Path) -> None:
        (tree / "acme_lambda").mkdir()
        (tree / "acme_lambda" / "__init__.py").write_text("open('pwned', 'w')\n")
        assert found(tree, site, ".") == [("ACME101", "error", "api/Dockerfile")]
        assert not (tree / "pwned").exists()

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("raise OSError('no disk')", "cannot be loaded: OSError: no disk"),
            ("", "cannot be loaded: AttributeError: "),
            ("RULES = 3", "are no list of rules"),
            ("RULES = ['x']", "'x' is not a Rule"),
            ("from optimizer.linting.rules import RULES as ALL\nfrom dataclasses import replace\nRULES = [replace(ALL[0], since='9')]", "is the id or name of another rule"),
        ],
    )  # fmt: skip
    def test_what_holds_no_rules(self, text: str, message: str, tree: Path, site: Path) -> None:
        (site / "acme_lambda" / "rules.py").write_text(text + "\n")
        assert message in self.fails(tree, site)

    def test_one_name_for_two(self, tree: Path, site: Path) -> None:
        declare(site, "acme", "other:RULES", "other")
        assert 'several installed packages have the rules "acme": acme_lambda.rules:RULES, other:RULES' in self.fails(tree, site)

    def test_a_rule_that_nobody_brings(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tree)
        (tree / "optimizer.toml").write_text('[conventions.severities]\nACME101 = "info"\n')
        with pytest.raises(ConfigurationError, match='no rule is called "ACME101"'):
            optimizer.lint(".")


def test_the_search_leaves_the_path_of_imports_as_it_was(tree: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(site)
    monkeypatch.chdir(tree)
    before = list(sys.path)
    optimizer.lint(".")
    assert sys.path == before


def test_images_of_a_mirror_count_as_what_they_mirror(tree: Path) -> None:
    """Issue 14: "`lint` has no `--mirror`: LIO101 for each of the project's own images"."""
    (tree / "optimizer.toml").unlink()
    text = GOOD.replace("public.ecr.aws/", "registry.example.com/aws/")
    for name in ("api", "web"):
        (tree / name / "Dockerfile").write_text(text)
    words = [".", "--select", "LIO101", "--format", "json"]
    assert len(json.loads(run(tree, *words).stdout)["findings"]) == 2
    assert json.loads(run(tree, *words, "--mirror", "registry.example.com/aws").stdout)["findings"] == []
    hint = run(tree, ".", "--mirror", "registry.example.com/aws", "--baseline", "b.json").stderr
    assert "optimizer lint . --baseline b.json --write-baseline --mirror registry.example.com/aws" in hint
    assert run(tree, ".", "--mirror", "https://x").returncode == 2
