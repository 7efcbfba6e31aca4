"""``.pre-commit-hooks.yaml`` and ``action.yml``: what they run, run here as their hosts run it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from optimizer.adapters.path_names import is_dockerfile, is_spec
from optimizer.adapters.tree import find
from optimizer.version import VERSION
from tests import forked
from tests.cli.test_lint import BAD, GOOD
from tests.patience import PATIENCE_S
from tests.test_golden import GOLDEN

ROOT = Path(__file__).parents[1]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
OF_DOCKERFILES = [HOOKS["optimizer-lint"], HOOKS["optimizer-lint-fix"]]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
NAMES = ["Dockerfile", "Dockerfile.api", "api.Dockerfile", "dockerfile", "Containerfile", "Containerfile.x", "x.containerfile",
         "Dockerfile.dockerignore", "Dockerfile~", "Dockerfile.orig", "MyDockerfile", "Dockerfiles", "dockerfile.py/x", "README.md", "Dockerfile.a.b"]  # fmt: skip


SPEC = 'runtime = "python3.13"\n'
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Metadata:
      ImageSpec: {spec}
    Properties: {{PackageType: Image, Architectures: [x86_64], ImageConfig: {{Command: [app.handler]}}}}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in {
        "api/Dockerfile": BAD,
        "ok/Dockerfile": GOOD,
        "ok.image.toml": SPEC,
        "make.image.toml": f'{SPEC}[[steps]]\nkind = "system-packages"\npackages = ["make"]\n',
        "bad/api.image.toml": f"{SPEC}stpes = []\n",
        "template.yaml": TEMPLATE.format(spec="ok.image.toml"),
        "bad/template.yaml": TEMPLATE.format(spec="api.image.toml"),
        "optimizer.lock": (GOLDEN / "optimizer.lock").read_text(encoding="utf-8"),
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


class TestPreCommit:
    @pytest.mark.parametrize("hook", OF_DOCKERFILES, ids=lambda hook: hook["id"])
    @pytest.mark.parametrize("name", NAMES)
    def test_takes_the_files_that_lint_takes(self, hook: dict[str, Any], name: str) -> None:
        for path in (name, f"services/api/{name}"):
            assert takes(hook, path) is is_dockerfile(name.rpartition("/")[2]), path

    @pytest.mark.parametrize("name", ["template.yaml", "template.yml", "Template.JSON", "orders.template.yaml", "x.template.json",
                                      "mytemplate.yaml", "template.yaml.bak", "template.txt", "values.yaml", "templates/x.yaml", "x.template"])  # fmt: skip
    def test_takes_the_templates_that_lint_finds(self, name: str, tmp_path: Path) -> None:
        """Requirement: "hooks for templates, specs and pins"."""
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("Resources: {Api: {Type: AWS::Serverless::Function}}\n", encoding="utf-8")
        found = [os.path.relpath(item, tmp_path) for item in find([str(tmp_path)]).templates]
        for prefix in ("", "services/api/"):
            assert takes(HOOKS["optimizer-lint-templates"], prefix + name) is (found == [name])

    @pytest.mark.parametrize("name", ["api.image.toml", "x.api.image.toml", "image.toml", "api.image.toml.orig", "api.toml"])
    def test_takes_specifications(self, name: str) -> None:
        for path in (name, f"services/api/{name}"):
            assert takes(HOOKS["optimizer-lint-specs"], path) is is_spec(name)
            assert takes(HOOKS["optimizer-pin-check"], path) is is_spec(name)

    def test_what_decides_pins_has_them_checked(self) -> None:
        for path, taken in {
            "optimizer.lock": True,
            "a/optimizer.lock": True,
            "optimizer.toml": True,
            "uv.lock": False,
            "myoptimizer.lock": False,
        }.items():
            assert takes(HOOKS["optimizer-pin-check"], path) is taken

    @pytest.mark.parametrize(
        ("id", "good", "bad", "code", "said"),
        [
            ("optimizer-lint", ["ok/Dockerfile"], ["ok/Dockerfile", "api/Dockerfile"], 1, "LIO602"),
            ("optimizer-lint-fix", ["ok/Dockerfile"], ["ok/Dockerfile", "api/Dockerfile"], 1, "LIO602"),
            ("optimizer-lint-templates", ["template.yaml"], ["template.yaml", "bad/template.yaml"], 1, "bad/template.yaml:6:7: error LIO681"),
            ("optimizer-lint-specs", ["ok.image.toml"], ["ok.image.toml", "make.image.toml"], 1, "make.image.toml: warning LIO201"),
            ("optimizer-lint-specs", ["ok.image.toml"], ["ok.image.toml", "bad/api.image.toml"], 2, 'error: bad/api.image.toml: stpes: unknown key "stpes"'),
        ],
    )  # fmt: skip
    def test_runs(self, id: str, good: list[str], bad: list[str], code: int, said: str, tree: Path) -> None:
        assert ran(tree, HOOKS[id], *good)[0] == 0
        answer = ran(tree, HOOKS[id], *bad)
        assert (answer[0], said in answer[1]) == (code, True), answer[1]

    def test_checks_the_pins_of_all_specifications(self, tree: Path) -> None:
        """Whatever files a commit changes: the lock of the golden projects has both images, and an empty one has none."""
        hook = HOOKS["optimizer-pin-check"]
        assert hook["pass_filenames"] is False
        (tree / "bad" / "api.image.toml").unlink()
        assert ran(tree, hook)[0] == 0
        (tree / "optimizer.lock").write_text("version = 1\n", encoding="utf-8")
        code, said = ran(tree, hook)
        assert (code, "public.ecr.aws/lambda/python:3.13  is not pinned" in said) == (1, True), said

    @pytest.mark.parametrize(
        ("id", "paths", "hint"),
        [
            ("optimizer-lint", ["api/Dockerfile"], "optimizer pin --image public.ecr.aws/lambda/python:3.13"),
            ("optimizer-lint-fix", ["api/Dockerfile"], "optimizer pin --image public.ecr.aws/lambda/python:3.13"),
            ("optimizer-lint-templates", ["template.yaml"], "optimizer pin --image public.ecr.aws/lambda/python:3.13"),
            ("optimizer-lint-specs", ["ok.image.toml"], "optimizer pin --image public.ecr.aws/lambda/python:3.13"),
            ("optimizer-pin-check", [], "optimizer pin --image public.ecr.aws/lambda/python:3.13"),
        ],
    )
    def test_a_program_that_fixes_name_is_one_that_the_user_can_have(self, id: str, paths: list[str], hint: str, tree: Path) -> None:
        """Requirement: "the pre-commit hook's hints name a program that its user does not have"."""
        (tree / "bad" / "api.image.toml").unlink()
        note = f"pip install lambda-image-optimizer=={VERSION}"
        (tree / "optimizer.lock").write_text("version = 1\n", encoding="utf-8")
        by_hand = ran(tree, HOOKS[id], *paths)[1]
        assert hint in by_hand
        assert note not in by_hand
        assert ran(tree, HOOKS[id], *paths, PRE_COMMIT="1")[1].count(note) == 1
        assert note not in ran(tree, HOOKS["optimizer-lint"], "ok/Dockerfile", PRE_COMMIT="1")[1]

    def test_the_page_names_every_hook(self) -> None:
        page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
        rows = re.findall(r"^\| `(optimizer-[a-z-]+)` \|", page, re.MULTILINE)
        assert rows == list(HOOKS)


def takes(hook: dict[str, Any], path: str) -> bool:
    """Whether pre-commit gives the file of this path to the hook, by the patterns alone."""
    return bool(re.search(hook["files"], path)) and not re.search(hook.get("exclude", "^$"), path)


def ran(directory: Path, hook: dict[str, Any], *paths: str, **environment: str) -> tuple[int, str]:
    """The exit code and the output of a hook, run as pre-commit runs it."""
    program, *words = shlex.split(hook["entry"])
    assert (program, hook["language"]) == ("optimizer", "python")
    result = forked.run("optimizer", *words, *paths, cwd=directory, env={**os.environ, "PYTHONPATH": str(ROOT), **environment})
    return result.returncode, result.stdout + result.stderr


class TestAction:
    @pytest.fixture
    def installed(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """What the first step makes, of the optimizer that is tested."""
        home = tmp_path_factory.mktemp("runner")
        program = home / "optimizer" / "bin" / "optimizer"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m optimizer "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        return home

    def check(self, tree: Path, home: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
        step = next(step for step in ACTION["runs"]["steps"] if step["name"] == "Check")
        names = {variable: re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)[1] for variable, text in step["env"].items()}  # type: ignore[index]
        values = {name: str(item["default"]) for name, item in ACTION["inputs"].items()} | {
            name.replace("_", "-"): value for name, value in inputs.items()
        }
        used = {text for step in ACTION["runs"]["steps"] for text in step["env"].values()}
        assert {f"${{{{ inputs.{name} }}}}" for name in values} <= used, "an input is not used"
        environment = {variable: values[name] for variable, name in names.items()}
        return subprocess.run(
            # As GitHub's runner starts bash.
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=tree,
            env={"PATH": os.environ["PATH"], "RUNNER_TEMP": str(home), **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def test_annotates_and_fails(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed)
        assert result.returncode == 1
        assert result.stdout.startswith("::warning file=api/Dockerfile,line=1,")
        assert self.check(tree, installed, paths="ok").returncode == 0

    def test_writes_sarif_too(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed, paths="api ok", sarif="out.sarif", fail_on="error")
        assert result.returncode == 1
        assert '"ruleId": "LIO603"' in (tree / "out.sarif").read_text(encoding="utf-8")

    def test_ends_with_the_error_of_wrong_use(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed, config="nowhere.toml", sarif="out.sarif")
        assert (result.returncode, result.stderr.count("does not exist")) == (2, 1)

    def test_inputs_are_no_program(self, tree: Path, installed: Path) -> None:
        result = self.check(tree, installed, paths="ok $(touch pwned) ; touch pwned", config="$(touch pwned)")
        assert result.returncode == 2
        assert not (tree / "pwned").exists()
        assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])
