from __future__ import annotations

from tests.linting.cases import Case
from tests.linting.images import breaks, good, keeps

CATCHES: list[Case] = [
    breaks(good(architecture="s390x"), 'the image is for "linux/s390x"'),
    breaks(good(operating_system="windows")),
    breaks(good(architecture="\x1b[2J\ud800"), r'"linux/\x1b[2J\ud800"'),
]
PASSES: list[Case] = [
    keeps(good()),
    keeps(good(architecture="arm64")),
]
