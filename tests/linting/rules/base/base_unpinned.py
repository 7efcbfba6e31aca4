from __future__ import annotations

import datetime

from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.linting.conventions import Conventions
from tests.linting.cases import DIGEST, PYTHON, TODAY, Case, dockerfile

LOCK = Lock(images=(LockedImage(reference=base_image("python3.13").reference, digest=DIGEST, resolved=datetime.date(2026, 11, 1)),))
LOCKED = Conventions(today=TODAY, lock=LOCK)

CATCHES: list[Case] = [
    dockerfile("FROM public.ecr.aws/lambda/python:3.13", 1, says="has no digest"),
    dockerfile("FROM public.ecr.aws/lambda/python", 1),
    dockerfile("FROM public.ecr.aws/lambda/python:3.13", 1, conventions=LOCKED),
    dockerfile("ARG V=3.13\nFROM --platform=linux/arm64 public.ecr.aws/lambda/python:$V AS one\nFROM one", 2),
]
PASSES: list[Case] = [
    dockerfile(f"FROM {PYTHON}"),
    dockerfile(f"ARG BASE={PYTHON}\nFROM $BASE"),
    dockerfile("ARG BASE\nFROM $BASE", inconclusive=1),
    dockerfile("FROM scratch"),
    dockerfile(f"FROM golang:1.25 AS build\nFROM {PYTHON}"),
]
