"""``optimizer audit`` against the bare calls that it needs, on one generated account.

10,000 images in 40 repositories and 2,000 functions with two versions each, the
same in every run, behind a server on loopback that answers as Amazon ECR and
Lambda do, page by page, from answers that it holds ready.  *Bare* makes the
same calls with the same clients and threads, and throws the answers away; so
the ratio is what reading, counting, judging and writing cost.  Both are whole
processes, with their imports.

They take turns, and medians are compared, because a machine has other work.
Peak memory is that of the process, as the operating system counts it.

Run: ``python -m benchmarks.audit``
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from optimizer.adapters.aws.asking import WORKERS
from tests.audit.account import ACCOUNT, OCI, REGION, digest, manifest

ROOT = Path(__file__).parents[1]
IMAGES, REPOSITORIES, FUNCTIONS, VERSIONS = 10_000, 40, 2_000, 2
_HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
_WHO = (
    "<GetCallerIdentityResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><GetCallerIdentityResult>"
    f"<Account>{ACCOUNT}</Account><Arn>arn</Arn><UserId>id</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run: seconds on the clock and on the processor, and the peak of memory."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


class Account:
    """The generated account: manifests by repository and digest, and the image of each version."""

    def __init__(self, images: int = IMAGES, repositories: int = REPOSITORIES, functions: int = FUNCTIONS) -> None:
        generator = random.Random(20261129)
        self.images: dict[str, dict[str, str]] = {f"team-{number:03}": {} for number in range(repositories)}
        names = [*self.images]
        bases = [{f"base {base} {layer}": 10_000_000 for layer in range(6)} for base in range(12)]
        for number in range(images):
            chosen = generator.randrange(images // 10)
            dependencies = {f"dependencies {chosen}": 5_000_000 + 80_000 * (chosen % 1000)}
            layers = {**generator.choice(bases), **dependencies, f"code {number}": generator.randrange(1_000, 2_000_000)}
            self.images[names[number % repositories]][digest(f"image {number}")] = json.dumps(manifest(layers, f"config {number}"))
        every = [(name, held) for name, digests in self.images.items() for held in digests]
        self.versions = {
            (f"function-{number:05}", version): generator.choice(every)
            for number in range(functions)
            for version in ("$LATEST", *map(str, range(1, VERSIONS)))
        }

    def ecr(self, action: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The answer of Amazon ECR to a call."""
        name = body.get("repositoryName", "")
        if action == "DescribeRepositories":
            return 200, _page("repositories", [{"repositoryName": name} for name in self.images], "nextToken", body.get("nextToken"), 1000)
        if action == "DescribeImages":
            items = [
                {"imageDigest": held, "imagePushedAt": 1.79e9, "imageSizeInBytes": 1, "imageTags": [held[7:47]]}
                for held in self.images[name]
            ]
            return 200, _page("imageDetails", items, "nextToken", body.get("nextToken"), 1000)
        if action == "BatchGetImage":
            wanted = [item["imageDigest"] for item in body["imageIds"]]
            images = [
                {"imageId": {"imageDigest": held}, "imageManifest": self.images[name][held], "imageManifestMediaType": OCI}
                for held in wanted
            ]
            return 200, {"images": images}
        if action == "GetAccountSetting":
            return 200, {"name": "BLOB_MOUNTING", "value": "DISABLED"}
        missing = "LifecyclePolicyNotFoundException" if action == "GetLifecyclePolicy" else "RepositoryPolicyNotFoundException"
        return 400, {"__type": missing, "message": "none"}

    def functions(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        """The answer of Lambda to a call."""
        if found := re.fullmatch(r"/2015-03-31/functions/([^/]+)(/aliases)?", path):
            if found[2]:
                return {"Aliases": [{"Name": "live", "FunctionVersion": "1"}]}
            version = query["Qualifier"]
            repository, image = self.versions[found[1], version]
            uri = f"{_HOST}/{repository}@{image}"
            return {
                "Configuration": _settings(found[1], version),
                "Code": {"ImageUri": f"{_HOST}/{repository}:tag", "ResolvedImageUri": uri},
            }
        # Lambda gives 50 functions on a page where all versions are asked for.
        return _page("Functions", [_settings(*key) for key in self.versions], "NextMarker", query.get("Marker"), 50)


def _settings(name: str, version: str) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "Version": version,
        "PackageType": "Image",
        "Architectures": ["arm64"],
        "MemorySize": 512,
        "SnapStart": {"ApplyOn": "None"},
    }


def _page(key: str, items: Sequence[Any], token: str, given: str | None, size: int) -> dict[str, Any]:
    start = int(given or 0)
    return {key: items[start : start + size], **({token: str(start + size)} if start + size < len(items) else {})}


class Server(ThreadingHTTPServer):
    """Gives the account's answers, each made once, and counts calls."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, account: Account) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.account = account
        self.answers: dict[tuple[str, str], tuple[int, bytes]] = {}
        self.calls: Counter[str] = Counter()

    @property
    def endpoint(self) -> str:
        """The address for ``AWS_ENDPOINT_URL``."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, method: str, path: str, target: str, body: str) -> tuple[int, bytes]:
        """The status and the body for a request."""
        key = (f"{method} {path} {target}", body)
        if key not in self.answers:
            url = urllib.parse.urlsplit(path)
            status, document = 200, {}
            if target:
                status, document = self.account.ecr(target.rpartition(".")[2], json.loads(body))
            elif method == "GET":
                document = self.account.functions(urllib.parse.unquote(url.path), dict(urllib.parse.parse_qsl(url.query)))
            self.answers[key] = (status, json.dumps(document).encode() if target or method == "GET" else _WHO.encode())
        return self.answers[key]


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        status, data = self.server.answer(self.command, self.path, self.headers.get("X-Amz-Target") or "", body)
        self.server.calls["calls"] += 1
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _serve

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(account: Account, kind: type[Server] = Server) -> Iterator[Server]:
    """The account behind a server in this process."""
    server = kind(account)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()


def bare() -> None:
    """Makes the calls of an audit, and throws the answers away."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    config = Config(max_pool_connections=WORKERS, retries={"mode": "adaptive", "total_max_attempts": 10})
    ecr, lambda_ = (boto3.client(name, config=config) for name in ("ecr", "lambda"))
    boto3.client("sts", config=config).get_caller_identity()

    def repository(name: str) -> list[tuple[str, list[dict[str, str]]]]:
        for call in (ecr.get_lifecycle_policy, ecr.get_repository_policy):
            with suppress(ClientError):
                call(repositoryName=name)
        pages = ecr.get_paginator("describe_images").paginate(repositoryName=name, PaginationConfig={"PageSize": 1000})
        ids = [{"imageDigest": item["imageDigest"]} for page in pages for item in page["imageDetails"]]
        return [(name, ids[start : start + 100]) for start in range(0, len(ids), 100)]

    with ThreadPoolExecutor(WORKERS) as pool:
        names = [item["repositoryName"] for page in ecr.get_paginator("describe_repositories").paginate() for item in page["repositories"]]
        batches = [batch for found in pool.map(repository, names) for batch in found]
        for _ in pool.map(lambda batch: ecr.batch_get_image(repositoryName=batch[0], imageIds=batch[1]) and None, batches):
            pass
        pages = lambda_.get_paginator("list_functions").paginate(FunctionVersion="ALL")
        versions = [(item["FunctionName"], item["Version"]) for page in pages for item in page["Functions"]]
        for _ in pool.map(lambda key: lambda_.get_function(FunctionName=key[0], Qualifier=key[1]) and None, versions):
            pass
        for _ in pool.map(lambda name: lambda_.list_aliases(FunctionName=name) and None, sorted({name for name, _ in versions})):
            pass
        ecr.get_account_setting(name="BLOB_MOUNTING")


_LAUNCHER = """
import json, resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([code, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""
"""What starts a process counts in the peak of that process: a small one does not show."""


def measure(argv: Sequence[str], endpoint: str) -> Run:
    """Run a process."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "PYTHONPATH": str(ROOT),
    }
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-S", "-c", _LAUNCHER, *argv], env=environment, check=True, capture_output=True, text=True)
    wall_s = time.monotonic() - started
    code, cpu_s, peak = json.loads(done.stdout)
    if code not in (0, 1):
        raise SystemExit(f"{argv} ended with {code}")
    return Run(wall_s=wall_s, cpu_s=cpu_s, peak_bytes=peak * 1024)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        bare()
        return
    with serving(Account()) as server, tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "audit.json"
        ways = {
            "bare calls": [sys.executable, "-m", "benchmarks.audit", "--bare"],
            "optimizer audit": [sys.executable, "-m", "optimizer", "audit", "--format", "json", "--output", str(output)],
        }
        runs: dict[str, list[Run]] = {name: [] for name in ways}
        calls: dict[str, int] = {}
        # The first round makes the server's answers, and counts for nothing.
        for number in range(arguments.rounds + 1):
            for name, argv in ways.items():
                server.calls.clear()
                measured = measure(argv, server.endpoint)
                calls[name] = server.calls["calls"]
                if number:
                    runs[name].append(measured)
        data = json.loads(output.read_text(encoding="utf-8"))
        held = sum(item["images"] for item in data["repositories"])
        print(f"{held} images, {len(data['functions'])} functions, {len(data['versions'])} versions, partial: {data['partial']}")
    wall = {name: statistics.median(run.wall_s for run in done) for name, done in runs.items()}
    for name, done in runs.items():
        cpu, peak = statistics.median(run.cpu_s for run in done), max(run.peak_bytes for run in done) / 1e6
        print(f"{name:16} {wall[name]:6.1f} s {cpu:6.1f} s on the processor {peak:5.0f} MB {calls[name]:6} calls")
    print(f"ratio of wall times: {wall['optimizer audit'] / wall['bare calls']:.2f}")


if __name__ == "__main__":
    main()
