"""Trees of Python packages: the commands of the generated Dockerfile, run by uv on this machine, for wheels alone.

Nothing of a package runs.  uv takes wheels only, and its requirements are
written anew so that no line of them has something built.  The commands are the
stage's own, with paths and programs of this machine in place of its, so that
both back ends cannot drift apart.
"""

from __future__ import annotations

import posixpath
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from email.parser import HeaderParser
from pathlib import Path

from optimizer.adapters import record
from optimizer.adapters.host.bytecode import compile_tree
from optimizer.adapters.host.console_scripts import set_interpreter
from optimizer.adapters.host.python_needs import lacking
from optimizer.adapters.host.python_obstacles import (
    EXPORTED_BY,
    exact_version,
    exported_requirements,
    lock_kind,
    marker_environment,
    packages_obstacle,
    packages_recipe,
    pylock_packages,
    python_of,
    uv_major,
)
from optimizer.adapters.host.requirements import write_requirements
from optimizer.adapters.host.secrets import secret_variables
from optimizer.adapters.host.tree import Obstacle, TreeRequest, script_command
from optimizer.adapters.host.uv import find_uv, uv_environment, uv_obstacle, uv_version
from optimizer.bases.recognise import series_of_base
from optimizer.builders.docker.actions import NOTES, Run, Script
from optimizer.builders.docker.lower import stage_body
from optimizer.builders.docker.python_commands import TASK, secrets_with_index_of_pip
from optimizer.builders.parts import may_lack
from optimizer.dockerfile.rendered import SCRIPTS
from optimizer.errors import EngineError
from optimizer.locks.markers import patch_matters
from optimizer.model.plan import TREE
from optimizer.model.recipes.python import PythonPackages
from optimizer.toolchains.python_sources import SOURCE

_LIMIT_S = 1800
_LINES = 4
_PYTHON_OF_AWS = "/var/lang/bin/python"
"""What ``python`` is in AWS's bases, by the PATH of their configuration, and so in the first line of scripts."""

_UV = ("python", "-m", "uv")
_NOT_HERE = ("same_python.py", "compile_python.py", "normalise_python.py")
"""Scripts of the stage that are none of this machine's: its Python is told to uv, byte-code is made when all else is done, and the archive of the tree has one form for metadata."""


class PythonPackagesTree:
    """Trees of ``python-packages`` recipes, of every lock that uv can read, or write as requirements, whose packages are wheels, and of parts of such."""

    def obstacle(self, request: TreeRequest) -> str:
        return packages_obstacle(request)

    def make(self, request: TreeRequest, directory: Path) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="optimizer-packages-") as place:
                _Installation(request, directory, Path(place).resolve()).run()
        except OSError as error:
            raise EngineError(
                f'the tree of "{request.stage.name}" cannot be made on this machine: {error.strerror or error}',
                request.stage.name,
                "free some space, or publish with --no-host",
            ) from None


class _Installation:
    """One tree in the making.

    ``place`` is an empty directory, in which the stage's own directories get
    directories: its sources, what its commands write down, and a home.
    """

    def __init__(self, request: TreeRequest, tree: Path, place: Path) -> None:
        self._request = request
        self._recipe = packages_recipe(request)
        self._tree = tree
        # The parts that the stage knows by their absolute paths.
        self._paths = {TREE: tree, SOURCE: place / "src", "/tmp": place / "tmp", NOTES: place / "slim", SCRIPTS: place / "files"}
        self._home = place / "home"
        self._place = place
        self._environment = marker_environment(request)
        self._like_base = str(python_of(request) or sys.executable)
        # For all but pylock.toml, uv takes another version than that of its Python.
        self._pylock = lock_kind(self._recipe) == "pylock.toml"
        self._python = self._like_base if self._pylock else sys.executable
        self._known = exact_version(self._recipe, request)
        program = find_uv()
        if program is None:
            raise Obstacle(uv_obstacle(uv_major(self._recipe)))
        self._uv = program
        self._secrets: dict[str, str] = {}

    def run(self) -> None:
        for path in (self._home, *(path for path in self._paths.values() if path != self._tree)):
            path.mkdir(parents=True, exist_ok=True)
        self._copy_inputs()
        secrets = secrets_with_index_of_pip(self._recipe.secrets)
        self._secrets = dict(secret_variables(secrets, self._request.secrets, self._home))
        run = self._last_run()
        for file in run.files:
            self._path(file.path).write_text(file.text, encoding="utf-8")
        for command in self._commands(run):
            if isinstance(command, Script):
                self._script(command)
            elif command[0] == "rm":
                self._path(command[-1]).unlink(missing_ok=True)
            else:
                self._run(self._words(command))
        self._check_metadata()
        set_interpreter(self._path(TASK), self._python, _PYTHON_OF_AWS if series_of_base(self._request.plan.base, "python") else "")
        if self._recipe.bytecode:
            compile_tree(self._request, self._tree)

    def _last_run(self) -> Run:
        """The run that installs; what brings uv stands before it."""
        last = stage_body(self._request.stage).actions[-1]
        assert isinstance(last, Run)
        return last

    def _commands(self, run: Run) -> Iterator[tuple[str, ...] | Script]:
        for command in run.commands:
            if not isinstance(command, Script) and self._is_export(command):
                continue
            if not isinstance(command, Script) or command.name not in _NOT_HERE:
                yield command

    def _is_export(self, command: Sequence[str]) -> bool:
        """Whether a command runs poetry or pipenv."""
        return lock_kind(self._recipe) in EXPORTED_BY and (command[0] == "sh" or tuple(command[3:5]) == ("tool", "run"))

    def _copy_inputs(self) -> None:
        context = self._request.context.resolve()
        for item in self._recipe.reads:
            source = (context / item.source).resolve()
            if source != context and context not in source.parents:
                raise EngineError(f'"{item.source}" leads out of the build context', item.source, "run cdk synth again")
            target = self._path(item.target)
            if item.directory:
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)

    def _script(self, script: Script) -> None:
        python = self._like_base if script.name.startswith("slim_") else sys.executable
        # The first argument is the tree; where there are more, they are a path, and what may be a command of the stage.
        tree, *more = script.arguments
        arguments = (tree, *map(self._word, more[:1]), *self._words(more[1:]))
        here = replace(script, interpreter=(python, "-I"), arguments=arguments)
        self._run(script_command(here, self._place / "scripts", str(self._tree)))

    def _words(self, words: Sequence[str]) -> list[str]:
        """Words of a command of the stage for this machine; of an installation, requirements are checked and written anew."""
        given = list(words)
        if given[:2] == ["python", "-c"]:
            # The script that puts values in place of variables, before a command.
            return [sys.executable, "-I", "-c", given[2], *self._words(given[3:])]
        if given[:3] != list(_UV):
            return [self._word(word) for word in given]
        command = [self._word(word) for word in given[3:]]
        if command[:2] == ["pip", "install"]:
            at = command.index("--python")
            command[at : at + 2] = ["--python", self._python, "--python-version", self._version(), "--only-binary", ":all:"]
            if "--requirement" in command and not self._pylock:
                at = command.index("--requirement") + 1
                command[at] = self._requirements(Path(command[at]))
        return [str(self._uv), *command]

    def _word(self, word: str) -> str:
        """A word with a path of this machine in place of one of the stage."""
        for inside, here in self._paths.items():
            if word == inside or word.startswith(f"{inside}/"):
                return str(here) + word[len(inside) :]
        return word

    def _path(self, path: str) -> Path:
        return Path(self._word(path))

    def _version(self) -> str:
        return self._known or self._environment["python_version"]

    def _requirements(self, source: Path) -> str:
        if isinstance(self._recipe, PythonPackages) and self._recipe.lock_kind in EXPORTED_BY:
            source.write_text("".join(f"{line}\n" for line in exported_requirements(self._recipe, self._request)), encoding="utf-8")
        target = self._path("/tmp/checked.txt")
        for marker in write_requirements(source, target, self._place).markers:
            self._check_marker(marker, source.name)
        return str(target)

    def _check_marker(self, marker: str, place: str) -> None:
        if not self._known and patch_matters(marker, self._environment):
            raise Obstacle(f'the patch release of its base\'s Python decides "{marker}" in {place}, and is not known')

    def _check_metadata(self) -> None:
        """Markers of the lock, and of what was installed, must not depend on what is unknown here."""
        if not isinstance(self._recipe, PythonPackages):
            self._check_needs()
            return
        if self._known:
            return
        if self._pylock:
            for package in pylock_packages(self._recipe, self._request):
                self._check_marker(str(package.get("marker", "")), posixpath.basename(self._recipe.lock))
        if self._recipe.without_dependencies:
            return
        for path in sorted(self._path(TASK).glob("*.dist-info/METADATA")):
            text = path.read_text(encoding="utf-8", errors="replace")
            for requirement in HeaderParser().parsestr(text).get_all("Requires-Dist") or ():
                self._check_marker(requirement.partition(";")[2].strip(), path.parent.name.removesuffix(".dist-info"))

    def _check_needs(self) -> None:
        """Raise :class:`EngineError` where a package of a part needs what the lock lacks."""
        if may_lack(self._request.stage):
            missing = list(lacking(self._path(TASK), self._request, self._known))
            if missing:
                raise EngineError(missing)

    def _run(self, argv: Sequence[str]) -> None:
        environment = uv_environment(self._home, self._secrets)
        try:
            done = record.run(
                argv,
                env=environment,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=_LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            raise Obstacle(f"{Path(argv[0]).name} gave no answer within {_LIMIT_S} seconds") from None
        if done.returncode != 0:
            raise Obstacle(self._reason(done.stderr))

    def _reason(self, text: str) -> str:
        """What uv says is wrong, in one line, without values of secrets."""
        for value in self._secrets.values():
            text = text.replace(value, "***")
        for inside, here in self._paths.items():
            text = text.replace(str(here), inside)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        start = next((number for number, line in enumerate(lines) if line.startswith(("error:", "\u00d7", "Traceback"))), 0)
        told = [line for line in lines[start:] if not line.startswith(("hint:", "Traceback"))][:_LINES]
        version = ".".join(map(str, uv_version(self._uv) or ()))
        return f"uv {version} of this machine cannot install its packages: {' '.join(told) or 'no reason given'}"
