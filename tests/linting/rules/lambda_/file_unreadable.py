from __future__ import annotations

from tests.images.test_overlay import entry
from tests.linting.cases import Case
from tests.linting.images import BASE, breaks, good, keeps

CATCHES: list[Case] = [
    breaks(
        good(entry("var/task/a", "1", mode=0o600)),
        "/opt, /var/runtime, /var/task hold 1 path that Lambda's unprivileged user cannot read: var/task/a (0600)",
    ),
    breaks(good(*(entry(f"var/task/{number}", "1", mode=0o600) for number in range(7))), "var/task/4 (0600) and 2 more"),
    breaks(good(entry("var/task/a", kind="directory", mode=0o750))),
    breaks(good(entry("opt"), entry("opt/a", "1", mode=0o640))),
    breaks(good(entry("var/task/\x1b[2Jx\udcff", "1", mode=0o600)), r"var/task/\x1b[2Jx\udcff (0600)"),
]
PASSES: list[Case] = [
    keeps(good(entry("var/task/a", "1", mode=0o604))),
    keeps(good(entry("var/task/a", kind="symlink", mode=0o600))),
    keeps(good(entry("etc"), entry("etc/shadow", "1", mode=0o600))),
    keeps(good(entry("var/task/a", "1", mode=0o600), base=BASE)),
]
