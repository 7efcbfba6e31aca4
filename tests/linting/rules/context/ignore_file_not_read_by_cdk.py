from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [on_base("", 0, own_ignore="*", says='"Dockerfile.dockerignore" is read by BuildKit')]
PASSES: list[Case] = [on_base("", ignore="*")]
