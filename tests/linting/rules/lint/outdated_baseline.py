from dataclasses import replace

from optimizer.linting.baseline import Baseline, Entry
from tests.linting.cases import on_base

STALE = Baseline(name="lint-baseline.json", entries=(Entry(path="Dockerfile", rule="LIO602", fingerprint="0" * 32, count=2),))

CATCHES = [replace(on_base("WORKDIR /var/task\n", 0, says='LIO602 is fixed in "Dockerfile", 2 times'), baseline=STALE)]

PASSES = [
    on_base("WORKDIR /var/task\n"),
    replace(on_base("WORKDIR /var/task\n"), baseline=Baseline(name="lint-baseline.json")),
    # Of what was not looked at nobody knows.
    replace(on_base("WORKDIR /var/task\n"), baseline=replace(STALE, entries=(replace(STALE.entries[0], path="other/Dockerfile"),))),
]
