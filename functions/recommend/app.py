"""Recommends products that go with those in a basket."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

MAX_BASKET = 50
MAX_LIMIT = 10


@dataclass(frozen=True)
class Ranker:
    """Products and their vectors; row i, of length 1, belongs to ``skus[i]``."""

    skus: tuple[str, ...]
    vectors: np.ndarray

    @classmethod
    def load(cls, path: Path) -> Ranker:
        """The ranker of a model file; raises ValueError when it is of another version."""
        model = json.loads(path.read_text(encoding="utf-8"))
        if model.get("version") != 1:
            raise ValueError(f"{path} is a model of version {model.get('version')}; allowed: 1")
        vectors = np.array(list(model["vectors"].values()), dtype=np.float64)
        return cls(skus=tuple(model["vectors"]), vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def rank(self, basket: Sequence[str], limit: int) -> list[tuple[str, float]]:
        """Products outside the basket by their likeness to it (-1.0 to 1.0), best first.

        Products that the model does not know are left aside; without any known
        one the answer is empty.
        """
        rows = [self.skus.index(sku) for sku in sorted(set(basket) & set(self.skus))]
        if not rows:
            return []
        taste = self.vectors[rows].mean(axis=0)
        scores = self.vectors @ taste / (np.linalg.norm(taste) or 1.0)
        scores[rows] = -np.inf
        best = np.argsort(-scores, kind="stable")[: min(limit, len(self.skus) - len(rows))]
        return [(self.skus[row], round(float(scores[row]), 3)) for row in best]


@cache
def ranker() -> Ranker:
    """The model of the image, read once per execution environment."""
    return Ranker.load(Path(os.environ["RANKER_MODEL"]))


def request_of(event: Mapping[str, Any]) -> tuple[list[str], int]:
    """The basket and the number of products wanted; raises ValueError for a wrong request."""
    basket, limit = event.get("basket"), event.get("limit", 3)
    if not isinstance(basket, list) or not 1 <= len(basket) <= MAX_BASKET or not all(isinstance(sku, str) for sku in basket):
        raise ValueError(f"basket: allowed is a list of 1 to {MAX_BASKET} SKUs")
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit: allowed is 1 to {MAX_LIMIT}")
    return basket, limit


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Lambda's entry point: ``{"basket": [SKU, ...], "limit": 3}``."""
    basket, limit = request_of(event)
    found = ranker().rank(basket, limit)
    print(json.dumps({"level": "info", "message": "ranked", "basket": len(basket), "found": len(found)}), flush=True)
    return {"recommendations": [{"sku": sku, "score": score} for sku, score in found]}
