"""Linked copies: what an edit of one file costs with them and without, beside a large layer.

The image of a Python function with pandas and numpy is built by the machine's
engine, warm, again and again; before each build its code is edited.  The two
forms of its Dockerfile, as it is rendered and as bake files have it, take
turns, and the medians are compared.

Run: ``python -m benchmarks.linking [--rounds N]``
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from pathlib import Path

from benchmarks.building import Bench, bench, docker
from optimizer import ImageSpec, Lock, PythonDependencies, SourceCode
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import DOCKERFILE, build_context, stage_context
from optimizer.builders.docker.render import render_part
from optimizer.planning.plan import plan
from optimizer.project.files import Project

SPEC = ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt"), SourceCode("app.py")])
FORMS = ("plain", "linked")


def context(here: Bench, form: str, version: int) -> Path:
    """A build context whose code no build has seen yet."""
    (here.project / "app.py").write_text(f"FORM, VERSION = {form!r}, {version}\n", encoding="utf-8")
    files = Project(here.project)
    lock = Lock.parse((here.project / "optimizer.lock").read_text(encoding="utf-8"))
    made = plan(SPEC, lock, files, mirror=Mirror.parse(here.registry))
    directory = stage_context(build_context(made, files), files, here.project / "contexts")
    if form == "linked":
        directory = Path(shutil.copytree(directory, f"{directory}-linked"))
        text = render_part(made, [stage.name for stage in made.stages], image=True)
        (directory / DOCKERFILE).write_text(text, encoding="utf-8")
    return directory


def build(directory: Path) -> float:
    started = time.monotonic()
    docker("build", "--quiet", "--network", "host", "--platform", "linux/amd64", str(directory))
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="builds of each form  [default: 9]")
    rounds = parser.parse_args().rounds
    with bench("python") as here:
        here.pin("python3.13")
        (here.project / "requirements.txt").write_text("numpy==2.2.4\npandas==2.2.3\n", encoding="utf-8")
        for form in FORMS:
            build(context(here, form, 0))
        seconds: dict[str, list[float]] = {form: [] for form in FORMS}
        for turn in range(1, rounds + 1):
            for form in FORMS:
                seconds[form].append(build(context(here, form, turn)))
    plain, linked = (statistics.median(seconds[form]) for form in FORMS)
    print(f"an edit of one file: plain copies {plain:.2f} s, linked {linked:.2f} s; plain to linked {plain / linked:.2f}")


if __name__ == "__main__":
    main()
