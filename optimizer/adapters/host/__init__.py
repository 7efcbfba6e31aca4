"""Trees of stages made on this machine, without a container: only of recipes in which nothing of a dependency runs.

What is made is the tree that the Dockerfile's stage makes, byte for byte; what
cannot be made so is left to a container engine, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.adapters.host.nodejs import NodeTrees
from optimizer.adapters.host.packed import PackedCode
from optimizer.adapters.host.python_packages import PythonPackagesTree
from optimizer.adapters.host.python_source import PythonSourceTree
from optimizer.adapters.host.tree import HostTree
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.recipes.nodejs import NodePackages
from optimizer.model.recipes.python import PythonPackages, PythonSource

HOST_TREES: Mapping[str, HostTree] = {
    NodePackages.kind: NodeTrees(),
    PackedFiles.kind: PackedCode(),
    PythonPackages.kind: PythonPackagesTree(),
    PythonSource.kind: PythonSourceTree(),
}
"""Who makes the trees of a kind of recipes; kinds that are missing are always made in a container."""
