#!/bin/sh
# docker buildx imagetools create, of one image alone, makes an index of it, which AWS Lambda refuses.
#
# Guess: with one source the new tag names the same manifest, so that this is how a registry's tag is copied.
# Seen: buildx 0.13.1 puts a new index over it; the tag has another digest and the media type of an index.
# Copying a tag for Lambda needs PUT of the manifest itself, or another tool (skopeo copy).
# Debian's packages of buildx and of a registry on this machine.  Exits with 1 when that changes.
set -eu
cd "$(mktemp -d)"
apt-get download docker-registry=2.8.2+ds1-1 docker-buildx=0.13.1+ds1-3 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" .; done
DOCKER_CONFIG="$PWD/config"
export DOCKER_CONFIG
mkdir config
python3 - <<'PYTHON'
import glob
import hashlib
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
TYPES = ["application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"]


def ask(method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body=body, headers=headers or {})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def push(data):
    url = urllib.parse.urlsplit(ask("POST", "/v2/a/blobs/uploads/", headers={"Content-Length": "0"})[1]["Location"])
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert ask("PUT", f"{url.path}?{url.query}&digest={digest}", data, {"Content-Type": "application/octet-stream"})[0] == 201
    return {"digest": digest, "size": len(data)}


def tag(name):
    status, headers, _ = ask("GET", f"/v2/a/manifests/{name}", headers={"Accept": ", ".join(TYPES)})
    assert status == 200, status
    return headers["Content-Type"], headers["Docker-Content-Digest"]


try:
    for _ in range(100):
        try:
            ask("GET", "/v2/")
            break
        except OSError:
            time.sleep(0.1)
    config = push(json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}).encode())
    manifest = {"schemaVersion": 2, "mediaType": TYPES[0], "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config}, "layers": []}
    assert ask("PUT", "/v2/a/manifests/one", json.dumps(manifest).encode(), {"Content-Type": TYPES[0]})[0] == 201
    (buildx,) = glob.glob("usr/lib*/docker/cli-plugins/docker-buildx")
    names = [f"127.0.0.1:{port}/a:{name}" for name in ("copy", "one")]
    subprocess.run([buildx, "imagetools", "create", "--tag", *names], check=True, capture_output=True, timeout=60)
    one, copy = tag("one"), tag("copy")
    print("the image:", *one)
    print("its copy: ", *copy)
    raise SystemExit(0 if one[0] == TYPES[0] and copy[0] in TYPES[1:] and copy[1] != one[1] else 1)
finally:
    server.terminate()
    server.wait()
PYTHON
