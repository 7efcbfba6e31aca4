from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("# optimizer: ignore LIO602 -- why\nWORKDIR /x", 2, says="LIO602"),
    on_base("# optimizer: ignore-file LIO602 -- why\nWORKDIR /x", 2),
    on_base("USER 1\n# optimizer: ignore LIO602 -- too late\nWORKDIR /x", 3),
]
PASSES: list[Case] = [
    on_base("# optimizer: ignore LIO602 -- why\nUSER 1"),
    on_base("USER 1\n# optimizer: ignore-file LIO602 -- why\n"),
    dockerfile(f"# optimizer: ignore-stage LIO602 -- why\n# more\nFROM {PYTHON}\nWORKDIR /x\nUSER 1"),
    on_base("COPY a \\\n  # optimizer: ignore LIO501 -- inside\n  . /x/", files={}),
]
