"""The reports of stages that leave something out, from a build of just these stages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

from optimizer.adapters.engine import run_docker
from optimizer.builders.docker.actions import NOTES
from optimizer.errors import EngineError
from optimizer.model.plan import BuildPlan
from optimizer.report.slimming import LeftOut

_REPORTS = "slimming-reports"
_TIMEOUT_S = 3600


def measure_slimming(plan: BuildPlan, dockerfile: str, context: Path, secrets: Mapping[str, str]) -> tuple[LeftOut, ...]:
    """What each stage of the plan leaves out, sorted.

    Builds those stages of the Dockerfile in its build context, with build
    secrets by id and source, and makes no image.  Raises :class:`EngineError`.
    """
    stages = [stage.name for stage in plan.stages if stage.recipe.left_out]
    if not stages:
        return ()
    # The reports leave through a stage that the image's own Dockerfile does not have.
    copies = [f"COPY --from={name} {NOTES}/report.json /{name}.json" for name in stages]
    text = "\n".join([dockerfile, f"FROM scratch AS {_REPORTS}", *copies, ""])
    with tempfile.TemporaryDirectory() as directory:
        arguments = ["build", "--file", "-", "--target", _REPORTS, "--platform", plan.platform]
        arguments += ["--output", f"type=local,dest={directory}"]
        arguments += [word for name, source in sorted(secrets.items()) for word in ("--secret", f"id={name},{source}")]
        result = run_docker([*arguments, str(context)], timeout_s=_TIMEOUT_S, environment={"DOCKER_BUILDKIT": "1"}, text=text, show=True)
        if result.returncode != 0:
            raise EngineError(
                f"the build failed with exit code {result.returncode}; its own message is above",
                hint="check that the engine runs: docker info; then build the stage alone to see why it fails",
            )
        rows = [row for name in stages for row in _rows(name, Path(directory, f"{name}.json"))]
    return tuple(sorted(rows, key=lambda row: (row.stage, row.word, row.package)))


def _rows(stage: str, path: Path) -> list[LeftOut]:
    report = json.loads(path.read_text(encoding="utf-8"))
    return [
        LeftOut(stage=stage, word=word, package=package, files=found["files"], size_bytes=found["bytes"])
        for word, packages in report.items()
        for package, found in packages.items()
    ]
