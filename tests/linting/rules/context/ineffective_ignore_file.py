from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("COPY app.py ./", 3, ignore="*\n# all\n!**\n", says='"!**" includes everything again'),
    on_base("COPY . ./", 2, own_ignore=".git\n! ./*"),
    on_base("COPY app.py ./", 0, ignore="!app.py\n", says="all its patterns start with !"),
]
PASSES: list[Case] = [
    on_base("COPY app.py ./", ignore="*\n!app.py"),
    on_base("COPY app.py ./", ignore="!**\n.git"),
    on_base("COPY app.py ./", ignore="# nothing yet\n"),
    on_base("COPY . ./", ignore="!app.py", files={}),
    on_base("COPY app.py ./"),
]
