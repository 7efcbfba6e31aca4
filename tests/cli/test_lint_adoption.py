"""``optimizer lint`` with configuration, baseline, fixes and formats, as its users run it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.test_lint import BAD, GOOD, run
from tests.linting.cases import PYTHON
from tests.patience import PATIENCE_S

FIXABLE = f"FROM {PYTHON}\nEXPOSE 80\nCOPY . ./\nCMD app.handler\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    for path, text in {"api/Dockerfile": FIXABLE, "web/Dockerfile": BAD, "ok/Dockerfile": GOOD}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    return tmp_path


def contents(directory: Path) -> dict[str, bytes]:
    return {os.fspath(path.relative_to(directory)): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


def rules(stdout: str) -> list[str]:
    return [finding["rule"] for finding in json.loads(stdout)["findings"]]


class TestConfiguration:
    def test_of_the_nearest_file_decides_rules_severities_and_threshold(self, tree: Path) -> None:
        (tree / "api" / "optimizer.toml").write_text('[conventions]\nfail_on = "error"\nignore = ["LIO603"]\n', encoding="utf-8")
        (tree / "web" / "optimizer.toml").write_text(
            '[conventions.severities]\nLIO602 = "info"\nLIO603 = "off"\nLIO102 = "info"\n', encoding="utf-8"
        )
        result = run(tree, ".", "--format", "json")
        assert result.returncode == 0
        assert rules(result.stdout) == ["LIO601", "LIO406", "LIO501", "LIO102", "LIO602"]
        assert run(tree, ".", "--fail-on", "warning").returncode == 1

    def test_paths_are_selected_however_they_are_named(self, tree: Path) -> None:
        (tree / "optimizer.toml").write_text('[conventions]\ninclude = ["api", "web"]\nexclude = ["web/Docker*"]\n', encoding="utf-8")
        assert json.loads(run(tree, ".", "--format", "json").stdout)["summary"]["subjects"] == 1
        # As a pre-commit hook names them.
        result = run(tree, "web/Dockerfile")
        assert (result.returncode, result.stdout) == (0, "0 checked; 0 error, 0 warning, 0 info\n")

    def test_of_a_file_that_the_pipeline_names_holds_for_all(self, tree: Path) -> None:
        (tree / "web" / "optimizer.toml").write_text('[conventions]\nfail_on = "error"\nignore = ["LIO"]\n', encoding="utf-8")
        (tree / "house.toml").write_text('[conventions]\nselect = ["LIO603"]\n', encoding="utf-8")
        result = run(tree, "web", "--config", "house.toml", "--format", "json")
        assert (result.returncode, rules(result.stdout)) == (1, ["LIO603"])

    def test_suppressions_know_what_was_checked_and_what_was_not(self, tree: Path) -> None:
        (tree / "optimizer.toml").write_text(
            '[[conventions.suppressions]]\nrules = ["LIO602", "LIO603", "LIO102"]\nreason = "r"\npath = "web/*"\n\n'
            '[[conventions.suppressions]]\nrules = ["user-set"]\nreason = "r"\npath = "ok"\n',
            encoding="utf-8",
        )
        assert rules(run(tree, "web", "--format", "json").stdout) == []
        result = run(tree, "web", "ok")
        assert result.returncode == 1
        assert "optimizer.toml:6:1: warning LIO003 unused-suppression" in result.stdout

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["."], "optimizer.toml:2: conventions.fail_on"),
            ([".", "--config", "nowhere.toml"], "nowhere.toml: does not exist"),
            ([".", "--write-baseline"], "--write-baseline needs a file"),
            ([".", "--grow"], "--grow needs --write-baseline"),
        ],
    )
    def test_wrong_use_exits_2_with_a_hint(self, tree: Path, words: list[str], message: str) -> None:
        (tree / "optimizer.toml").write_text('[conventions]\nfail_on = "eror"\n', encoding="utf-8")
        result = run(tree, *words)
        assert (result.returncode, result.stdout) == (2, "")
        assert message in result.stderr
        assert "Traceback" not in result.stderr


class TestBaseline:
    def test_adopts_in_three_steps_and_only_shrinks(self, tree: Path) -> None:
        """Requirement: "lets an old estate adopt without fixing everything first, and only ever shrinks"."""
        known = ["--baseline", "lint-baseline.json"]
        result = run(tree, ".", *known)
        assert result.returncode == 2
        assert "write it: optimizer lint . --baseline lint-baseline.json --write-baseline" in result.stderr
        written = run(tree, ".", *known, "--write-baseline")
        assert (written.returncode, written.stderr) == (0, "wrote lint-baseline.json: 7 known\n")
        before = (tree / "lint-baseline.json").read_bytes()
        assert run(tree, ".", *known).stdout == "3 checked; 0 error, 0 warning, 0 info; 7 known\n"
        # A new fault counts, and does not get in.
        (tree / "ok" / "Dockerfile").write_text(GOOD + "USER 1\n", encoding="utf-8")
        result = run(tree, ".", *known, "--write-baseline", "--format", "json")
        assert (result.returncode, rules(result.stdout)) == (1, ["LIO602"])
        assert (tree / "lint-baseline.json").read_bytes() == before
        # One that is fixed must leave it.
        (tree / "ok" / "Dockerfile").write_text(GOOD, encoding="utf-8")
        (tree / "web" / "Dockerfile").write_text(BAD.replace("USER 1000\n", ""), encoding="utf-8")
        result = run(tree, ".", *known)
        assert result.returncode == 1
        assert 'LIO602 is fixed in "web/Dockerfile", and the baseline still holds it' in result.stdout
        hint = next(line for line in result.stdout.splitlines() if "make the baseline smaller" in line).partition(": optimizer lint ")[2]
        assert run(tree, *shlex.split(hint.partition("smaller: ")[2] or hint)).returncode == 0
        assert run(tree, ".", *known).stdout == "3 checked; 0 error, 0 warning, 0 info; 6 known\n"

    @pytest.mark.parametrize(("name", "table"), [("optimizer.toml", ""), ("pyproject.toml", "[tool.optimizer]\n")])
    def test_of_the_configuration_needs_no_option(self, tree: Path, name: str, table: str) -> None:
        (tree / name).write_text(f'{table}baseline = "known.json"\n', encoding="utf-8")
        result = run(tree, ".")
        assert result.returncode == 2
        assert "write it: optimizer lint . --baseline known.json --write-baseline" in result.stderr
        assert run(tree, ".", "--write-baseline").stderr == "wrote known.json: 7 known\n"
        assert run(tree, ".").stdout == "3 checked; 0 error, 0 warning, 0 info; 7 known\n"
        # The option wins.
        assert run(tree, ".", "--baseline", "other.json", "--write-baseline").stderr == "wrote other.json: 7 known\n"
        (tree / name).write_text(f"{table}baseline = 3\n", encoding="utf-8")
        assert f"{name}:{2 if table else 1}: baseline: 3 is not a path" in run(tree, ".").stderr

    def test_grows_only_when_told(self, tree: Path) -> None:
        known = ["--baseline", "b.json", "--write-baseline"]
        run(tree, "api", *known)
        assert run(tree, ".", *known).returncode == 1
        result = run(tree, ".", *known, "--grow")
        assert (result.returncode, result.stderr) == (0, "wrote b.json: 7 known, 4 before\n")

    def test_is_the_same_from_another_directory(self, tree: Path) -> None:
        run(tree, ".", "--baseline", "b.json", "--write-baseline")
        assert run(tree / "web", ".", "--baseline", "../b.json").returncode == 0
        assert run(tree / "web", str(tree), "--baseline", "../b.json").returncode == 0

    def test_of_a_file_that_is_gone_is_outdated(self, tree: Path) -> None:
        run(tree, ".", "--baseline", "b.json", "--write-baseline")
        (tree / "web" / "Dockerfile").unlink()
        assert set(rules(run(tree, "ok", "--baseline", "b.json", "--format", "json").stdout)) == {"LIO005"}

    @pytest.mark.parametrize("data", [b"\xff", b"{", b"[]"])
    def test_of_another_kind_is_refused(self, tree: Path, data: bytes) -> None:
        (tree / "b.json").write_bytes(data)
        result = run(tree, ".", "--baseline", "b.json", "--write-baseline")
        assert (result.returncode, (tree / "b.json").read_bytes()) == (2, data)
        assert "Traceback" not in result.stderr


class TestFixes:
    def test_a_diff_writes_nothing_and_git_applies_it(self, tree: Path) -> None:
        before = contents(tree)
        result = run(tree, ".", "--diff")
        assert result.returncode == 1
        assert result.stderr == "4 findings would be fixed in 3 files\n"
        assert contents(tree) == before
        subprocess.run(["git", "apply", "-"], cwd=tree, input=result.stdout.encode(), check=True, timeout=PATIENCE_S)
        by_git = contents(tree)
        for path in by_git:
            (tree / path).unlink()
        for path, data in before.items():
            (tree / path).write_bytes(data)
        assert run(tree, ".", "--fix").returncode == 1
        assert contents(tree) == by_git

    def test_are_applied_once_and_the_rest_is_reported(self, tree: Path) -> None:
        result = run(tree, ".", "--fix", "--format", "json")
        assert (result.returncode, rules(result.stdout)) == (1, ["LIO406", "LIO102", "LIO602"])
        assert result.stderr == "4 findings fixed in 3 files\n"
        assert (tree / "api" / "Dockerfile").read_text() == f'FROM {PYTHON}\nCOPY . ./\nCMD ["app.handler"]\n'
        after = contents(tree)
        assert run(tree, ".", "--fix").stderr == "0 findings fixed in 0 files\n"
        assert contents(tree) == after
        assert run(tree, ".", "--diff").returncode == 0

    def test_keep_modes_and_leave_links_and_other_bytes_alone(self, tree: Path) -> None:
        (tree / "api" / "Dockerfile").chmod(0o640)
        (tree / "link").mkdir()
        (tree / "link" / "Dockerfile").symlink_to("../api/Dockerfile")
        odd = f"FROM {PYTHON}\nEXPOSE 80\n# \xff\n".encode("latin-1")
        (tree / "ok" / "Dockerfile").write_bytes(odd)
        result = run(tree, ".", "--fix")
        assert 'warning: "ok/Dockerfile" is not UTF-8, and is left as it is' in result.stderr
        assert (tree / "ok" / "Dockerfile").read_bytes() == odd
        assert (tree / "api" / "Dockerfile").stat().st_mode & 0o777 == 0o640
        assert (tree / "link" / "Dockerfile").is_symlink()

    def test_two_beside_one_ignore_file_write_it_once(self, tree: Path) -> None:
        (tree / "api" / "Dockerfile.other").write_text(FIXABLE, encoding="utf-8")
        run(tree, "api", "--fix")
        lines = (tree / "api" / ".dockerignore").read_text().splitlines()
        assert len(lines) == len(set(lines))

    def test_of_a_file_that_cannot_be_written_end_with_a_message(self, tree: Path) -> None:
        (tree / "api" / ".dockerignore").mkdir()
        result = run(tree, "api", "--fix")
        assert result.returncode == 2
        assert "cannot be written" in result.stderr
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("form", ["github", "gitlab", "json", "junit", "sarif"])
def test_every_format_is_one_whole_document(tree: Path, form: str) -> None:
    result = run(tree, ".", "--format", form)
    assert (result.returncode, result.stderr) == (1, "")
    if form == "junit":
        assert len(ElementTree.fromstring(result.stdout)[0]) == 7
    elif form == "github":
        assert len(result.stdout.splitlines()) == 7
    else:
        json.loads(result.stdout)


def test_sarif_links_to_the_pages_that_are_configured(tree: Path) -> None:
    (tree / "optimizer.toml").write_text('[conventions]\nrule_pages = "https://docs.example.com/rules"\n', encoding="utf-8")
    (run_,) = json.loads(run(tree, ".", "--format", "sarif", "--select", "LIO603").stdout)["runs"]
    (rule,) = run_["tool"]["driver"]["rules"]
    assert rule["helpUri"] == "https://docs.example.com/rules/LIO603.md"


def test_the_schema_of_configuration_files_is_printed(tree: Path) -> None:
    result = subprocess.run(
        [*shlex.split("python -m optimizer schema --of configuration")],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    assert "conventions" in json.loads(result.stdout)["properties"]
