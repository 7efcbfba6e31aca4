from __future__ import annotations

from optimizer.model.template import SamBuilder
from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY . /var/task/", 2, files={}, says="there is no .dockerignore"),
    on_base("ADD ./ ./", 2, files={}),
    on_base("COPY * ./", 2, files={}),
    on_base("COPY . ./", 2, files={}, ignore="# nothing\n\n!app.py\n", says='".dockerignore" leaves nothing out'),
]
CATCHES += [
    # The classic builder, which SAM asks for, does not read it.
    on_base("COPY . ./", 2, files={}, own_ignore="*\n!app.py\n", sam=SamBuilder.CLASSIC, says="there is no .dockerignore"),
]
PASSES: list[Case] = [
    on_base("COPY . ./", files={}, ignore=".git\n"),
    on_base("COPY . ./", files={}, own_ignore="*\n!app.py\n"),
    on_base("COPY app.py lib/ ./", files={}),
    on_base("COPY . ./", inconclusive=1),
    dockerfile(f"FROM {PYTHON} AS build\nFROM {PYTHON}\nCOPY --from=build . .", files={}),
]
