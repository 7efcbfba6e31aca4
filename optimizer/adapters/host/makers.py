"""Who makes the tree of a stage on this machine.

What is made is the tree that the Dockerfile's stage makes, byte for byte; what
cannot be made so is left to a container engine, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.adapters.host.go_program import GoTree
from optimizer.adapters.host.image_tree import ImageTreeCopy
from optimizer.adapters.host.nodejs import NodePartTrees, NodeTrees
from optimizer.adapters.host.packed import PackedCode
from optimizer.adapters.host.python_packages import PythonPackagesTree
from optimizer.adapters.host.python_source import PythonSourceTree
from optimizer.adapters.host.tree import HostTree
from optimizer.model.recipes.content import ImageTree, PackedFiles
from optimizer.model.recipes.nodejs import NodePackages, NodePart
from optimizer.model.recipes.programs import GoProgram
from optimizer.model.recipes.python import PinnedPackages, PythonPackages, PythonSource

HOST_TREES: Mapping[str, HostTree] = {
    GoProgram.kind: GoTree(),
    ImageTree.kind: ImageTreeCopy(),
    NodePackages.kind: NodeTrees(),
    NodePart.kind: NodePartTrees(),
    PackedFiles.kind: PackedCode(),
    PinnedPackages.kind: PythonPackagesTree(),
    PythonPackages.kind: PythonPackagesTree(),
    PythonSource.kind: PythonSourceTree(),
}
"""Who makes the trees of a kind of recipes; kinds that are missing are always made in a container."""
