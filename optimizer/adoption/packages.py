"""Packages of the operating system: into the image, or for the builds of steps alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.adoption.content import ECOSYSTEMS
from optimizer.adoption.drafts import Draft, PackagesDraft
from optimizer.adoption.walk import COMPILED, Stage, Walk
from optimizer.bases.recognise import lambda_base
from optimizer.dockerfile.installs import SYSTEM_TOOLS
from optimizer.dockerfile.instruction import Instruction
from optimizer.model import fields as types
from optimizer.model.fields import FieldFault

_BUILD_TOOL = re.compile(
    r"(?:gcc\d*(?:-c\+\+)?|g\+\+|clang\d*|make|cmake3?|ninja-build|autoconf|automake|libtool|patch|git|python3?(?:\.\d+)?-devel|.+-devel)(?:-\d.*)?"
)
_NEEDLESS_TOOLS = frozenset(["binutils", "build-base", "build-essential", "ca-certificates", "curl", "findutils", "g++", "gcc", "git", "gzip", "make", "musl-dev", "musl-tools", "pkg-config", "tar", "unzip", "wget", "zip"])  # fmt: skip
_TAKES_PACKAGES = tuple(ECOSYSTEMS)


@dataclass(frozen=True, slots=True)
class SystemPackages:
    """``own_base`` says that the image stands on a company's base, which has the package manager of AWS's."""

    walk: Walk
    own_base: bool

    def place(self) -> None:
        walk = self.walk
        for index, stage in walk.stages.items():
            final = index in walk.lineage
            if stage.command is not None and stage.command.used:
                continue
            makers = [draft for draft in stage.drafts if draft.used and draft.kind in _TAKES_PACKAGES]
            if final:
                makers = [draft for draft in walk.last.drafts if draft.used and draft.kind in _TAKES_PACKAGES]
            own = lambda_base(stage.resolved.image or "", walk.mirror) is not None or (final and self.own_base)
            for instruction, tool, packages in stage.packages:
                self._installed(instruction, tool, packages, makers, final=final, own=own, compiles=_compiles(stage))

    def _installed(
        self,
        instruction: Instruction,
        tool: str,
        packages: Sequence[str],
        makers: Sequence[Draft],
        *,
        final: bool,
        own: bool,
        compiles: bool,
    ) -> None:
        walk = self.walk
        fit = [name for name in packages if _is_package(name)]
        for name in packages:
            if name not in fit:
                what = "is a group of packages" if name.startswith("@") else "is not the name of a package"
                walk.left(instruction, f'"{name}" {what}', "name its packages in a system-packages step")
        if not own or tool not in ("dnf", "microdnf", "yum"):
            if final:
                names = " ".join(fit)
                walk.left(
                    instruction, f"{tool} installs {names}", "find the packages of Amazon Linux, and name them in a system-packages step"
                )
            elif makers and not compiles:
                walk.left(
                    instruction,
                    f"{tool} installs {' '.join(fit)} for the build",
                    "find the packages of Amazon Linux, and name them in build_packages of the step, if it still needs them",
                )
            elif compiles and (rest := [name for name in fit if name not in _NEEDLESS_TOOLS]):
                walk.left(
                    instruction, f"{tool} installs {' '.join(rest)} for the build", "name an image that has them as builder of the step"
                )
            else:
                walk.note(instruction).not_needed.append("the step's builder has what it needs")
            return
        tools = [name for name in fit if _BUILD_TOOL.fullmatch(name)] if final else fit
        if makers:
            for draft in makers:
                draft.build_packages = tuple(sorted({*draft.build_packages, *tools}))
                if tools:
                    walk.carry(draft, [instruction])
            if tools and final:
                walk.note(instruction).remarks.append(f"{', '.join(tools)}: for the build only, not in the image")
        kept = [name for name in fit if not makers or name not in tools] if final else []
        if kept:
            staying = walk.draft("system-packages", PackagesDraft())
            staying.packages = tuple(sorted({*staying.packages, *kept}))
            staying.used = True
            walk.carry(staying, [instruction])
        elif not makers:
            walk.note(instruction).not_needed.append("tools of a build stage")


def _compiles(stage: Stage) -> bool:
    return any(draft.used and draft.kind in COMPILED for draft in stage.drafts)


def _is_package(name: str) -> bool:
    try:
        types.PACKAGE.read(name)
    except FieldFault:
        return False
    return not name.endswith(".rpm") and name not in SYSTEM_TOOLS
