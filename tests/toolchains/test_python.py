"""Python packages of several functions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import ImageSpec, PythonDependencies, Stability, plan
from optimizer.bases.lock import Lock
from optimizer.builders.docker.actions import Run, Script
from optimizer.builders.docker.lower import stage_bodies
from optimizer.model.plan import BuildPlan, OnTarget, Stage
from tests.test_golden import GOLDEN

LOCKS = {
    "requirements.txt": ("requirements.txt",),
    "requirements/api.txt": ("requirements/api.txt", "requirements/base.txt"),
    "uv.lock": ("uv.lock", "pyproject.toml"),
    "poetry.lock": ("poetry.lock", "pyproject.toml"),
    "Pipfile.lock": ("Pipfile.lock", "Pipfile"),
    "pylock.toml": ("pylock.toml",),
}


def without_sources(stage: Stage) -> Stage:
    """The stage as a builder compares it: it goes by the content of what is mounted, not by its name in the project."""
    blind = tuple(replace(item, source="") for item in stage.recipe.reads)
    return replace(stage, title="", locked_by=None, recipe=replace(stage.recipe, reads=blind))


@pytest.mark.parametrize("lock", LOCKS)
def test_equal_locks_of_two_functions_are_one_build(lock: str, tmp_path: Path) -> None:
    """Six functions with two locks installed six times: the path of the function stood in the command."""
    for function in ("services/one", "two"):
        for name in LOCKS[lock]:
            path = tmp_path / function / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text({"api.txt": "-r base.txt\n", "Pipfile.lock": "{}"}.get(path.name, ""), encoding="utf-8")
    pins = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    specs = [
        ImageSpec(runtime="python3.13", steps=[PythonDependencies(f"{function}/{lock}", name="packages")])
        for function in ("services/one", "two")
    ]
    one, two = (without_sources(plan(spec, pins, root=tmp_path).stage("packages")) for spec in specs)
    assert one == two


UV = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "app"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "torch" }, { name = "six" }]
[package.dev-dependencies]
dev = [{ name = "six" }]
[package.optional-dependencies]
pdf = [{ name = "six" }]
[[package]]
name = "torch"
version = "2"
source = { registry = "https://download.pytorch.org/whl/cpu" }
wheels = [{ url = "https://download.pytorch.org/whl/cpu/torch-2-py3-none-any.whl", hash = "sha256:0" }]
[[package]]
name = "six"
version = "1"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/six-1-py3-none-any.whl", hash = "sha256:0" }]
"""
MIRROR = "https://mirror.example.com/simple"
CPU = "https://download.pytorch.org/whl/cpu"


def made(tmp_path: Path, step: PythonDependencies, **files: str) -> BuildPlan:
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    pins = Lock.parse((GOLDEN / "optimizer.lock").read_text(encoding="utf-8"))
    return plan(ImageSpec(runtime="python3.13", steps=[step]), pins, root=tmp_path)


def commands(built: BuildPlan, stage: str = "python-dependencies") -> list[str]:
    runs = [action for action in stage_bodies(built)[stage].actions if isinstance(action, Run)]
    return [" ".join(command) for run in runs for command in run.commands if not isinstance(command, Script)]


def install(built: BuildPlan) -> str:
    return next(command for command in commands(built) if "--requirement /tmp/requirements.txt" in command)


@pytest.mark.parametrize(
    ("lock", "index_url", "installer", "options"),
    [
        (UV, None, "uv", f"--index {CPU} --index-strategy unsafe-best-match"),
        (UV, MIRROR, "uv", f"--index-url {MIRROR} --index {CPU} --index-strategy unsafe-best-match"),
        (UV, MIRROR, "pip", f"--index-url {MIRROR} --extra-index-url {CPU}"),
        # Nothing comes from PyPI, so nothing may ask it, nor what stands in its place.
        (UV.replace("https://pypi.org/simple", CPU), None, "uv", f"--index-url {CPU}"),
        (UV.replace("https://pypi.org/simple", CPU), MIRROR, "uv", f"--index-url {CPU}"),
        (UV.replace(CPU, "https://pypi.org/simple"), MIRROR, "uv", f"--index-url {MIRROR}"),
        (UV.replace(CPU, "https://pypi.org/simple"), None, "uv", ""),
    ],
)
def test_every_index_of_the_lock_is_asked_and_no_other(
    lock: str, index_url: str | None, installer: str, options: str, tmp_path: Path
) -> None:
    """Requirement: "a second explicit index of uv.lock is lost (the usual way to get torch for CPUs)"."""
    built = made(tmp_path, PythonDependencies("uv.lock", index_url=index_url, installer=installer), uv_lock=lock, pyproject_toml="")
    found = [
        word for word in install(built).split() if word.startswith("http") or word.startswith("--index") or word == "--extra-index-url"
    ]
    found += ["unsafe-best-match"] if "unsafe-best-match" in install(built) else []
    assert " ".join(found) == options


def test_a_page_of_links_is_no_index(tmp_path: Path) -> None:
    """uv.lock calls a page of ``find-links`` a registry too; as an index it would be asked for a path that is not there."""
    page = "https://download.pytorch.org/whl/torch_stable.html"
    lock = UV.replace(CPU, page)
    built = made(tmp_path, PythonDependencies("uv.lock"), uv_lock=lock, pyproject_toml="")
    assert f"--find-links {page}" in install(built)
    assert "--index" not in install(built)
    built = made(tmp_path, PythonDependencies("uv.lock"), uv_lock=lock.replace("https://pypi.org/simple", page), pyproject_toml="")
    assert f"--no-index --find-links {page}" in install(built)


FLAT = "https://wheels.example.com/Flat"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject_toml", f'[[tool.uv.index]]\nname = "flat"\nurl = "{FLAT}"\nformat = "flat"\n'),
        ("pyproject_toml", f'[tool.uv]\nfind-links = ["./wheels", "{FLAT}"]\n'),
        # uv writes no credentials into the lock, and the host in small letters.
        ("uv_toml", f'[[index]]\nurl = "{FLAT.replace("//wheels", "//me:secret@WHEELS")}"\nformat = "flat"\n'),
        ("uv_toml", f'find-links = ["{FLAT}"]\n'),
        # Members name the indexes of their own sources.
        ("lib__pyproject_toml", f'[project]\nname = "lib"\n[[tool.uv.index]]\nurl = "{FLAT}"\nformat = "flat"\n'),
    ],
)
def test_a_flat_index_at_any_address_is_a_page_of_links(name: str, text: str, tmp_path: Path) -> None:
    """uv.lock calls it a registry, as it does an index: only the settings tell."""
    member = '[[package]]\nname = "lib"\nversion = "0"\nsource = { virtual = "lib" }\n'
    lock = UV.replace(CPU, FLAT) + member + '[manifest]\nmembers = ["app", "lib"]\n'
    built = made(tmp_path, PythonDependencies("uv.lock"), **{"uv_lock": lock, "pyproject_toml": "", "lib__pyproject_toml": "", name: text})
    assert f"--find-links {FLAT}" in install(built)
    assert "--index" not in install(built)
    built = made(tmp_path, PythonDependencies("uv.lock"), **{"uv_lock": lock.replace(f'"{FLAT}"', f'"{CPU}"'), name: text})
    assert f"--index {CPU}" in install(built)
    assert "--find-links" not in install(built)


@pytest.mark.parametrize("text", ["[", "index = 1", "[[index]]", "find-links = [1]"])
def test_damaged_settings_of_uv_name_no_page(text: str, tmp_path: Path) -> None:
    built = made(tmp_path, PythonDependencies("uv.lock"), uv_lock=UV, pyproject_toml="", uv_toml=text)
    assert f"--index {CPU}" in install(built)


def test_build_backends_come_from_no_page_of_links(tmp_path: Path) -> None:
    """A page has what its owner put there; a lock of pages alone says nothing of backends."""
    page = f"{FLAT}.html"
    lock = (
        UV.replace("https://pypi.org/simple", page).replace(CPU, page).replace('{ name = "torch" }', '{ name = "lib" }, { name = "torch" }')
    )
    lock += '[[package]]\nname = "lib"\nversion = "0"\nsource = { directory = "lib" }\n'
    project = '[project]\nname = "lib"\nversion = "0"\n[build-system]\nrequires = ["hatchling"]\n'
    for url, options in ((None, "--out-dir"), (MIRROR, f"--index-url {MIRROR} --out-dir")):
        built = made(tmp_path, PythonDependencies("uv.lock", index_url=url), uv_lock=lock, pyproject_toml="", lib__pyproject_toml=project)
        (build,) = [command for command in commands(built, "python-dependencies-lib") if "uv build" in command]
        assert f"--build-constraints /tmp/build.txt {options}" in build


PYLOCK = """\
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "six"
version = "1"
index = "https://pypi.org/simple"
wheels = [{ url = "https://files.pythonhosted.org/six-1-py3-none-any.whl", hashes = { sha256 = "0" } }]
"""


@pytest.mark.parametrize(
    ("lock", "text", "index_url", "places"),
    [
        ("uv.lock", UV.replace("https://pypi.org/simple", CPU), MIRROR, f'"{CPU}"'),
        ("uv.lock", UV.replace("https://pypi.org/simple", f"{FLAT}.html"), MIRROR, f'"{CPU}", "{FLAT}.html"'),
        ("uv.lock", UV.replace("https://pypi.org/simple", CPU), f"{CPU}/", None),
        ("uv.lock", UV.replace("https://pypi.org/simple", CPU), None, None),
        ("uv.lock", UV, MIRROR, None),
        ("uv.lock", 'version = 1\n[[package]]\nname = "app"\nversion = "0"\nsource = { virtual = "." }\n', MIRROR, None),
        # Its installer takes each file from its own URL, and asks no index.
        ("pylock.toml", PYLOCK, MIRROR, "the URL of each file"),
        ("pylock.toml", PYLOCK, None, None),
        ("requirements.txt", "six==1\n", MIRROR, None),
    ],
)
def test_an_index_that_no_package_comes_from_is_told(
    lock: str, text: str, index_url: str | None, places: str | None, tmp_path: Path
) -> None:
    built = made(tmp_path, PythonDependencies(lock, index_url=index_url), **{lock: text, "pyproject_toml": ""})
    told = [f'{lock} names where every package comes from ({places}), so index_url "{MIRROR}" changes only where'] if places else []
    assert [warning[: len(told[0])] for warning in built.warnings] == told


def test_words_are_groups_extras_or_both(tmp_path: Path) -> None:
    built = made(tmp_path, PythonDependencies("uv.lock", groups=["dev", "pdf"]), uv_lock=UV, pyproject_toml="")
    (export,) = (command for command in commands(built) if "uv export" in command)
    assert "--group dev --extra pdf" in export
    # uv leaves the group out whatever else it is told.
    assert "--no-dev" not in export


def test_what_nothing_pins_is_told(tmp_path: Path) -> None:
    commit = "4295027a9c5508540929a4438e5b0bba0374a0cf"
    built = made(
        tmp_path,
        PythonDependencies("requirements.txt"),
        requirements_txt=f"./lib\na @ git+https://example.com/a.git@{commit}\n",
        lib__pyproject_toml='[project]\nname = "lib"\ndependencies = ["six>=1"]\n[build-system]\nrequires = ["maturin"]\n',
    )
    of_lib, of_git = built.warnings
    assert of_lib.startswith('lib/pyproject.toml builds with "maturin", which nothing pins: the layer of "lib" may differ')
    assert of_git.startswith('requirements.txt:2 takes "a" from Git')
    assert built.stage("python-dependencies").on_target == OnTarget("built from a Git repository: a")
    assert built.stage("python-dependencies-lib").on_target == OnTarget("lib may compile for the platform that it is built on")
    # Without hashes the lock does not name what a first-party package needs.
    assert install(built).endswith("--requirement /tmp/requirements.txt six>=1")
    assert any("git-core" in command for command in commands(built))


def test_a_first_party_package_is_no_part_of_the_stage_of_its_dependencies(tmp_path: Path) -> None:
    """Else an edit of the one would build the other again."""
    lock = (
        UV.replace("dependencies = [", 'dependencies = [{ name = "lib" }, ')
        + """
[[package]]
name = "lib"
version = "1"
source = { editable = "lib" }
dependencies = [{ name = "six" }]
"""
    )
    built = made(
        tmp_path,
        PythonDependencies("uv.lock"),
        uv_lock=lock,
        pyproject_toml="",
        lib__pyproject_toml='[project]\nname = "lib"\n[build-system]\nrequires = ["hatchling"]\n',
    )
    third, own = (built.stage(name) for name in ("python-dependencies", "python-dependencies-lib"))
    assert {item.source for item in third.inputs()} == {"uv.lock", "pyproject.toml"}
    assert {item.source for item in own.inputs()} == {"lib"}
    assert built.layers == ("python-dependencies", "python-dependencies-lib")
    assert (third.stability, own.stability) == (Stability.MONTHLY, Stability.DAILY)
    assert own.on_target is None
    assert built.warnings == ()


def test_a_lock_is_exported_where_it_stands(tmp_path: Path) -> None:
    """With an archive above it, the lock is not at the top of what the stage sees; uv was told to look there."""
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "wheelpkg-1.0-py3-none-any.whl").write_bytes(b"")
    lock = """\
version = 1
requires-python = ">=3.12"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [{ name = "wheelpkg" }]

[[package]]
name = "wheelpkg"
version = "1.0"
source = { path = "../wheels/wheelpkg-1.0-py3-none-any.whl" }
wheels = [{ filename = "wheelpkg-1.0-py3-none-any.whl", hash = "sha256:0000000000000000000000000000000000000000000000000000000000000000" }]
"""
    manifest = '[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.12"\ndependencies = ["wheelpkg"]\n'
    for name, text in {"uv.lock": lock, "pyproject.toml": manifest}.items():
        (tmp_path / "app").mkdir(exist_ok=True)
        (tmp_path / "app" / name).write_text(text, encoding="utf-8")
    built = made(tmp_path, PythonDependencies("app/uv.lock"))
    (export,) = (command for command in commands(built) if "uv export" in command)
    assert "--project /src/app " in export


GROUPED_PYLOCK = """\
lock-version = "1.0"
created-by = "pdm"
extras = ["pdf"]
dependency-groups = ["default", "g-tools"]
default-groups = ["default"]
[[packages]]
name = "six"
version = "1"
marker = "'default' in dependency_groups"
wheels = [{ url = "https://files.pythonhosted.org/six-1-py3-none-any.whl", hashes = { sha256 = "0" } }]
"""


@pytest.mark.parametrize(
    ("groups", "options"), [([], ""), (["g_tools"], "--group default --group g-tools"), (["pdf"], "--extra pdf")], ids=str
)
def test_a_group_of_pylock_comes_beside_the_default_ones(groups: list[str], options: str, tmp_path: Path) -> None:
    """uv leaves out the default groups once it is told of another, so the image held no package of the function itself."""
    built = made(tmp_path, PythonDependencies("pylock.toml", groups=groups), pylock_toml=GROUPED_PYLOCK)
    command = next(command for command in commands(built) if "--requirement /src/pylock.toml" in command)
    assert command.partition("/var/task ")[2].partition("--requirement")[0].strip() == options


def test_a_directory_of_pylock_is_copied_and_not_linked(tmp_path: Path) -> None:
    """Most tools write editable = true, for which uv writes the path of the build into the image, and no code."""
    directory = '[[packages]]\nname = "lib"\ndirectory = { path = "lib", editable = true }\n'
    manifest = '[project]\nname = "lib"\nversion = "1"\n'
    built = made(tmp_path, PythonDependencies("pylock.toml"), pylock_toml=GROUPED_PYLOCK + directory, lib__pyproject_toml=manifest)
    assert any("--no-editable" in command and "--requirement /src/pylock.toml" in command for command in commands(built))


WORDS = """\
version = 1
revision = 3
requires-python = ">=3.11"
[[package]]
name = "app"
version = "0"
source = { virtual = "." }
[package.dev-dependencies]
my-group = [{ name = "lib" }, { name = "six" }]
[[package]]
name = "lib"
version = "1"
source = { directory = "lib" }
[[package]]
name = "six"
version = "1"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/six-1-py3-none-any.whl", hash = "sha256:0" }]
"""


@pytest.mark.parametrize("word", ["my-group", "my_group"])
def test_a_group_is_known_by_any_form_of_its_name(word: str, tmp_path: Path) -> None:
    """The check took the name of pyproject.toml, and what was read of the lock did not have it: own packages and parts were lost."""
    manifest = '[project]\nname = "lib"\nversion = "1"\n'
    built = made(tmp_path, PythonDependencies("uv.lock", groups=[word]), uv_lock=WORDS, pyproject_toml="", lib__pyproject_toml=manifest)
    assert [stage.name for stage in built.stages] == ["python-dependencies", "python-dependencies-lib"]
