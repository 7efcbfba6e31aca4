"""Recipes: what a stage makes, as data that any builder can follow."""

from __future__ import annotations

from optimizer.model.recipes.commands import Commands, SystemPackageInstallation
from optimizer.model.recipes.content import ImageTree, PackedFiles
from optimizer.model.recipes.nodejs import NodeBundles, NodeDevelopmentPackages, NodePackages, NodePart, NodeScriptOutput
from optimizer.model.recipes.programs import DotnetProgram, GoProgram, JavaClasses, JavaLibraries, RustProgram
from optimizer.model.recipes.python import PinnedPackages, PythonPackages, PythonSource
from optimizer.model.recipes.recipe import Recipe
from optimizer.model.recipes.ruby import RubyGems

_ALL: tuple[type[Recipe], ...] = (
    PackedFiles,
    ImageTree,
    SystemPackageInstallation,
    Commands,
    PythonPackages,
    PinnedPackages,
    PythonSource,
    NodePackages,
    NodePart,
    NodeDevelopmentPackages,
    NodeBundles,
    NodeScriptOutput,
    RubyGems,
    JavaLibraries,
    JavaClasses,
    GoProgram,
    RustProgram,
    DotnetProgram,
)

NAMES = {recipe: recipe.kind for recipe in _ALL}
"""The name of each class of recipes in a plan that is kept."""

KINDS = {recipe.kind: recipe for recipe in _ALL}
"""The classes by their names."""
