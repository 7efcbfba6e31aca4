"""What stages read of a build context is held against what it was written with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from optimizer import Command, Extension, Files, ImageSpec, Lock, NodeDependencies, SourceCode, plan
from optimizer.adapters.context_contents import changed_inputs
from optimizer.adapters.plan_files import read_plan, write_plan
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.docker.kept import kept_plan
from optimizer.model.steps import Step
from optimizer.planning.document import KeptPlan
from optimizer.project.files import Project

LOCK = Lock.parse(
    'version = 1\n[[image]]\nreference = "public.ecr.aws/lambda/nodejs:22"\n'
    f'digest = "sha256:{"1" * 64}"\nresolved = 2026-11-01\nkind = "index"\n'
)
PROJECT = {
    "app/index.js": "exports.handler = 1;\n",
    "app/lib/more.js": "",
    "models/one.bin": "1",
    "tools/agent": "#!/bin/sh\n",
    "tools/run": "#!/bin/sh\n",
    "scripts/own.sh": "",
    "Dockerfile": "FROM scratch\n",
}
AGAIN = "run cdk synth again"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in PROJECT.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    shutil.copytree(Path(__file__).parents[1] / "engine" / "projects" / "npm", root / "npm")
    (root / "tools" / "run").chmod(0o755)
    (root / "app" / "link.js").symlink_to("lib/more.js")
    (root / "app" / "empty").mkdir()
    return root


def written(root: Path, *steps: Step) -> tuple[KeptPlan, Path]:
    """A plan as it is read from beside its context, and the context."""
    project = Project(root)
    made = plan(ImageSpec(runtime="nodejs22.x", steps=list(steps)), LOCK, root=root)
    context = build_context(made, project)
    directory = stage_context(context, project, root.parent / "out")
    write_plan(directory, kept_plan(made, context, project))
    return read_plan(directory.with_name(f"{directory.name}.plan.json")), directory


def faults(kept: KeptPlan, directory: Path, *stages: str) -> list[str]:
    found = changed_inputs(kept, stages or [stage.name for stage in kept.plan.stages], directory)
    assert {fault.hint for fault in found} <= {AGAIN}
    return sorted(fault.message for fault in found)


CODE = SourceCode("app", name="code")
PACKAGES = NodeDependencies("npm/package-lock.json", name="packages")
EVERYTHING = [
    CODE,
    PACKAGES,
    SourceCode("app/index.js", to="/opt/", name="file"),
    Files("models", to="/opt/", name="top", exclude=["*.txt"]),
    Files("models/one.bin", to="/opt/renamed.bin", name="renamed"),
    Extension(source="tools", name="agent"),
    Command([["make"]], name="whole", inputs=["."]),
    Command([["make"]], name="part", inputs=["app", "scripts"], after=["packages"]),
]


def test_a_context_is_what_it_was_written_with(root: Path) -> None:
    """Every form of input and archive is known again, on a machine with other times and another umask."""
    kept, directory = written(root, *EVERYTHING)
    assert len(kept.contents) == len(kept.plan.plain_inputs()) + len(kept.plan.packed())
    copy = root.parent / "artifact" / directory.name
    shutil.copytree(directory, copy, symlinks=True)
    for path in copy.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700 | 0o600)
    assert faults(kept, copy) == []


@pytest.mark.parametrize("there", [(), ("scripts",), ("layers",), ("layers", "scripts")])
def test_an_empty_directory_where_generated_files_stand_is_no_change(there: tuple[str, ...], root: Path) -> None:
    """The context has it either way, and does not tell whether the project has."""
    (root / "scripts" / "own.sh").unlink()
    (root / "scripts").rmdir()
    for name in there:
        (root / name).mkdir()
    kept, directory = written(root, CODE, Command([["make"]], name="whole", inputs=["."]))
    assert faults(kept, directory) == []


def test_a_changed_archive_is_named(root: Path) -> None:
    """Requirement: "refuse at publish with the file's name and the fix"; the archive of another content is whole in itself."""
    kept, directory = written(root, CODE, Files("models", to="/opt/ml/", name="models"))
    (root / "app" / "index.js").write_text("exports.handler = 2;\n")
    _, other = written(root, CODE, Files("models", to="/opt/ml/", name="models"))
    archive = directory / "layers" / "code.tar"
    shutil.copy(other / "layers" / "code.tar", archive)
    assert faults(kept, directory) == [f'the archive "{archive}" is not as it was written: a file in it is another one']
    assert faults(kept, directory, "models") == [], "nobody reads the archive of a layer that is found"
    archive.write_bytes(archive.read_bytes()[:700])
    (told,) = faults(kept, directory)
    assert told.startswith(f'the archive "{archive}" is not as it was written: ')
    archive.unlink()
    (directory / "layers" / "models.tar").unlink()
    (directory / "layers" / "models.tar").mkdir()
    assert faults(kept, directory) == [
        f'the archive "{archive}" is missing',
        f'the archive "{directory}/layers/models.tar" cannot be read: Is a directory',
    ]


@pytest.mark.parametrize("change", ["content", "mode", "missing", "link out"])
def test_a_changed_lock_is_named(change: str, root: Path) -> None:
    kept, directory = written(root, CODE, PACKAGES)
    path = directory / "npm" / "package-lock.json"
    if change == "content":
        path.write_text(path.read_text().replace("4.2.0", "4.1.0"))
    elif change == "mode":
        path.chmod(0o755)
    else:
        path.unlink()
    if change == "link out":
        path.symlink_to("/etc/hostname")
    (told,) = faults(kept, directory)
    assert told == {
        "missing": f'"{path}" is missing in the build context',
        "link out": f'the build context {directory} is not as it was written: "npm/package-lock.json" is a link out of the project '
        f'"{directory.name}"',
    }.get(change, f'"{path}" was changed after the build context was written')


@pytest.mark.parametrize(("name", "text"), [("app/lib/new.js", ""), ("app/index.js", "2"), ("scripts/own.sh", "2")])
def test_a_change_below_a_directory_is_named_with_the_directory(name: str, text: str, root: Path) -> None:
    kept, directory = written(root, Command([["make"]], name="whole", inputs=["."]))
    (directory / name).write_text(text)
    assert faults(kept, directory) == [f'"{directory}", or something below it, was changed after the build context was written']


def test_what_a_stage_stands_on_counts(root: Path) -> None:
    kept, directory = written(root, PACKAGES, Command([["make"]], name="part", inputs=["app"], after=["packages"]))
    (directory / "npm" / "package-lock.json").write_text("{}")
    assert len(faults(kept, directory, "part")) == 1, "a build of the one installs the other"


def test_a_plan_without_contents_is_no_proof(root: Path) -> None:
    kept, directory = written(root, CODE)
    assert len(faults(KeptPlan(plan=kept.plan, keys=kept.keys, dockerfile=kept.dockerfile), directory)) == 1
