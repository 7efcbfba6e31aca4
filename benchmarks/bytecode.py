"""Byte-code: what it costs in bytes, and what it saves at a cold import, as ratios in one run.

Each set of packages is installed twice by this project, with and without
byte-code, on the Python stand-in.  The size is that of the layer: its files,
and the layer as gzip packs it for the registry.  The import is timed inside
fresh containers as Lambda runs them, read-only and as an unprivileged user, so
that code compiled at the import cannot be kept; the two images take turns, and
the medians are compared.  Seconds are those of the processor, which neighbours
on the machine hardly change; the files are in its page cache.

Run: ``python -m benchmarks.bytecode [--rounds N]``
"""

from __future__ import annotations

import argparse
import statistics

from benchmarks.building import bench, docker, layer_sizes
from optimizer import ImageSpec, PythonDependencies

SETS = {
    "requests": ("requests==2.32.4\n", "requests"),
    "boto3": ("boto3==1.40.76\n", "boto3"),
    "numpy": ("numpy==2.2.4\n", "numpy"),
    "pandas": ("numpy==2.2.4\npandas==2.2.3\n", "pandas"),
    "fastapi": ("fastapi==0.115.12\npydantic==2.11.3\n", "fastapi"),
}
PROGRAM = "import sys, time; sys.path.insert(0, '/var/task'); start = time.process_time(); import {}; print(time.process_time() - start)"


def seconds_of_import(image: str, module: str) -> float:
    flags = ["--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--user", "993:990", "--entrypoint", "python"]
    return float(docker("run", *flags, image, "-c", PROGRAM.format(module)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="imports per image  [default: 9]")
    rounds = parser.parse_args().rounds
    print("with byte-code, against without: bytes of the files, bytes of the packed layer, processor seconds of the import")
    print(f"{'':20}{'files':>8}{'packed':>8}{'import':>8}   import without, with")
    with bench("python") as here:
        here.pin("python3.13")
        for name, (requirements, module) in SETS.items():
            (here.project / "requirements.txt").write_text(requirements)
            step = PythonDependencies("requirements.txt", name="packages")
            images = {wanted: here.build(ImageSpec(runtime="python3.13", bytecode=wanted, steps=[step])).image for wanted in (True, False)}
            sizes = {wanted: layer_sizes(image, here.project) for wanted, image in images.items()}
            times: dict[bool, list[float]] = {True: [], False: []}
            for _ in range(rounds):
                for wanted, image in images.items():
                    times[wanted].append(seconds_of_import(image, module))
            files, packed = (sizes[True][index] / sizes[False][index] for index in (0, 1))
            without, with_ = statistics.median(times[False]), statistics.median(times[True])
            print(f"{name:20}{files:8.2f}{packed:8.2f}{with_ / without:8.2f}   {without:.3f} s, {with_:.3f} s", flush=True)


if __name__ == "__main__":
    main()
