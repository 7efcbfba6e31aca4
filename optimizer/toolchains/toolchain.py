"""What a toolchain is: how one kind of step becomes stages."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from optimizer.bases.catalogue import BaseImage
from optimizer.errors import Fault
from optimizer.locks.files import ProjectFiles
from optimizer.locks.local import Local
from optimizer.model.plan import TIMESTAMP, TreeScript
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability

GENERATED_FILES = ("**/.git", "**/.hg", "**/.svn", "**/.DS_Store", "**/cdk.out")
"""Patterns of what never belongs into an image, left out of every directory of code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an image is built for.

    ``base`` is the catalogue's entry of the runtime; ``image`` the unpinned
    reference of the image that stages stand on: the base's own, or the house
    base that the spec names.  ``bytecode`` asks for compiled Python code.
    """

    base: BaseImage
    image: ImageReference
    architecture: str
    build_arguments: tuple[tuple[str, str], ...] = ()
    bytecode: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """A step's own name and stability, given or derived, and where it stands in the spec."""

    name: str
    stability: Stability
    target: Target
    project: ProjectFiles


class Toolchain(Protocol):
    """How one kind of step becomes stages.

    ``families`` are the runtime families that the step works with; empty for
    all of them.
    """

    families: tuple[str, ...]

    def images(self, step: Any, target: Target) -> tuple[ImageReference, ...]:
        """The images that the stages stand on beside the base, unpinned."""

    def check(self, step: Any, context: StepContext) -> Iterable[Fault]:
        """What is wrong with the step for this target and project; places are relative to the step."""

    def stages(self, step: Any, context: StepContext) -> Sequence[Any]:
        """The stages of a step without faults, in an order in which each finds what it needs."""


@runtime_checkable
class ReadsLocks(Protocol):
    """A toolchain whose steps name a lock file or a manifest.

    Planning refuses a step when something that ``local`` lists leaves the
    project, is not there, or is in no input of the step's stages.
    """

    def local(self, step: Any, context: StepContext) -> Iterable[Local]:
        """What the step's lock and manifests name in the project; asked only of a step whose ``check`` found no fault."""


@runtime_checkable
class Warns(Protocol):
    """A toolchain that has something to say of a step without faults."""

    def warnings(self, step: Any, context: StepContext) -> Iterable[str]:
        """Sentences for people; they change nothing in the image."""


@runtime_checkable
class TakesSecrets(Protocol):
    """A toolchain whose steps have ``secrets`` for an installer that is known; planning refuses those that it does not read."""

    def installers(self, step: Any, context: StepContext) -> Sequence[str]:
        """Names of :data:`optimizer.toolchains.installers.INSTALLERS`: the packages' own first, then those that bring it into the stage."""


def local_faults(items: Iterable[Local], context: StepContext) -> Iterable[Fault]:
    """The faults of what a lock names and the project does not hold; placed at ``lock`` or ``source`` by the caller's step."""
    for item in items:
        what = f"{item.place} names {item.title}"
        if item.outside:
            yield Fault(
                f"{what}, which is outside the project",
                "",
                "set the project's root to a directory that holds both (optimizer:root in cdk.json, --root)",
            )
            continue
        kind = context.project.kind(item.path)
        if kind == item.kind.on_disk:
            continue
        found = f"is a {kind}" if kind else "does not exist in the project"
        yield Fault(f"{what}, which {found}", "", "put it there, or lock again without it")


def below(directory: str, name: str) -> str:
    """The path of something in a directory of the project, in normal form; ``.`` is the project itself."""
    return posixpath.normpath(posixpath.join(directory, name))


def missing_file(context: StepContext, path: str, place: str, what: str, hint: str) -> Iterable[Fault]:
    """The fault of a file that is not in the project; none when it is there."""
    kind = context.project.kind(path)
    if kind == "file":
        return
    found = "is a directory" if kind == "directory" else "does not exist in the project"
    yield Fault(f'{what} "{path}" {found}', place, hint)


def missing_directory(context: StepContext, path: str, place: str, what: str) -> Iterable[Fault]:
    """The fault of a directory that is not in the project; none when it is there."""
    kind = context.project.kind(path)
    if kind == "directory":
        return
    found = "is a file" if kind == "file" else "does not exist in the project"
    yield Fault(f'{what} "{path}" {found}', place, "write the path of a directory as seen from the project's root")


def beside(path: str, name: str) -> str:
    """The path of a file in the same directory."""
    return posixpath.join(posixpath.dirname(path), name)


def normalise(family: str) -> TreeScript:
    """The normalisation of the tree, in the language that images of the family have.

    Times differ between checkouts and builds, modes between umasks, owners
    between images; all would end in the layer.  Directories become 0755 and
    files 0644, or 0755 when anyone may execute them, so that Lambda's
    unprivileged user can read everything, and everything belongs to root.
    A name that starts with ``.wh.`` fails the stage: the engine that made the
    tree has it as a file, and wherever the layer is unpacked it deletes one
    (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
    AL2023-minimal has neither ``find`` nor ``tar``, so each
    runtime family uses its own language, and the rest a shell with coreutils.
    """
    return _NORMALISE.get(family, _SHELL)


def compiled(target: Target) -> tuple[TreeScript, ...]:
    """The script that compiles the Python code of the tree; none where the target wants no byte-code.

    The byte-code holds a hash of its source, and is not checked against it when
    it is loaded: byte-code by time would be stale after normalisation, and then
    compiled again at every cold start.
    Source: https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
    """
    return (_COMPILE_PYTHON,) if target.bytecode and target.base.family == "python" else ()


_PURPOSE = "Gives all files one owner, one time and one of two modes, so that equal content is an equal layer on every machine."
_WHITEOUT = ": a name that starts with .wh. deletes a file of the image instead of adding one; rename or remove it"
_PYTHON = TreeScript(
    name="NORMALISE_PYTHON",
    purpose=_PURPOSE,
    interpreter=("python", "-c"),
    script=(
        "import os, sys; "
        f"[sys.exit(p + '{_WHITEOUT}') if os.path.basename(p).startswith('.wh.') else "
        "(os.lchown(p, 0, 0), os.path.islink(p) or os.chmod(p, 0o755 if os.path.isdir(p) or os.access(p, os.X_OK) else 0o644), "
        f"os.utime(p, ({TIMESTAMP},) * 2, follow_symlinks=False)) "
        "for d, s, f in os.walk(sys.argv[1]) for p in [d] + [os.path.join(d, n) for n in s + f]]"
    ),
)
# Before Python 3.11 the byte-code of a set depends on the hash seed.  A file that is no valid Python stays as it is.
_COMPILE_PYTHON = TreeScript(
    name="COMPILE_PYTHON",
    purpose="Compiles all Python code to byte-code that depends on nothing but its source.",
    # What the compiler thinks of other people's code is no news to whoever builds.
    interpreter=("env", "PYTHONHASHSEED=0", "python", "-W", "ignore", "-c"),
    # Processes of its own cost more than they spare where there is little to compile.
    script=(
        "import compileall, os, py_compile, sys; files = sum(len(f) for d, s, f in os.walk(sys.argv[1])); "
        "compileall.compile_dir(sys.argv[1], ddir='/', quiet=2, maxlevels=64, workers=1 if files < 500 else 0, "
        "invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
    ),
)
_NODE = TreeScript(
    name="NORMALISE_NODE",
    purpose=_PURPOSE,
    interpreter=("node", "-e"),
    script=(
        "const fs = require('fs'); (function walk(p) { "
        f"if (p.split('/').pop().startsWith('.wh.')) {{ console.error(p + '{_WHITEOUT}'); process.exit(1); }} "
        "const s = fs.lstatSync(p); fs.lchownSync(p, 0, 0); "
        "if (!s.isSymbolicLink()) fs.chmodSync(p, s.isDirectory() || s.mode & 0o111 ? 0o755 : 0o644); "
        "if (s.isDirectory()) for (const n of fs.readdirSync(p)) walk(p + '/' + n); "
        f"fs.lutimesSync(p, {TIMESTAMP}, {TIMESTAMP}); }})(process.argv[1])"
    ),
)
_RUBY = TreeScript(
    name="NORMALISE_RUBY",
    purpose=_PURPOSE,
    interpreter=("ruby", "-e"),
    script=(
        f"require 'find'; Find.find(ARGV[0]) {{ |p| File.basename(p).start_with?('.wh.') and abort(p + '{_WHITEOUT}'); "
        "s = File.lstat(p); File.lchown(0, 0, p); "
        "s.symlink? or File.chmod(s.directory? || s.executable? ? 0755 : 0644, p); "
        f"File.lutime({TIMESTAMP}, {TIMESTAMP}, p) }}"
    ),
)
# A shell loses "$1" to each function call, and gives it back; that is what the recursion stands on.  Modes are added and
# taken away, never set: BusyBox, which is Alpine's shell, forgets what was executable when it evaluates `u=rwX`.
_SHELL = TreeScript(
    name="NORMALISE_SH",
    purpose=_PURPOSE,
    interpreter=("sh", "-c"),
    script=(
        'chown -hR 0:0 "$0" && chmod -R a+rX,u+w,go-w,a-st "$0" || exit 1; walk() { '
        f'touch -h -c -d @{TIMESTAMP} "$1" "$1"/* "$1"/.[!.]* "$1"/..?*; '
        'for p in "$1"/* "$1"/.[!.]* "$1"/..?*; do '
        f'case "${{p##*/}}" in .wh.*) echo "$p{_WHITEOUT}" >&2; exit 1;; esac; '
        'if [ -d "$p" ] && [ ! -L "$p" ]; then walk "$p"; fi; done; }; walk "$0"'
    ),
)
_NORMALISE = {"python": _PYTHON, "nodejs": _NODE, "ruby": _RUBY}
