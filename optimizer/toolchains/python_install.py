"""The commands of Python's installers, and of the tools whose locks they install."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.locks.python import PYPI, Registry
from optimizer.locks.wheels import uv_platform
from optimizer.model.plan import TREE
from optimizer.model.steps import PythonDependencies
from optimizer.toolchains.secrets import index_by_secret, with_index_of_uv, with_variables
from optimizer.toolchains.toolchain import Target

TASK = f"{TREE}/var/task"
SOURCE = "/src"
EXPORTED = "/tmp/requirements.txt"
CACHES = {"uv": ("/root/.cache/uv", "/root/.cache/pip"), "pip": ("/root/.cache/pip",)}
"""Both are made for many writers: https://docs.astral.sh/uv/concepts/cache/#cache-safety, https://pip.pypa.io/en/stable/topics/caching/"""

# The hashes are those of its wheels for Linux with the GNU C library, for builders of both architectures.
_UV = (
    "uv==0.13.9",
    "--hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    "--hash=sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe",
    "--hash=sha256:ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
)
# Exporters run in environments of their own: what they need must neither meet nor change the packages of the base.
_EXPORTER = ("python", "-m", "uv", "tool", "run", "--quiet", "--python", "python")
_POETRY = ("--from", "poetry==2.5.1", "--with", "poetry-plugin-export==1.10.1", "poetry")
_PIPENV = ("--from", "pipenv==2026.10.3", "pipenv")
_UV_INSTALL = ("python", "-m", "uv", "pip", "install", "--link-mode", "copy", "--python", "python")
NO_CACHE = "--no-cache"
"""For what is a file of the project: of a directory of wheels, uv caches by the names of files alone.

A wheel that was built again, with its old version, would stay as it was when it was first installed.
"""
_PIP = ("python", "-m", "pip", "install", "--disable-pip-version-check", "--root-user-action=ignore")


def get_uv(step: PythonDependencies) -> tuple[tuple[str, ...], ...]:
    """The commands that put uv into a stage."""
    # pip takes hashes from a requirements file alone.
    write = ("sh", "-c", 'echo "$@" > /tmp/uv.txt', "write", *_UV)
    install = (*_PIP, "--require-hashes", "--only-binary", ":all:", *_tool_index(step), "--requirement", "/tmp/uv.txt")
    return (write, with_index_of_uv(install, step.secrets))


def uv_install(target: Target) -> tuple[str, ...]:
    """The command of uv up to its options."""
    return (*_UV_INSTALL, "--python-platform", uv_platform(target.base, target.architecture))


def installer(step: PythonDependencies, target: Target, registries: Sequence[Registry]) -> tuple[str, ...]:
    """The command of the step's installer, without its target and without what it installs."""
    wheels_only = ("--only-binary", ":all:") if step.wheels_only else ()
    if step.installer == "pip":
        return with_variables((*_PIP, "--no-compile", "--prefer-binary", *wheels_only, *index(step, registries, extra="--extra-index-url")))
    return with_variables((*uv_install(target), *wheels_only, *index(step, registries)))


def index(step: PythonDependencies, registries: Sequence[Registry], extra: str = "--index") -> tuple[str, ...]:
    """The options that name the indexes: those of the lock, with the step's own in place of PyPI.

    An option would win over the variable of a build secret, so there is none
    where a secret names the index.  PyPI is not asked where the lock has
    nothing from it.  Every index is asked for every package, and the hashes
    of the lock decide: the first one that knows a name may not have the
    version.  A page of links is no index: uv calls both a registry.
    """
    pages = [item.url for item in registries if item.is_page]
    indexes = [item.url for item in registries if not item.is_page]
    others = [url for url in indexes if url != PYPI]
    if PYPI in indexes or not others:
        default = step.index_url
    else:
        default, *others = others
    options = ["--index-url", default] if default and not index_by_secret(step) else []
    if pages and not indexes:
        options = ["--no-index"]
    options += [word for url in others for word in (extra, url)]
    options += [word for url in pages for word in ("--find-links", url)]
    if others and extra == "--index":
        options += ["--index-strategy", "unsafe-best-match"]
    return tuple(options)


def build_index(step: PythonDependencies, registries: Sequence[Registry]) -> tuple[str, ...]:
    """The options for what has no hash, such as build backends: PyPI or what stands in its place, where the lock knows it."""
    return index(step, [item for item in registries if not item.is_page][:1])


def _tool_index(step: PythonDependencies) -> tuple[str, ...]:
    return index(step, ())


def export_uv(package: str | None, groups: Sequence[str], extras: Sequence[str], left_out: Sequence[str]) -> tuple[str, ...]:
    """The command that writes what uv.lock holds; the packages that are left out are installed in another way."""
    # uv leaves out the group "dev" even when it is asked for, once it is told to leave it out.
    no_dev = () if "dev" in groups else ("--no-dev",)
    command = ["python", "-m", "uv", "export", "--project", SOURCE, "--frozen", *no_dev, "--no-emit-local"]
    command += ["--package", package] if package else []
    command += [word for group in groups for word in ("--group", group)]
    command += [word for extra in extras for word in ("--extra", extra)]
    command += [word for name in left_out for word in ("--no-emit-package", name)]
    return (*command, "--no-header", "--quiet", "--format", "requirements-txt", "--output-file", EXPORTED)


def export_poetry(step: PythonDependencies, groups: Sequence[str], extras: Sequence[str], output: str) -> tuple[str, ...]:
    """The command that writes what poetry.lock holds."""
    command = [*_EXPORTER, *_tool_index(step), *_POETRY, "export", "--directory", SOURCE, "--no-interaction", "--without-urls"]
    command += [word for group in groups for word in ("--with", group)]
    command += [word for extra in extras for word in ("--extras", extra)]
    return (*command, "--format", "requirements.txt", "--output", output)


def export_pipenv(step: PythonDependencies, output: str) -> tuple[str, ...]:
    """The command that writes what Pipfile.lock holds."""
    # pipenv prints its export, and has no option to write it.
    script = f'cd "$1" && shift && PIPENV_IGNORE_VIRTUALENVS=1 "$@" > {output}'
    return ("sh", "-c", script, "export", SOURCE, *_EXPORTER, *_tool_index(step), *_PIPENV, "requirements", "--hash", "--exclude-index")
