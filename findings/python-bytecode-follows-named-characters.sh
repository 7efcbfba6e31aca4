#!/bin/sh
# CPython up to 3.10 compiles one and the same file to other bytes after any file that names a character.
#
# Seen with CPython 3.10.2: "\N{BULLET}" makes the compiler import unicodedata, which stays. A constant that is called like
# one of its functions ("decimal", "numeric", "digit", "category", "name") is written with the mark of a shared object from
# then on, so that byte-code with an unchecked hash, a constant path and PYTHONHASHSEED=0 still depends on the order of the
# files: python -m compileall -j 2 makes files of dateutil, numpy and boto3 that -j 1 does not. With CPython 3.11.2 the bytes
# are equal. Run on the CPythons of Pyodide, which npm has. Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
cat > compile.cjs <<'END'
const { loadPyodide } = require(process.argv[2]);
loadPyodide({ stdout: () => {} }).then((python) => {
  console.log(python.runPython(`
import platform, py_compile
from pathlib import Path
Path("named.py").write_text('SIGN = "\\\\N{BULLET}"\\n')
Path("kinds.py").write_text('def kinds():\\n    return ["decimal", "numeric"]\\n')
def compiled(name):
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    return Path(py_compile.compile(name, cfile="out.pyc", dfile="/" + name, doraise=True, invalidation_mode=mode)).read_bytes()
first, again = compiled("kinds.py"), compiled("kinds.py")
compiled("named.py")
after = compiled("kinds.py")
" ".join([platform.python_version(), "equal" if first == again else "other", "equal" if first == after else "other"])
`));
});
END
said=""
for version in 0.21.3 0.23.4; do
  npm install --silent --no-audit --no-fund --no-update-notifier --prefix "$version" "pyodide@$version" > npm.log 2>&1 || { cat npm.log; exit 1; }
  said="$said$(node compile.cjs "./$version/node_modules/pyodide" | tail -n 1); "
done
echo "compiled again, and after a file that names a character: $said"
[ "$said" = "3.10.2 equal other; 3.11.2 equal equal; " ]
