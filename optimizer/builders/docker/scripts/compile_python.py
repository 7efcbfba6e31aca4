# Argument: the tree.
import compileall
import os
import py_compile
import sys

# The processes that compile read this file too, and must not start more.
if __name__ == "__main__":
    files = sum(len(names) for _, _, names in os.walk(sys.argv[1]))
    compileall.compile_dir(
        sys.argv[1],
        ddir="/",
        quiet=2,
        maxlevels=64,
        # Processes of its own cost more than they spare where there is little to compile.
        workers=1 if files < 500 else 0,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
