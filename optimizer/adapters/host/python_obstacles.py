"""Why packages cannot be installed on this machine, and what of their lock decides that."""

from __future__ import annotations

import os
import posixpath
import re
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer.adapters.host.bytecode import bytecode_obstacle
from optimizer.adapters.host.pythons import local_python, local_pythons
from optimizer.adapters.host.secrets import secret_obstacle
from optimizer.adapters.host.tree import Obstacle, TreeRequest
from optimizer.adapters.host.uv import uv_obstacle
from optimizer.bases.catalogue import base_image
from optimizer.errors import EngineError
from optimizer.locks.exports import pipenv_requirements, poetry_patch_matters, poetry_requirements
from optimizer.locks.python import WHEEL, LockFault, Wanted, environment_of, parse_toml
from optimizer.model.recipes.python import PinnedPackages, PythonPackages

EXPORTED_BY = {"poetry.lock": "poetry", "Pipfile.lock": "pipenv"}
"""Their exporters bring packages that nothing pins, so they do not run here: what they write is written without them."""

_IN_WORDS = re.compile(r"\$\{?(\w+)")


def packages_obstacle(request: TreeRequest) -> str:
    """Why the tree of a ``python-packages`` recipe cannot be made on this machine, as far as it is known before; empty where it can be."""
    recipe = packages_recipe(request)
    return (
        _machine_obstacle()
        or _recipe_obstacle(recipe, request)
        or uv_obstacle(uv_major(recipe))
        or (_lock_obstacle(recipe, request) if isinstance(recipe, PythonPackages) else "")
        or secret_obstacle(recipe.secrets, _mentioned(recipe, request))
        or (bytecode_obstacle(request) if recipe.bytecode else "")
    )


Packages = PythonPackages | PinnedPackages


def packages_recipe(request: TreeRequest) -> Packages:
    """The recipe of the stage."""
    assert isinstance(request.stage.recipe, (PythonPackages, PinnedPackages))
    return request.stage.recipe


def lock_kind(recipe: Packages) -> str:
    """The kind of lock that the stage reads."""
    return recipe.lock_kind if isinstance(recipe, PythonPackages) else "requirements"


def _machine_obstacle() -> str:
    if os.name == "nt":
        return "on Windows scripts of packages have another form"
    # uv takes the kind of Python, and so the tags of wheels, from the Python that it is given.
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this program runs in another Python than CPython"
    return ""


def _recipe_obstacle(recipe: Packages, request: TreeRequest) -> str:
    # With an exact Python, it is only that the base is for one platform, and none of the base is needed here.
    if request.stage.on_target is not None and not recipe.python:
        return request.stage.on_target.reason
    if isinstance(recipe, PythonPackages) and (built := _built_obstacle(recipe)):
        return built
    if (recipe.slim or lock_kind(recipe) == "pylock.toml") and python_of(request) is None:
        minor = request.plan.runtime.removeprefix("python")
        why = "slim reads code as its base's Python does" if recipe.slim else "uv reads pylock.toml for the Python that it is given"
        return f"{why}, and this machine has no Python {minor}"
    return ""


def _built_obstacle(recipe: PythonPackages) -> str:
    """What of a lock may be built from source, or needs its base; empty for none."""
    if recipe.installer != "uv":
        return "pip is that of its base; uv installs without one"
    if recipe.lock_kind in EXPORTED_BY and recipe.dropped_lines is not None:
        return f"{EXPORTED_BY[recipe.lock_kind]} has to write {recipe.lock_kind} as requirements, as it names packages of no registry"
    if recipe.build_packages is not None or recipe.sources or recipe.archives or recipe.copies:
        built = ", ".join((*recipe.sources, *map(posixpath.basename, recipe.archives))) or "a package"
        return f"{built} is built from source"
    if not recipe.hashed and not recipe.wheels_only:
        return "its requirements have no hashes, so a newer release of a package may be one that is built from source"
    if "base-packages" in recipe.slim:
        return 'its base has to tell its own packages for "base-packages"'
    return ""


def python_of(request: TreeRequest) -> Path | None:
    """A Python of this machine that is of the base's minor version, and of its patch release where that is known."""
    if request.python and (exact := local_python(request.python)) is not None:
        return exact
    known = local_pythons(request.plan.runtime.removeprefix("python"))
    return known.get(request.python) or (known[min(known)] if known else None)


def exact_version(recipe: Packages, request: TreeRequest) -> str:
    """The version of the base's Python by which uv chooses packages; empty where the patch release is unknown to it."""
    # It reads pylock.toml for the very Python that it is given.
    known = lock_kind(recipe) != "pylock.toml" or request.python in local_pythons(request.plan.runtime.removeprefix("python"))
    return request.python if known else ""


def uv_major(recipe: Packages) -> int:
    """The major version of uv whose options the stage uses."""
    return next((int(tool.version.partition(".")[0]) for tool in recipe.tools if tool.name == "uv"), 0)


def _lock_obstacle(recipe: PythonPackages, request: TreeRequest) -> str:
    if recipe.lock_kind == "pylock.toml":
        return _pylock_obstacle(recipe, request)
    return _export_obstacle(recipe, request) if recipe.lock_kind in EXPORTED_BY else ""


def _pylock_obstacle(recipe: PythonPackages, request: TreeRequest) -> str:
    """What of a pylock.toml would be built; uv builds its editable directories whatever its options say."""
    for package in pylock_packages(recipe, request):
        name = package.get("name", "a package")
        if "directory" in package or "vcs" in package:
            return f"{name} is built from source"
        archive = package.get("archive")
        if archive is not None and not str(archive.get("url") or archive.get("path")).partition("#")[0].endswith(WHEEL):
            return f"{name} is built from source"
    return ""


def pylock_packages(recipe: PythonPackages, request: TreeRequest) -> Sequence[Mapping[str, Any]]:
    """The packages of a pylock.toml as it has them, whether they are chosen or not."""
    try:
        packages = parse_toml(_text(recipe.lock, recipe, request)).get("packages", [])
    except LockFault as error:
        raise Obstacle(f"its lock cannot be read: {error}") from None
    return packages if isinstance(packages, list) and all(isinstance(package, Mapping) for package in packages) else []


def _text(path: str, recipe: PythonPackages, request: TreeRequest) -> str:
    """A file that the stage has at the path."""
    source = next(item.source for item in recipe.reads if item.target == path)
    try:
        return (request.context / source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f'"{source}" cannot be read: {error}', source, "run cdk synth again") from None


def _export_obstacle(recipe: PythonPackages, request: TreeRequest) -> str:
    try:
        exported_requirements(recipe, request)
    except Obstacle as error:
        return str(error)
    return ""


def exported_requirements(recipe: PythonPackages, request: TreeRequest) -> tuple[str, ...]:
    """The requirements of a lock of poetry or pipenv; raises :class:`Obstacle` where only these can write them."""
    text, known = _text(recipe.lock, recipe, request), request.python
    environment = {**marker_environment(request), **({"python_full_version": known, "implementation_version": known} if known else {})}
    wanted = Wanted(words=(*recipe.groups, *recipe.extras), environment=tuple(environment.items()))
    try:
        if recipe.lock_kind == "Pipfile.lock":
            return pipenv_requirements(text)
        if not known and poetry_patch_matters(text, wanted):
            raise Obstacle("the patch release of its base's Python decides what poetry.lock holds for it, and is not known")
        return poetry_requirements(text, _text(posixpath.join(posixpath.dirname(recipe.lock), "pyproject.toml"), recipe, request), wanted)
    except LockFault as error:
        raise Obstacle(f"{EXPORTED_BY[recipe.lock_kind]} has to write {recipe.lock_kind} as requirements: {error}") from None


def _mentioned(recipe: Packages, request: TreeRequest) -> frozenset[str]:
    """The variables that the lock and its indexes name."""
    if not recipe.secrets:
        return frozenset()
    texts = [request.context / item.source for item in recipe.reads if not item.directory and item.source.endswith(".txt")]
    found = {name for path in texts if path.is_file() for name in _IN_WORDS.findall(path.read_text(encoding="utf-8", errors="replace"))}
    words = (*recipe.indexes.urls, *(recipe.build_indexes.urls if isinstance(recipe, PythonPackages) else recipe.options))
    return frozenset(found | {name for word in words for name in _IN_WORDS.findall(word)})


def marker_environment(request: TreeRequest) -> Mapping[str, str]:
    """The variables of markers in the image, with some patch release of its Python."""
    return dict(environment_of(base_image(request.plan.runtime), request.plan.architecture))
