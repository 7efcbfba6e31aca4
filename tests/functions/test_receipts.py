"""The Node.js function's own tests, run by the Node.js that the virtual environment brings."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE_S


def test_receipts() -> None:
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert node is not None, "requirements.txt brings Node.js into the virtual environment"
    tests = Path(__file__).with_name("receipt.test.mjs")
    result = subprocess.run([node, "--test", str(tests)], capture_output=True, text=True, timeout=PATIENCE_S)
    assert result.returncode == 0, result.stdout + result.stderr
