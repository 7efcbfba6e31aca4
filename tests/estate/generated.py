"""An estate of many repositories, made by chance, with what is true of it counted while it is made."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

RUNTIMES = {"python:3.13": "python3.13", "python:3.12": "python3.12", "nodejs:22": "nodejs22.x", "java:21": "java21"}
TEAMS = ("@shop/catalog", "@shop/orders", "@shop/payments")
DAY = datetime.date(2026, 11, 29)


@dataclass(slots=True)
class Truth:
    """What is so, by the way in which it was made."""

    functions: int = 0
    unpinned: int = 0
    exemptions: Counter[str] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)
    runtimes: Counter[str] = field(default_factory=Counter)
    by_repository: Counter[str] = field(default_factory=Counter)


def write_estate(directory: Path, *, repositories: int, functions: int, seed: int = 0) -> Truth:
    """Repositories of SAM projects, each with so many functions, below the directory."""
    chance = random.Random(seed)
    truth = Truth()
    for number in range(repositories):
        _repository(directory / f"team-{number:02}", functions, chance, truth)
    return truth


def _repository(root: Path, functions: int, chance: random.Random, truth: Truth) -> None:
    owners = {f"functions/f{number}": chance.choice(TEAMS) for number in range(functions) if chance.random() < 0.8}
    whole = chance.choice(TEAMS) if chance.random() < 0.5 else ""
    template = ["Transform: AWS::Serverless-2016-10-31", "Resources:"]
    for number in range(functions):
        place = f"functions/f{number}"
        tag = chance.choice(list(RUNTIMES))
        pinned, exempted = chance.random() < 0.6, chance.random() < 0.3
        base = f"public.ecr.aws/lambda/{tag}" + (f"@sha256:{chance.getrandbits(256):064x}" if pinned else "")
        lines = [f"FROM {base}", "COPY app /var/task/", 'CMD ["app.handler"]']
        if not pinned:
            truth.unpinned += 1
            if exempted:
                lines.insert(0, f"# optimizer: ignore LIO102 -- moved with the rest (until 2027-0{chance.randint(1, 9)}-01)")
                truth.exemptions[root.name] += 1
        (root / place / "app").mkdir(parents=True)
        (root / place / "app" / "app.py").write_text("def handler(event, context):\n    return 1\n")
        (root / place / "Dockerfile").write_text("\n".join(lines) + "\n")
        template += [
            f"  F{number}:",
            "    Type: AWS::Serverless::Function",
            "    Properties:",
            "      PackageType: Image",
            "      Architectures: [arm64]",
            "    Metadata:",
            "      Dockerfile: Dockerfile",
            f"      DockerContext: {place}",
        ]
        truth.functions += 1
        truth.by_repository[root.name] += 1
        truth.runtimes[RUNTIMES[tag]] += 1
        truth.owners[owners.get(place, whole) or "no owner"] += 1
    (root / "template.yaml").write_text("\n".join(template) + "\n")
    (root / ".git").mkdir()
    rows = ([f"* {whole}"] if whole else []) + [f"/{place}/ {team}" for place, team in owners.items()]
    (root / "CODEOWNERS").write_text("\n".join(rows) + "\n")
