"""The reports of stages that leave something out, from a build of just these stages."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from optimizer.errors import EngineError
from optimizer.model.plan import NOTES, BuildPlan
from optimizer.report.slimming import LeftOut

_REPORTS = "slimming-reports"
_TIMEOUT_S = 3600


def measure_slimming(plan: BuildPlan, dockerfile: str, context: Path, secrets: Mapping[str, str]) -> tuple[LeftOut, ...]:
    """What each stage of the plan leaves out, sorted.

    Builds those stages of the Dockerfile in its build context, with build
    secrets by id and source, and makes no image.  Raises :class:`EngineError`.
    """
    stages = [stage.name for stage in plan.stages if stage.slim]
    if not stages:
        return ()
    # The reports leave through a stage that the image's own Dockerfile does not have.
    copies = [f"COPY --from={name} {NOTES}/report.json /{name}.json" for name in stages]
    text = "\n".join([dockerfile, f"FROM scratch AS {_REPORTS}", *copies, ""])
    with tempfile.TemporaryDirectory() as directory:
        argv = ["docker", "build", "--file", "-", "--target", _REPORTS, "--platform", plan.platform]
        argv += ["--output", f"type=local,dest={directory}"]
        argv += [word for name, source in sorted(secrets.items()) for word in ("--secret", f"id={name},{source}")]
        _build([*argv, str(context)], text)
        rows = [row for name in stages for row in _rows(name, Path(directory, f"{name}.json"))]
    return tuple(sorted(rows, key=lambda row: (row.stage, row.word, row.package)))


def _build(argv: list[str], dockerfile: str) -> None:
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    try:
        # Progress goes to the standard error of this program.
        result = subprocess.run(  # noqa: S603 - an argument list, which no shell reads
            argv, input=dockerfile, text=True, stdout=subprocess.DEVNULL, env=environment, check=False, timeout=_TIMEOUT_S
        )
    except FileNotFoundError:
        raise EngineError("the program docker is not on the path", hint="install a container engine, or leave --measure out") from None
    except subprocess.TimeoutExpired:
        raise EngineError(f"the build took more than {_TIMEOUT_S} seconds", hint="see what the engine waits for") from None
    if result.returncode != 0:
        raise EngineError(
            f"docker build failed with exit code {result.returncode}; its own message is above",
            hint="check that the engine runs: docker info; then build the stage alone to see why it fails",
        )


def _rows(stage: str, path: Path) -> list[LeftOut]:
    report = json.loads(path.read_text(encoding="utf-8"))
    return [
        LeftOut(stage=stage, word=word, package=package, files=found["files"], size_bytes=found["bytes"])
        for word, packages in report.items()
        for package, found in packages.items()
    ]
