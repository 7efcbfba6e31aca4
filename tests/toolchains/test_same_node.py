"""The comparison of the base's Node.js and npm with those that a layer is of."""

from __future__ import annotations

import subprocess

from optimizer.builders.docker.tree_scripts import expected
from tests.patience import PATIENCE_S
from tests.toolchains.scripts import argv


def version(program: str) -> str:
    return (
        subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        .stdout.strip()
        .removeprefix("v")
    )


def compared(**versions: str) -> tuple[int, str]:
    (script,) = expected(versions)
    done = subprocess.run(argv(script, *script.arguments), capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    return done.returncode, done.stderr


def test_the_programs_that_were_named_go_on_in_silence() -> None:
    node, npm = version("node"), version("npm")
    assert compared(node=node) == (0, "")
    assert compared(node=node, npm=npm) == (0, "")


def test_others_end_the_build_and_say_what_to_do() -> None:
    """Requirement: "The Dockerfile's stage must check what the key promises"."""
    node, npm = version("node"), version("npm")
    told = "this layer is of {0} 1.0.99, which optimizer.lock has for the base image, and the base image has {0} {1}\n"
    hint = "hint: run optimizer pin --update, then synthesize or render again\n"
    assert compared(node="1.0.99") == (1, told.format("Node.js", node) + hint)
    assert compared(node=node, npm="1.0.99") == (1, told.format("npm", npm) + hint)
    assert compared(node="1.0.99", npm="1.0.99") == (1, told.format("Node.js", node) + told.format("npm", npm) + hint)
