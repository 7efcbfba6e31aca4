"""The scripts that every tree needs: one form for its metadata, and byte-code for its Python code."""

from __future__ import annotations

from optimizer.builders.docker.actions import TreeScript
from optimizer.model.plan import TIMESTAMP


def normalise(language: str) -> TreeScript:
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


def compiled(bytecode: bool) -> tuple[TreeScript, ...]:
    """The script that compiles the Python code of the tree; none where no byte-code is wanted.

    The byte-code holds a hash of its source, and is not checked against it when
    it is loaded: byte-code by time would be stale after normalisation, and then
    compiled again at every cold start.
    Source: https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
    """
    return (_COMPILE_PYTHON,) if bytecode else ()


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
    # What the compiler thinks of other people's code is of no use in the log of a build.
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
# A shell loses "$1" to each function call, and gives it back; the recursion needs that.  Modes are added and
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
_NORMALISE = {"python": _PYTHON, "nodejs": _NODE, "ruby": _RUBY, "shell": _SHELL}
