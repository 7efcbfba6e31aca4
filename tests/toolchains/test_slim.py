"""The very scripts that slim a tree in a build stage, run over trees made here."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from optimizer.bases.catalogue import base_image
from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.slim import remembered, slimmed
from optimizer.model.steps import SLIM_WORDS
from tests.patience import PATIENCE_S
from tests.toolchains.scripts import argv

ARCHIVE = "!<arch>\nmember"


class Tree:
    """A tree of packages, outside of it a base, and what slimming wrote down."""

    runtime = "python3.13"

    def __init__(self, directory: Path) -> None:
        self.root = directory / "layer"
        self.task = self.root / "var" / "task"
        self.base = directory / "runtime"
        self.notes = directory / "slim"
        self.task.mkdir(parents=True)
        self.base.mkdir()

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.task.rglob("*") if path.is_file() or path.is_symlink())
        return {path.relative_to(self.task).as_posix(): b"" if path.is_symlink() else path.read_bytes() for path in found}

    def run(self, script: Script, *arguments: str) -> None:
        command = argv(script, self.root, self.notes, *arguments)
        environment = {**os.environ, "LAMBDA_RUNTIME_DIR": str(self.base)}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=PATIENCE_S)
        assert result.returncode == 0, result.stderr

    def slim(self, *words: str) -> dict[str, Any]:
        (script,) = slimmed(base_image(self.runtime).family, words)
        for run in remembered(base_image(self.runtime).family, words) if self.runtime.startswith("python") else ():
            (remember,) = run.commands
            assert isinstance(remember, Script)
            self.run(remember, "remember")
        self.run(script, *words)
        return dict(json.loads((self.notes / "report.json").read_text()))


def write(directory: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def distribution(directory: Path, name: str, version: str, files: Mapping[str, str]) -> None:
    """A Python package as installers leave it behind."""
    info = f"{name}-{version}.dist-info"
    everything = {**files, f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
    record = io.StringIO()
    csv.writer(record, lineterminator="\n").writerows([*([file, "sha256=0", str(len(text))] for file, text in everything.items())])
    record.write(f"{info}/RECORD,,\n")
    write(directory, {**everything, f"{info}/RECORD": record.getvalue()})


def saved(report: dict[str, Any]) -> int:
    return sum(found["bytes"] for packages in report.values() for found in packages.values())


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


LIBRARY = {
    "lib/__init__.py": "from lib.core import add\n",
    "lib/core.py": "def add(a, b):\n    return a + b\n",
    "lib/tests/__init__.py": "",
    "lib/tests/test_core.py": "from lib.core import add\n",
    "lib/tests/data/numbers.csv": "1,2\n",
    "lib/testing.py": "",
}


def test_tests_inside_packages_go_and_all_else_stays(tree: Tree) -> None:
    """Requirement: "Slimming on request: ... `plan` shows what was left out and how many bytes that saves"."""
    others = {
        "tests/__init__.py": "# a package that is itself named so\n",
        "lib/latest/a.py": "",
        "lib/test.py": "",
        "lib/data/tests/x.csv": "1",
    }
    distribution(tree.task, "lib", "1.0", {**LIBRARY, **others})
    before = tree.files()
    report = tree.slim("tests")
    after = tree.files()
    assert set(before) - set(after) == {name for name in LIBRARY if name.startswith("lib/tests/")}
    assert not (tree.task / "lib" / "tests").exists()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"lib-1.0.dist-info/RECORD"}
    assert list(report["tests"]) == ["lib 1.0"] and report["tests"]["lib 1.0"]["files"] == 3
    assert saved(report) == sum(map(len, before.values())) - sum(map(len, after.values()))
    rows = {row[0] for row in csv.reader(after["lib-1.0.dist-info/RECORD"].decode().splitlines())}
    assert rows == set(after)


@pytest.mark.parametrize(
    "line",
    [
        "import lib.tests.data",
        "from lib.tests import data",
        "from lib import tests",
        "from .tests.data import numbers",
        "from . import tests",
        'HELPERS = "lib.tests.data"',
        'importlib.resources.files("lib.tests")',
        'os.path.join(os.path.dirname(__file__), "tests", "data")',
        'open(HERE + "/tests/data/numbers.csv")',
    ],
)
def test_tests_that_other_code_names_stay(line: str, tree: Tree) -> None:
    """numpy.testing imports numpy._core.tests; django.test is part of Django's interface."""
    distribution(tree.task, "lib", "1.0", {**LIBRARY, "lib/more.py": f"import importlib, os\nHERE = ''\n{line}\n"})
    before = tree.files()
    assert tree.slim("tests") == {"tests": {}}
    assert tree.files() == before


def test_what_only_tests_name_goes_with_them(tree: Tree) -> None:
    files = {"lib/tests/__init__.py": "from lib.part import tests\n", "lib/part/__init__.py": "", "lib/part/tests/__init__.py": ""}
    distribution(tree.task, "lib", "1.0", {"lib/__init__.py": "", "lib/conftest.py": "from lib.tests import a\n", **files})
    tree.slim("tests")
    assert not [name for name in tree.files() if "/tests/" in name]


def test_what_kept_tests_name_stays_with_them(tree: Tree) -> None:
    files = {"lib/tests/__init__.py": "from lib.part import tests\n", "lib/part/__init__.py": "", "lib/part/tests/__init__.py": ""}
    distribution(tree.task, "lib", "1.0", {"lib/__init__.py": "import lib.tests\n", **files})
    assert tree.slim("tests") == {"tests": {}}


def test_documentation_without_code_goes(tree: Tree) -> None:
    gone = {"lib/docs/index.rst": "a", "share/man/man1/lib.1": "b", "share/doc/lib/README": "c"}
    kept = {"lib/__init__.py": "", "lib/doc/__init__.py": "", "lib/doc/a.rst": "", "lib/page.md": "", "share/data.txt": ""}
    distribution(tree.task, "lib", "1.0", {**gone, **kept})
    report = tree.slim("docs")
    assert not set(gone) & set(tree.files()) and set(kept) <= set(tree.files())
    assert report["docs"]["lib 1.0"]["files"] == len(gone)


def test_stubs_go_but_where_the_package_reads_them(tree: Tree) -> None:
    lazy = {
        "lazy/__init__.py": "attach_stub(__name__, __file__)\n",
        "lazy/__init__.pyi": "",
        "lazy/part/__init__.pyi": "",
        "lazy/part/a.py": "",
    }
    distribution(tree.task, "lib", "1.0", {"lib/a.py": "", "lib/a.pyi": "", "lib/py.typed": "", **lazy})
    tree.slim("type-stubs")
    assert {name for name in tree.files() if name.endswith((".pyi", ".typed"))} == {"lazy/__init__.pyi", "lib/py.typed"}


def test_static_libraries_are_known_by_their_content(tree: Tree) -> None:
    distribution(tree.task, "lib", "1.0", {"lib/libm.a": ARCHIVE, "lib/notes.a": "a note", "lib/libm.so": ARCHIVE})
    tree.slim("static-libraries")
    assert {name for name in tree.files() if name.startswith("lib/")} == {"lib/notes.a", "lib/libm.so"}


def test_caches_go_and_byte_code_without_a_source_stays(tree: Tree) -> None:
    distribution(tree.task, "lib", "1.0", {"lib/a.py": "", "lib/__pycache__/a.pyc": "x", "lib/sourceless.pyc": "x", ".mypy_cache/a": "x"})
    tree.slim("caches")
    assert {name for name in tree.files() if "dist-info" not in name} == {"lib/a.py", "lib/sourceless.pyc"}


class TestBasePackages:
    """Requirement: "packages that the base already carries at the same version (boto3 and botocore in Python ...)"."""

    def test_equal_names_and_versions_go_whole(self, tree: Tree) -> None:
        for directory in (tree.base, tree.task):
            distribution(directory, "Base_SDK", "1.2", {"sdk/__init__.py": "", "sdk/data/service.json": "{}", "single.py": ""})
        distribution(tree.base, "core", "2.0", {"core/__init__.py": ""})
        distribution(tree.task, "core", "2.1", {"core/__init__.py": ""})
        distribution(tree.task, "mine", "1.2", {"mine/__init__.py": ""})
        report = tree.slim("base-packages")
        assert {name.split("/")[0] for name in tree.files()} == {"core", "core-2.1.dist-info", "mine", "mine-1.2.dist-info"}
        assert list(report["base-packages"]) == ["base-sdk 1.2"]

    def test_the_version_that_would_be_imported_counts(self, tree: Tree) -> None:
        # The interpreter of the tests has packages of its own, which the runtime's directory hides.
        import hypothesis

        distribution(tree.base, "hypothesis", "0.1", {"hypothesis/__init__.py": ""})
        distribution(tree.task, "hypothesis", hypothesis.__version__, {"hypothesis/__init__.py": ""})
        assert tree.slim("base-packages") == {"base-packages": {}}

    def test_half_of_an_import_package_stays(self, tree: Tree) -> None:
        """A directory left in the tree would not be joined with the base's: its __init__.py is gone."""
        for directory in (tree.base, tree.task):
            distribution(directory, "sdk", "1.0", {"sdk/__init__.py": ""})
        distribution(tree.task, "sdk-more", "1.0", {"sdk/more.py": ""})
        assert tree.slim("base-packages") == {"base-packages": {}}

    def test_what_came_from_a_repository_stays(self, tree: Tree) -> None:
        for directory in (tree.base, tree.task):
            distribution(directory, "sdk", "1.0", {"sdk/__init__.py": ""})
        write(tree.task, {"sdk-1.0.dist-info/direct_url.json": "{}"})
        assert tree.slim("base-packages") == {"base-packages": {}}


PARTS = ["lib", "test", "tests", "docs", "doc", "__pycache__", "data", "share", "man", "core"]
NAMES = ["__init__.py", "a.py", "a.pyi", "a.pyc", "a.so", "a.a", "note.md", "tests", "tests.py", "x y.txt", "ü.py"]
PATHS = st.lists(st.sampled_from(PARTS), max_size=4).flatmap(
    lambda parts: st.sampled_from(NAMES).map(lambda name: "/".join([*parts, name]))
)
TEXTS = st.sampled_from(["", "import lib.tests\n", "from . import test\n", "broken (\n", ARCHIVE, "attach_stub()\n", '"docs/a"\n'])


def may_go(path: str, word: str) -> bool:
    """The definition of a word, as widely as docs/slimming.md gives it."""
    *directories, name = path.split("/")
    inner = directories[1:]
    return {
        "caches": bool({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"} & set(directories)),
        "docs": bool({"doc", "docs"} & set(inner)) or path.startswith(("share/doc/", "share/man/", "share/info/")),
        "static-libraries": name.endswith(".a"),
        "tests": bool({"test", "tests"} & set(inner)),
        "type-stubs": name.endswith(".pyi"),
        "base-packages": False,
    }[word]


class TestProperties:
    @given(files=st.dictionaries(PATHS, TEXTS, max_size=12), words=st.sets(st.sampled_from(SLIM_WORDS), min_size=1))
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
    def test_nothing_outside_the_words_is_touched(
        self, files: dict[str, str], words: set[str], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """Requirement: "never by default where it can break": a word takes what it names, and nothing else."""
        tree = Tree(tmp_path_factory.mktemp("tree"))
        # A path cannot be a file and a directory.
        files = {path: text for path, text in files.items() if not any(other.startswith(path + "/") for other in files)}
        distribution(tree.task, "lib", "1.0", files)
        before = tree.files()
        report = tree.slim(*sorted(words))
        after = tree.files()
        gone = set(before) - set(after)
        assert not set(after) - set(before)
        assert {name for name in after if after[name] != before[name]} <= {"lib-1.0.dist-info/RECORD"}
        assert all(any(may_go(name, word) for word in words) for name in gone)
        assert saved(report) == sum(map(len, before.values())) - sum(map(len, after.values()))
        assert sum(found["files"] for packages in report.values() for found in packages.values()) == len(gone)
        assert set(report) == words


class NodeTree(Tree):
    runtime = "nodejs22.x"


def node_package(directory: Path, name: str, version: str, files: Mapping[str, str], **manifest: Any) -> None:
    text = json.dumps({"name": name, "version": version, **manifest})
    write(directory / "node_modules" / name, {"package.json": text, **files})


@pytest.fixture
def node_tree(tmp_path: Path) -> NodeTree:
    return NodeTree(tmp_path)


class TestNode:
    def test_each_word_takes_what_it_names(self, node_tree: NodeTree) -> None:
        gone = {
            "tests": ["test/a.js", "__tests__/b.js"],
            "docs": ["README.md", "docs/index.html", "CHANGELOG"],
            "type-stubs": ["index.d.ts", "lib/a.d.mts", "lib/a.d.ts.map"],
            "static-libraries": ["build/lib.a"],
        }
        kept = ["index.js", "lib/test/a.js", "LICENSE", "LICENSE.md", "lib/README.md", "doc/code.js", "build/notes.a", "lib/a.ts"]
        files = {**{name: "" for names in gone.values() for name in names}, **dict.fromkeys(kept, ""), "build/lib.a": ARCHIVE}
        node_package(node_tree.task, "@scope/one", "1.0.0", files)
        node_package(node_tree.task / "node_modules/@scope/one", "nested", "2.0.0", {"test/a.js": "longer"})
        write(node_tree.task, {"node_modules/.cache/tool/x": "x", "node_modules/.package-lock.json": "{}"})
        before = node_tree.files()
        report = node_tree.slim(*SLIM_WORDS)
        after = node_tree.files()
        names = {name.removeprefix("node_modules/@scope/one/") for name in set(before) - set(after)}
        expected = {name for names in gone.values() for name in names}
        assert names == {*expected, "node_modules/nested/test/a.js", "node_modules/.cache/tool/x"}
        assert {word: sorted(packages) for word, packages in report.items() if packages} == {
            "caches": ["no package"],
            "docs": ["@scope/one 1.0.0"],
            "static-libraries": ["@scope/one 1.0.0"],
            "tests": ["@scope/one 1.0.0", "nested 2.0.0"],
            "type-stubs": ["@scope/one 1.0.0"],
        }
        assert saved(report) == sum(map(len, before.values())) - sum(map(len, after.values()))

    @pytest.mark.parametrize(
        ("manifest", "code"),
        [
            ({"main": "test/a.js"}, ""),
            ({"exports": {"./testing": {"require": "./test/a.js"}}}, ""),
            ({}, 'require("./test/a")'),
            ({}, "// don't read\nimport x from './test/a.js'"),
            ({}, 'path.join(__dirname, "..", "test", "a.js")'),
            ({}, "require(`${__dirname}/lib`), fs.readFileSync(__dirname + '/test/a.js')"),
        ],
    )
    def test_a_directory_that_the_package_names_stays(self, manifest: dict[str, Any], code: str, node_tree: NodeTree) -> None:
        node_package(node_tree.task, "one", "1.0.0", {"lib/index.js": code, "test/a.js": ""}, **manifest)
        assert node_tree.slim("tests") == {"tests": {}}

    def test_a_directory_that_another_package_names_stays(self, node_tree: NodeTree) -> None:
        node_package(node_tree.task, "one", "1.0.0", {"test/a.js": ""})
        node_package(node_tree.task, "two", "1.0.0", {"index.js": 'require("one/test/a")', "test/a.js": ""})
        assert list(node_tree.slim("tests")["tests"]) == ["two 1.0.0"]

    def test_stubs_that_a_package_reads_stay(self, node_tree: NodeTree) -> None:
        """TypeScript reads lib.*.d.ts when it compiles."""
        node_package(node_tree.task, "typescript", "5.0.0", {"lib/tsc.js": 'const lib = "lib.es5.d.ts"', "lib/lib.es5.d.ts": ""})
        node_package(node_tree.task, "other", "5.0.0", {"a.js": "", "a.d.ts": ""}, types="a.d.ts")
        assert list(node_tree.slim("type-stubs")["type-stubs"]) == ["other 5.0.0"]

    def test_base_packages_go_with_all_that_they_need(self, node_tree: NodeTree) -> None:
        """Requirement: "packages that the base already carries at the same version (... the SDK in Node.js)"."""
        for directory in (node_tree.base, node_tree.task):
            node_package(directory, "@aws-sdk/client-s3", "3.1.0", {"index.js": ""}, dependencies={"@smithy/core": "^1"})
            node_package(directory, "@smithy/core", "1.1.0", {"index.js": ""})
            node_package(directory, "@aws-sdk/client-sqs", "3.1.0", {"index.js": ""}, dependencies={"uuid": "^9"})
        node_package(node_tree.base, "uuid", "9.0.0", {})
        node_package(node_tree.task, "uuid", "9.0.1", {"bin/uuid": ""})
        node_package(node_tree.task / "node_modules/uuid", "@smithy/core", "1.1.0", {"index.js": ""})
        (node_tree.task / "node_modules/.bin").mkdir()
        (node_tree.task / "node_modules/.bin/core").symlink_to("../@smithy/core/index.js")
        (node_tree.task / "node_modules/.bin/uuid").symlink_to("../uuid/bin/uuid")
        report = node_tree.slim("base-packages")
        # What needs another version of uuid than the base's stays, and so does a nested copy.
        assert list(report["base-packages"]) == ["@aws-sdk/client-s3 3.1.0", "@smithy/core 1.1.0"]
        assert sorted(node_tree.files()) == [
            "node_modules/.bin/uuid",
            "node_modules/@aws-sdk/client-sqs/index.js",
            "node_modules/@aws-sdk/client-sqs/package.json",
            "node_modules/uuid/bin/uuid",
            "node_modules/uuid/node_modules/@smithy/core/index.js",
            "node_modules/uuid/node_modules/@smithy/core/package.json",
            "node_modules/uuid/package.json",
        ]

    def test_a_base_without_packages_and_an_empty_tree_are_fine(self, node_tree: NodeTree) -> None:
        assert node_tree.slim(*SLIM_WORDS) == {word: {} for word in SLIM_WORDS}


NODE_PARTS = ["lib", "test", "tests", "__tests__", "docs", "man", "node_modules/inner", ".cache"]
NODE_NAMES = ["index.js", "README.md", "LICENSE", "a.d.ts", "a.ts", "a.a", "page.html", "package.json", "tests", "x y.txt"]
NODE_PATHS = st.lists(st.sampled_from(NODE_PARTS), max_size=3).flatmap(
    lambda parts: st.sampled_from(NODE_NAMES).map(lambda name: "/".join([*parts, name]))
)
NODE_TEXTS = st.sampled_from(["", 'require("./test/a")', "// don't\n", "broken (", "null", ARCHIVE, '"lib.d.ts"', '{"main": "docs/a"}'])


def may_go_from_a_package(path: str, word: str) -> bool:
    """The definition of a word for a path in one of the packages."""
    inside = path.rpartition("node_modules/inner/")[2]
    *directories, name = inside.split("/")
    return {
        "base-packages": False,
        "caches": False,
        "docs": directories[:1] in (["docs"], ["man"]) or inside == "README.md",
        "static-libraries": name.endswith(".a"),
        "tests": directories[:1] in (["test"], ["tests"], ["__tests__"]),
        "type-stubs": name.endswith(".d.ts"),
    }[word]


class TestNodeProperties:
    @given(files=st.dictionaries(NODE_PATHS, NODE_TEXTS, max_size=12), words=st.sets(st.sampled_from(SLIM_WORDS), min_size=1))
    @settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
    def test_nothing_outside_the_words_is_touched(
        self, files: dict[str, str], words: set[str], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        tree = NodeTree(tmp_path_factory.mktemp("tree"))
        files = {path: text for path, text in files.items() if not any(other.startswith(path + "/") for other in files)}
        node_package(tree.task, "one", "1.0.0", files)
        before = tree.files()
        report = tree.slim(*sorted(words))
        after = tree.files()
        gone = set(before) - set(after)
        assert after == {name: text for name, text in before.items() if name not in gone}
        assert all(any(may_go_from_a_package(name.removeprefix("node_modules/one/"), word) for word in words) for name in gone)
        assert saved(report) == sum(len(before[name]) for name in gone)
        assert set(report) == words


def test_the_scripts_reach_the_context_without_comments_but_their_purpose() -> None:
    """A comment that changes must not make another asset of every image."""
    for runtime in ("python3.13", "nodejs22.x"):
        (script,) = slimmed(base_image(runtime).family, ["tests"])
        purpose, *lines = script.text.splitlines()
        assert "Leaves out of the packages what the specification names" in purpose
        assert not [line for line in lines if not line.strip() or line.lstrip().startswith(("#", "//"))]
