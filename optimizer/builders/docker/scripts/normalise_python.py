# Arguments: the tree, and the time.
import os
import sys

TREE, TIME = sys.argv[1], int(sys.argv[2])
for directory, below, files in os.walk(TREE):
    for path in [directory, *(os.path.join(directory, name) for name in below + files)]:
        if os.path.basename(path).startswith(".wh."):
            sys.exit(path + ": a name that starts with .wh. deletes a file of the image instead of adding one; rename or remove it")
        os.lchown(path, 0, 0)
        if not os.path.islink(path):
            os.chmod(path, 0o755 if os.path.isdir(path) or os.access(path, os.X_OK) else 0o644)
        os.utime(path, (TIME, TIME), follow_symlinks=False)
