"""The push of one edited handler, from the start of the program to its end, against the floor of the same requests.

*publish* is ``optimizer publish`` of an app with one function, of which one
line of the handler was edited.  The *floor* is a program that knows all it has
to push before it starts: with the standard library's ``http.client`` on eight
connections it asks for each blob, uploads a layer of 8 kB and a configuration,
and puts the manifest.  Both talk to a registry on this machine, one after the
other in each round; the least of all rounds is shown, because nothing can make
a program faster than it is.  *inspect* is the call by which ``cdk deploy`` asks
``optimizer-docker`` for an image.

Needs a Debian machine with an engine, as root (`.ci/setup-engine`).
Run: ``python -m benchmarks.push [--rounds 15]``
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.installed import installed
from tests.engine import services, standins
from tests.engine.host_python import exact_python

TIMEOUT_S = 300
RUNTIMES = {"nodejs": "nodejs22.x", "python": "python3.13"}
HANDLERS = {
    "nodejs": ("index.js", "exports.handler = async () => {};\n", "index.handler"),
    "python": ("index.py", "def handler(event, context):\n    return {}\n", "index.handler"),
}
APP = """
import aws_cdk as cdk
from optimizer import Files, ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
app = cdk.App(outdir="cdk.out", default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="assets"))
stack = cdk.Stack(app, "Fleet")
spec = ImageSpec(runtime="{runtime}", steps=[SourceCode("function", name="code"), Files("data", to="/opt/data/", name="data")])
OptimizedFunction(stack, "F", spec=spec, handler="{handler}")
app.synth()
"""
FLOOR = """
import http.client, json, sys, threading
from concurrent.futures import ThreadPoolExecutor
work = json.load(open(sys.argv[1]))
local = threading.local()
def send(method, path, body=None, headers={}):
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection(work["address"])
    local.connection.request(method, path, body=body, headers=headers)
    answer = local.connection.getresponse()
    answer.read()
    return answer
def head(digest):
    send("HEAD", "/v2/assets/blobs/" + digest)
def upload(blob):
    location = send("POST", "/v2/assets/blobs/uploads/", headers={"Content-Length": "0"}).headers["Location"]
    location = location.partition(work["address"])[2] or location
    body = bytes.fromhex(blob["bytes"])
    answer = send("PUT", location + "&digest=" + blob["digest"], body, {"Content-Type": "application/octet-stream"})
    assert answer.status == 201, answer.status
with ThreadPoolExecutor(8) as pool:
    list(pool.map(head, work["asked"]))
    list(pool.map(upload, work["blobs"]))
body = bytes.fromhex(work["manifest"])
answer = send("PUT", "/v2/assets/manifests/" + work["tag"], body, {"Content-Type": work["type"]})
assert answer.status == 201, answer.status
"""


class App:
    """An app with one function, whose image is in the repository."""

    def __init__(self, family: str, directory: Path, upstream: str, address: str, environment: Mapping[str, str]) -> None:
        self.family, self.directory, self.address = family, directory, address
        file, self._text, handler = HANDLERS[family]
        self._handler = directory / "function" / file
        self.environment = {**environment, "CDK_CONTEXT_JSON": json.dumps({"optimizer:mirror": upstream})}
        for name in ("function", "data"):
            (directory / name).mkdir(parents=True)
        (directory / "data" / "table.bin").write_bytes(random.Random(20261129).randbytes(100_000))
        (directory / "app.py").write_text(APP.format(runtime=RUNTIMES[family], handler=handler))
        self._handler.write_text(self._text)
        self._run("-m", "optimizer", "pin", "--mirror", upstream, "--image", RUNTIMES[family])
        self._run("app.py")
        self.publish()

    def edit(self, number: int) -> None:
        """Change a line of the handler, and synthesize."""
        comment = "//" if self.family == "nodejs" else "#"
        self._handler.write_text(f"{self._text}{comment} {number}\n")
        self._run("app.py")

    def publish(self) -> None:
        self._run("-m", "optimizer", "publish", "cdk.out", "--repository", f"{self.address}/assets", "--no-engine")

    def inspect(self) -> None:
        (assets,) = (self.directory / "cdk.out").glob("*.assets.json")
        (asset,) = json.loads(assets.read_text())["dockerImages"]
        self._run("-m", "optimizer.docker_program", "inspect", f"cdkasset-{asset}", check=False)

    def manifest(self) -> dict[str, object]:
        """The manifest of the image that was published last."""
        (assets,) = (self.directory / "cdk.out").glob("*.assets.json")
        (image,) = json.loads(assets.read_text())["dockerImages"].values()
        (destination,) = image["destinations"].values()
        return services.manifest(self.address, "assets", destination["imageTag"])

    def _run(self, *arguments: str, check: bool = True) -> None:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.directory,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        if check and done.returncode != 0:
            raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr}")


def floor_work(address: str, manifest: Mapping[str, object], number: int) -> dict[str, object]:
    """What the floor pushes: the image of the manifest with another layer on top, which is new, and so is its configuration."""
    layer = gzip.compress(random.Random(number).randbytes(8_000), mtime=0)
    config = json.dumps({"architecture": "amd64", "os": "linux", "number": number}).encode()
    blobs = [{"digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "bytes": data.hex()} for data in (layer, config)]
    layers = manifest["layers"]
    assert isinstance(layers, list)
    own = {"mediaType": layers[-1]["mediaType"], "digest": blobs[0]["digest"], "size": len(layer)}
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": blobs[1]["digest"], "size": len(config)}
    body = json.dumps({"schemaVersion": 2, "mediaType": manifest["mediaType"], "config": described, "layers": [*layers[:-1], own]})
    return {
        "address": address,
        "asked": [*(item["digest"] for item in [*layers[:-1], own]), described["digest"]],
        "blobs": blobs,
        "manifest": body.encode().hex(),
        "type": manifest["mediaType"],
        "tag": f"floor-{number}",
    }


def seconds(argv: list[str], environment: Mapping[str, str]) -> float:
    started = time.monotonic()
    subprocess.run(argv, env=environment, check=True, timeout=TIMEOUT_S)
    return time.monotonic() - started


def measure(app: App, work: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round."""
    found: dict[str, list[float]] = {"floor": [], "publish": [], "inspect": []}
    (work / "floor.py").write_text(FLOOR)
    for number in range(1, rounds + 1):
        (work / "work.json").write_text(json.dumps(floor_work(app.address, app.manifest(), number)))
        found["floor"].append(seconds([sys.executable, str(work / "floor.py"), str(work / "work.json")], app.environment))
        app.edit(number)
        for name, run in (("publish", app.publish), ("inspect", app.inspect)):
            started = time.monotonic()
            run()
            found[name].append(time.monotonic() - started)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        work = Path(temporary)
        for name in ("upstream", "repository"):
            (work / name).mkdir()
        upstream = stack.enter_context(standins.registry(work / "upstream", RUNTIMES))
        address = stack.enter_context(services.registry(work / "repository"))
        python = exact_python(upstream, work / "python")
        environment = {**installed(work / "bytecode"), "PATH": os.pathsep.join([str(python), os.environ["PATH"]])}
        print(f"{'seconds, least of':18}{arguments.rounds:3}" + "".join(f"{name:>10}" for name in ("floor", "publish", "ratio", "inspect")))
        for family in RUNTIMES:
            found = measure(App(family, work / family, upstream, address, environment), work, arguments.rounds)
            least = {name: min(times) for name, times in found.items()}
            cells = (least["floor"], least["publish"], least["publish"] / least["floor"], least["inspect"])
            print(f"{family:21}" + "".join(f"{value:10.3f}" for value in cells), flush=True)


if __name__ == "__main__":
    main()
