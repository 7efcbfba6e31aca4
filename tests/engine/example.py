"""The example app, pinned to the stand-ins of a registry and synthesized."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from optimizer import Lock

ROOT = Path(__file__).parents[2]
REPOSITORY = "shop-functions"


def pin(registry: str, lock: Path) -> None:
    """Write a lock of every image of the example's own lock that the registry (``host:port``) holds."""
    references = [str(image.reference) for image in Lock.parse((ROOT / "optimizer.lock").read_text(encoding="utf-8")).images]
    wanted = [reference for reference in references if _has(registry, reference)]
    options = [word for reference in wanted for word in ("--image", reference)]
    argv = [sys.executable, "-m", "optimizer", "pin", "--mirror", registry, "--lock", str(lock), *options]
    subprocess.run(argv, cwd=ROOT, check=True, timeout=120)


def synth(registry: str, lock: Path, output: Path) -> None:
    """Write the cloud assembly as ``cdk synth`` does, without the CLI."""
    # The CLI asks for the paths of constructs, and gives the rest of the context as it is.
    context = {"aws:cdk:enable-path-metadata": True, "optimizer:mirror": registry, "optimizer:lock": str(lock)}
    environment = {**os.environ, "CDK_OUTDIR": str(output), "CDK_CONTEXT_JSON": json.dumps(context)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, capture_output=True, timeout=120)


def _has(registry: str, reference: str) -> bool:
    repository, _, tag = reference.partition("/")[2].partition(":")
    with urllib.request.urlopen(f"http://{registry}/v2/_catalog?n=1000", timeout=30) as answer:
        if repository not in json.load(answer)["repositories"]:
            return False
    with urllib.request.urlopen(f"http://{registry}/v2/{repository}/tags/list", timeout=30) as answer:
        return tag in (json.load(answer)["tags"] or [])
