from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    on_base("EXPOSE 80\nVOLUME /data\nHEALTHCHECK CMD true\nSTOPSIGNAL 9", 2, 3, 4, 5, says="no ports"),
    dockerfile(f"FROM {PYTHON} AS one\nVOLUME /data\nFROM one", 2),
    breaks(good(volumes=("/data",)), "the image declares /data as volumes"),
]
PASSES: list[Case] = [
    dockerfile(f"FROM python AS test\nEXPOSE 80\nFROM {PYTHON}\nCOPY --from=test /a /b"),
    on_base("HEALTHCHECK NONE\nENV EXPOSE=1"),
    keeps(good()),
]
