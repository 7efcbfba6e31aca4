"""Trains the ranker: vectors of products, near each other when they are bought together.

    uv run --project functions/recommend python models/train.py

reads ``models/baskets.txt`` (one basket per line) and writes
``models/ranker.json``.  The function of `functions/recommend` ranks by the
cosine of these vectors.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

DIMENSIONS = 4
"""Length of a product's vector; about the number of tastes that the baskets show."""

HERE = Path(__file__).parent


def train(baskets: list[list[str]], dimensions: int) -> dict[str, list[float]]:
    """A vector per product, from how much more often than by chance it is bought together with each other one."""
    skus = sorted({sku for basket in baskets for sku in basket})
    bought = np.array([[float(sku in basket) for sku in skus] for basket in baskets])
    together = bought.T @ bought
    single = np.diag(together)
    expected = np.outer(single, single) / len(baskets)
    # One is added, so that pairs that were never seen count as nothing rather than as minus infinity.
    affinity = np.log1p(together / expected)
    left, strengths, _ = np.linalg.svd(affinity)
    vectors = left[:, :dimensions] * np.sqrt(strengths[:dimensions])
    # The signs of singular vectors are arbitrary; the largest entry is made positive, so that training is repeatable.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(dimensions)])
    return {sku: [round(float(value), 4) for value in vector] for sku, vector in zip(skus, vectors, strict=True)}


def main() -> None:
    """Read the baskets, write the model."""
    baskets = [line.split() for line in (HERE / "baskets.txt").read_text(encoding="utf-8").splitlines() if line.strip()]
    lines = [f"    {json.dumps(sku)}: {json.dumps(vector)}" for sku, vector in train(baskets, DIMENSIONS).items()]
    text = '{\n  "version": 1,\n  "vectors": {\n' + ",\n".join(lines) + "\n  }\n}\n"
    (HERE / "ranker.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
