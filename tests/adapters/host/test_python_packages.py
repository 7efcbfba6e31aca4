"""When packages are installed on this machine, with which commands, and with nothing of the user's configuration."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import BuildSecret, ImageSpec, Lock, PythonDependencies, plan
from optimizer.adapters.host import python_obstacles, python_packages, uv
from optimizer.adapters.host.makers import HOST_TREES
from optimizer.adapters.host.python_packages import PythonPackagesTree
from optimizer.adapters.host.tree import BaseFacts, Obstacle, TreeRequest
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.errors import EngineError
from optimizer.model.plan import OnTarget
from optimizer.project.files import Project
from tests.test_golden import GOLDEN

HASH = "--hash=sha256:" + "a" * 64
LOCKED = f"six==1.17.0 {HASH}\n"
UV_LOCK = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "app"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "six" }]
[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://example.com/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:aa" }]
"""
PYPROJECT = '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["six"]\n'
PYLOCK = """\
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "six"
version = "1.17.0"
index = "https://pypi.org/simple"
wheels = [{ url = "https://example.com/six-1.17.0-py2.py3-none-any.whl", hashes = { sha256 = "aa" } }]
"""
FAKE_UV = """\
#!{python}
import json, os, pathlib, sys
words = sys.argv[1:]
if words == ["--version"]:
    print("uv {version} (test)")
    raise SystemExit
with open("{log}", "a") as log:
    log.write(json.dumps({{"words": words, "environment": dict(os.environ), "directory": os.getcwd()}}) + "\\n")
if words[0] == "export":
    pathlib.Path(words[words.index("--output-file") + 1]).write_text({exported})
elif {error}:
    print({error}, file=sys.stderr)
    raise SystemExit(1)
else:
    target = pathlib.Path(words[words.index("--target") + 1])
    info = target / "six-1.17.0.dist-info"
    info.mkdir(parents=True)
    (target / "six.py").write_text("WHO = 1\\n")
    (target / ".lock").write_text("")
    (info / "METADATA").write_text({metadata})
    (info / "RECORD").write_text("six.py,,\\n")
    requirements = pathlib.Path(words[words.index("--requirement") + 1])
    pathlib.Path("{log}.requirements").write_text(requirements.read_text())
"""


class Machine:
    """A machine whose uv writes down what it is asked."""

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self.log = directory / "log"
        self.program = directory / "bin" / "uv"
        self.program.parent.mkdir()
        self._patch = patch
        self.install()
        # Beside this Python there may be a real one.
        patch.setattr(uv, "find_uv", lambda: self.program if self.program.exists() else None)
        patch.setattr(python_packages, "find_uv", uv.find_uv)

    def install(self, version: str = "0.13.9", exported: str = LOCKED, error: str = "", metadata: str = "") -> None:
        values = {"exported": repr(exported), "error": repr(error), "metadata": repr(f"Name: six\nVersion: 1.17.0\n{metadata}\n")}
        self.program.write_text(FAKE_UV.format(python=sys.executable, version=version, log=self.log, **values))
        self.program.chmod(0o755)
        uv.uv_version.cache_clear()

    def asked(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    @property
    def requirements(self) -> str:
        return Path(f"{self.log}.requirements").read_text()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def request(
    tmp_path: Path, files: Mapping[str, str], step: PythonDependencies, facts: BaseFacts | None = None, **options: object
) -> TreeRequest:
    root = tmp_path / "project"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    spec = ImageSpec(**{"runtime": "python3.13", "bytecode": False, "steps": [step], **options})  # type: ignore[arg-type]
    pins = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    made = plan(spec, pins, root=root)
    project = Project(root)
    context = build_context(made, project)
    directory = stage_context(context, project, tmp_path / "out")
    return TreeRequest(
        plan=made,
        stage=made.stage("packages"),
        context=directory,
        facts=facts or BaseFacts(),
        secrets=context.secret_sources(str(root)),
    )


def packages(lock: str = "requirements.txt", **options: object) -> PythonDependencies:
    return PythonDependencies(lock, name="packages", **options)  # type: ignore[arg-type]


def obstacle(tmp_path: Path, files: Mapping[str, str], step: PythonDependencies) -> str:
    wanted = request(tmp_path, files, step)
    return HOST_TREES[wanted.stage.recipe.kind].obstacle(wanted)


def make(wanted: TreeRequest, tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    tree.mkdir(parents=True)
    assert PythonPackagesTree().obstacle(wanted) == ""
    PythonPackagesTree().make(wanted, tree)
    return tree


def test_requirements_are_installed_as_the_stage_installs_them(machine: Machine, tmp_path: Path) -> None:
    tree = make(
        request(tmp_path, {"api/requirements.txt": f"-r base.txt\n{LOCKED}", "api/base.txt": ""}, packages("api/requirements.txt")),
        tmp_path,
    )
    (asked,) = machine.asked()
    words = asked["words"]
    assert isinstance(words, list)
    checked = words[-1]
    assert words == [
        *("pip", "install", "--link-mode", "copy", "--python", sys.executable, "--python-version", "3.13", "--only-binary", ":all:"),
        *(
            "--python-platform",
            "x86_64-manylinux_2_34",
            "--target",
            str(tree / "var" / "task"),
            "--require-hashes",
            "--requirement",
            checked,
        ),
    ]
    assert machine.requirements == LOCKED
    assert sorted(path.name for path in (tree / "var" / "task").iterdir()) == ["six-1.17.0.dist-info", "six.py"]
    assert [path.name for path in tree.iterdir()] == ["var"]


def test_uv_exports_its_lock_first(machine: Machine, tmp_path: Path) -> None:
    make(request(tmp_path, {"uv.lock": UV_LOCK, "pyproject.toml": PYPROJECT}, packages("uv.lock"), architecture="arm64"), tmp_path)
    export, install = (asked["words"] for asked in machine.asked())
    assert isinstance(export, list) and isinstance(install, list)
    place = export[2]
    assert export[:6] == ["export", "--project", place, "--frozen", "--no-dev", "--no-emit-local"]
    assert not place.startswith(str(tmp_path / "project")), "uv works on a copy"
    assert install[install.index("--python-platform") + 1] == "aarch64-manylinux_2_34"


def test_nothing_of_the_users_configuration_reaches_uv(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes, credentials and options of the user are none of the stage's."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_NO_BINARY", "UV_CONFIG_FILE", "UV_COMPILE_BYTECODE", "UV_LINK_MODE"):
        monkeypatch.setenv(name, "evil")
    for name in (
        "PYTHONPATH",
        "PYTHONSTARTUP",
        "LD_PRELOAD_OF_A_TEST",
        "AWS_SECRET_ACCESS_KEY",
        "UV_PUBLISH_TOKEN",
        "XDG_CONFIG_HOME",
        "NETRC",
    ):
        monkeypatch.setenv(name, "evil")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    make(request(tmp_path, {"requirements.txt": LOCKED}, packages()), tmp_path)
    (asked,) = machine.asked()
    environment = asked["environment"]
    assert isinstance(environment, dict)
    assert "evil" not in environment.values()
    assert environment["UV_NO_CONFIG"] == "1"
    assert environment["NETRC"] == os.devnull
    assert environment["HTTPS_PROXY"] == "http://proxy.example.com"
    assert environment["UV_CACHE_DIR"] == str(tmp_path / "cache")
    assert environment["HOME"] == asked["directory"] != os.environ["HOME"]


def test_a_build_secret_names_the_index(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE", "https://u:hunter2@example.com/simple")
    secret = BuildSecret("house", from_env="HOUSE", to_env="UV_DEFAULT_INDEX")
    make(request(tmp_path, {"requirements.txt": LOCKED}, packages(secrets=[secret])), tmp_path)
    (asked,) = machine.asked()
    assert asked["environment"]["UV_DEFAULT_INDEX"] == "https://u:hunter2@example.com/simple"  # type: ignore[index]
    assert "hunter2" not in " ".join(asked["words"])  # type: ignore[arg-type]


def test_why_uv_failed_is_told_without_the_secret(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE", "https://u:hunter2@example.com/simple")
    machine.install(
        error="error: No solution found\n  cause: six==1.17.0 has no usable wheels at https://u:hunter2@example.com/simple\n\nhint: x"
    )
    secret = BuildSecret("house", from_env="HOUSE", to_env="UV_DEFAULT_INDEX")
    with pytest.raises(Obstacle) as caught:
        make(request(tmp_path, {"requirements.txt": LOCKED}, packages(secrets=[secret])), tmp_path)
    expected = (
        "uv 0.13.9 of this machine cannot install its packages: error: No solution found cause: six==1.17.0 has no usable wheels at ***"
    )
    assert str(caught.value) == expected


def test_an_empty_secret_is_an_error_before_uv_runs(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOUSE", raising=False)
    secret = BuildSecret("house", from_env="HOUSE", to_env="UV_DEFAULT_INDEX")
    with pytest.raises(EngineError, match='"house" is empty'):
        make(request(tmp_path, {"requirements.txt": LOCKED}, packages(secrets=[secret])), tmp_path)
    assert not machine.log.exists()


def test_an_unknown_patch_release_that_decides_is_an_obstacle(machine: Machine, tmp_path: Path) -> None:
    line = f"six==1.17.0 ; python_full_version < '3.13.2' {HASH}\n"
    with pytest.raises(Obstacle, match="patch release") as caught:
        make(request(tmp_path, {"requirements.txt": line}, packages()), tmp_path)
    assert "requirements.txt" in str(caught.value)
    assert not machine.log.exists()


def test_a_known_patch_release_is_given_to_uv(machine: Machine, tmp_path: Path) -> None:
    line = f"six==1.17.0 ; python_full_version < '3.13.2' {HASH}\n"
    make(request(tmp_path, {"requirements.txt": line}, packages(), facts=BaseFacts(python="3.13.5")), tmp_path)
    words = machine.asked()[0]["words"]
    assert isinstance(words, list)
    assert words[words.index("--python-version") + 1] == "3.13.5"


def test_the_patch_release_that_the_recipe_names_is_given_to_uv(machine: Machine, tmp_path: Path) -> None:
    """This machine need not have that Python."""
    line = f"six==1.17.0 ; python_full_version < '3.11.99' {HASH}\n"
    make(request(tmp_path, {"requirements.txt": line}, packages(), runtime="python3.11"), tmp_path)
    words = machine.asked()[0]["words"]
    assert isinstance(words, list)
    assert words[words.index("--python-version") + 1] == "3.11.13"


def test_a_base_for_one_platform_is_no_obstacle_where_its_python_is_known(machine: Machine, tmp_path: Path) -> None:
    known = request(tmp_path, {"requirements.txt": LOCKED}, packages(), runtime="python3.11")
    bound = replace(known.stage, on_target=OnTarget("its base is pinned for one platform"))
    assert PythonPackagesTree().obstacle(replace(known, stage=bound)) == ""
    unknown = replace(bound, recipe=replace(bound.recipe, python=""))  # type: ignore[call-arg]
    assert PythonPackagesTree().obstacle(replace(known, stage=unknown)) == "its base is pinned for one platform"


def test_pylock_is_read_for_a_patch_release_that_this_machine_has(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = PYLOCK.replace('version = "1.17.0"\n', 'version = "1.17.0"\nmarker = "python_full_version < \'3.11.5\'"\n')
    wanted = request(tmp_path, {"pylock.toml": marked}, packages("pylock.toml"), runtime="python3.11")
    monkeypatch.setattr(python_obstacles, "local_pythons", lambda minor: {"3.11.2": Path(sys.executable)})
    with pytest.raises(Obstacle, match="patch release"):
        make(wanted, tmp_path)
    monkeypatch.setattr(python_obstacles, "local_pythons", lambda minor: {"3.11.13": Path(sys.executable)})
    make(wanted, tmp_path / "again")
    assert "3.11.13" in machine.asked()[-1]["words"]  # type: ignore[operator]


def test_metadata_that_asks_for_a_patch_release_is_an_obstacle(machine: Machine, tmp_path: Path) -> None:
    machine.install(metadata='Requires-Dist: async-timeout ; python_full_version < "3.13.3"')
    with pytest.raises(Obstacle, match=r"six-1\.17\.0"):
        make(request(tmp_path, {"requirements.txt": LOCKED}, packages()), tmp_path)


def test_an_editable_package_never_reaches_uv(machine: Machine, tmp_path: Path) -> None:
    """uv builds it, and what a file calls --no-binary, whatever its options say."""
    with pytest.raises(Obstacle, match="--no-binary"):
        make(request(tmp_path, {"requirements.txt": f"--no-binary six\n{LOCKED}"}, packages()), tmp_path)
    assert not machine.log.exists()


def test_without_uv_there_is_one_line(machine: Machine, tmp_path: Path) -> None:
    machine.program.unlink()
    assert obstacle(tmp_path, {"requirements.txt": LOCKED}, packages()) == "uv is not on this machine; install it"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.9.0", ""),
        ("0.99.1", ""),
        ("0.8.24", "uv on this machine is 0.8.24; allowed: 0.9 or newer, below 1"),
        ("1.0.0", "uv on this machine is 1.0.0; allowed: 0.9 or newer, below 1"),
        ("unknown", "does not tell its version as uv does"),
    ],
)
def test_which_uv_will_do(version: str, expected: str, machine: Machine, tmp_path: Path) -> None:
    machine.install(version)
    told = obstacle(tmp_path, {"requirements.txt": LOCKED}, packages())
    assert told.endswith(expected) if expected else told == ""


POETRY = """\
[[package]]
name = "six"
version = "1.17.0"
groups = ["main"]
files = [{file = "six-1.17.0-py2.py3-none-any.whl", hash = "sha256:aa"}]
[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "6413cd2fa5880dd43e0940caf04aaae3dc4e613492c87bca64edde6364e3790b"
"""
SDIST = UV_LOCK.replace(
    'wheels = [{ url = "https://example.com/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:aa" }]',
    'sdist = { url = "https://example.com/six-1.17.0.tar.gz", hash = "sha256:aa" }',
)
ARCHIVE = PYLOCK.replace('index = "https://pypi.org/simple"\n', "").partition("wheels")[0]


@pytest.mark.parametrize(
    ("files", "step", "expected"),
    [
        ({"requirements.txt": LOCKED}, packages(installer="pip"), "pip installs for the platform that it runs on"),
        ({"requirements.txt": LOCKED}, packages(build_packages=["gcc"]), "its build packages compile"),
        ({"requirements.txt": "six==1.17.0\n"}, packages(), "its requirements have no hashes"),
        ({"requirements.txt": LOCKED}, packages(slim=["base-packages"]), 'its base has to tell its own packages for "base-packages"'),
        ({"requirements.txt": f"a @ git+https://example.com/a.git@{'0' * 40}\n{LOCKED}"}, packages(), "built from a Git repository: a"),
        ({"uv.lock": SDIST, "pyproject.toml": PYPROJECT}, packages("uv.lock"), "no wheel for x86_64: six 1.17.0"),
        (
            {"poetry.lock": POETRY.replace('groups = ["main"]\n', ""), "pyproject.toml": PYPROJECT},
            packages("poetry.lock"),
            "poetry has to write poetry.lock as requirements: it is not of the form that Poetry 2 writes",
        ),
        (
            {"Pipfile.lock": '{"default": {"a": {"path": "./a-1-py3-none-any.whl"}}}', "Pipfile": "", "a-1-py3-none-any.whl": ""},
            packages("Pipfile.lock"),
            "pipenv has to write Pipfile.lock as requirements",
        ),
        (
            {"pylock.toml": f'{ARCHIVE}archive = {{ url = "https://example.com/six.tar.gz", hashes = {{ sha256 = "aa" }} }}\n'},
            packages("pylock.toml"),
            "six",
        ),
    ],
    ids=["pip", "build packages", "no hashes", "base-packages", "Git", "source", "poetry", "pipenv", "pylock archive"],
)
def test_what_needs_a_container_is_left_to_it(
    files: Mapping[str, str], step: PythonDependencies, expected: str, machine: Machine, tmp_path: Path
) -> None:
    assert expected in obstacle(tmp_path, files, step)
    assert not machine.log.exists()


@pytest.mark.parametrize(
    ("lock", "files"),
    [
        ("poetry.lock", {"poetry.lock": POETRY, "pyproject.toml": PYPROJECT}),
        ("Pipfile.lock", {"Pipfile.lock": '{"default": {"six": {"version": "==1.17.0", "hashes": ["sha256:aa"]}}}', "Pipfile": ""}),
    ],
)
def test_neither_poetry_nor_pipenv_runs(lock: str, files: Mapping[str, str], machine: Machine, tmp_path: Path) -> None:
    """Nothing pins the packages that they need themselves."""
    make(request(tmp_path, files, packages(lock)), tmp_path)
    (asked,) = machine.asked()
    assert asked["words"][:2] == ["pip", "install"]  # type: ignore[index]
    assert machine.requirements == "six==1.17.0 --hash=sha256:aa\n"


def test_metadata_of_files_of_the_project_forgets_where_they_were(machine: Machine, tmp_path: Path) -> None:
    """The script that does so has no argument but the tree."""
    line = f"./wheels/own-1.0-py3-none-any.whl --hash=sha256:{'a' * 64}"
    files = {"requirements.txt": f"{LOCKED}{line}\n", "wheels/own-1.0-py3-none-any.whl": ""}
    wanted = request(tmp_path, files, packages())
    tree = tmp_path / "tree"
    direct = tree / "var" / "task" / "own-1.0.dist-info" / "direct_url.json"
    direct.parent.mkdir(parents=True)
    direct.write_text('{"url": "file:///tmp/somewhere/own.whl", "archive_info": {}}')
    (direct.parent / "METADATA").write_text("Name: own\nVersion: 1.0\n")
    (direct.parent / "RECORD").write_text("own-1.0.dist-info/direct_url.json,,\n")
    PythonPackagesTree().make(wanted, tree)
    assert "/tmp/somewhere" not in (direct.read_text() if direct.exists() else "")


def test_wheels_alone_need_no_hashes(machine: Machine, tmp_path: Path) -> None:
    make(request(tmp_path, {"requirements.txt": "six\n"}, packages(wheels_only=True)), tmp_path)
    words = machine.asked()[0]["words"]
    assert isinstance(words, list)
    assert "--require-hashes" not in words


def test_pylock_needs_a_python_of_the_version(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """uv judges its requires-python by the Python that it runs in, whatever version it is told to install for."""
    monkeypatch.setattr(python_obstacles, "local_pythons", lambda minor: {})
    assert obstacle(tmp_path, {"pylock.toml": PYLOCK}, packages("pylock.toml")).endswith("this machine has no Python 3.13")
    here = {"3.13.1": Path("/opt/python3.13.1"), "3.13.5": Path("/opt/python")}
    monkeypatch.setattr(python_obstacles, "local_pythons", lambda minor: here)
    monkeypatch.setattr(python_obstacles, "local_python", here.get)
    make(request(tmp_path, {"pylock.toml": PYLOCK}, packages("pylock.toml"), facts=BaseFacts(python="3.13.5")), tmp_path)
    words = machine.asked()[0]["words"]
    assert isinstance(words, list)
    assert words[words.index("--python") + 1] == "/opt/python"


def test_a_package_of_a_directory_in_pylock_is_never_built(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_obstacles, "local_pythons", lambda minor: {"3.13.5": Path(sys.executable)})
    wanted = request(tmp_path, {"pylock.toml": PYLOCK}, packages("pylock.toml"))
    (wanted.context / "pylock.toml").write_text(f'{PYLOCK}[[packages]]\nname = "own"\ndirectory = {{ path = ".", editable = true }}\n')
    assert PythonPackagesTree().obstacle(wanted) == "own is built from source"


def test_first_party_packages_are_built_in_a_container(tmp_path: Path) -> None:
    own = '[project]\nname = "own"\nversion = "1"\n[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    wanted = request(tmp_path, {"requirements.txt": f"./libs/own\n{LOCKED}", "libs/own/pyproject.toml": own}, packages())
    stage = next(stage for stage in wanted.plan.stages if stage.recipe.kind == "python-source")
    assert "own is built by its build backend" in HOST_TREES["python-source"].obstacle(replace(wanted, stage=stage))


def test_an_input_that_leads_out_of_the_context_is_refused(machine: Machine, tmp_path: Path) -> None:
    wanted = request(tmp_path, {"requirements.txt": LOCKED}, packages())
    (tmp_path / "secret.txt").write_text(LOCKED)
    (wanted.context / "requirements.txt").unlink()
    (wanted.context / "requirements.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(EngineError, match="leads out of the build context"):
        make(wanted, tmp_path)


def test_a_full_disk_is_told(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(EngineError, match='the tree of "packages" cannot be made on this machine: No space left on device'):
        make(request(tmp_path, {"requirements.txt": LOCKED}, packages()), tmp_path)
