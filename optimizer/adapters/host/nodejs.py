"""Node.js packages, installed by the machine's own npm for the target's platform, by the very commands of the Dockerfile.

No code of a package runs: only npm, and the pnpm or Yarn that the recipe names
in one version.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

from optimizer.adapters.host.caches import cache_directory
from optimizer.adapters.host.node_obstacles import node_obstacle
from optimizer.adapters.host.node_tools import clean_environment
from optimizer.adapters.host.running import ToolFailure, run_tool
from optimizer.adapters.host.stage_files import copy_inputs, place_of
from optimizer.adapters.host.tree import TreeRequest, script_command
from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.nodejs import (
    InstallPlaces,
    install_commands,
    install_environment,
    installer_environment,
    installer_requirements,
)
from optimizer.builders.docker.nodejs_scripts import take
from optimizer.errors import EngineError
from optimizer.model.recipes.nodejs import NodePackages, NodePart

_HOME = "/root"


class NodeTrees:
    """Trees of Node.js packages."""

    def obstacle(self, request: TreeRequest) -> str:
        return node_obstacle(request)

    def make(self, request: TreeRequest, directory: Path) -> None:
        # Beside the tree, so that packages are moved into it, and not copied.
        with tempfile.TemporaryDirectory(prefix="nodejs-", dir=directory.parent) as scratch:
            _Installation(request, Path(scratch).resolve(), directory.resolve()).run()


class NodePartTrees:
    """Trees of some packages of an installation, which is made once for all parts that are wanted of it."""

    def obstacle(self, request: TreeRequest) -> str:
        return node_obstacle(_of_installation(request))

    def make(self, request: TreeRequest, directory: Path) -> None:
        recipe = cast(NodePart, request.stage.recipe)
        with tempfile.TemporaryDirectory(prefix="nodejs-", dir=directory.parent) as scratch:
            installation = _of_installation(request)
            installed = request.shared.tree(request.source_key, lambda tree: NodeTrees().make(installation, tree), Path(scratch))
            script, places = take(recipe, str(installed))
            file = Path(scratch, places.name)
            file.write_text(places.text, encoding="utf-8")
            words = script_command(script, Path(scratch), str(directory))
            # What only is read need not be there twice.
            words = (*(str(file) if word == places.path else word for word in words), "link")
            try:
                run_tool(words, words[0], Path(scratch), clean_environment(Path(scratch)), ())
            except ToolFailure as failure:
                name = request.stage.name
                raise EngineError(f'the packages of "{name}" cannot be taken from their installation: {failure}', name) from None


def _of_installation(request: TreeRequest) -> TreeRequest:
    """The request for the tree that a part is taken from."""
    assert request.stage.taken_from is not None
    return replace(request, stage=request.plan.stage(request.stage.taken_from))


class _Installation:
    """One installation: ``root`` stands for the file system of the stage."""

    def __init__(self, request: TreeRequest, scratch: Path, tree: Path) -> None:
        self._request = request
        self._recipe = cast(NodePackages, request.stage.recipe)
        self._root = scratch / "root"
        self._home = place_of(self._root, _HOME)
        self._directory = place_of(self._root, posixpath.dirname(self._recipe.lock))
        self._nothing = scratch / "global.npmrc"
        self._scripts = scratch / "scripts"
        self._cache = cache_directory("nodejs", scratch)
        self._programs = ""
        self._places = InstallPlaces(
            tree=str(tree),
            notes=str(scratch / "notes"),
            pnpm_store=str(self._cache / "pnpm"),
            given_lock=str(scratch / "yarn.lock"),
            captured=True,
        )

    def run(self) -> None:
        recipe = self._recipe
        for directory in (self._home, self._directory):
            directory.mkdir(parents=True, exist_ok=True)
        secrets = self._secrets()
        copy_inputs((*recipe.copies, *recipe.reads), self._request.context, self._root)
        if requirements := installer_requirements(recipe):
            self._programs = str(self._installer(requirements, secrets) / "node_modules" / ".bin")
        if recipe.installer != "pnpm":
            # As in the Dockerfile, what is only read is there for npm and pnpm alone.
            for item in recipe.reads:
                place_of(self._root, item.target).unlink(missing_ok=True)
        with self._alone():
            for command in install_commands(recipe, self._places):
                words = script_command(command, self._scripts, self._places.tree) if isinstance(command, Script) else command
                self._command(words, self._directory, {**secrets, **dict(install_environment(recipe))})

    def _installer(self, requirements: Sequence[str], secrets: Mapping[str, str]) -> Path:
        """The directory of the program that the recipe names, which is fetched once."""
        name = hashlib.sha256("\n".join([*requirements, self._recipe.registry or ""]).encode()).hexdigest()[:16]
        kept = self._cache / "installers" / name
        if kept.is_dir():
            return kept
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="fetched-", dir=self._cache) as directory:
            fetched = Path(directory, "installer")
            fetched.mkdir()
            options = ("--no-save", "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts")
            environment = {**secrets, **dict(installer_environment(self._recipe))}
            self._command(("npm", "install", "--prefix", str(fetched), *options, *requirements), fetched, environment)
            # Another process may have been faster.
            with suppress(OSError):
                fetched.rename(kept)
        return kept

    def _secrets(self) -> dict[str, str]:
        """The variables of build secrets; those that are files are written."""
        variables = {}
        for secret in self._recipe.secrets:
            value = os.environ.get(secret.from_env or "", "")
            if not value:
                message = f"the build secret {secret.id} is empty: set {secret.from_env} where the image is published"
                raise EngineError(message, self._request.stage.name)
            if secret.to_env:
                # As the shell of the stage reads it.
                variables[secret.to_env] = value.rstrip("\n")
            else:
                place = place_of(self._root, secret.target)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch(mode=0o600)
                place.write_text(value, encoding="utf-8")
        return variables

    def _environment(self, given: Mapping[str, str]) -> dict[str, str]:
        clean = clean_environment(self._home)
        return {
            **clean,
            "PATH": os.pathsep.join(filter(None, [self._programs, clean.get("PATH", "")])),
            **given,
            "npm_config_userconfig": str(self._home / ".npmrc"),
            "npm_config_globalconfig": str(self._nothing),
            "npm_config_cache": str(self._cache / "npm"),
            "npm_config_ignore_scripts": "true",
            "npm_config_update_notifier": "false",
            **_yarn_variables(self._recipe.installer, self._cache),
        }

    def _command(self, words: Sequence[str], directory: Path, variables: Mapping[str, str]) -> None:
        secrets = [os.environ.get(secret.from_env or "", "").strip() for secret in self._recipe.secrets]
        try:
            run_tool(words, words[0], directory, self._environment(variables), secrets)
        except ToolFailure as failure:
            name = self._request.stage.name
            raise EngineError(
                f'the packages of "{name}" cannot be installed on this machine: {failure}', name, "publish with --no-host"
            ) from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """For Yarn, whose cache takes one at a time."""
        if not self._recipe.installer.startswith("yarn"):
            yield
            return
        # Missing on systems for which there is an obstacle.
        import fcntl

        with (self._cache / f"{self._recipe.installer}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _yarn_variables(installer: str, cache: Path) -> Mapping[str, str]:
    if installer == "yarn":
        return {"YARN_GLOBAL_FOLDER": str(cache / "yarn"), "YARN_ENABLE_SCRIPTS": "0", "YARN_ENABLE_TELEMETRY": "0"}
    return {"YARN_CACHE_FOLDER": str(cache / "yarn-classic")} if installer == "yarn-classic" else {}
