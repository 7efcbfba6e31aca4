"""The check of a build whose lock is in several layers: it ends where two of them hold one path."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.builders.docker.actions import Run, Script
from optimizer.builders.docker.checks import checks
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.builders.docker.render import render_trees
from optimizer.project.files import Project
from tests.patience import PATIENCE_S
from tests.test_golden import GOLDEN, plan_of

CASE = "python-packed"
SITE = "var/task"


def script() -> Script:
    (check,) = checks(plan_of(CASE)).values()
    (run,) = check.body.actions
    assert isinstance(run, Run)
    (found,) = run.commands
    assert isinstance(found, Script)
    return found


SCRIPT = script().text


def write(tree: Path, package: str, paths: Sequence[str]) -> None:
    """Install a package of those paths, as its RECORD says it."""
    for path in paths:
        (tree / SITE / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / SITE / path).write_text("", encoding="utf-8")
    info = tree / SITE / f"{package}-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    rows = [f"../../{path},," if path.startswith("bin/") else f"{path},," for path in paths]
    (info / "RECORD").write_text("\n".join([*rows, f"{info.name}/RECORD,,"]), encoding="utf-8")


def check(root: Path, packages: Mapping[str, Mapping[str, Sequence[str]]], needs: Mapping[str, str] | None = None) -> str:
    """What the check says of layers with packages with paths, and with what they need, if anybody asks; empty where it ends well."""
    for layer, held in packages.items():
        (root / layer).mkdir()
        for package, paths in held.items():
            write(root / layer, package, paths)
            text = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n{(needs or {}).get(package, '')}"
            (root / layer / SITE / f"{package}-1.0.dist-info" / "METADATA").write_text(text, encoding="utf-8")
    program = root / "program.py"
    program.write_text(SCRIPT, encoding="utf-8")
    *others, last = packages
    argv = [sys.executable, str(program), str(root / last), "aarch64" if needs else "", str(root), last, *others]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, bool(done.stderr)) in ((0, False), (1, True))
    return done.stderr


def test_the_refusal_names_the_packages_the_path_and_the_fix(tmp_path: Path) -> None:
    said = check(
        tmp_path, {"a-one": {"one": ["tests/__init__.py", "tests/x.py", "one.py"]}, "a": {"two": ["tests/__init__.py", "tests/x.py"]}}
    )
    assert said == (
        "error: one 1.0 and two 1.0 both hold /var/task/tests/__init__.py and 1 more paths, and have layers of their own, a-one and a: "
        'installed at once, one of them would win; add ["one", "two"] to together in [packing] of optimizer.lock\n'
    )


def test_scripts_are_paths_as_any_other(tmp_path: Path) -> None:
    said = check(tmp_path, {"a-one": {"one": ["bin/tool"]}, "a": {"two": ["bin/tool"]}})
    assert "one 1.0 and two 1.0 both hold /var/task/bin/tool, and" in said


def test_a_file_in_the_place_of_a_directory_ends_the_build(tmp_path: Path) -> None:
    said = check(tmp_path, {"a-one": {"one": ["ns/one.py"]}, "a": {"two": ["ns"]}})
    assert "both hold /var/task/ns," in said


def test_each_pair_is_named(tmp_path: Path) -> None:
    said = check(tmp_path, {"a-one": {"one": ["x.py"]}, "a-two": {"two": ["y.py"]}, "a": {"three": ["x.py", "y.py"]}})
    assert [line.partition(" both")[0] for line in said.splitlines()] == ["error: one 1.0 and three 1.0", "error: two 1.0 and three 1.0"]


def test_what_a_package_needs_is_in_a_layer_of_its_lock(tmp_path: Path) -> None:
    """At once, an installer would refuse such requirements; a part is installed without dependencies."""
    needs = {
        "one": "Requires-Dist: two<2\nRequires-Dist: Thr_ee>=2\nRequires-Dist: four ; extra == 'more'\nRequires-Dist: five (==\n",
        "two": "Requires-Dist: six[x] ; platform_machine == 'aarch64'\nRequires-Dist: seven ; sys_platform == 'win32'\n",
    }
    packages = {"a-one": {"one": ["one.py"]}, "a": {"two": ["two.py"], "Thr.ee": ["three.py"]}}
    assert check(tmp_path, packages, needs) == (
        "error: one 1.0 needs Thr_ee>=2, and the lock has 1.0; lock again\nerror: two 1.0 needs six, and the lock lacks it; lock again\n"
    )


def test_what_packages_need_is_asked_of_requirements_alone() -> None:
    """Other locks name everything, and may leave out what a package says that it needs."""
    assert script().arguments[1] == "aarch64"
    (other,) = checks(plan_of("python-uv-packed")).values()
    assert other.body.actions[0].commands[0].arguments[1] == ""  # type: ignore[union-attr]


PATHS = st.lists(st.sampled_from(["ns/a.py", "ns/b.py", "ns/c/__init__.py", "bin/tool", "share/x", "top.py"]), unique=True, max_size=3)


@settings(max_examples=20)
@given(st.lists(PATHS, min_size=2, max_size=4))
def test_it_ends_the_build_exactly_where_layers_share_a_path(layers: list[list[str]]) -> None:
    """Requirement: "an overlap is grouped, never a silent difference"; a directory may be in all of them."""
    paths = [path for held in layers for path in held]
    with tempfile.TemporaryDirectory() as directory:
        said = check(Path(directory), {f"layer-{number}": {f"p{number}": held} for number, held in enumerate(layers)})
    assert bool(said) == (len(paths) != len(set(paths)))


def test_the_context_has_the_requirements_of_each_part(tmp_path: Path) -> None:
    made, project = plan_of(CASE), Project(GOLDEN / CASE / "project")
    directory = stage_context(build_context(made, project), project, tmp_path)
    found = {path.name.rpartition("-")[0]: path.read_text() for path in (directory / "requirements").iterdir()}
    assert sorted(found) == ["click", "idna", "six"]
    assert found["six"].splitlines()[0] == "--index-url https://packages.example.com/simple"


def test_trees_alone_are_made_without_the_check() -> None:
    """The other back end has its own."""
    made = plan_of(CASE)
    assert "--checked" not in render_trees(made, [stage.name for stage in made.stages])
