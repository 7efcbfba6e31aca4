"""One file per installer family: what a step becomes in a build stage, and what makes it reproducible."""

from __future__ import annotations

from optimizer.model import steps
from optimizer.toolchains.command import CommandToolchain
from optimizer.toolchains.content import ExtensionToolchain, FilesToolchain, SourceCodeToolchain
from optimizer.toolchains.dotnet import DotnetToolchain
from optimizer.toolchains.go import GoToolchain
from optimizer.toolchains.java import JavaToolchain
from optimizer.toolchains.nodejs import NodeToolchain
from optimizer.toolchains.nodejs_build import NodeBuildToolchain
from optimizer.toolchains.python import PythonToolchain
from optimizer.toolchains.ruby import RubyToolchain
from optimizer.toolchains.rust import RustToolchain
from optimizer.toolchains.system import SystemToolchain
from optimizer.toolchains.toolchain import Toolchain

_TOOLCHAINS: dict[type[steps.Step], Toolchain] = {
    steps.SystemPackages: SystemToolchain(),
    steps.Extension: ExtensionToolchain(),
    steps.PythonDependencies: PythonToolchain(),
    steps.NodeDependencies: NodeToolchain(),
    steps.NodeBuild: NodeBuildToolchain(),
    steps.RubyDependencies: RubyToolchain(),
    steps.JavaBuild: JavaToolchain(),
    steps.GoBuild: GoToolchain(),
    steps.RustBuild: RustToolchain(),
    steps.DotnetBuild: DotnetToolchain(),
    steps.Files: FilesToolchain(),
    steps.SourceCode: SourceCodeToolchain(),
    steps.Command: CommandToolchain(),
}


def register_toolchain(step: type[steps.Step], toolchain: Toolchain) -> None:
    """Make a team's own step kind buildable.

    Raises ValueError when the step kind already has a toolchain.
    """
    if step in _TOOLCHAINS:
        raise ValueError(f"{step.__name__} already has a toolchain")
    _TOOLCHAINS[step] = toolchain


def toolchain_of(step: steps.Step) -> Toolchain:
    """The toolchain of a step's kind; KeyError when none is registered."""
    return _TOOLCHAINS[type(step)]
