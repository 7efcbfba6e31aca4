"""Whether a function's handler is defined by the files of its image.

A missing handler is reported only where no other file can define it.  Not judged are runtimes
whose handlers are compiled, modules that a dependency may bring, and files
whose names are unknown before they run.  Nothing of the project is imported
or run: Python is parsed, and JavaScript only searched for plain exports.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from optimizer.bases.catalogue import BaseImage
from optimizer.errors import Fault, did_you_mean

_TASK = "/var/task"
# Below this a word is found in too much text by chance.
_WORD_MIN = 4
# Files that are looked through for a handler of the name; more would cost more than a hint is worth.
_SUGGESTIONS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFiles:
    """What is known of an image's files before it is built.

    ``paths`` are the absolute paths of the project's files in it.  ``read``
    gives the bytes of one, or None when it is too large or cannot be read.
    ``others`` are the texts of lock files and manifests from which more files
    come; ``complete`` says that there are no others still, such as those that a
    command makes.  ``environment`` is that of the image.
    """

    paths: frozenset[str]
    read: Callable[[str], bytes | None]
    others: Sequence[str] = ()
    complete: bool = True
    environment: Sequence[tuple[str, str]] = ()

    def may_get(self, module: str) -> bool:
        """Whether a file that the project does not hold can be the module."""
        if not self.complete:
            return True
        words = [word.lower() for word in re.split(r"[^A-Za-z0-9]+|_", module) if len(word) >= _WORD_MIN]
        words = words or [module.lower()]
        return any(word in text.lower() for text in self.others for word in words)


def undefined_handler(base: BaseImage, handler: str, image: ImageFiles) -> Fault | None:
    """The fault of a well-formed handler that no file of the image defines; None when one does, or when it is unknown."""
    find = {"python": _python, "nodejs": _nodejs, "ruby": _ruby}.get(base.family)
    return find(base, handler, image) if find is not None else None


# What Python loads to start, and the client of AWS before it looks for a handler (awslambdaric 4.2.2): a file of the name is never loaded.
_LOADED_BEFORE = frozenset(
    ["abc", "builtins", "codecs", "importlib", "io", "json", "logging", "os", "site", "stat", "sys", "time", "traceback"]
)


# https://github.com/aws/aws-lambda-python-runtime-interface-client/blob/main/awslambdaric/bootstrap.py: _get_handler
def _python(base: BaseImage, handler: str, image: ImageFiles) -> Fault | None:
    module, _, name = handler.replace("/", ".").rpartition(".")
    first = module.partition(".")[0]
    if first in _LOADED_BEFORE:
        return Fault(
            f'handler "{handler}": Python has loaded a module "{first}" of its own before the runtime looks for the handler',
            "handler",
            f'call the file or the directory something else, for example "{first}_handler"',
        )
    if first in sys.stdlib_module_names:
        return None
    version = base.runtime.removeprefix("python")
    roots = (_TASK, "/opt/python", f"/opt/python/lib/python{version}/site-packages", *_directories(image, "PYTHONPATH"))
    stems = [posixpath.join(root, *module.split(".")) for root in roots]
    for stem in stems:
        if f"{stem}/__init__.py" in image.paths:
            return _python_name(handler, module, name, f"{stem}/__init__.py", image)
        if any(path.startswith((f"{stem}.", f"{stem}/__init__.")) and path.endswith((".so", ".pyc")) for path in image.paths):
            return None
        if f"{stem}.py" in image.paths:
            return _python_name(handler, module, name, f"{stem}.py", image)
    if image.may_get(first):
        return None
    modules = dict(_python_modules(image.paths, roots))
    hint = _suggested(module, name, modules, lambda path: name in (_python_names(image.read(path)) or ()))
    looked_at = f"{stems[0]}.py and {stems[0]}/__init__.py"
    return Fault(f'handler "{handler}": no file of the image is the module "{module}"; looked for {looked_at}', "handler", hint)


def _python_name(handler: str, module: str, name: str, path: str, image: ImageFiles) -> Fault | None:
    names = _python_names(image.read(path))
    if names is None or name in names:
        return None
    near = did_you_mean(f"{module}.{name}", [f"{module}.{other}" for other in sorted(names) if not other.startswith("_")])
    return Fault(
        f'handler "{handler}": {path} defines no "{name}"', "handler", near or f'define "{name}" there, or use a name that is defined'
    )


def _python_modules(paths: Iterable[str], roots: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The modules below the directories of Python's path, with their files."""
    for path in sorted(paths):
        for root in roots:
            if path.startswith(f"{root}/") and path.endswith(".py"):
                yield path.removeprefix(f"{root}/").removesuffix(".py").removesuffix("/__init__").replace("/", "."), path
                break


def _python_names(source: bytes | None) -> set[str] | None:
    """The names that a module binds at its top level; None when they are not all known."""
    if source is None:
        return None
    try:
        with warnings.catch_warnings():
            # What the parser thinks of other people's code is no news here.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
        return _bound(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Perhaps in the syntax of a newer Python than this one.
        return None


def _bound(tree: ast.Module) -> set[str] | None:
    names: set[str] = set()
    for node in ast.walk(tree):
        # They can bind any name, from wherever they stand.
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("exec", "globals", "setattr", "vars", "locals")
        ):
            return None
        if isinstance(node, ast.Global):
            names.update(node.names)
    waiting: list[ast.AST] = list(tree.body)
    while waiting:  # ends because each node has one parent
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar, ast.ExceptHandler)) and node.name:
            names.add(node.name)
        waiting += ast.iter_child_nodes(node)
    return None if "*" in names or "__getattr__" in names else names


# https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/blob/main/src/UserFunction.js: _tryRequire
def _nodejs(base: BaseImage, handler: str, image: ImageFiles) -> Fault | None:
    folder, slash, rest = handler.rpartition("/")
    stem, _, export = rest.partition(".")
    file = f"{folder}{slash}{stem}"
    path = posixpath.normpath(posixpath.join(_TASK, file))
    found = [name for name in (path, f"{path}.js", f"{path}.mjs", f"{path}.cjs") if name in image.paths]
    if found:
        names = _exports(image.read(found[0]))
        first = export.partition(".")[0]
        # Version 4 of the client looks into an object that is the default export, too.
        if names is None or first in names or "default" in names:
            return None
        near = did_you_mean(f"{file}.{first}", [f"{file}.{name}" for name in sorted(names)])
        return Fault(
            f'handler "{handler}": {found[0]} exports no "{first}"',
            "handler",
            near or f'export "{first}" there, or use a name that is exported',
        )
    # A directory is a module of its own, and Node.js looks into node_modules last.
    if any(name.startswith(f"{path}/") for name in image.paths) or image.may_get(stem):
        return None
    if any(f"{path}{ending}" in image.paths for ending in (".ts", ".mts", ".cts")):
        hint = "the runtime does not run TypeScript: build it in a NodeBuild step, and name the file that it makes"
    else:
        files = {
            posixpath.splitext(name.removeprefix(f"{_TASK}/"))[0]: name
            for name in sorted(image.paths)
            if name.startswith(f"{_TASK}/") and name.endswith((".js", ".mjs", ".cjs")) and "/node_modules/" not in name
        }
        hint = _suggested(file, export, files, lambda name: export in (_exports(image.read(name)) or ()))
    return Fault(f'handler "{handler}": no file of the image is "{file}"; looked for {path}.js, .mjs and .cjs', "handler", hint)


# The compiler of TypeScript writes it into every module of CommonJS.
_COMPILER_MARK = re.compile(r"""Object\.defineProperty\(\s*exports\s*,\s*["']__esModule["']\s*,\s*\{[^}]*\}\s*\)""")
# What can export names that stand nowhere.
_OPEN_EXPORTS = re.compile(r"module\s*\.\s*exports|\bexport\s*\*|\bexports\s*[\[,)]|\bexport\s+(?:const|let|var)\s*[\[{]|defineProperty")
_NAMED_EXPORTS = re.compile(
    r"\bexports\s*\.\s*([\w$]+)\s*=|\bexport\s+(?:async\s+)?(?:function\s*\*?|const|let|var|class)\s*([\w$]+)|\bexport\s+(default)\b"
)
_LISTED_EXPORTS = re.compile(r"\bexport\s*\{([^}]*)\}")


def _exports(source: bytes | None) -> set[str] | None:
    """The names that a file of JavaScript exports in plain words; None when they are not all known, or there are none."""
    if source is None:
        return None
    text = _COMPILER_MARK.sub("", source.decode("utf-8", "replace"))
    if _OPEN_EXPORTS.search(text):
        return None
    names = {name for match in _NAMED_EXPORTS.finditer(text) for name in match.groups() if name}
    for match in _LISTED_EXPORTS.finditer(text):
        names.update(words[-1].strip("\"'") for item in match[1].split(",") if (words := item.split()))
    return names or None


# https://github.com/aws/aws-lambda-ruby-runtime-interface-client/blob/main/lib/aws_lambda_ric/lambda_handler.rb
def _ruby(base: BaseImage, handler: str, image: ImageFiles) -> Fault | None:
    folder, slash, rest = handler.rpartition("/")
    stem, _, method = rest.partition(".")
    file = f"{folder}{slash}{stem}"
    path = posixpath.normpath(posixpath.join(_TASK, f"{file}.rb"))
    if path in image.paths or image.may_get(stem) or _directories(image, "RUBYLIB"):
        return None
    files = {
        name.removeprefix(f"{_TASK}/").removesuffix(".rb"): name
        for name in sorted(image.paths)
        if name.startswith(f"{_TASK}/") and name.endswith(".rb")
    }
    word = re.compile(rb"\bdef\s+(?:self\.)?" + re.escape(method.rpartition(".")[2].encode()) + rb"(?![\w?!])")
    hint = _suggested(file, method, files, lambda name: word.search(image.read(name) or b"") is not None)
    return Fault(f'handler "{handler}": no file of the image is "{file}.rb"; looked for {path}', "handler", hint)


def _directories(image: ImageFiles, variable: str) -> list[str]:
    value = dict(image.environment).get(variable, "")
    return [posixpath.normpath(posixpath.join(_TASK, item)) for item in value.split(":") if item]


def _suggested(module: str, name: str, files: dict[str, str], defines: Callable[[str], bool]) -> str:
    """A hint at the one file that defines the name, else at the file that is called nearly so."""
    # Imported here, because it is needed only when something is wrong.
    import difflib

    defining = [other for other, path in list(files.items())[:_SUGGESTIONS_MAX] if defines(path)]
    meant = defining if len(defining) == 1 else difflib.get_close_matches(module, defining or list(files), n=1)
    return (
        f'did you mean "{meant[0]}.{name}"?'
        if meant
        else "give the path of a file in the image, relative to /var/task, or add the step that copies it"
    )
