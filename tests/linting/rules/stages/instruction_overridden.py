from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base('CMD ["a.handler"]\nCMD ["b.handler"]', 2, says="CMD on line 3 replaces this one"),
    on_base("CMD a\nRUN x\nCMD b\nCMD c", 2, 4),
    on_base('ENTRYPOINT ["a"]\nHEALTHCHECK NONE\nENTRYPOINT ["b"]\nHEALTHCHECK CMD x', 2, 3),
    dockerfile(f"FROM {PYTHON} AS one\nCMD a\nCMD b\nFROM one", 2),
]
PASSES: list[Case] = [
    on_base('ENTRYPOINT ["a"]\nCMD ["b"]'),
    # A stage may well set another one than the stage below it.
    dockerfile(f"FROM {PYTHON} AS one\nCMD a\nFROM one\nCMD b"),
    dockerfile(f"FROM {PYTHON} AS unused\nCMD a\nCMD b\nFROM {PYTHON}"),
]
