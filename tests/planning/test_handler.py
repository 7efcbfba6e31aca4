"""Handlers that no file of the image defines: found where it can be known, and never where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer import Command, Files, ImageSpec, Lock, PythonDependencies, SourceCode, plan
from optimizer.bases.catalogue import base_image
from optimizer.builders.image_files import image_files
from optimizer.planning.handler import ImageFiles, undefined_handler
from optimizer.project.files import Project

LOCK = Lock.parse((Path(__file__).parents[1] / "golden" / "optimizer.lock").read_text(encoding="utf-8"))
PYTHON = "def handler(event, context):\n    pass\n"


def judged(runtime: str, handler: str, files: dict[str, str | bytes], **known: Any) -> str:
    """Message and hint, or an empty text."""
    data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    fault = undefined_handler(base_image(runtime), handler, ImageFiles(paths=frozenset(data), read=data.__getitem__, **known))
    return f"{fault.message} | {fault.hint}" if fault is not None else ""


def test_a_module_that_python_has_loaded_itself_is_never_the_handlers() -> None:
    """awslambdaric 4.2.2 says "Handler 'handler' missing on module 'json'", and of time that it is built in."""
    for handler in ("json.handler", "time.handler", "logging/api.handler"):
        files = {f"/var/task/{handler.partition('.')[0]}.py": PYTHON}
        assert "has loaded a module" in judged("python3.13", handler, files)
    # A file of this name is found before the standard library's.
    assert judged("python3.13", "queue.handler", {"/var/task/queue.py": PYTHON}) == ""


def test_an_object_that_is_the_default_export_may_hold_the_handler() -> None:
    """aws-lambda-ric 4.0.2 looks into it."""
    source = "const handler = async () => null;\nexport default { handler };\n"
    assert judged("nodejs24.x", "index.handler", {"/var/task/index.mjs": source}) == ""


DEFINING = {
    "function": PYTHON,
    "coroutine": "async def handler(event, context): ...\n",
    "class": "class handler: ...\n",
    "assignment": "handler = object()\n",
    "annotated": "handler: object = object()\n",
    "unpacked": "(first, *handler) = 1, 2\n",
    "walrus": "if (handler := object()): ...\n",
    "import": "from mangum import handler\n",
    "renamed import": "import x.y as handler\n",
    "import of a package": "import handler.more\n",
    "decorated": "@wrap\ndef handler(event, context): ...\n",
    "in try": "try:\n    import fast as handler\nexcept ImportError:\n    handler = None\n",
    "in if": "if True:\n    def handler(event, context): ...\n",
    "in with": "with open('x') as handler: ...\n",
    "loop": "for handler in []: ...\n",
    "match": "match 1:\n    case handler: ...\n",
    "global": "def make():\n    global handler\n    handler = 1\n",
    "star": "from other import *\n",
    "module getattr": "def __getattr__(name): ...\n",
    "globals": "globals()['handler'] = 1\n",
    "exec": "def make():\n    exec('x')\n",
    "no Python": "def handler(:\n",
    "null bytes": "\0",
    "another encoding": "# -*- coding: latin-1 -*-\nname = 'é'\ndef handler(): ...\n".encode("latin-1"),
    "escapes that the parser warns of": "x = '\\d'\ndef handler(): ...\n",
}


@pytest.mark.parametrize("source", DEFINING.values(), ids=DEFINING)
@pytest.mark.filterwarnings("error")
def test_python_that_may_define_it_is_fine(source: str | bytes) -> None:
    assert judged("python3.13", "app.handler", {"/var/task/app.py": source}) == ""


@pytest.mark.parametrize(
    "source",
    [
        "def handlr(event, context): ...\n",
        "def make():\n    handler = 1\n",
        "class Api:\n    def handler(self): ...\n",
        "print(handler)\n",
        "",
    ],
)
def test_python_that_defines_another_name_is_told(source: str) -> None:
    assert judged("python3.13", "app.handler", {"/var/task/app.py": source}).startswith(
        'handler "app.handler": /var/task/app.py defines no "handler" | '
    )


def test_the_name_that_was_meant_is_told() -> None:
    assert judged("python3.13", "app.handlr", {"/var/task/app.py": PYTHON}) == (
        'handler "app.handlr": /var/task/app.py defines no "handlr" | did you mean "app.handler"?'
    )


@pytest.mark.parametrize(
    ("handler", "path"),
    [
        ("api/app.handler", "/var/task/api/app.py"),
        ("api.app.handler", "/var/task/api/app.py"),
        ("api.handler", "/var/task/api/__init__.py"),
        ("app.handler", "/opt/python/app.py"),
        ("app.handler", "/opt/python/lib/python3.13/site-packages/app.py"),
        ("app.handler", "/var/task/app.cpython-313-aarch64-linux-gnu.so"),
        ("app.handler", "/var/task/app.pyc"),
        ("app.handler", "/var/task/app/__init__.pyc"),
    ],
)
def test_python_finds_modules_where_the_runtime_does(handler: str, path: str) -> None:
    assert judged("python3.13", handler, {path: PYTHON}) == ""


def test_python_path_of_the_image_counts() -> None:
    files = {"/var/task/src/app.py": PYTHON}
    assert judged("python3.13", "app.handler", files) == (
        'handler "app.handler": no file of the image is the module "app"; looked for /var/task/app.py and /var/task/app/__init__.py'
        ' | did you mean "src.app.handler"?'
    )
    assert judged("python3.13", "app.handler", files, environment=[("PYTHONPATH", "/opt/x:src")]) == ""


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        ({"/var/task/app.py": PYTHON}, 'did you mean "app.handler"?'),
        ({"/var/task/mian.py": "x = 1\n"}, 'did you mean "mian.handler"?'),
        (
            {"/var/task/a.py": PYTHON, "/var/task/b.py": PYTHON},
            "give the path of a file in the image, relative to /var/task, or add the step that copies it",
        ),
        ({}, "give the path of a file in the image, relative to /var/task, or add the step that copies it"),
    ],
)
def test_python_without_the_module_is_told(files: dict[str, str | bytes], hint: str) -> None:
    assert judged("python3.13", "main.handler", files) == (
        'handler "main.handler": no file of the image is the module "main"; looked for /var/task/main.py and /var/task/main/__init__.py'
        f" | {hint}"
    )


@pytest.mark.parametrize(
    ("handler", "known"),
    [
        ("main.handler", {"complete": False}),
        ("datadog_lambda.handler.handler", {"others": ["idna==3.10\ndatadog-lambda==6.1\n"]}),
        ("yaml.handler", {"others": ["PyYAML==6.0\n"]}),
        ("api.handler", {"others": ['name = "api"\n']}),
        ("newrelic_lambda_wrapper.handler", {"others": ["newrelic-lambda==1\n"]}),
        ("http.server.main", {}),
    ],
)
def test_python_that_may_come_from_elsewhere_is_not_judged(handler: str, known: dict[str, Any]) -> None:
    assert judged("python3.13", handler, {"/var/task/app.py": PYTHON}, **known) == ""


def test_python_that_is_too_large_is_not_judged() -> None:
    paths = frozenset({"/var/task/app.py"})
    assert undefined_handler(base_image("python3.13"), "app.handler", ImageFiles(paths=paths, read=lambda path: None)) is None


EXPORTING = {
    "exports": "exports.handler = async () => 1;",
    "spaced": "exports . handler=1",
    "module.exports": "module.exports = make();",
    "copied": "Object.assign(exports, other)",
    "computed": "exports['handler'] = 1",
    "reexported": "export * from './other.mjs'",
    "function": "export async function handler(event) {}",
    "generator": "export function* handler() {}",
    "constant": "export const handler = async () => {}",
    "destructured": "export const { handler } = make()",
    "listed": "var a = 1;\nexport {\n  a as handler,\n  b\n};",
    "compiled": 'Object.defineProperty(exports, "__esModule", { value: true });\nexports.handler = void 0;\nexports.handler = handler;',
    "defined": 'Object.defineProperty(exports, "handler", { get: f })',
    "nothing known": "console.log(1)",
}


@pytest.mark.parametrize("source", EXPORTING.values(), ids=EXPORTING)
def test_javascript_that_may_export_it_is_fine(source: str) -> None:
    assert judged("nodejs22.x", "index.handler", {"/var/task/index.mjs": source}) == ""


@pytest.mark.parametrize(
    "source",
    [
        "export const handlr = 1",
        "exports.handlr = 1",
        "export { handlr }",
        'Object.defineProperty(exports, "__esModule", { value: true });\nexports.handlr = handlr;',
    ],
)
def test_javascript_that_exports_another_name_is_told(source: str) -> None:
    assert judged("nodejs22.x", "src/index.handler.sub", {"/var/task/src/index.js": source}) == (
        'handler "src/index.handler.sub": /var/task/src/index.js exports no "handler" | did you mean "src/index.handlr"?'
    )


@pytest.mark.parametrize("path", ["src/index.js", "src/index.mjs", "src/index.cjs", "src/index", "src/index/index.js"])
def test_node_finds_files_where_the_runtime_does(path: str) -> None:
    assert judged("nodejs22.x", "src/index.handler", {f"/var/task/{path}": "exports.handler = 1"}) == ""


@pytest.mark.parametrize(
    ("files", "hint"),
    [
        ({"/var/task/app.mjs": "export const handler = 1"}, 'did you mean "app.handler"?'),
        ({"/var/task/indx.mjs": "run()", "/var/task/node_modules/index.js": ""}, 'did you mean "indx.handler"?'),
        (
            {"/var/task/index.ts": ""},
            "the runtime does not run TypeScript: build it in a NodeBuild step, and name the file that it makes",
        ),
    ],
)
def test_node_without_the_file_is_told(files: dict[str, str | bytes], hint: str) -> None:
    assert judged("nodejs22.x", "index.handler", files) == (
        f'handler "index.handler": no file of the image is "index"; looked for /var/task/index.js, .mjs and .cjs | {hint}'
    )


def test_ruby_is_judged_by_its_file() -> None:
    files: dict[str, str | bytes] = {"/var/task/lib/app.rb": "def handler(event:, context:)\nend\n"}
    assert judged("ruby3.3", "lib/app.handler", files) == judged("ruby3.3", "lib/app.Shop::Api.other", files) == ""
    assert judged("ruby3.3", "main.handler", files) == (
        'handler "main.handler": no file of the image is "main.rb"; looked for /var/task/main.rb | did you mean "lib/app.handler"?'
    )
    assert judged("ruby3.3", "main.handler", files, environment=[("RUBYLIB", "/opt/ruby")]) == ""


@pytest.mark.parametrize("runtime", ["java21", "dotnet8", "provided.al2023"])
def test_compiled_handlers_are_not_judged(runtime: str) -> None:
    assert judged(runtime, "a.B::c", {}) == ""


class TestImages:
    """What of a plan counts as known."""

    @pytest.fixture(autouse=True)
    def project(self, tmp_path: Path) -> Path:
        (tmp_path / "code").mkdir()
        (tmp_path / "code" / "app.py").write_text(PYTHON)
        (tmp_path / "requirements.txt").write_text("idna==3.10\n")
        return tmp_path

    def known(self, root: Path, *steps: Any, foreign: bool = False) -> ImageFiles:
        project = Project(root)
        made = plan(ImageSpec(runtime="python3.13", steps=steps), LOCK, root=root)
        return image_files(made, project, foreign_base=foreign)

    def test_code_and_the_text_of_locks_are_known(self, project: Path) -> None:
        known = self.known(project, SourceCode("code"), PythonDependencies("requirements.txt"))
        assert known.paths == {"/var/task/app.py"}
        assert known.read("/var/task/app.py") == PYTHON.encode()
        assert (list(known.others), known.complete) == (["idna==3.10\n"], True)

    def test_a_file_under_another_name_is_read(self, project: Path) -> None:
        known = self.known(project, Files("code/app.py", to="/var/task/main.py"))
        assert known.paths == {"/var/task/main.py"}
        assert known.read("/var/task/main.py") == PYTHON.encode()

    def test_a_command_a_custom_base_and_a_link_may_bring_anything(self, project: Path) -> None:
        assert not self.known(project, SourceCode("code"), Command([["true"]])).complete
        assert not self.known(project, SourceCode("code"), foreign=True).complete
        (project / "code" / "more").symlink_to("app.py")
        assert not self.known(project, SourceCode("code")).complete
