"""``optimizer render --for microvm``: the archive that AWS builds, and what it cannot build."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import shlex
import stat
import zipfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from optimizer import ImageSpec
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cli import render
from optimizer.dockerfile.parse import read
from optimizer.errors import ConfigurationError, SpecError
from optimizer.model.reference import ImageReference
from optimizer.planning.plan import required_images

BASE = "public.ecr.aws/lambda/microvms:al2023-minimal"
START = '["python3", "/var/task/server.py"]'
SPEC = f"""runtime = "provided.al2023"
architecture = "arm64"
base = "{BASE}"

[[steps]]
kind = "source-code"
source = "src"
exclude = ["*.md"]

[[steps]]
kind = "command"
run = [["sh", "-c", "mkdir -p /layer/tree/opt/made"]]
"""
SECRET = """
[[steps]]
kind = "python-dependencies"
lock = "requirements.txt"
index_url = "https://packages.example.com/simple"

[[steps.secrets]]
id = "netrc"
from_env = "NETRC"
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    day = datetime.date(2026, 11, 1)
    images = [
        BASE,
        "public.ecr.aws/lambda/python:3.13",
        "registry.example.com/base:1",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/base:1",
    ]
    pinned = [LockedImage(reference=ImageReference.parse(image), digest="sha256:" + "5" * 64, resolved=day) for image in images]
    for path, text in {
        "optimizer.lock": Lock().with_images(pinned).render(),
        "vm.image.toml": SPEC,
        "src/server.py": "print(1)\n",
        "src/run.sh": "#!/bin/sh\n",
        "src/README.md": "read me\n",
        "requirements.txt": "idna==3.10\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "src/run.sh").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(render.command, ["vm.image.toml", "--for", "microvm", *words], catch_exceptions=False)


def archive(*words: str) -> Path:
    result = run("--output", "dist", *words)
    assert result.exit_code == 0
    return Path(result.stdout.strip())


def test_the_dockerfile_is_at_the_root_and_needs_no_buildkit() -> None:
    """Requirement: "Dockerfile at its root, no mounts"."""
    with zipfile.ZipFile(archive("--entrypoint", START)) as found:
        text = found.read("Dockerfile").decode()
        names = set(found.namelist())
    dockerfile, problems = read(text)
    assert problems == ()
    assert "--mount" not in text and "--network" not in text and "--link" not in text and "<<" not in text
    assert len(dockerfile.stages) > 1 and text.endswith(f"ENTRYPOINT {START}\n")
    assert f"FROM {BASE}@sha256:" in text
    copied = {
        word for line in text.splitlines() if line.startswith(("ADD ", "COPY ")) and "--from" not in line for word in line.split()[1:-1]
    }
    assert copied and copied <= names, "every file that it names is there"


def test_what_is_ignored_is_left_out_before() -> None:
    """Requirement: "ignores applied before zipping"."""
    with zipfile.ZipFile(archive()) as found:
        assert ".dockerignore" not in found.namelist()
        layer = found.read("layers/source-code-src.tar")
    assert b"server.py" in layer and b"README.md" not in layer


def test_equal_inputs_give_equal_bytes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "deterministic bytes"; the name is the digest."""
    first = archive()
    data = first.read_bytes()
    assert first.name == f"{hashlib.sha256(data).hexdigest()}.zip"
    os.utime(project / "src/server.py", (1, 1))
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    previous = os.umask(0o077)
    try:
        second = archive("--root", str(project))
    finally:
        os.umask(previous)
    assert (second.name, second.read_bytes()) == (first.name, data)
    (project / "src/server.py").write_text("print(2)\n")
    assert archive().name != first.name
    assert [path.suffix for path in (project / "dist").iterdir()] == [".zip", ".zip"], "no part is left"


def test_modes_are_those_of_every_machine() -> None:
    with zipfile.ZipFile(archive()) as found:
        modes = {entry.filename: entry.external_attr >> 16 for entry in found.infolist()}
    assert stat.S_IMODE(modes["Dockerfile"]) == 0o644
    assert {stat.S_IMODE(mode) for name, mode in modes.items() if name.endswith("/")} == {0o755}


def test_all_that_does_not_allow_it_is_told_at_once(project: Path) -> None:
    """Requirement: "else says which step does not (all faults at once)"."""
    text = SPEC.replace("provided.al2023", "python3.13").replace(f'base = "{BASE}"\n', "").replace("arm64", "x86_64")
    (project / "vm.image.toml").write_text(text + SECRET)
    with pytest.raises(SpecError) as raised:
        run()
    faults = raised.value.faults
    assert [fault.place for fault in faults] == ["vm.image.toml: steps[2].secrets[0]", "vm.image.toml: architecture", "--entrypoint"]
    assert 'needs the build secret "netrc"' in faults[0].message
    assert all(fault.hint for fault in faults)


def test_a_base_of_functions_is_taken_with_a_warning(project: Path) -> None:
    """AWS does not name them: what cannot be judged is said to be so."""
    (project / "vm.image.toml").write_text(SPEC.replace("provided.al2023", "python3.13").replace(f'base = "{BASE}"\n', ""))
    result = run("--entrypoint", START)
    assert result.exit_code == 0
    assert "AWS does not name the base images of functions, such as public.ecr.aws/lambda/python:3.13" in result.stderr


@pytest.mark.parametrize(
    ("base", "says"),
    [
        (BASE, "the MicroVM starts what the base starts"),
        ("registry.example.com/base:1", "images of registry.example.com are reached only if it is public"),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/base:1", "only if it is the account that builds"),
    ],
)
def test_where_images_come_from_is_told_as_far_as_it_is_known(base: str, says: str, project: Path) -> None:
    (project / "vm.image.toml").write_text(SPEC.replace(BASE, base))
    assert says in run().stderr


PYTHON = '[[steps]]\nkind = "python-dependencies"\nlock = "requirements.txt"\n'
COMMAND = '[[steps]]\nkind = "command"\nname = "made"\nrun = [["sh", "-c", "true"]]\n'


@pytest.mark.parametrize(
    ("runtime", "step", "says"),
    [
        ("python3.13", PYTHON, 'the step "python-dependencies" runs python in '),
        ("python3.13", '[[steps]]\nkind = "source-code"\nsource = "src"\n', 'the step "source-code-src" runs python in '),
        ("nodejs22.x", COMMAND, 'the step "made" runs node in '),
        ("ruby3.4", COMMAND, 'the step "made" runs ruby in '),
        ("provided.al2023", COMMAND.replace('"sh", "-c", "true"', '"gcc", "a.c"'), 'the step "made" runs gcc in '),
        ("provided.al2023", COMMAND.replace('"sh", "-c", "true"', '"env", "A=1", "make", "all"'), 'the step "made" runs make in '),
        ("provided.al2023", '[[steps]]\nkind = "system-packages"\npackages = ["git"]\n', 'the step "system-packages" runs dnf in '),
    ],
)
def test_what_a_step_runs_in_a_base_that_may_not_have_it_is_told(runtime: str, step: str, says: str, project: Path) -> None:
    """Requirement: "else says which step does not"."""
    (project / "vm.image.toml").write_text(f'runtime = "{runtime}"\narchitecture = "arm64"\nbase = "{BASE}"\n{step}')
    (warning,) = [line for line in run("--entrypoint", START).stderr.splitlines() if " runs " in line]
    assert warning.startswith(f'warning: {says}{BASE}, which is not the base of "{runtime}" and may not have it')


@pytest.mark.parametrize(
    ("runtime", "base", "step"),
    [
        ("provided.al2023", BASE, COMMAND),
        ("provided.al2023", BASE, '[[steps]]\nkind = "files"\nsource = "src"\nto = "/opt/src/"\n'),
        ("python3.13", "public.ecr.aws/lambda/python:3.13", PYTHON),
        ("nodejs22.x", BASE, COMMAND.replace("name", 'image = "registry.example.com/base:1"\nname')),
    ],
    ids=["a shell", "files", "the runtime's own base", "another image"],
)
def test_nothing_is_said_of_steps_that_run_nothing_of_the_base(runtime: str, base: str, step: str, project: Path) -> None:
    (project / "vm.image.toml").write_text(f'runtime = "{runtime}"\narchitecture = "arm64"\nbase = "{base}"\n{step}')
    result = run("--entrypoint", START)
    assert result.exit_code == 0 and " runs " not in result.stderr


def test_without_output_the_dockerfile_is_printed() -> None:
    result = run("--entrypoint", START)
    assert result.stdout.endswith(f"ENTRYPOINT {START}\n")


@pytest.mark.parametrize("text", ["python3 server.py", "[]", '["python3", 1]', "{}"])
def test_an_entry_point_is_a_list_of_words(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a list of words in JSON"):
        run("--entrypoint", text)


@pytest.mark.parametrize("words", [["--for", "microvm", "--profile", "classic"], ["--entrypoint", START]])
def test_options_that_contradict_are_refused(words: list[str]) -> None:
    result = CliRunner().invoke(render.command, ["vm.image.toml", *words])
    assert result.exit_code == 2
    assert isinstance(result.exception, SystemExit | click.UsageError)


def test_what_the_page_shows(project: Path) -> None:
    """Requirement: "Every command shown in docs is run by a test"; the network is left out."""
    page = (Path(__file__).parents[2] / "docs" / "microvms.md").read_text(encoding="utf-8")
    (spec,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (project / "sandbox.image.toml").write_text(spec)
    (project / "sandbox").mkdir()
    (project / "sandbox/go.mod").write_text("module sandbox\n\ngo 1.25\n")
    (project / "sandbox/main.go").write_text("package main\n\nfunc main() {}\n")
    (project / "certificates").mkdir()
    (project / "certificates/root.pem").write_text("certificate\n")
    shown = [shlex.split(line)[1:] for line in re.findall(r"^(\$ .*)$", page, re.MULTILINE)]
    assert [words[1] for words in shown] == ["pin", "render"]
    loaded = ImageSpec.load("sandbox.image.toml")
    day = datetime.date(2026, 11, 1)
    pinned = [LockedImage(reference=image, digest="sha256:" + "5" * 64, resolved=day) for image in required_images(loaded)]
    (project / "optimizer.lock").write_text(Lock().with_images(pinned).render())
    result = CliRunner().invoke(render.command, shown[1][2:], catch_exceptions=False)
    assert result.exit_code == 0
    assert Path(result.stdout.strip()).suffix == ".zip"
