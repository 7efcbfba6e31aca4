"""A first project: a CDK app or a SAM template with one function, everything that it needs to run, and no lock.

What people write by hand is kept in files, below ``projects`` beside this one,
with ``$name`` and the like for what differs from project to project; the
spec, the ignore file and the settings are made as ``optimizer init`` makes
them.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from optimizer.adoption.code import FunctionCode
from optimizer.adoption.companions import TITLE, ignore_file
from optimizer.adoption.starter import start
from optimizer.adoption.toml import render_toml
from optimizer.bases.catalogue import BaseImage, base_image, check_runtime, runtimes
from optimizer.errors import SpecError, did_you_mean
from optimizer.version import VERSION

Kind = Literal["cdk", "sam"]

SPEC = "hello.image.toml"
EVENT = "events/hello.json"
TEMPLATE = "template.yaml"
REQUIREMENTS: Mapping[Kind, str] = {"cdk": "requirements.txt", "sam": "requirements-dev.txt"}
"""The file of the packages that a project itself needs; that of a SAM project must not be taken for one of its functions."""

_NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_LONGEST = 60
_DIRECTORY = "functions/hello"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Language:
    """How a first function is written in a language; ``test`` runs its tests, ``ignored`` are directories that its tools make."""

    language: str
    file: str
    handler: str
    test: str
    ignored: tuple[str, ...]


_LANGUAGES: Mapping[str, _Language] = {
    "python": _Language(
        language="Python",
        file="app.py",
        handler="app.handler",
        test="python -m unittest discover tests",
        ignored=("__pycache__", ".venv"),
    ),
    "nodejs": _Language(
        language="Node.js",
        file="index.mjs",
        handler="index.handler",
        test="node --test",
        ignored=("__pycache__", ".venv", "node_modules"),
    ),
}
"""By the family of the runtime."""

_FILES: Mapping[str, tuple[str, ...]] = {
    "cdk": ("README.md", "app.py", "cdk.json", REQUIREMENTS["cdk"]),
    "sam": ("README.md", REQUIREMENTS["sam"], TEMPLATE),
    "python": (f"{_DIRECTORY}/app.py", "tests/test_hello.py"),
    "nodejs": (f"{_DIRECTORY}/index.mjs", "tests/hello.test.mjs"),
    "common": (EVENT,),
}
_OUTPUTS: Mapping[str, tuple[str, ...]] = {"cdk": ("cdk.out",), "sam": (".aws-sam", ".optimizer")}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    """The files of a project by their paths in it, sorted; ``test`` is the command that runs its tests."""

    name: str
    kind: Kind
    runtime: str
    architecture: str
    files: Mapping[str, str]
    test: str


def newest_python() -> str:
    """The newest supported Python of the catalogue."""
    return next(name for name in runtimes() if base_image(name).family == "python" and base_image(name).status == "supported")


def new_project(kind: Kind, name: str, runtime: str, architecture: str, *, mirror: str = "") -> NewProject:
    """A project of that name, whose function runs on the runtime.

    The name becomes that of stacks, and of a repository.  ``mirror`` is that of
    all images, empty for none.  Raises :class:`SpecError` for a name that
    these cannot have, and for a runtime that is unknown, old, or of a language
    without a first function here.
    """
    _check_name(name)
    base = base_image(runtime)
    language = _language(base)
    if architecture not in base.architectures:
        raise SpecError(
            f"{runtime} is not there for {architecture}; allowed: {', '.join(base.architectures)}", "--architecture", "name one of those"
        )
    values = {
        "name": name,
        "version": VERSION,
        "architecture": architecture,
        "handler": language.handler,
        "test": language.test,
    }
    files = {
        path: Template(_text(f"{directory}/{path}")).substitute(values)
        for directory in (kind, base.family, "common")
        for path in _FILES[directory]
    }
    code = FunctionCode(
        directory=_DIRECTORY, language=language.language, files=(f"{_DIRECTORY}/{language.file}",), handlers=(language.handler,)
    )
    files[SPEC] = render_toml(start(runtime, code, _Written(files), architecture, apps=(".",)))
    files[".gitignore"] = ignore_file(".gitignore", None, (*_OUTPUTS[kind], *language.ignored), "").after
    files["optimizer.toml"] = _settings(architecture, mirror)
    return NewProject(
        name=name, kind=kind, runtime=runtime, architecture=architecture, files=dict(sorted(files.items())), test=language.test
    )


def _check_name(name: str) -> None:
    if len(name) <= _LONGEST and _NAME.fullmatch(name):
        return
    suggested = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("-0123456789")[:_LONGEST].rstrip("-")
    raise SpecError(
        f'"{name}" cannot be the name of a project; allowed: at most {_LONGEST} lower-case letters, digits and single hyphens, '
        "with a letter first, as stacks and repositories are named by it",
        "NAME",
        f"for example {suggested if _NAME.fullmatch(suggested) else 'shop'}",
    )


def _language(base: BaseImage) -> _Language:
    if base.family not in _LANGUAGES:
        allowed = [name for name in runtimes() if base_image(name).family in _LANGUAGES and base_image(name).status == "supported"]
        raise SpecError(
            f"there is no first function for {base.runtime}; allowed: {', '.join(allowed)}",
            "--runtime",
            did_you_mean(base.runtime, allowed) or "write the function's code in a directory, and run optimizer init there",
        )
    faults, _ = check_runtime(base, frozenset())
    if faults:
        raise SpecError(
            f"{faults[0].message.removesuffix(' and must be allowed by name')}: a new project does not start on it",
            "--runtime",
            f"name {newest_python()}",
        )
    return _LANGUAGES[base.family]


def _settings(architecture: str, mirror: str) -> str:
    """The text of ``optimizer.toml``."""
    lines = [TITLE, ""]
    if mirror:
        lines += ["# Where images are pulled from.", f"mirror = {json.dumps(mirror)}", ""]
    lines += ["[defaults]", "# Of specifications that name no architecture.", f'architecture = "{architecture}"']
    return "".join(f"{line}\n" for line in lines)


def _text(path: str) -> str:
    # Imported here, because no other command reads these files.
    from importlib.resources import files

    return files("optimizer.adoption").joinpath("projects", *path.split("/")).read_text(encoding="utf-8")


class _Written:
    """Files that are not written yet, as :class:`~optimizer.locks.files.ProjectFiles`."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    @property
    def root(self) -> Path:
        return Path()

    def kind(self, path: str) -> str | None:
        if path in self._files:
            return "file"
        return "directory" if path == "." or any(name.startswith(f"{posixpath.normpath(path)}/") for name in self._files) else None

    def read_text(self, path: str) -> str:
        return self._files[path]
