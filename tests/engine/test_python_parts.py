"""A lock of Python packages in several layers is the tree of one installation, and a new release makes one layer new."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import ImageSpec, Lock, PythonDependencies, plan
from optimizer.adapters.host.python_packages import PythonPackagesTree
from optimizer.adapters.host.tree import BaseFacts, TreeRequest
from optimizer.bases.tools import known_tools
from optimizer.builders.docker.checks import checks
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.packing import Packing
from optimizer.model.plan import BuildPlan
from optimizer.project.files import Project
from tests.engine.both_ways import built, published
from tests.engine.example import inspected
from tests.engine.host_python import exact_python
from tests.engine.host_uv import installed_uv
from tests.engine.package_index import package_index
from tests.engine.planned import planned_image
from tests.patience import PATIENCE_S
from tests.test_golden import GOLDEN

NAMES = ("alpha", "beta", "gamma-x", "delta")
PATHS = (
    "ns/{name}/__init__.py",
    "ns/{name}.py",
    "{name}/__init__.py",
    "{name}/data/table.csv",
    "{name}.libs/lib.so",
    "{info}.data/data/share/{name}/notes.txt",
    "{info}.data/data/share/common/notes.txt",
    "{info}.data/scripts/{name}-tool",
    "tests/__init__.py",
    "ns/__init__.py",
)
"""What wheels hold: packages, namespaces, data, scripts; the last three, and common notes, may be in several."""


def wheel(name: str, paths: Sequence[str], content: str, script: bool) -> tuple[str, bytes]:
    """The file name and the bytes of a wheel."""
    module = name.replace("-", "_")
    info = f"{module}-1.0"
    files = {path.format(name=module, info=info): f"# {content}\nWHO = {name!r}\n" for path in paths}
    if script:
        files[f"{info}.dist-info/entry_points.txt"] = f"[console_scripts]\n{name} = {module}:main\n"
    files[f"{info}.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    files[f"{info}.dist-info/WHEEL"] = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    rows = []
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for path, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            archive.writestr(path, text)
            rows.append(f"{path},sha256={digest},{len(text.encode())}")
        archive.writestr(f"{info}.dist-info/RECORD", "\n".join([*rows, f"{info}.dist-info/RECORD,,"]) + "\n")
    return f"{module}-1.0-py3-none-any.whl", data.getvalue()


@st.composite
def fleets(draw: st.DrawFn) -> tuple[dict[str, bytes], list[str], list[list[str]]]:
    """Wheels by file name, requirements, and groups of some of the packages."""
    wheels, lines = {}, []
    for name in NAMES:
        paths = draw(st.lists(st.sampled_from(PATHS), unique=True, min_size=1, max_size=5))
        content = draw(st.sampled_from(["same", name]))
        file, data = wheel(name, paths, content, draw(st.booleans()))
        wheels[file] = data
        lines.append(f"{name}==1.0 --hash=sha256:{hashlib.sha256(data).hexdigest()}")
    numbers = draw(st.lists(st.integers(0, 3), min_size=len(NAMES), max_size=len(NAMES)))
    groups = [[name for name, number in zip(NAMES, numbers, strict=True) if number == each] for each in (1, 2, 3)]
    return wheels, lines, [group for group in groups if group]


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    directory = installed_uv(known_tools().tools["uv"].tool.version, tmp_path_factory.mktemp("uv"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(directory), os.environ["PATH"]]))
        patch.setenv("UV_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def python(registry: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The directory of the very Python of the base."""
    return str(exact_python(registry, tmp_path_factory.mktemp("python")))


def planned(root: Path, packing: Packing, lock: str = "requirements.txt", *, bytecode: bool = False, **known: Any) -> BuildPlan:
    pins = replace(Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8")), packing=packing)
    step = PythonDependencies(lock, name="packages", **known)
    return plan(ImageSpec(runtime="python3.13", bytecode=bytecode, steps=[step]), pins, root=root)


def trees(made: BuildPlan, root: Path, python: str = "") -> dict[str, Path]:
    """The trees of all stages, made on this machine, by the names of the stages."""
    files = Project(root)
    context = stage_context(build_context(made, files), files, root / "contexts")
    found = {}
    for stage in made.stages:
        found[stage.name] = Path(tempfile.mkdtemp(dir=root))
        request = TreeRequest(plan=made, stage=stage, context=context, facts=BaseFacts(python=python))
        assert PythonPackagesTree().obstacle(request) == ""
        PythonPackagesTree().make(request, found[stage.name])
    return found


def listed(tree: Path) -> dict[str, tuple[bytes, bool]]:
    """What files hold, and whether they are executable, by path."""
    return {
        str(path.relative_to(tree)): (path.read_bytes(), bool(path.stat().st_mode & 0o111)) for path in tree.rglob("*") if path.is_file()
    }


def checked(made: BuildPlan, found: Mapping[str, Path]) -> str:
    """What the check of the build says of the trees; empty where it lets the build go on."""
    (check,) = checks(made).values()
    *_, last = check.body.actions
    (script,) = last.commands  # type: ignore[union-attr]
    _, machine, _, name, *others = script.arguments  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory, "check.py")
        program.write_text(script.text)  # type: ignore[union-attr]
        parts = Path(directory, "parts")
        parts.mkdir()
        for other in others:
            (parts / other).symlink_to(found[other])
        argv = [sys.executable, str(program), str(found[name]), machine, str(parts), name, *others]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


@settings(max_examples=8, derandomize=True)
@given(fleet=fleets())
def test_parts_are_the_tree_of_one_installation(uv: None, fleet: tuple[dict[str, bytes], list[str], list[list[str]]]) -> None:
    """Requirement: "Installing in groups gives the same tree as installing at once: verified, including namespace packages,
    overlapping files, data files and console scripts; an overlap is grouped, never a silent difference"."""
    wheels, lines, groups = fleet
    with package_index(wheels) as index, tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        (root / "requirements.txt").write_text("\n".join([f"--index-url {index.url}", *lines]))
        (whole,) = trees(planned(root, Packing()), root).values()
        made = planned(root, Packing(groups={"python": tuple(map(tuple, groups))}))
        parts = trees(made, root)
        files = {name: listed(tree) for name, tree in parts.items()}
        paths = [path for entries in files.values() for path in entries]
        together = {path: entry for entries in files.values() for path, entry in entries.items()}
        said = checked(made, parts) if len(parts) > 1 else ""
        if len(paths) == len(set(paths)):
            assert said == ""
            assert together == listed(whole)
        else:
            assert "both hold /var/task/" in said
            assert "to together in [packing] of optimizer.lock" in said


@pytest.mark.parametrize(
    ("project", "lock", "groups"),
    [
        ("host-python", "requirements.txt", []),
        ("host-python", "uv.lock", []),
        ("host-python", "Pipfile.lock", []),
        ("host-poetry", "poetry.lock", ["reports", "tables"]),
    ],
)
def test_parts_of_each_kind_of_lock_are_one_tree(
    project: str, lock: str, groups: list[str], uv: None, python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement: "slim options and byte-code work part by part with the same bytes as the whole"."""
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], python]))
    root = tmp_path / "project"
    shutil.copytree(Path(__file__).parent / "projects" / project, root)
    known: dict[str, Any] = {"groups": groups, "slim": ["caches", "static-libraries", "type-stubs"], "bytecode": True}
    packing = Packing(groups={"python": (("click",), ("idna", "requests"), ("jinja2", "markupsafe"))})
    (whole,) = trees(planned(root, Packing(), lock, **known), root, VERSION).values()
    made = planned(root, packing, lock, **known)
    parts = trees(made, root, VERSION)
    assert len(parts) > 1
    assert {path: entry for tree in parts.values() for path, entry in listed(tree).items()} == listed(whole)
    assert checked(made, parts) == ""


VERSION = "3.13.5"
LARGE = "numpy==2.2.4\npandas==2.2.3\npython-dateutil==2.9.0.post0\npytz==2025.2\ntzdata==2025.2\n"
PACKING = Packing(groups={"python": (("numpy",), ("pandas",), ("six",))})


def locked(directory: Path, name: str, packages: str) -> Path:
    """A project whose lock has the packages with their hashes."""
    root = directory / name
    root.mkdir()
    (root / "in.txt").write_text(packages)
    argv = ["uv", "pip", "compile", "--quiet", "--no-deps", "--generate-hashes", "--python", sys.executable, "--python-version", "3.13"]
    subprocess.run([*argv, "in.txt", "--output-file", "requirements.txt"], cwd=root, check=True, timeout=PATIENCE_S)
    return root


def test_a_bumped_package_is_the_only_new_layer(
    uv: None, registry: str, python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requirement: "bump one small package in a fleet with numpy and pandas: the bytes new to the registry are that package's
    layer, in both back ends with equal `diff_id`s"."""
    monkeypatch.setenv("PATH", os.pathsep.join([os.environ["PATH"], python]))
    layers, ids = [], []
    for version in ("1.16.0", "1.17.0"):
        root = locked(tmp_path, version, f"{LARGE}six=={version}\n")
        name = f"{registry}/python-parts:{version}"
        step = PythonDependencies("requirements.txt", name="packages")
        image = planned_image(registry, root, step, runtime="python3.13", destinations=[name], packing=PACKING)
        assert image.plan.layers == ("packages-numpy", "packages-pandas", "packages-six", "packages")
        layers.append(published(image))
        ids.append(built(image, name))
        subprocess.run(["docker", "pull", "--quiet", name], check=True, capture_output=True, timeout=PATIENCE_S)
        assert dict(zip(image.plan.layers, inspected(name)[0][-4:], strict=True)) == ids[-1]
    assert [layer.stage for layer in layers[1] if layer.source != "found"] == ["packages-six"]
    assert [(layer.stage, layer.pushed == layer.size) for layer in layers[1] if layer.pushed] == [("packages-six", True)]
    assert {stage for stage in ids[0] if ids[0][stage] != ids[1][stage]} == {"packages-six"}
