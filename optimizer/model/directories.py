"""Names of directories that tools make beside what people write."""

from __future__ import annotations

VERSION_CONTROL = (".git", ".hg", ".svn")
INSTALLED = ("node_modules", "site-packages")
ENVIRONMENTS = (".nox", ".tox", ".venv", "venv")
CACHES = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")
OUTPUTS = (".aws-sam", ".terraform", "cdk.out")

ASSEMBLY = ("manifest.json", "cdk.out")
"""Files by which the output directory of ``cdk synth`` is known, whatever its name."""

GENERATED = frozenset((*VERSION_CONTROL, *INSTALLED, *ENVIRONMENTS, *CACHES, *OUTPUTS))
"""All of them: no search for files of people looks into one."""
