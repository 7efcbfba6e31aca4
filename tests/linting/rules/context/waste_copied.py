from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

TREE = {"app.py": "", ".git/HEAD": "", "src/a.py": "", "src/__pycache__/a.pyc": "", "node_modules/x/i.js": "", "lib/b.py": ""}

CATCHES: list[Case] = [
    on_base("COPY . ./", 2, files=TREE, ignore="src\nnode_modules", says='".git" is copied along'),
    on_base("COPY src ./", 2, files=TREE, ignore="__pycache__", says='"src/__pycache__" is copied along'),
    on_base("COPY src/* ./", 2, files=TREE),
    on_base("COPY . ./\nRUN npm ci", 2, files=TREE, ignore="**/__pycache__\n.git", says='"node_modules"'),
]
PASSES: list[Case] = [
    on_base("COPY . ./", files=TREE, ignore=".git\n**/__pycache__\nnode_modules"),
    on_base("COPY lib/ app.py ./", files=TREE),
    on_base("COPY . ./", files=TREE, ignore=".git\n**/__pycache__"),
    on_base("COPY . ./", files=TREE),
    on_base("COPY . ./", ignore="x"),
    dockerfile(f"FROM {PYTHON} AS build\nCOPY . .\nFROM {PYTHON}\nCOPY --from=build /x /", files=TREE, ignore="**/__pycache__"),
]
