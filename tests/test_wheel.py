"""The wheel, installed away from the checkout, in an empty CDK project: that is how forty teams will use it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DIGEST = "sha256:" + "5" * 64


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory into which the wheel is installed, without its dependencies, which this environment has."""
    work = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(work), str(ROOT)], check=True, timeout=PATIENCE_S, cwd=work)
    (wheel,) = work.glob("*.whl")
    assert f"dist/{wheel.name}" in README
    subprocess.run([*pip, "install", "--no-deps", "--target", str(work / "site"), str(wheel)], check=True, timeout=PATIENCE_S, cwd=work)
    return work / "site"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The function of the README's five minutes, with its stack and a lock."""
    function = tmp_path / "functions" / "hello"
    function.mkdir(parents=True)
    (function / "app.py").write_text('def handler(event, context):\n    return {"hello": event.get("name", "world")}\n')
    (function / "requirements.txt").write_text("idna==3.10\n")
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "app.py").write_text(program)
    (tmp_path / "optimizer.lock").write_text(
        f'version = 1\n\n[[image]]\nreference = "public.ecr.aws/lambda/python:3.13"\ndigest = "{DIGEST}"\n'
        'resolved = 2026-11-01\nkind = "index"\n'
    )
    return tmp_path


def run(project: Path, installed: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "CDK_OUTDIR": "cdk.out"}
    return subprocess.run(
        [sys.executable, *argv], cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


def test_the_page_for_coding_agents_is_there(installed: Path) -> None:
    assert (installed / "optimizer" / "agents.md").read_text(encoding="utf-8").startswith("# For coding agents")


def test_the_first_function_of_the_readme_works(installed: Path, project: Path) -> None:
    synthesis = run(project, installed, "app.py")
    assert synthesis.returncode == 0, synthesis.stderr
    shown = run(project, installed, "-m", "optimizer", "plan", "cdk.out")
    assert shown.returncode == 0, shown.stderr
    assert "in lambda-images" in shown.stdout
    (function,) = json.loads(run(project, installed, "-m", "optimizer", "plan", "cdk.out", "--format", "json").stdout)["functions"]
    assert function["base"] == f"public.ecr.aws/lambda/python:3.13@{DIGEST}"
    assert function["stages"] == ["python-dependencies", "source-code-hello"]
    assert "1 function, 1 image, 1 repository in each account and region" in shown.stdout


def test_the_installed_code_is_the_one_that_runs(installed: Path, project: Path) -> None:
    found = run(project, installed, "-c", "import optimizer; print(optimizer.__file__)").stdout
    assert found.startswith(str(installed))


def test_the_program_for_the_place_of_docker_is_installed(installed: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A docker of this machine, with or without an engine, would be asked, and answer in its own words.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    answer = run(project, installed, str(installed / "bin" / "optimizer-docker"), "inspect", "cdkasset-unknown")
    assert (answer.returncode, 'there is no image "cdkasset-unknown"' in answer.stderr) == (1, True)


def test_a_spec_in_toml_renders(installed: Path, project: Path) -> None:
    (project / "hello.image.toml").write_text(
        'runtime = "python3.13"\n\n[[steps]]\nkind = "source-code"\nsource = "functions/hello"\n\n'
        '[[steps]]\nkind = "python-dependencies"\nlock = "functions/hello/requirements.txt"\nslim = ["tests"]\n'
    )
    rendered = run(project, installed, "-m", "optimizer", "render", "hello.image.toml")
    assert rendered.returncode == 0, rendered.stderr
    assert "COPY --from=source-code-hello /layer/tree/ /" in rendered.stdout
    # The script comes from a data file of the package.
    assert "python /scripts/slim_python.py /layer/tree /slim tests" in rendered.stdout
    assert "source=scripts/slim_python.py,target=/scripts/slim_python.py" in rendered.stdout


def test_a_first_project_is_written(installed: Path, tmp_path: Path) -> None:
    written = run(tmp_path, installed, "-m", "optimizer", "new", "shop", "--no-pin")
    assert written.returncode == 0, written.stderr
    tested = run(tmp_path / "shop", installed, "-m", "unittest", "discover", "tests")
    assert "Ran 2 tests" in tested.stderr


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["render", "gone.image.toml"], "error: gone.image.toml: the spec cannot be read: No such file or directory"),
        (["plan", "gone"], 'error: gone: "gone" does not exist'),
        (["plan", "functions"], 'error: functions: "functions" is a directory; optimizer plan takes an image specification'),
        (["pin", "--image", "python3.13", "--update", "--mirror", "127.0.0.1:9"], 'error: registry "127.0.0.1:9" cannot be reached'),
        (["pin", "--image", "pyton3.13"], 'error: --image: unknown runtime "pyton3.13"'),
        (["rendr"], 'no command "rendr"'),
    ],
)
def test_bad_input_gives_one_clear_message_and_exit_code_2(installed: Path, project: Path, argv: list[str], message: str) -> None:
    result = run(project, installed, "-m", "optimizer", *argv)
    assert result.returncode == 2, result.stdout + result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr
