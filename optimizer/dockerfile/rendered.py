"""How a rendered Dockerfile is recognised among those that people wrote, and what its fixed stages are called.

Apart from the renderer, because what reads Dockerfiles needs these words, but no plan.
"""

from __future__ import annotations

BASE = "base"
"""Name of the stage that is the pinned base image and nothing else."""

BUILD = "build-base"
"""Name of the stage that is the same image for the platform of the machine that builds."""

SCRIPTS = "/scripts"
"""Where a stage has the scripts of this project; no image has them."""

HEADER = "# Generated from an image specification: change the specification, not this file."
"""First line of every Dockerfile that is rendered, and of no other."""
