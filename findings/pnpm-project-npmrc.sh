#!/bin/sh
# pnpm 10.34.9 does not replace ${TOKEN} in the credentials of a project's .npmrc, where npm does: it
# warns, and asks the registry without them. The same file as the user's .npmrc (npm_config_userconfig) is read whole.
# Seen with pnpm 10.34.9 and Node.js 24 on x86-64, the registry a server on this machine:
#   .npmrc of the project                                  ->  no credentials
#   .npmrc of the project, also as npm_config_userconfig   ->  Bearer secret-token
# Exits with 1 when that is no longer so. Needs node, npm and python3, and a registry that has pnpm.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work/pnpm" pnpm@10.34.9
cat > "$work/check.py" <<'PYTHON'
import http.server, json, os, pathlib, subprocess, sys, threading

work = pathlib.Path(sys.argv[1])
sent = []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        sent.append(self.headers.get("Authorization") or "no credentials")
        body = b"{}"
        self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"127.0.0.1:{server.server_address[1]}"
project = work / "project"
project.mkdir()
(project / "package.json").write_text(json.dumps({"name": "x", "version": "1.0.0", "dependencies": {"no-such-package": "1.0.0"}}))
(project / ".npmrc").write_text(f"registry=http://{host}/\n//{host}/:_authToken=${{TOKEN}}\n")
changed = False
for more, expected in (({}, {"no credentials"}), ({"npm_config_userconfig": str(project / ".npmrc")}, {"Bearer secret-token"})):
    sent.clear()
    environment = {"PATH": os.environ["PATH"], "HOME": str(work), "TOKEN": "secret-token", **more}
    argv = [str(work / "pnpm/node_modules/.bin/pnpm"), "install", "--config.manage-package-manager-versions=false"]
    subprocess.run(argv, cwd=project, env=environment, capture_output=True, timeout=120, check=False)
    print(f".npmrc of the project{', also as npm_config_userconfig' if more else ''} -> {' and '.join(sorted(set(sent)))}")
    changed |= set(sent) != expected
sys.exit(changed)
PYTHON
python3 "$work/check.py" "$work"
