"""``docs/monorepos.md``."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests import pages
from tests.howto.conftest import LOCK

PAGE = pages.page("monorepos.md")
CODE = "import money\n\n\ndef handler(event, context):\n    return money.cents({number})\n"


def test_two_apps_share_a_library_and_a_lock(tmp_path: Path) -> None:
    """Requirement: "monorepos and `optimizer:root`", with the output that the page shows."""
    pages.write(PAGE, tmp_path)
    shutil.copy(LOCK, tmp_path / "optimizer.lock")
    orders, stock = (tmp_path / "services" / name for name in ("orders", "stock"))
    stock.mkdir()
    shutil.copy(orders / "cdk.json", stock)
    app = (orders / "app.py").read_text(encoding="utf-8")
    (stock / "app.py").write_text(app.replace("services/orders", "services/stock").replace('"Orders"', '"Stock"'), encoding="utf-8")
    (tmp_path / "libraries" / "money").mkdir(parents=True)
    (tmp_path / "libraries" / "money" / "money.py").write_text("def cents(amount):\n    return amount\n", encoding="utf-8")
    for number, directory in enumerate((orders, stock)):
        (directory / "code").mkdir()
        (directory / "code" / "app.py").write_text(CODE.format(number=number), encoding="utf-8")
    pages.follow(PAGE, tmp_path)
