"""Trees of Python packages made on this machine are those of the generated Dockerfile, byte for byte."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from optimizer import BuildSecret, ImageSpec, Lock, PythonDependencies, plan
from optimizer.adapters.host.makers import HOST_TREES
from optimizer.adapters.host.pythons import local_pythons
from optimizer.adapters.host.tree import BaseFacts, Obstacle, TreeRequest, tree_chunks
from optimizer.adapters.host.uv import OLDEST
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.adapters.stage_trees import build_trees
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import known_tools
from optimizer.builders.direct.tree import layer_chunks
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.build import BuildOptions
from optimizer.project.files import Project
from tests.engine.host_python import exact_python
from tests.engine.host_uv import installed_uv
from tests.engine.package_index import CREDENTIALS, package_index
from tests.engine.package_index import wheel as index_wheel
from tests.engine.python_places import package, pin, wheel, write
from tests.patience import PATIENCE_S

PROJECT = Path(__file__).parent / "projects" / "host-python"
POETRY = Path(__file__).parent / "projects" / "host-poetry"
ARCHITECTURES = ("x86_64", "arm64")
VERSION = "3.13.5"
DOCOPT = "49b3a825280bd66b3aa83585ef59c4a8c82f2c8a522dbe754a8bc8d08c85c491"


@dataclass(frozen=True)
class Place:
    registry: str
    lock: Lock
    directory: Path

    def request(self, project: Path, step: PythonDependencies, architecture: str = "x86_64", *, bytecode: bool = False) -> TreeRequest:
        spec = ImageSpec(runtime="python3.13", architecture=architecture, bytecode=bytecode, steps=[step])
        made = plan(spec, self.lock, root=project, mirror=Mirror.parse(self.registry))
        files = Project(project)
        context = build_context(made, files)
        directory = stage_context(context, files, self.directory)
        facts = BaseFacts(python=VERSION if bytecode else "")
        return TreeRequest(
            plan=made, stage=made.stage("packages"), context=directory, facts=facts, secrets=context.secret_sources(str(project))
        )

    def built(self, request: TreeRequest, directory: Path) -> str:
        """The digest of the layer as the engine makes it."""
        archive = directory / "trees.tar"
        build_trees(request.plan, ["packages"], request.context, BuildOptions(network="host", secrets=dict(request.secrets)), archive)
        with archive.open("rb") as source:
            reader = TarReader(source, "the tree", Budget(), seekable=True)
            return digest(layer_chunks(reader, "packages", "packages"))

    def made(self, request: TreeRequest, directory: Path) -> str:
        """The digest of the layer as this machine makes it, without running anything of a container engine."""
        tree = directory / "tree"
        tree.mkdir()
        maker = HOST_TREES[request.stage.recipe.kind]
        assert maker.obstacle(request) == ""
        maker.make(request, tree)
        return digest(tree_chunks(tree, "packages"))

    def diff_ids(self, request: TreeRequest, directory: Path) -> tuple[str, str]:
        return self.built(request, directory), self.made(request, directory)


def digest(chunks: Iterator[bytes]) -> str:
    value = hashlib.sha256()
    for chunk in chunks:
        value.update(chunk)
    return value.hexdigest()


@pytest.fixture(scope="module")
def place(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The registry with the base, and a machine that has the base's very Python, and the uv of the stage."""
    directory = tmp_path_factory.mktemp("places")
    python = exact_python(registry, tmp_path_factory.mktemp("python"))
    uv = installed_uv(known_tools().tools["uv"].tool.version, tmp_path_factory.mktemp("uv"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([str(uv), os.environ["PATH"], str(python)]))
        assert VERSION in local_pythons("3.13")
        yield Place(registry, pin(registry, directory), directory)


@pytest.mark.parametrize("bytecode", [False, True], ids=["source", "byte-code"])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("lock", ["requirements.txt", "uv.lock", "pylock.toml"])
def test_a_lock_of_wheels_gives_one_layer(lock: str, architecture: str, bytecode: bool, place: Place, tmp_path: Path) -> None:
    """Requirement: "the same `diff_id` from both back ends"; scripts and compiled packages are among them."""
    request = place.request(PROJECT, PythonDependencies(lock, name="packages"), architecture, bytecode=bytecode)
    built, made = place.diff_ids(request, tmp_path)
    assert made == built


@pytest.mark.parametrize(
    ("project", "lock", "groups"),
    [
        (PROJECT, "Pipfile.lock", []),
        (POETRY, "poetry.lock", []),
        (POETRY, "poetry.lock", ["reports"]),
        (POETRY, "poetry.lock", ["reports", "tables"]),
    ],
    ids=["pipenv", "poetry", "poetry with a group", "poetry with a group and an extra"],
)
def test_what_poetry_and_pipenv_export_is_what_is_written_without_them(
    project: Path, lock: str, groups: list[str], place: Place, tmp_path: Path
) -> None:
    """The stage runs them."""
    built, made = place.diff_ids(place.request(project, PythonDependencies(lock, groups=groups, name="packages")), tmp_path)
    assert made == built


@pytest.mark.parametrize("lock", ["requirements.txt", "uv.lock"])
def test_the_oldest_uv_makes_the_same_layer(lock: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any uv of the machine will do; the stage has its own."""
    oldest = installed_uv(".".join(map(str, (*OLDEST, 0))), tmp_path / "uv")
    monkeypatch.setenv("PATH", os.pathsep.join([str(oldest), os.environ["PATH"]]))
    request = place.request(PROJECT, PythonDependencies(lock, name="packages"))
    built, made = place.diff_ids(request, tmp_path)
    assert made == built


@pytest.mark.parametrize("to", ["UV_INDEX", "netrc"])
def test_a_private_index_is_asked_with_the_build_secret(to: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, data = index_wheel("house", "1.0", 'WHO = "house"\n')
    line = f"house==1.0 --hash=sha256:{hashlib.sha256(data).hexdigest()}\n"
    with package_index({file: data}, CREDENTIALS) as index:
        monkeypatch.setenv("HOUSE", index.url_with_credentials)
        secret = BuildSecret("house", from_env="HOUSE", to_env=to)
        if to == "netrc":
            user, _, password = CREDENTIALS.partition(":")
            monkeypatch.setenv("HOUSE", f"machine 127.0.0.1 login {user} password {password}")
            secret = BuildSecret("house", from_env="HOUSE", to_file="/root/.netrc")
            line = f"--index-url {index.url}\n{line}"
        write(tmp_path / "project" / "requirements.txt", line)
        step = PythonDependencies("requirements.txt", secrets=[secret], name="packages")
        request = place.request(tmp_path / "project", step)
        made = place.made(request, tmp_path)
        asked = len(index.requests)
        assert asked
        assert made == place.built(request, tmp_path)
        assert len(index.requests) > asked


def test_files_of_the_project_and_overlaps_give_one_layer(place: Place, tmp_path: Path) -> None:
    """Wheels beside the lock, of which two hold one file, with all kinds of data; nothing tells where they were installed from."""
    project = tmp_path / "project"
    more = {
        "beta-1.0.data/data/share/beta/über.txt": "data",
        "beta-1.0.data/headers/beta.h": "",
        "beta-1.0.data/purelib/pure.py": "",
        "beta-1.0.data/platlib/plat.py": "",
        "beta-1.0.data/scripts/beta-python": "#!python\n",
        "beta-1.0.data/scripts/beta-pythonw": "#!pythonw -E\n",
        "beta-1.0.data/scripts/beta-shell": "#!/bin/sh\n",
        "beta-1.0.dist-info/entry_points.txt": "[console_scripts]\nbeta-run = shared.part:run [x]\n[gui_scripts]\nbeta-window = shared.part:run\n",
    }
    hashes = {
        name: wheel(project / "wheels", name, {"shared/part.py": f'WHO = "{name}"\n', **(more if name == "beta" else {})})
        for name in ("alpha", "beta", "gamma")
    }
    lines = [f"{name}==1.0 --hash={value}" for name, value in hashes.items() if name != "gamma"]
    lines.append(f"./wheels/gamma-1.0-py3-none-any.whl --hash={hashes['gamma']}")
    write(project / "requirements.txt", "\n".join(["--no-index", "--find-links wheels", *lines]) + "\n")
    built, made = place.diff_ids(place.request(project, PythonDependencies("requirements.txt", name="packages")), tmp_path)
    assert made == built
    assert (tmp_path / "tree" / "var" / "task" / "bin" / "beta-run").read_text().startswith("#!/var/lang/bin/python\n")


@pytest.mark.parametrize("lock", ["requirements.txt", "pylock.toml"])
def test_what_slim_leaves_out_is_the_same(lock: str, place: Place, tmp_path: Path) -> None:
    step = PythonDependencies(lock, slim=["docs", "tests", "type-stubs"], name="packages")
    built, made = place.diff_ids(place.request(PROJECT, step), tmp_path)
    assert made == built


def test_a_member_of_a_workspace_gives_one_layer(place: Place, tmp_path: Path) -> None:
    """Its first-party packages are stages of their own, which are left to an engine."""
    project = tmp_path / "project"
    package(project / "libs" / "own", "own", who="own", requires=["jmespath==1.1.0"])
    package(project / "api", "api", who="api", requires=["own", "six==1.17.0"])
    write(project / "pyproject.toml", '[tool.uv.workspace]\nmembers = ["api", "libs/own"]\n')
    api = (project / "api" / "pyproject.toml").read_text()
    write(project / "api" / "pyproject.toml", f"{api}\n[tool.uv.sources]\nown = {{ workspace = true }}\n")
    subprocess.run(["uv", "lock", "--quiet", "--project", str(project)], check=True, timeout=PATIENCE_S)
    step = PythonDependencies("uv.lock", package="api", name="packages")
    request = place.request(project, step)
    built, made = place.diff_ids(request, tmp_path)
    assert made == built
    assert {"six.py", "jmespath"} <= {path.name for path in (tmp_path / "tree" / "var" / "task").iterdir()}
    sources = [stage for stage in request.plan.stages if stage.recipe.kind == "python-source"]
    assert sources
    assert all("build backend" in HOST_TREES["python-source"].obstacle(replace(request, stage=stage)) for stage in sources)


def test_requirements_without_hashes_give_one_layer_where_only_wheels_may(place: Place, tmp_path: Path) -> None:
    """What they need themselves is resolved; files that they include are read."""
    write(tmp_path / "project" / "api" / "requirements.txt", "-r ../base.txt\nhttpx==0.28.1\n")
    write(tmp_path / "project" / "base.txt", "six==1.17.0 ; python_version >= '3.8'\ncolorama ; sys_platform == 'win32'\n")
    step = PythonDependencies("api/requirements.txt", wheels_only=True, name="packages")
    built, made = place.diff_ids(place.request(tmp_path / "project", step), tmp_path)
    assert made == built


def test_a_lock_without_packages_gives_one_layer(place: Place, tmp_path: Path) -> None:
    write(tmp_path / "project" / "pyproject.toml", '[project]\nname = "own"\nversion = "1"\nrequires-python = ">=3.11"\n')
    subprocess.run(["uv", "lock", "--quiet", "--project", str(tmp_path / "project")], check=True, timeout=PATIENCE_S)
    built, made = place.diff_ids(place.request(tmp_path / "project", PythonDependencies("uv.lock", name="packages")), tmp_path)
    assert made == built


def test_what_has_no_wheel_is_left_to_an_engine_with_its_name(place: Place, tmp_path: Path) -> None:
    write(tmp_path / "requirements.txt", f"docopt==0.6.2 --hash=sha256:{DOCOPT}\n")
    request = place.request(tmp_path, PythonDependencies("requirements.txt", name="packages"))
    with pytest.raises(Obstacle, match=r"docopt==0\.6\.2 has no usable wheels"):
        place.made(request, tmp_path)


def test_another_machine_makes_the_same_layer(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory with spaces, which no first line of a script can hold, another umask, locale, time zone, hash seed and configuration."""
    request = place.request(PROJECT, PythonDependencies("uv.lock", name="packages"))
    directory = tmp_path / "a place with spaces"
    home = directory / "home"
    write(home / ".config" / "uv" / "uv.toml", 'index-url = "http://127.0.0.1:9/simple"\n')
    write(directory / "tmp" / "uv.toml", 'index-url = "http://127.0.0.1:9/simple"\n')
    monkeypatch.setattr("tempfile.tempdir", str(directory / "tmp"))
    (directory / "one").mkdir()
    built, made = place.diff_ids(request, directory / "one")
    assert made == built
    settings = {
        "HOME": str(home),
        "UV_CACHE_DIR": str(directory / "cache"),
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_COMPILE_BYTECODE": "1",
        "UV_LINK_MODE": "symlink",
        "PYTHONHASHSEED": "7",
        "PYTHONOPTIMIZE": "2",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    previous = os.umask(0o077)
    try:
        again = directory / "again"
        again.mkdir()
        HOST_TREES[request.stage.recipe.kind].make(request, again)
    finally:
        os.umask(previous)
    assert digest(tree_chunks(again, "packages")) == built
