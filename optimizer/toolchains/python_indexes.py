"""Where the packages of a step come from: the indexes of its lock, with the step's own in place of the public one."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.locks.python import PYPI, Registry
from optimizer.model.recipes.python import PythonIndexes
from optimizer.model.steps import PythonDependencies
from optimizer.toolchains.secrets import index_by_secret


def package_indexes(step: PythonDependencies, registries: Sequence[Registry]) -> PythonIndexes:
    """The indexes of the packages of a lock, which names the registries.

    An option would win over the variable of a build secret, so there is none
    where a secret names the index.  PyPI is not asked where the lock has
    nothing from it.  A page of links is no index: uv calls both a registry.
    """
    pages = tuple(item.url for item in registries if item.is_page)
    indexes = [item.url for item in registries if not item.is_page]
    others = [url for url in indexes if url != PYPI]
    if PYPI in indexes or not others:
        default = step.index_url
    else:
        default, *others = others
    links_only = bool(pages) and not indexes
    return PythonIndexes(
        default=default if default and not links_only and not index_by_secret(step) else None,
        others=tuple(others),
        links=pages,
        links_only=links_only,
    )


def build_indexes(step: PythonDependencies, registries: Sequence[Registry]) -> PythonIndexes:
    """The indexes of what has no hash, such as build backends: PyPI or what stands in its place, where the lock knows it."""
    return package_indexes(step, [item for item in registries if not item.is_page][:1])


def tool_indexes(step: PythonDependencies) -> PythonIndexes:
    """The indexes of the tools that the stage brings itself."""
    return package_indexes(step, ())
