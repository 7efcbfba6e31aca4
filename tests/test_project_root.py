"""A repository of one function: every kind of step takes the project's root, whatever else stands there."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from optimizer import (
    Command,
    DotnetBuild,
    Extension,
    Files,
    GoBuild,
    ImageSpec,
    JavaBuild,
    Lock,
    NodeDependencies,
    PythonDependencies,
    RubyDependencies,
    RustBuild,
    SourceCode,
    plan,
)
from optimizer.builders.docker.context import BuildContext, build_context, context_entries, stage_context
from optimizer.builders.layer import archive_members
from optimizer.cli import render
from optimizer.project.files import Project

GOLDEN = Path(__file__).parent / "golden"
LOCK = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
# What a project of one function has beside the sources.
BESIDE = {
    "cdk.out/manifest.json": "{}",
    "cdk.out/asset.0/Dockerfile": "FROM scratch\n",
    "optimizer.lock": "version = 1\n",
    "Dockerfile": "FROM scratch\n",
    ".dockerignore": "node_modules\n",
    "README.md": "read me\n",
    "layers/README.md": "layers\n",
}
# Runtime, where the files of the project are taken from, and the step for a directory of the project.
KINDS: dict[str, tuple[str, str, Callable[[str], Any]]] = {
    "source-code": ("python3.13", "go/project/functions/ingest", SourceCode),
    "files": ("python3.13", "go/project/functions/ingest", lambda path: Files(path, to="/opt/all/")),
    "extension": ("python3.13", "go/project/functions/ingest", Extension),
    "command": ("python3.13", "go/project/functions/ingest", lambda path: Command([["make"]], inputs=(path,))),
    "go-build": ("provided.al2023", "go/project/functions/ingest", lambda path: GoBuild(path, package="cmd/ingest")),
    "rust-build": ("provided.al2023", "rust/project/functions/ingest", lambda path: RustBuild(path, binary="ingest")),
    "dotnet-build": ("dotnet8", "dotnet/project/functions/invoice", lambda path: DotnetBuild(path, project="src/Invoice/Invoice.csproj")),
    "java-build": ("java21", "java-maven/project/functions/invoice", JavaBuild),
    "python-dependencies": ("python3.13", "python-uv/project/functions/api", lambda path: PythonDependencies(f"{path}/uv.lock")),
    "node-dependencies": ("nodejs22.x", "nodejs-npm/project", lambda path: NodeDependencies(f"{path}/package-lock.json")),
    "ruby-dependencies": ("ruby3.4", "ruby/project", lambda path: RubyDependencies(f"{path}/Gemfile.lock")),
}


def made(kind: str, spelling: str, root: Path) -> tuple[BuildContext, Project]:
    runtime, _, step = KINDS[kind]
    project = Project(root)
    return build_context(plan(ImageSpec(runtime=runtime, steps=[step(spelling)]), LOCK, root=root), project), project


@pytest.fixture
def root(kind: str, tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / KINDS[kind][1], tmp_path / "project")
    for name, text in BESIDE.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


@pytest.mark.parametrize("kind", KINDS)
def test_the_root_can_be_written_as_a_context(kind: str, root: Path, tmp_path: Path) -> None:
    """ "./go.mod" and "go.mod" were two files of one name: "File exists; hint: free some space"."""
    context, project = made(kind, ".", root)
    directory = stage_context(context, project, tmp_path / "out")
    text = (directory / "Dockerfile").read_text()
    assert text == context.dockerfile != "FROM scratch\n"
    held = [entry.path for entry in context_entries(context, project)]
    held += [member.path for packed in context.archives.values() for member in archive_members(packed, project)]
    assert held
    assert not [path for path in held if path.startswith("./")]
    # Files are taken as they are.
    assert kind == "files" or not [path for path in held if "cdk.out" in path]
    for archive in context.archives:
        with tarfile.open(directory / archive) as opened:
            assert opened.getnames()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spelling", ["./", "x/..", "././."])
def test_every_spelling_of_the_root_is_the_same_image(kind: str, spelling: str, root: Path) -> None:
    assert made(kind, spelling, root)[0].digest == made(kind, ".", root)[0].digest


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spelling", ["./x", "x/", "./x/", "x/./", "x//", "y/../x"])
def test_every_spelling_of_a_directory_is_the_same_image(kind: str, spelling: str, root: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    shutil.move(root, tmp_path / "whole" / "x")
    assert made(kind, spelling, tmp_path / "whole")[0].digest == made(kind, "x", tmp_path / "whole")[0].digest


@pytest.mark.parametrize("kind", ["go-build"])
def test_render_writes_the_context_of_the_root(kind: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    (root / "optimizer.lock").write_text(LOCK.render())
    (root / "api.image.toml").write_text(
        'runtime = "provided.al2023"\n[[steps]]\nkind = "go-build"\nsource = "."\npackage = "cmd/ingest"\n'
    )
    result = CliRunner().invoke(render.command, ["api.image.toml", "--output", "out"], catch_exceptions=False)
    assert result.exit_code == 0
    context = Path(result.stdout.strip())
    assert (context / "go.mod").is_file() and (context / "cmd/ingest/main.go").is_file()
    # A second run finds the first one's output in the project.
    again = CliRunner().invoke(render.command, ["api.image.toml", "--output", "out"], catch_exceptions=False)
    assert again.stdout == result.stdout
