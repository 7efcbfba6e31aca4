"""The program that packs the class path of a Maven module, compiled and run as a stage does."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from optimizer.builders.docker.actions import Script
from optimizer.builders.docker.java_scripts import CLASS_PATH, pack
from tests.patience import PATIENCE_S

JAVA = shutil.which("javac")


@pytest.mark.skipif(JAVA is None, reason="needs a JDK")
def test_modules_are_archives_that_do_not_depend_on_times(tmp_path: Path) -> None:
    (script,) = (command for command in CLASS_PATH if isinstance(command, Script))
    (tmp_path / script.name).write_text(script.text, encoding="utf-8")
    subprocess.run(["javac", "-d", str(tmp_path / "classes"), str(tmp_path / script.name)], check=True, timeout=PATIENCE_S)
    for name in ("money", "fn"):
        (tmp_path / "build" / name / "target/classes").mkdir(parents=True)
        (tmp_path / "build" / name / "target/classes" / f"{name}.class").write_bytes(name.encode())
    (tmp_path / "build/log-1.0.jar").write_bytes(b"library")
    listed = ["log-1.0.jar", "money/target/classes"]
    (tmp_path / "build/class.path").write_text(os.pathsep.join(str(tmp_path / "build" / item) for item in listed))
    digests = set()
    for time in (0, 1_700_000_000):
        os.utime(tmp_path / "build/money/target/classes/money.class", (time, time))
        output = tmp_path / f"out-{time}"
        output.mkdir()
        for part in ("libraries", "modules"):
            command = [word.replace("/tmp/lambda", str(tmp_path / "classes")) for word in pack("class.path", str(output), part)]
            subprocess.run(command, cwd=tmp_path / "build", check=True, timeout=PATIENCE_S)
        assert sorted(path.name for path in output.iterdir()) == ["log-1.0.jar", "money.jar"]
        digests.add(hashlib.sha256((output / "money.jar").read_bytes()).hexdigest())
    assert len(digests) == 1
