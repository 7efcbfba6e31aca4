# Argument: the exact version.
import platform
import sys

wanted, found = sys.argv[1], platform.python_version()
if found != wanted:
    sys.exit(
        "this layer is of Python " + wanted + ", which optimizer.lock has for the base image, and the base image has Python " + found + "\n"
        "hint: run optimizer pin --update, then synthesize or render again"
    )
