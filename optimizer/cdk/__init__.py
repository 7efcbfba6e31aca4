"""Constructs for AWS CDK; the only package that imports ``aws_cdk``."""

from __future__ import annotations

from optimizer.cdk.conventions import Conventions
from optimizer.cdk.function import OptimizedFunction
from optimizer.cdk.repository import SharedAssetRepository
from optimizer.cdk.synthesizer import SharedRepositorySynthesizer

__all__ = ["Conventions", "OptimizedFunction", "SharedAssetRepository", "SharedRepositorySynthesizer"]
