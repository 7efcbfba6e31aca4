"""Lambda's architectures."""

from __future__ import annotations

ARCHITECTURES = ("x86_64", "arm64")
"""Lambda's own words, https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html"""
