# Argument: the tree.
import os
import py_compile
import sys

FILES = 64


def sources(tree):
    for directory, below, files in os.walk(tree):
        below[:] = sorted(name for name in below if name != "__pycache__")
        for name in sorted(files):
            path = os.path.join(directory, name)
            if name.endswith(".py") and os.path.isfile(path):
                yield path


def compile_all(tree, paths):
    for path in paths:
        try:
            py_compile.compile(
                path,
                dfile="/" + os.path.relpath(path, tree),
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except (py_compile.PyCompileError, FileExistsError):
            # No valid Python, or a link in the place of the byte-code: it stays as it is.
            continue


def forked(tree, paths):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            compile_all(tree, paths)
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
        finally:
            os._exit(code)


# What was compiled before decides byte-code (up to Python 3.10): an escape like "\N{BULLET}" brings a module, whose names
# are written in another way from then on. So each few files have a process that nothing was compiled in, whatever the
# number of processors.
tree, paths = sys.argv[1], list(sources(sys.argv[1]))
processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
running = failed = 0
for start in range(0, len(paths), FILES):
    if running == processors:
        failed |= os.wait()[1]
        running -= 1
    forked(tree, paths[start : start + FILES])
    running += 1
for _ in range(running):
    failed |= os.wait()[1]
if failed:
    sys.exit("the code was not compiled")
