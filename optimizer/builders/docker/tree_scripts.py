"""The scripts that every tree needs: one form for its metadata, and byte-code for its Python code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.script_files import script, tree_script
from optimizer.model.plan import TIMESTAMP


def normalise(language: str) -> Script:
    """The normalisation of the tree, in a language that the stage's image has.

    Times differ between checkouts and builds, modes between umasks, owners
    between images; all would end in the layer.  Directories become 0755 and
    files 0644, or 0755 when anyone may execute them, so that Lambda's
    unprivileged user can read everything, and everything belongs to root.
    A name that starts with ``.wh.`` fails the stage: the engine that made the
    tree has it as a file, and wherever the layer is unpacked it deletes one
    (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
    AL2023-minimal has neither ``find`` nor ``tar``, so images of a
    language use that, and the rest a shell with coreutils.
    """
    return _NORMALISE[language]


def no_links() -> Script:
    """The script that fails the stage for a directory in the place of a link of the base.

    A tree that any command writes may hold one; those of all other recipes stand below directories.
    """
    return _NO_LINKS


def expected(programs: Mapping[str, str]) -> tuple[Script, ...]:
    """The script that ends a build whose base has other programs than those that a recipe names; none where it names none."""
    if not programs:
        return ()
    same = _SAME_PYTHON if "python" in programs else _SAME_NODE
    return (replace(same, arguments=tuple(programs.values())),)


def compiled(bytecode: bool) -> tuple[Script, ...]:
    """The script that compiles the Python code of the tree; none where no byte-code is wanted.

    The byte-code holds a hash of its source, and is not checked against it when
    it is loaded: byte-code by time would be stale after normalisation, and then
    compiled again at every cold start.
    Source: https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
    """
    return (_COMPILE_PYTHON,) if bytecode else ()


_FILES = {"python": "normalise_python.py", "nodejs": "normalise_nodejs.js", "ruby": "normalise_ruby.rb", "shell": "normalise_shell.sh"}
_NORMALISE = {
    language: tree_script(
        name,
        "Gives all files one owner, one time and one of two modes, so that equal content is an equal layer on every machine.",
        (str(TIMESTAMP),),
    )
    for language, name in _FILES.items()
}
_NO_LINKS = tree_script("no_links.sh", "Refuses a directory in the place of a link of the image, which it would replace.")
_SAME_PYTHON = script(
    "same_python.py",
    "Ends the build where the base has another Python than the one that the layer is of.",
    # Nothing of the environment: the answer is that of the program.
    interpreter=("python", "-I", "-S"),
)
_SAME_NODE = script("same_node.js", "Ends the build where the base has another Node.js or npm than those that the layer is of.")
_COMPILE_PYTHON = tree_script(
    "compile_python.py",
    "Compiles all Python code to byte-code that depends on nothing but its source.",
    # Before Python 3.11 the byte-code of a set depends on the hash seed.  Without -S the modules that an environment loads
    # at the start decide bytes: a constant that something else holds too is written in another way.  A file that is no
    # valid Python stays as it is, and what the compiler thinks of other people's code is of no use in the log of a build.
    interpreter=("env", "PYTHONHASHSEED=0", "python", "-S", "-W", "ignore"),
)
