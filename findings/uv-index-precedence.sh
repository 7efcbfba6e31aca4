#!/bin/sh
# uv 0.13.9 puts a variable above an option of its command line: UV_DEFAULT_INDEX wins over `--index-url`, while
# UV_INDEX_URL, its older name, loses against it, as do the variables of most programs. And it does not read
# PIP_INDEX_URL: `uv pip install` with it asks the public index.
# Seen with uv 0.13.9 and Python 3.11 on x86-64, each index a server on this machine:
#   PIP_INDEX_URL=one     --index-url two  ->  two
#   UV_INDEX_URL=one      --index-url two  ->  two
#   UV_DEFAULT_INDEX=one  --index-url two  ->  one
# Exits with 1 when that is no longer so. Needs python3 with venv, and an index that has uv.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9
cat > "$work/check.py" <<'PYTHON'
import http.server, os, subprocess, sys, threading

work = sys.argv[1]
asked = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path.split("/")[1])
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
one, two = (f"http://127.0.0.1:{server.server_address[1]}/{name}/simple" for name in ("one", "two"))
changed = False
for variable, expected in (("PIP_INDEX_URL", {"two"}), ("UV_INDEX_URL", {"two"}), ("UV_DEFAULT_INDEX", {"one"})):
    asked.clear()
    argv = [f"{work}/venv/bin/uv", "pip", "install", "--no-config", "--no-cache", "--target", f"{work}/tree", "--index-url", two, "no-such-package"]
    environment = {"PATH": os.environ["PATH"], "HOME": work, variable: one}
    subprocess.run(argv, env=environment, capture_output=True, timeout=120, check=False)
    print(f"{variable}=one --index-url two -> {' and '.join(sorted(set(asked)))}")
    changed |= set(asked) != expected
sys.exit(changed)
PYTHON
"$work/venv/bin/python" "$work/check.py" "$work"
