from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    on_base("USER 1000:1000", 2, says='"1000:1000"'),
    on_base("USER root\nUSER app", 3),
    on_base("ENV U=app\nUSER $U", 3),
    breaks(good(user="1000"), 'the image sets the user "1000"'),
    breaks(good(user="app:app")),
]
PASSES: list[Case] = [
    on_base("USER app\nRUN x\nUSER root"),
    on_base("USER 0:0"),
    dockerfile(f"FROM node AS build\nUSER node\nFROM {PYTHON}\nCOPY --from=build /a /b"),
    on_base("ARG U\nUSER $U", inconclusive=1),
    keeps(good()),
    keeps(good(user="root")),
    keeps(good(user="0:0")),
]
