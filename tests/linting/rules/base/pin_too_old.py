from __future__ import annotations

import datetime
from dataclasses import replace

from optimizer.linting.conventions import Conventions
from tests.linting.cases import PYTHON, Case, dockerfile
from tests.linting.rules.base.base_unpinned import LOCK


def after(days: int, allowed: int | None = 90) -> Conventions:
    """So many days after the pin of the lock."""
    return Conventions(today=datetime.date(2026, 11, 1) + datetime.timedelta(days=days), lock=LOCK, oldest_pin_days=allowed)


OF_A_PLATFORM = replace(LOCK.images[0], platforms={"arm64": "sha256:" + "5" * 64})

CATCHES: list[Case] = [
    dockerfile(f"FROM {PYTHON}", 1, conventions=after(91), says="was pinned 91 days ago, on 2026-11-01; allowed: 90 days"),
    dockerfile(f"FROM {PYTHON} AS build\nFROM scratch\nCOPY --from=build /a /", 1, conventions=after(2, allowed=1)),
    dockerfile(
        f"FROM public.ecr.aws/lambda/python:3.13@sha256:{'5' * 64}",
        1,
        conventions=replace(after(91), lock=LOCK.with_images([OF_A_PLATFORM])),
    ),
]
PASSES: list[Case] = [
    dockerfile(f"FROM {PYTHON}", conventions=after(90)),
    dockerfile(f"FROM {PYTHON}", conventions=after(1000, allowed=None)),
    dockerfile(f"FROM public.ecr.aws/lambda/python:3.13@sha256:{'1' * 64}", conventions=after(1000)),
    dockerfile("FROM public.ecr.aws/lambda/python:3.13", conventions=after(1000)),
    dockerfile(f"FROM {PYTHON} AS base\nFROM base\nFROM scratch", conventions=after(1000)),
]
