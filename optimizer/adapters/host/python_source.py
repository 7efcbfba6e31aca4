"""First-party Python packages: their own backends build them, and backends are dependencies."""

from __future__ import annotations

from pathlib import Path

from optimizer.adapters.host.tree import Obstacle, TreeRequest
from optimizer.model.recipes.python import PythonSource


class PythonSourceTree:
    """Never made on this machine: a build backend is code of a package index."""

    def obstacle(self, request: TreeRequest) -> str:
        recipe = request.stage.recipe
        assert isinstance(recipe, PythonSource)
        return f"{recipe.name} is built by its build backend, which is a dependency and runs in a container only"

    def make(self, request: TreeRequest, directory: Path) -> None:
        raise Obstacle(self.obstacle(request))
