"""The commands of Python's installers, and of the tools whose locks they install."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from optimizer.model.plan import TREE
from optimizer.model.recipes.python import PinnedPackages, PythonIndexes, PythonPackages, PythonSource
from optimizer.model.recipes.recipe import Recipe, Tool
from optimizer.model.secret import BuildSecret
from optimizer.toolchains.installers import INSTALLERS
from optimizer.toolchains.variables import variables_of

TASK = f"{TREE}/var/task"
EXPORTED = "/tmp/requirements.txt"
CACHES = {"uv": ("/root/.cache/uv", "/root/.cache/pip"), "pip": ("/root/.cache/pip",)}
"""Both are made for many writers: https://docs.astral.sh/uv/concepts/cache/#cache-safety, https://pip.pypa.io/en/stable/topics/caching/"""

# What stands before the host is a user and a password, in which a value may hold any character.
_EXPAND = (
    "import os, re, sys; from urllib.parse import quote; "
    'value = lambda match: quote(os.environ[match[1] or match[2]], ":"); '
    r'credentials = lambda match: re.sub(r"\$(?:\{(\w+)\}|(\w+))", value, match[0]); '
    'words = [os.path.expandvars(re.sub("(?<=://)[^/@]*@", credentials, word)) for word in sys.argv[1:]]; '
    "os.execvp(words[0], words)"
)
# Exporters run in environments of their own: what they need must neither meet nor change the packages of the base.
_EXPORTER = ("python", "-m", "uv", "tool", "run", "--quiet", "--python", "python")
_UV_INSTALL = ("python", "-m", "uv", "pip", "install", "--link-mode", "copy", "--python", "python")
NO_CACHE = "--no-cache"
"""For files of the project: in a directory of wheels, uv's cache looks only at the names of files.

A wheel that was built again, with its old version, would stay as it was when it was first installed.
"""
_PIP = ("python", "-m", "pip", "install", "--disable-pip-version-check", "--root-user-action=ignore")


def get_uv(recipe: PythonPackages | PinnedPackages | PythonSource) -> tuple[tuple[str, ...], ...]:
    """The commands that put uv into a stage."""
    uv = _tool(recipe, "uv")
    # pip takes hashes from a requirements file alone.
    write = ("sh", "-c", 'echo "$@" > /tmp/uv.txt', "write", _pinned(uv), *(f"--hash={each}" for each in uv.hashes))
    install = (*_PIP, "--require-hashes", "--only-binary", ":all:", *index(recipe.tool_indexes), "--requirement", "/tmp/uv.txt")
    return (write, with_index_of_uv(install, recipe.secrets))


def uv_install(platform: str) -> tuple[str, ...]:
    """The command of uv up to its options."""
    return (*_UV_INSTALL, "--python-platform", platform)


def installer(recipe: PythonPackages | PinnedPackages) -> tuple[str, ...]:
    """The command of the recipe's installer, without its target and without what it installs."""
    wheels_only = ("--only-binary", ":all:") if recipe.wheels_only else ()
    if isinstance(recipe, PythonPackages) and recipe.installer == "pip":
        options = ("--no-compile", "--prefer-binary", *wheels_only, *index(recipe.indexes, extra="--extra-index-url"))
        return with_variables((*_PIP, *options))
    return with_variables((*uv_install(recipe.platform), *wheels_only, *index(recipe.indexes)))


def index(indexes: PythonIndexes, extra: str = "--index") -> tuple[str, ...]:
    """The options that name the indexes.

    Every index is asked for every package, and the hashes of the lock decide:
    the first one that knows a name may not have the version.
    """
    options = ["--no-index"] if indexes.links_only else []
    options += ["--index-url", indexes.default] if indexes.default else []
    options += [word for url in indexes.others for word in (extra, url)]
    options += [word for url in indexes.links for word in ("--find-links", url)]
    if indexes.others and extra == "--index":
        options += ["--index-strategy", "unsafe-best-match"]
    return tuple(options)


def export_uv(recipe: PythonPackages, project: str) -> tuple[str, ...]:
    """The command that writes what uv.lock holds; the packages that are left out are installed in another way."""
    # uv leaves out the group "dev" even when it is asked for, once there is an option to leave it out.
    no_dev = () if "dev" in recipe.groups else ("--no-dev",)
    command = ["python", "-m", "uv", "export", "--project", project, "--frozen", *no_dev, "--no-emit-local"]
    command += ["--package", recipe.member] if recipe.member else []
    command += [word for group in recipe.groups for word in ("--group", group)]
    command += [word for extra in recipe.extras for word in ("--extra", extra)]
    command += [word for name in recipe.separate for word in ("--no-emit-package", name)]
    return (*command, "--no-header", "--quiet", "--format", "requirements-txt", "--output-file", EXPORTED)


def export_poetry(recipe: PythonPackages, project: str, output: str) -> tuple[str, ...]:
    """The command that writes what poetry.lock holds."""
    poetry = ("--from", _pinned(_tool(recipe, "poetry")), "--with", _pinned(_tool(recipe, "poetry-plugin-export")), "poetry")
    command = [*_EXPORTER, *index(recipe.tool_indexes), *poetry, "export", "--directory", project, "--no-interaction", "--without-urls"]
    command += [word for group in recipe.groups for word in ("--with", group)]
    command += [word for extra in recipe.extras for word in ("--extras", extra)]
    return (*command, "--format", "requirements.txt", "--output", output)


def export_pipenv(recipe: PythonPackages, project: str, output: str) -> tuple[str, ...]:
    """The command that writes what Pipfile.lock holds."""
    # pipenv prints its export, and has no option to write it.
    script = f'cd "$1" && shift && PIPENV_IGNORE_VIRTUALENVS=1 "$@" > {output}'
    pipenv = ("--from", _pinned(_tool(recipe, "pipenv")), "pipenv")
    tool = (*_EXPORTER, *index(recipe.tool_indexes), *pipenv)
    return ("sh", "-c", script, "export", project, *tool, "requirements", "--hash", "--exclude-index")


def secrets_with_index_of_pip(secrets: Sequence[BuildSecret]) -> tuple[BuildSecret, ...]:
    """The build secrets for a run in which uv gets what turns a lock into requirements, from where pip takes packages."""
    given = {secret.to_env for secret in secrets}
    more = [replace(secret, to_env=INSTALLERS["uv"].indexes[0]) for secret in secrets if secret.to_env in INSTALLERS["pip"].indexes]
    return (*secrets, *(more if not given & set(INSTALLERS["uv"].indexes) else ()))


def with_index_of_uv(command: Sequence[str], secrets: Iterable[BuildSecret]) -> tuple[str, ...]:
    """A command of pip that takes packages from where uv takes them, by the build secrets of a step.

    The value may begin with a name for the index, ``house=https://...``, which pip does not know.
    """
    given = {secret.to_env for secret in secrets if secret.to_env}
    variable = next((name for name in INSTALLERS["uv"].indexes if name in given), None)
    if variable is None or given & set(INSTALLERS["pip"].indexes):
        return tuple(command)
    script = f'PIP_INDEX_URL="${{{variable}#"${{{variable}%%[!A-Za-z0-9_.-]*}}="}}" "$@"'
    return ("sh", "-c", script, "with-index", *command)


def with_variables(command: Sequence[str]) -> tuple[str, ...]:
    """A command whose words may name variables, with their values in place of the names, as pipenv puts them there.

    Installers replace variables in requirements files, and not in their options.
    Source: https://pipenv.pypa.io/en/latest/credentials.html
    """
    return ("python", "-c", _EXPAND, *command) if variables_of(command) else tuple(command)


def _tool(recipe: Recipe, name: str) -> Tool:
    return next(tool for tool in recipe.tools if tool.name == name)


def _pinned(tool: Tool) -> str:
    return f"{tool.name}=={tool.version}"
