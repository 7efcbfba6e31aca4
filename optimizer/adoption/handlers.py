"""Files that define what Lambda calls: told by the text, as nothing of a project is run."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

_PYTHON = re.compile(
    r"^(?:def (\w+)\(\s*_*event\w*\s*(?::[^,)]+)?,\s*_*(?:context|ctx|_)\w*\b|def ((?:lambda_)?handler|\w+_handler)\s*\(|((?:lambda_)?handler)\s*(?::[^=\n]+)?=[^=])",
    re.MULTILINE,
)
_NODE = re.compile(
    r"^\s*(?:(?:module\.)?exports\.(\w*[hH]andler)\s*=|export\s+(?:const|let|var)\s+(\w*[hH]andler)\s*[:=]|export\s+(?:async\s+)?function\s+(\w*[hH]andler)\s*\()",
    re.MULTILINE,
)
_RUBY = re.compile(r"^def (\w+)\(\s*event:\s*,\s*context:|^\s+def self\.(\w+)\(\s*event:\s*,\s*context:", re.MULTILINE)
_RUBY_CLASS = re.compile(r"^\s*(?:class|module)\s+([A-Z]\w*(?:::[A-Z]\w*)*)", re.MULTILINE)
_JAVA = re.compile(r"\bclass\s+(\w+)[^{]*\bimplements\b[^{]*\b(?:RequestHandler\s*<|RequestStreamHandler\b)")
_JAVA_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*;?", re.MULTILINE)
_KOTLIN = re.compile(r"\bclass\s+(\w+)[^{]*:[^{]*\b(?:RequestHandler\s*<|RequestStreamHandler\b)")
_GO = re.compile(r"\blambda\.Start\w*\(")
_GO_MAIN = re.compile(r"^package main\b", re.MULTILINE)
_RUST = re.compile(r"^\s*lambda[_-](?:runtime|http|web|extension)\b", re.MULTILINE)
_DOTNET = re.compile(r"Amazon\.Lambda\.|<AWSProjectType>\s*Lambda\s*<")

_TESTS = re.compile(r"(?:^|/)(?:tests?|__tests__|specs?|src/test|fixtures|mocks?|__mocks__)/|(?:^|/)(?:test_[^/]*\.py|conftest\.py)$|(?:_test\.(?:py|go)|[._](?:test|spec)\.\w+|_spec\.rb|\.Tests?\.\w+proj)$")  # fmt: skip
_OUTPUTS = re.compile(r"(?:^|/)(?:build|dist|target|obj|out|vendor|\.build|\.optimizer|\.gradle|\.serverless)/")
_FIRST = ("lambda_function", "app", "index", "handler", "main", "function", "lambda")
"""Names of files that hold a function's only or first handler, by custom."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file by which Lambda enters a function.

    ``handler`` is in the runtime's form, with the file's path from the
    directory of the file; empty where it takes none, or none is told.
    """

    path: str
    language: str
    handler: str


def may_define(path: str) -> bool:
    """Whether a file of the path may say where Lambda enters: what is tested and what is built does not count."""
    known = path.endswith((".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".rb", ".java", ".kt", ".go", "proj"))
    named = known or posixpath.basename(path) == "Cargo.toml"
    return named and not path.endswith(".d.ts") and not is_aside(path)


def is_aside(path: str) -> bool:
    """Whether a path is one of tests, or of what builds made."""
    return bool(_TESTS.search(path) or _OUTPUTS.search(path))


def entries(path: str, text: str) -> Iterator[Entry]:
    """Where Lambda enters a function, as one file says; the likeliest first."""
    name = posixpath.basename(path)
    stem, _, suffix = name.rpartition(".")
    if suffix == "py":
        found = dict.fromkeys(name for match in _PYTHON.finditer(text) for name in match.groups() if name)
        for function in sorted(found, key=lambda word: (word not in ("lambda_handler", "handler"), list(found).index(word))):
            yield Entry(path, "Python", f"{stem}.{function}")
    elif suffix in ("js", "mjs", "cjs", "ts", "mts", "cts"):
        for match in _NODE.finditer(text):
            yield Entry(path, "Node.js", f"{stem}.{next(filter(None, match.groups()))}")
    elif suffix == "rb":
        owner = _RUBY_CLASS.search(text)
        for match in _RUBY.finditer(text):
            if match[1] or owner:
                yield Entry(path, "Ruby", f"{stem}.{match[1]}" if match[1] or not owner else f"{stem}.{owner[1]}.{match[2]}")
    elif suffix in ("java", "kt"):
        package = _JAVA_PACKAGE.search(text)
        for match in (_JAVA if suffix == "java" else _KOTLIN).finditer(text):
            yield Entry(path, "Java", f"{package[1]}.{match[1]}::handleRequest" if package else f"{match[1]}::handleRequest")
    elif suffix == "go" and _GO.search(text) and _GO_MAIN.search(text):
        yield Entry(path, "Go", "bootstrap")
    elif name == "Cargo.toml" and _RUST.search(text):
        yield Entry(path, "Rust", "bootstrap")
    elif name.endswith(("csproj", "fsproj", "vbproj")) and _DOTNET.search(text):
        yield Entry(path, ".NET", "")


def order(entry: Entry) -> tuple[int, str]:
    """Sorts the files of one function: those with a customary name first."""
    stem = posixpath.basename(entry.path).rpartition(".")[0]
    return (_FIRST.index(stem) if stem in _FIRST else len(_FIRST), entry.path)
