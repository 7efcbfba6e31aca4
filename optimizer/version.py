"""The version of this package, which the build of the package reads here too."""

from __future__ import annotations

VERSION = "0.1.0"
