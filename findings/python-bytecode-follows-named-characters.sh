#!/bin/sh
# CPython up to 3.10 compiles one and the same file to other bytes after any file that names a character.
#
# Seen with CPython 3.10.2: "\N{BULLET}" makes the compiler import unicodedata, which stays. A constant that is called like
# one of its functions ("decimal", "numeric", "digit", "category", "name") is written with the mark of a shared object from
# then on, so that byte-code with an unchecked hash, a constant path and PYTHONHASHSEED=0 still depends on the order of the
# files. Of the 2,126 files of numpy 2.2.4, pandas 2.2.3 and boto3 1.44.8, two runs of CPython 3.10.13's
# "python -S -m compileall -j 2" made 2 files differently, and 1,203 have other bytes with -j 1, whose one process holds other
# modules. With CPython 3.11.2 here, and 3.13.0 there, the bytes are equal. Run on the CPythons of Pyodide, which npm has.
# Exits with 1 when that changes.
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
