"""The example app, pinned to the stand-ins of a registry and synthesized."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from optimizer import Lock
from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
REPOSITORY = "shop-functions"


def pin(registry: str, lock: Path) -> None:
    """Write a lock of every image of the example's own lock that the registry (``host:port``) holds."""
    references = [str(image.reference) for image in Lock.parse((ROOT / "optimizer.lock").read_text(encoding="utf-8")).images]
    wanted = [reference for reference in references if _has(registry, reference)]
    options = [word for reference in wanted for word in ("--image", reference)]
    argv = [sys.executable, "-m", "optimizer", "pin", "--mirror", registry, "--lock", str(lock), *options]
    subprocess.run(argv, cwd=ROOT, check=True, timeout=PATIENCE_S)


def synth(registry: str, lock: Path, output: Path, project: Path = ROOT) -> None:
    """Write the cloud assembly as ``cdk synth`` does, without the CLI; of the example itself, or of a copy of it."""
    # The CLI asks for the paths of constructs, and gives the rest of the context as it is.
    context = {"aws:cdk:enable-path-metadata": True, "optimizer:mirror": registry, "optimizer:lock": str(lock)}
    environment = {**os.environ, **WITHOUT_TEMPLATE_CHECK, "CDK_OUTDIR": str(output), "CDK_CONTEXT_JSON": json.dumps(context)}
    subprocess.run([sys.executable, "app.py"], cwd=project, env=environment, check=True, capture_output=True, timeout=PATIENCE_S)


def assets(assembly: Path) -> dict[str, dict[str, Any]]:
    """The sources of all image assets of an assembly by their tags, as the CDK CLI reads them."""
    found = {}
    for path in assembly.glob("*.assets.json"):
        for image in json.loads(path.read_text())["dockerImages"].values():
            for destination in image["destinations"].values():
                found[destination["imageTag"]] = image["source"]
    return found


def built_alone(directory: Path, platform: str) -> str:
    """The id of the image that the engine builds of a context, as CDK would."""
    argv = ["docker", "build", "--quiet", "--platform", platform, "."]
    return subprocess.run(argv, cwd=directory, capture_output=True, text=True, timeout=600, check=True).stdout.strip()


def inspected(image: str) -> tuple[list[str], dict[str, Any]]:
    """The ``diff_id``s and the configuration of an image of the engine."""
    result = subprocess.run(["docker", "image", "inspect", image], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    found = json.loads(result.stdout)[0]
    return found["RootFS"]["Layers"], found["Config"]


def _has(registry: str, reference: str) -> bool:
    repository, _, tag = reference.partition("/")[2].partition(":")
    with urllib.request.urlopen(f"http://{registry}/v2/_catalog?n=1000", timeout=PATIENCE_S) as answer:
        if repository not in json.load(answer)["repositories"]:
            return False
    with urllib.request.urlopen(f"http://{registry}/v2/{repository}/tags/list", timeout=PATIENCE_S) as answer:
        return tag in (json.load(answer)["tags"] or [])
