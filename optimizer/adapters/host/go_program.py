"""Go programs, built by the machine's own Go in the version of the builder, with the commands of the Dockerfile.

Go runs nothing of a module when it builds: no generator, no script, and without
cgo no compiler but its own.  A program built with ``-trimpath`` is the same in
every directory, and on every machine for the target.
Source: https://go.dev/blog/rebuild
"""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from optimizer.adapters.host.caches import cache_directory
from optimizer.adapters.host.go_tools import find_go, go_environment, has_go, version_on_path
from optimizer.adapters.host.running import ToolFailure, run_tool
from optimizer.adapters.host.secrets import secret_obstacle, secret_variables
from optimizer.adapters.host.stage_files import copy_inputs, place_of
from optimizer.adapters.host.tree import Obstacle, TreeRequest
from optimizer.builders.docker.actions import CopyInputs, Run, Script
from optimizer.builders.docker.go import go_program
from optimizer.errors import EngineError, ImageError, RegistryError
from optimizer.locks.go import WORKSPACE
from optimizer.model.plan import TREE
from optimizer.model.recipes.programs import GoProgram
from optimizer.model.reference import ImageReference

_OFFICIAL = "library/golang"
_VERSION = "GOLANG_VERSION"
_OF_THE_IMAGE = (_VERSION, "GOPATH", "GOTOOLCHAIN")
"""What the official image sets: https://github.com/docker-library/golang."""
_SECRET_VARIABLES = ("GOPROXY", "GOPRIVATE", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOINSECURE")
"""Where modules come from; all else may name a program, or a file of the stage."""


class GoTree:
    """Trees of Go programs."""

    def obstacle(self, request: TreeRequest) -> str:
        return next(_obstacles(request), "")

    def make(self, request: TreeRequest, directory: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="optimizer-go-") as place:
            _Build(request, directory.resolve(), Path(place).resolve()).run()


def _obstacles(request: TreeRequest) -> Iterator[str]:
    if os.name != "posix":
        yield "programs are built on Linux and macOS alone"
    origin = request.stage.origin
    # A mirror keeps the end of the path.
    if not isinstance(origin, ImageReference) or not f"/{origin.repository}".endswith(f"/{_OFFICIAL}"):
        yield "its builder is not the official image of Go, and may build in another way"
        return
    if not has_go():
        yield "this machine has no Go"
    yield from _of_builder(request)
    yield secret_obstacle(request.stage.recipe.secrets, _SECRET_VARIABLES)


def _of_builder(request: TreeRequest) -> Iterator[str]:
    try:
        variables = request.images.variables(_builder(request))
    except (RegistryError, ImageError) as error:
        yield f"the version of Go in its builder is not known: {error.faults[0].message}"
        return
    version = variables.get(_VERSION, "")
    others = sorted(name for name in variables if name.startswith(("GO", "CGO_")) and name not in _OF_THE_IMAGE)
    if others:
        yield f"its builder sets {', '.join(others)}"
    if not version:
        yield f"its builder does not tell its version of Go in {_VERSION}"
    elif find_go(version) is None:
        yield f"its builder has Go {version}, and this machine has {version_on_path() or 'none that is taken for it'}"


def _builder(request: TreeRequest) -> ImageReference:
    return cast(ImageReference, request.stage.origin)


class _Build:
    """One build: ``place`` has a directory that stands for the file system of the stage, and a home."""

    def __init__(self, request: TreeRequest, tree: Path, place: Path) -> None:
        self._request = request
        self._recipe = cast(GoProgram, request.stage.recipe)
        self._tree = tree
        self._root, self._home = place / "root", place / "home"
        self._directory = place_of(self._root, self._recipe.workdir)
        cache = cache_directory("go", place)
        self._caches = {"GOPATH": str(place / "go"), "GOMODCACHE": str(cache / "modules"), "GOCACHE": str(cache / "build")}
        program = find_go(request.images.variables(_builder(request)).get(_VERSION, ""))
        if program is None:
            raise Obstacle(next(_of_builder(request), "its version of Go is gone"))
        self._go = program

    def run(self) -> None:
        for directory in (self._home, self._directory):
            directory.mkdir(parents=True)
        variables = dict(secret_variables(self._recipe.secrets, self._request.secrets, self._home))
        for action in go_program(self._recipe, self._request.stage).actions:
            if isinstance(action, CopyInputs):
                copy_inputs(action.inputs, self._request.context, self._root)
                continue
            assert isinstance(action, Run)
            for command in action.commands:
                # What normalises a tree is done while its layer is written.
                if not isinstance(command, Script):
                    self._command(command, {**dict(action.environment), **(variables if action.secrets else {})}, variables)

    def _command(self, words: Sequence[str], environment: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        argv = [str(self._go), *(word.replace(TREE, str(self._tree)) for word in words[1:])]
        clean = {**go_environment(self._home), **self._caches, "GOWORK": self._workspace()}
        try:
            run_tool(argv, f"go {words[1]}", self._directory, {**clean, **environment}, secrets.values())
        except ToolFailure as failure:
            if words[1] == "mod":
                raise Obstacle(f"its modules cannot be downloaded by Go alone: {str(failure).splitlines()[-1]}") from None
            name = self._request.stage.name
            raise EngineError(
                f'the program of "{name}" cannot be built on this machine: {failure}', name, "publish with --no-host"
            ) from None

    def _workspace(self) -> str:
        """The go.work that the stage has; one of this machine, above the directory of the build, is none."""
        directory = self._recipe.workdir
        while True:
            path = place_of(self._root, posixpath.join(directory, WORKSPACE))
            if path.is_file():
                return str(path)
            if directory == "/":
                return "off"
            directory = posixpath.dirname(directory)
