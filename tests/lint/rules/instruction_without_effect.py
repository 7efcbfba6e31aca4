from __future__ import annotations

from tests.lint.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("EXPOSE 80\nVOLUME /data\nHEALTHCHECK CMD true\nSTOPSIGNAL 9", 2, 3, 4, 5, says="no ports"),
    dockerfile(f"FROM {PYTHON} AS one\nVOLUME /data\nFROM one", 2),
]
PASSES: list[Case] = [
    dockerfile(f"FROM python AS test\nEXPOSE 80\nFROM {PYTHON}\nCOPY --from=test /a /b"),
    on_base("HEALTHCHECK NONE\nENV EXPOSE=1"),
]
