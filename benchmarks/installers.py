"""Installers: pip against uv, and npm against pnpm and Yarn, as ratios in one run.

Each installs the same packages in the build stage that this project makes for
it, on the stand-ins.  A *fresh runner* has nothing: it gets the installer,
and installs with empty cache mounts.  After a *changed lock* the same machine
has the installer in its build cache, and the packages in its cache mounts.
Seconds are those of the stage's commands, with the normalisation of the tree;
byte-code is off.  The installers take turns, and the medians are compared with
those of the first.  *Reproducible* says that every build of one installer gave
one layer digest.

Each lock belongs to its tool, so that the versions below a direct dependency
may differ; the files say how much was installed.

Run: ``python -m benchmarks.installers [--runtime python|nodejs] [--rounds N]``
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import uuid

from benchmarks import npm_lock
from benchmarks.building import Bench, bench, layer_sizes, layers
from optimizer import ImageSpec, NodeDependencies, PythonDependencies
from optimizer.bases.tools import Tools

REQUIREMENTS = "requests==2.32.4\nboto3==1.40.76\nnumpy==2.2.4\npandas==2.2.3\n"
PACKAGES = {
    "@aws-sdk/client-s3": "3.800.0",
    "@aws-sdk/client-dynamodb": "3.799.0",
    "express": "4.21.2",
    "lodash": "4.17.21",
    "zod": "3.24.2",
}
_TOOLS = Tools()
# How each tool writes its lock and installs nothing.
LOCKS = {
    "npm": ("package-lock.json", list(npm_lock.COMMAND)),
    "pnpm": ("pnpm-lock.yaml", ["npm", "exec", "--yes", f"pnpm@{_TOOLS.tool('pnpm').version}", "--", "install", "--lockfile-only"]),
    "Yarn 4": (
        "yarn.lock",
        [
            "npm",
            "exec",
            "--yes",
            f"--package=@yarnpkg/cli-dist@{_TOOLS.tool('yarn').version}",
            "--",
            "yarn",
            "install",
            "--mode=update-lockfile",
        ],
    ),
    "Yarn 1": (
        "yarn.lock",
        ["npm", "exec", "--yes", f"yarn@{_TOOLS.tool('yarn-classic').version}", "--", "install", "--ignore-scripts", "--silent"],
    ),
}


def python_specs(here: Bench) -> dict[str, ImageSpec]:
    (here.project / "requirements.txt").write_text(REQUIREMENTS)
    steps = {name: PythonDependencies("requirements.txt", name="packages", installer=name) for name in ("pip", "uv")}
    return {name: ImageSpec(runtime="python3.13", bytecode=False, steps=[step]) for name, step in steps.items()}


def node_specs(here: Bench) -> dict[str, ImageSpec]:
    specs = {}
    for name, (lock, argv) in LOCKS.items():
        directory = here.project / name.replace(" ", "").lower()
        directory.mkdir()
        (directory / "package.json").write_text(
            json.dumps({"name": "function", "version": "1.0.0", "private": True, "dependencies": PACKAGES})
        )
        if lock == "yarn.lock":
            (directory / lock).touch()
        subprocess.run(argv, cwd=directory, check=True, capture_output=True, timeout=300)
        for leftover in ("node_modules", ".yarn"):
            shutil.rmtree(directory / leftover, ignore_errors=True)
        specs[name] = ImageSpec(runtime="nodejs22.x", steps=[NodeDependencies(f"{directory.name}/{lock}", name="packages")])
    return specs


SPECS = {"python": (python_specs, "python3.13"), "nodejs": (node_specs, "nodejs22.x")}


def compare(here: Bench, specs: dict[str, ImageSpec], rounds: int) -> None:
    times: dict[tuple[str, str], list[float]] = {}
    made: dict[str, set[str]] = {name: set() for name in specs}
    files = {}
    for _ in range(rounds):
        for name, spec in specs.items():
            cache = uuid.uuid4().hex
            fresh, again = (here.build(spec, cache=cache) for _ in range(2))
            times.setdefault((name, "fresh"), []).append(sum(fresh.seconds))
            # The last RUN installs; what comes before it does not depend on the lock.
            times.setdefault((name, "changed"), []).append(again.seconds[-1])
            made[name] |= {layers(fresh.image)[-1], layers(again.image)[-1]}
            files[name] = layer_sizes(again.image, here.project)[0]
    first = next(iter(specs))
    median = {key: statistics.median(values) for key, values in times.items()}
    print(f"{'':10}{'fresh runner':>14}{'changed lock':>14}{'seconds':>14}{'megabytes':>12}   reproducible")
    for name in specs:
        ratios = "".join(f"{median[name, state] / median[first, state]:14.2f}" for state in ("fresh", "changed"))
        seconds = f"{median[name, 'fresh']:.1f}, {median[name, 'changed']:.1f}"
        print(f"{name:10}{ratios}{seconds:>14}{files[name] / 1e6:12.1f}   {'yes' if len(made[name]) == 1 else 'no'}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="builds per installer and state  [default: 3]")
    parser.add_argument("--runtime", choices=sorted(SPECS), action="append", help="default: all")
    arguments = parser.parse_args()
    for name in arguments.runtime or sorted(SPECS, reverse=True):
        specs, runtime = SPECS[name]
        with bench(name) as here:
            here.pin(runtime)
            compare(here, specs(here), arguments.rounds)


if __name__ == "__main__":
    main()
