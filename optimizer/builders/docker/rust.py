"""Rust programs."""

from __future__ import annotations

import posixpath

from optimizer.builders.docker.actions import CopyInputs, Run, StageBody
from optimizer.builders.docker.tree_scripts import normalise
from optimizer.model.plan import TREE, Stage
from optimizer.model.recipes.programs import BOOTSTRAP, RustProgram

_OUTPUT = "/tmp/target"
_CARGO = "/usr/local/cargo"


def rust_program(recipe: RustProgram, stage: Stage) -> StageBody:
    """The sources, and one run that builds them for release."""
    package = ("--package", recipe.package) if recipe.package is not None else ()
    # Cargo gives each target that it is told of a directory of its own.
    output = f"{_OUTPUT}/{recipe.target}" if recipe.target is not None else _OUTPUT
    return StageBody(
        workdir=recipe.workdir,
        actions=(
            CopyInputs(inputs=recipe.copies),
            Run(
                commands=(
                    ("cargo", "build", "--release", "--locked", *package, "--bin", recipe.binary, "--target-dir", _OUTPUT),
                    ("mkdir", "-p", f"{TREE}{posixpath.dirname(BOOTSTRAP)}"),
                    ("cp", f"{output}/release/{recipe.binary}", f"{TREE}{BOOTSTRAP}"),
                    normalise("shell"),
                ),
                caches=(f"{_CARGO}/registry",),
                secrets=recipe.secrets,
                environment=(
                    ("CARGO_INCREMENTAL", "0"),
                    ("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
                    ("RUSTFLAGS", f"--remap-path-prefix={recipe.root}=. --remap-path-prefix={_CARGO}=cargo"),
                ),
            ),
        ),
    )
