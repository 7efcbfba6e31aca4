"""What a lock of Python names beside registries: it is built in, and the function imports it."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from optimizer import BuildSecret, PythonDependencies
from tests.engine.package_index import package_index
from tests.engine.package_index import wheel as index_wheel
from tests.engine.python_places import Built, Place, package, pin, repository, wheel, write

HOST = "git.example.com"
URL = f"https://{HOST}/lib.git"
SIX = """
[[package]]
name = "six"
version = "1.17.0"
source = { registry = "https://pypi.org/simple" }
wheels = [{ url = "https://files.pythonhosted.org/packages/b7/ce/149a00dd41f10bc29e5921b496af8b574d8413afcd5e30dfa0ed46c2cc5e/six-1.17.0-py2.py3-none-any.whl", hash = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274" }]
"""
SIX_LINE = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
WORKSPACE = """\
version = 1
revision = 3
requires-python = ">=3.11"

[manifest]
members = ["clock", "money", "orders", "receipts"]

[[package]]
name = "clock"
version = "1.0"
source = { editable = "libs/clock" }

[[package]]
name = "money"
version = "1.0"
source = { editable = "libs/money" }
dependencies = [{ name = "clock" }]

[[package]]
name = "orders"
version = "1.0"
source = { virtual = "functions/orders" }
dependencies = [{ name = "money" }, { name = "six" }]

[[package]]
name = "receipts"
version = "1.0"
source = { virtual = "functions/receipts" }
dependencies = [{ name = "money" }, { name = "six" }]
"""


@pytest.fixture(scope="module")
def place(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Place:
    directory = tmp_path_factory.mktemp("python-locks")
    return Place(registry, pin(registry, directory), directory)


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, BuildSecret]]:
    with repository(tmp_path_factory.mktemp("git"), HOST) as served:
        yield served


def local_project(directory: Path) -> str:
    """A package, a wheel and a directory of wheels that a lock can name; gives the wheel's digest."""
    package(directory / "libs" / "frompath", "frompath", who="path", backend="setuptools")
    wheel(directory / "flat", "fromflat", {"fromflat.py": 'WHO = "flat"\n'})
    return wheel(directory / "wheels", "fromwheel", {"fromwheel.py": 'WHO = "wheel"\n'})


def workspace(directory: Path) -> Path:
    """Two functions and two packages that they share."""
    write(directory / "pyproject.toml", '[tool.uv.workspace]\nmembers = ["functions/*", "libs/*"]\n')
    for name in ("orders", "receipts"):
        sources = "[tool.uv]\npackage = false\n[tool.uv.sources]\nmoney = { workspace = true }\n"
        project = f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = ["money", "six"]\n'
        write(directory / "functions" / name / "pyproject.toml", project + sources)
    package(directory / "libs" / "money", "money", who="money", requires=["clock"], scripts=True)
    package(directory / "libs" / "clock", "clock", who="clock", backend="setuptools")
    write(directory / "uv.lock", WORKSPACE + SIX)
    return directory


def test_a_workspace_of_two_functions_and_two_packages(place: Place, tmp_path: Path) -> None:
    """Requirement: "a Python monorepo of two functions and two shared packages: deployed and invoked; an edit of one shared
    package changes that layer alone"."""
    project = workspace(tmp_path)

    def build(function: str, *, cold: bool = False) -> Built:
        step = PythonDependencies("uv.lock", package=function, name="packages")
        return place.build(project, step, cold=cold)

    orders, receipts = build("orders"), build("receipts")
    for image in (orders, receipts):
        answer = image.answer("money", "clock", "six", packages=["money", "six"])
        assert answer == {
            "values": {"money": "money", "clock": "clock", "six": ""},
            "versions": {"money": "1.0", "six": "1.17.0"},
            "scripts": ["money-run"],
        }
    assert set(orders.layers) == {"packages", "packages-clock", "packages-money", "code"}
    assert orders.layers == receipts.layers
    # What is built again elsewhere, later and cold is the same.
    for path in (project / "libs").rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    assert build("orders", cold=True).layers == orders.layers
    write(project / "libs" / "money" / "src" / "money" / "__init__.py", 'WHO = "more money"\n')
    edited = build("orders")
    assert edited.answer("money")["values"] == {"money": "more money"}
    assert {name for name in orders.layers if edited.layers[name] != orders.layers[name]} == {"packages-money"}


def test_uv_lock(place: Place, git: tuple[str, BuildSecret], tmp_path: Path) -> None:
    commit, secret = git
    digest = local_project(tmp_path)
    names = ("fromgit", "frompath", "fromwheel", "fromflat", "six")
    dependencies = ", ".join(f'{{ name = "{name}" }}' for name in names)
    write(
        tmp_path / "pyproject.toml", f'[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = {list(names)}\n'
    )
    write(
        tmp_path / "uv.lock",
        f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0"
source = {{ virtual = "." }}
dependencies = [{dependencies}]

[[package]]
name = "fromflat"
version = "1.0"
source = {{ registry = "flat" }}
wheels = [{{ path = "fromflat-1.0-py3-none-any.whl" }}]

[[package]]
name = "fromgit"
version = "1.0"
source = {{ git = "{URL}?subdirectory=lib#{commit}" }}

[[package]]
name = "frompath"
version = "1.0"
source = {{ directory = "libs/frompath" }}

[[package]]
name = "fromwheel"
version = "1.0"
source = {{ path = "wheels/fromwheel-1.0-py3-none-any.whl" }}
wheels = [{{ filename = "fromwheel-1.0-py3-none-any.whl", hash = "{digest}" }}]
"""
        + SIX,
    )
    check(place, tmp_path, PythonDependencies("uv.lock", secrets=[secret], name="packages"), "fromflat")


@pytest.mark.parametrize("settings", ["pyproject.toml", "uv.toml"])
def test_a_flat_index_at_any_address(settings: str, place: Place, tmp_path: Path) -> None:
    """uv.lock calls the page a registry; asked as an index, it would have nothing at the address of the package."""
    project = '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = ["frompage"]\n'
    file, data = index_wheel("frompage", "1.0", 'WHO = "page"\n')
    with package_index({file: data}) as index:
        table = "tool.uv.index" if settings == "pyproject.toml" else "index"
        flat = f'[[{table}]]\nname = "flat"\nurl = "{index.page}"\nformat = "flat"\n'
        write(tmp_path / "pyproject.toml", project + (flat if settings == "pyproject.toml" else ""))
        if settings == "uv.toml":
            write(tmp_path / "uv.toml", flat)
        write(
            tmp_path / "uv.lock",
            f"""\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "frompage" }}]

[[package]]
name = "frompage"
version = "1.0"
source = {{ registry = "{index.page}" }}
wheels = [{{ url = "{index.page.replace("wheels/", "files/")}{file}", hash = "sha256:{hashlib.sha256(data).hexdigest()}" }}]
""",
        )
        built = place.build(tmp_path, PythonDependencies("uv.lock", name="packages"), cold=True)
    assert built.answer("frompage")["values"] == {"frompage": "page"}
    assert "/wheels/" in index.requests
    assert not [path for path in index.requests if path.startswith("/simple")]


def test_poetry_lock(place: Place, git: tuple[str, BuildSecret], tmp_path: Path) -> None:
    commit, secret = git
    digest = local_project(tmp_path)
    write(
        tmp_path / "pyproject.toml",
        f"""\
[tool.poetry]
package-mode = false
[tool.poetry.dependencies]
python = "^3.11"
six = {{ version = "*", optional = true }}
fromgit = {{ git = "{URL}", subdirectory = "lib" }}
frompath = {{ path = "libs/frompath", develop = true }}
fromwheel = {{ path = "wheels/fromwheel-1.0-py3-none-any.whl" }}
[tool.poetry.extras]
old = ["six"]
""",
    )
    rows = 'version = "1.0"\ndescription = ""\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
    write(
        tmp_path / "poetry.lock",
        f"""\
[[package]]
name = "fromgit"
{rows}files = []
develop = false
[package.source]
type = "git"
url = "{URL}"
reference = "HEAD"
resolved_reference = "{commit}"
subdirectory = "lib"

[[package]]
name = "frompath"
{rows}files = []
develop = true
[package.source]
type = "directory"
url = "libs/frompath"

[[package]]
name = "fromwheel"
{rows}files = [{{file = "fromwheel-1.0-py3-none-any.whl", hash = "{digest}"}}]
[package.source]
type = "file"
url = "wheels/fromwheel-1.0-py3-none-any.whl"

[[package]]
name = "six"
version = "1.17.0"
description = ""
optional = true
python-versions = "*"
groups = ["main"]
markers = "extra == \\"old\\""
files = [{{file = "six-1.17.0-py2.py3-none-any.whl", hash = "sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"}}]

[extras]
old = ["six"]

[metadata]
lock-version = "2.1"
python-versions = "^3.11"
content-hash = "36269b70b0555cf90ee17b39fb9c2ffe31bfd4e02ac3892219655735114ec91b"
""",
    )
    check(place, tmp_path, PythonDependencies("poetry.lock", groups=["old"], secrets=[secret], name="packages"))


def test_pipfile_lock(place: Place, git: tuple[str, BuildSecret], tmp_path: Path) -> None:
    commit, secret = git
    local_project(tmp_path)
    write(tmp_path / "Pipfile", '[packages]\nsix = "*"\n')
    write(
        tmp_path / "Pipfile.lock",
        f"""\
{{"_meta": {{"hash": {{"sha256": "0"}}, "pipfile-spec": 6, "requires": {{"python_version": "3.13"}},
  "sources": [{{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": true}}]}},
 "default": {{
  "fromgit": {{"git": "{URL}", "ref": "{commit}", "subdirectory": "lib"}},
  "frompath": {{"path": "./libs/frompath", "editable": true}},
  "fromwheel": {{"path": "wheels/fromwheel-1.0-py3-none-any.whl"}},
  "six": {{"version": "==1.17.0", "index": "pypi",
           "hashes": ["sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"]}}
 }}, "develop": {{}}}}
""",
    )
    check(place, tmp_path, PythonDependencies("Pipfile.lock", secrets=[secret], name="packages"))


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_variables_in_the_sources_of_pipenv(installer: str, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pipenv leaves the names in its lock, and writes values into the URL as URLs want them; no installer knows names in options."""
    name, password = "fromhouse", "half/full@2"
    file, data = index_wheel(name, "1.0", 'WHO = "house"\n')
    with package_index({file: data}, f"house:{password}") as index:
        write(tmp_path / "Pipfile", f'[packages]\n{name} = "*"\n')
        url = index.url.replace("://", "://$HOUSE_USER:${HOUSE_PASSWORD}@")
        lock = {
            "_meta": {
                "hash": {"sha256": "0"},
                "pipfile-spec": 6,
                "requires": {},
                "sources": [{"name": "house", "url": url, "verify_ssl": True}],
            },
            "default": {name: {"version": "==1.0", "index": "house", "hashes": [f"sha256:{hashlib.sha256(data).hexdigest()}"]}},
            "develop": {},
        }
        write(tmp_path / "Pipfile.lock", json.dumps(lock))
        monkeypatch.setenv("ANY_USER", "house")
        monkeypatch.setenv("ANY_PASSWORD", password)
        secrets = [BuildSecret(word.lower(), from_env=f"ANY_{word}", to_env=f"HOUSE_{word}") for word in ("USER", "PASSWORD")]
        built = place.build(tmp_path, PythonDependencies("Pipfile.lock", installer=installer, secrets=secrets, name="packages"), cold=True)
    assert built.answer(name)["values"] == {name: "house"}
    assert "half" not in built.log


def test_pylock(place: Place, git: tuple[str, BuildSecret], tmp_path: Path) -> None:
    """With a group that is chosen beside the default one, and a directory as PDM, pip, pipenv and uv write it."""
    commit, secret = git
    digest = local_project(tmp_path).partition(":")[2]
    write(
        tmp_path / "pylock.api.toml",
        f"""\
lock-version = "1.0"
created-by = "test"
requires-python = ">=3.11"
extras = ["old"]
dependency-groups = ["default", "own_code"]
default-groups = ["default"]

[[packages]]
name = "fromgit"
marker = "'default' in dependency_groups"
vcs = {{ type = "git", url = "{URL}", commit-id = "{commit}", subdirectory = "lib" }}

[[packages]]
name = "frompath"
marker = "'own-code' in dependency_groups"
directory = {{ path = "libs/frompath", editable = true }}

[[packages]]
name = "fromwheel"
version = "1.0"
archive = {{ path = "wheels/fromwheel-1.0-py3-none-any.whl", hashes = {{ sha256 = "{digest}" }} }}

[[packages]]
name = "six"
version = "1.17.0"
marker = "'old' in extras"
index = "https://pypi.org/simple"
wheels = [{{ url = "https://files.pythonhosted.org/packages/b7/ce/149a00dd41f10bc29e5921b496af8b574d8413afcd5e30dfa0ed46c2cc5e/six-1.17.0-py2.py3-none-any.whl", hashes = {{ sha256 = "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274" }} }}]
""",
    )
    check(place, tmp_path, PythonDependencies("pylock.api.toml", groups=["old", "own-code"], secrets=[secret], name="packages"))


@pytest.mark.parametrize("hashed", [True, False], ids=["with hashes", "without hashes"])
def test_requirements(hashed: bool, place: Place, git: tuple[str, BuildSecret], tmp_path: Path) -> None:
    """Includes glued to their option and continued lines too, which uv alone would not read."""
    commit, secret = git
    digest = local_project(tmp_path)
    digest_flat = wheel(tmp_path / "flat", "fromflat", {"fromflat.py": 'WHO = "flat"\n'})
    # With hashes everything is named; without, a first-party package's own needs come with it.
    package(tmp_path / "libs" / "frompath", "frompath", who="path", requires=[] if hashed else ["tabulate==0.10.0"])
    mark = (lambda value: f" --hash={value}") if hashed else (lambda value: "")
    write(tmp_path / "functions" / "api" / "six.txt", SIX_LINE if hashed else "six==1.17.0\n")
    write(
        tmp_path / "functions" / "api" / "requirements.txt",
        f"""\
-rsix.txt
--find-links ../../flat
fromflat==1.0{mark(digest_flat)}
./wheels/fromwheel-1.0-py3-none-any.whl{mark(digest)}
-e \\
../../libs/frompath
fromgit @ git+{URL}@{commit}#subdirectory=lib
""",
    )
    step = PythonDependencies("functions/api/requirements.txt", secrets=[secret], name="packages")
    check(place, tmp_path, step, "fromflat", *(() if hashed else ("tabulate",)))


def check(place: Place, project: Path, step: PythonDependencies, *more: str) -> None:
    """Everything is there, and a second machine makes the same layers."""
    image = place.build(project, step)
    modules = ("fromgit", "frompath", "fromwheel", "six", *more)
    values = image.answer(*modules, packages=["fromgit", "frompath", "fromwheel"])["values"]
    assert values == {name: name.removeprefix("from") if name.startswith("from") else "" for name in modules}
    for path in [*(project / "libs").rglob("*"), *(project / "wheels").rglob("*"), *(project / "flat").rglob("*")]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    again = place.build(project, step, cold=True)
    assert again.layers == image.layers


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_two_packages_that_hold_one_file_give_one_layer(installer: str, place: Place, tmp_path: Path) -> None:
    """Requirement: "decide it the same way everywhere, and tell the overlap in one line that names both packages and the file".

    uv installs in an order that depends on which wheels its cache has.
    """
    for name in ("alpha", "beta"):
        wheel(
            tmp_path / "wheels", name, {f"shared/part{number}.py": f'WHO = "{name}"\n' for number in range(60)} | {"shared/__init__.py": ""}
        )
    layers = set()
    for first in ("", "alpha", "beta"):
        cache = uuid.uuid4().hex
        for names in ([first], ["alpha", "beta"]):
            write(tmp_path / "requirements.txt", "--no-index\n--find-links wheels\n" + "".join(f"{name}==1.0\n" for name in names if name))
            if names == [""]:
                continue
            image = place.build(tmp_path, PythonDependencies("requirements.txt", installer=installer, name="packages"), cache=cache)
        layers.add(image.layers["packages"])
        assert set(image.answer("shared.part0", "shared.part59")["values"].values()) == {"beta"}
        line = "note: alpha 1.0 and beta 1.0 both hold shared/part0.py and 59 more files: what beta 1.0 holds stays"
        assert line in image.log
    assert len(layers) == 1
