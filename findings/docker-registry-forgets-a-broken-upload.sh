#!/bin/sh
# docker-registry 2.8.2 forgets an upload whose connection breaks within the body: it cannot be gone on with.
#
# Guess: as the distribution specification has it, GET of the upload's address tells how many bytes are there, and PATCH
# sends the rest.  Seen: after a PATCH that broke off, GET and PATCH of that address answer 404, and a PUT that begins
# again at the first byte too.  Only a new upload, begun by POST, works.  A PATCH that was sent whole is told as 202 and
# its offset is right.  So a client that resumes has to send parts that are whole, or begin anew.
# Debian's package, Python's standard library as the client.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
apt-get download docker-registry=2.8.2+ds1-1 >/dev/null 2>&1
dpkg-deb -x docker-registry_*.deb .
python3 - <<'PYTHON'
import http.client
import json
import socket
import subprocess
import time
import urllib.parse

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
settings = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": "blobs"}}, "http": {"addr": f"127.0.0.1:{port}"}, "log": {"level": "error"}}
open("registry.yml", "w").write(json.dumps(settings))
server = subprocess.Popen(["usr/bin/docker-registry", "serve", "registry.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.headers


def path_of(headers):
    url = urllib.parse.urlsplit(headers["Location"])
    return f"{url.path}?{url.query}"


def begin():
    return path_of(ask("POST", "/v2/a/blobs/uploads/", headers={"Content-Length": "0"})[1])


try:
    for _ in range(100):
        try:
            ask("GET", "/v2/")
            break
        except OSError:
            time.sleep(0.1)
    whole = begin()
    status, headers = ask("PATCH", whole, b"x" * 500, {"Content-Type": "application/octet-stream"})
    offset = ask("GET", path_of(headers))[1].get("Range")
    print("a part that was sent whole:", status, offset)
    broken = begin()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("PATCH", broken)
    connection.putheader("Content-Type", "application/octet-stream")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"x" * 500)
    time.sleep(0.5)
    connection.sock.close()
    time.sleep(1)
    after = ask("GET", broken)[0], ask("PATCH", broken, b"x", {"Content-Type": "application/octet-stream"})[0]
    print("GET and PATCH after one that broke off:", *after)
    raise SystemExit(0 if (status, offset, after) == (202, "0-499", (404, 404)) else 1)
finally:
    server.terminate()
    server.wait()
PYTHON
