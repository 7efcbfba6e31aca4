"""Scripts of packages start with the Python of the image, and RECORD says so."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from optimizer.adapters.host.console_scripts import set_interpreter
from optimizer.adapters.host.tree import Obstacle

HOST = "/home/someone/.venv/bin/python"
IMAGE = "/var/lang/bin/python"
BODY = "# -*- coding: utf-8 -*-\nimport sys\n"
LONG = f"#!/bin/sh\n'''exec' '{HOST}' \"$0\" \"$@\"\n' '''\n"


def digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def site(tmp_path: Path, scripts: dict[str, str], *, entry_points: str = "", prefix: str = "") -> Path:
    """A directory of packages, one of them with the scripts; ``prefix`` is how RECORD leads to them."""
    info = tmp_path / "tool-1.0.dist-info"
    info.mkdir()
    (tmp_path / "bin").mkdir()
    rows = ["tool.py,sha256=abc,3"]
    for name, text in scripts.items():
        path = tmp_path / "bin" / name
        path.write_text(text)
        path.chmod(0o755)
        rows.append(f"{prefix}bin/{name},{digest(text)},{len(text)}")
    (info / "RECORD").write_text("\n".join([*rows, "tool-1.0.dist-info/RECORD,,"]) + "\n")
    if entry_points:
        (info / "entry_points.txt").write_text(entry_points)
    return tmp_path


@pytest.mark.parametrize("start", [f"#!{HOST}\n", LONG], ids=["line", "shell"])
@pytest.mark.parametrize("prefix", ["", "../../"])
def test_the_interpreter_and_record_are_those_of_the_image(start: str, prefix: str, tmp_path: Path) -> None:
    points = "[console_scripts]\ntool = tool:main [extra]\n\n[other]\nx:y = z\n"
    place = site(tmp_path, {"tool": start + BODY, "data": "#!/bin/bash\n", "binary": "\x7fELF"}, entry_points=points, prefix=prefix)
    set_interpreter(place, HOST, IMAGE)
    text = f"#!{IMAGE}\n{BODY}"
    assert (place / "bin" / "tool").read_text() == text
    assert (place / "bin" / "tool").stat().st_mode & 0o777 == 0o755
    record = (place / "tool-1.0.dist-info" / "RECORD").read_text().splitlines()
    assert f"{prefix}bin/tool,{digest(text)},{len(text)}" in record
    assert f"{prefix}bin/data,{digest('#!/bin/bash' + chr(10))},12" in record
    assert record[0] == "tool.py,sha256=abc,3"
    assert record[-1] == "tool-1.0.dist-info/RECORD,,"


def test_a_script_of_another_form_is_an_obstacle(tmp_path: Path) -> None:
    """A Python that calls itself by another path than it was called by would end in the image unnoticed."""
    place = site(tmp_path, {"tool": f"#!/elsewhere/python\n{BODY}"}, entry_points="[console_scripts]\ntool = tool:main\n")
    with pytest.raises(Obstacle, match="bin/tool does not start with the Python that installed it"):
        set_interpreter(place, HOST, IMAGE)


def test_a_first_line_with_options_of_its_own_is_an_obstacle(tmp_path: Path) -> None:
    with pytest.raises(Obstacle, match="bin/tool starts with the Python that installed it in a form of its own"):
        set_interpreter(site(tmp_path, {"tool": f"#!{HOST} -E\n{BODY}"}), HOST, IMAGE)


def test_a_base_that_is_not_of_aws_is_an_obstacle_where_there_are_scripts(tmp_path: Path) -> None:
    with pytest.raises(Obstacle, match=r"which Python its scripts start \(tool\)"):
        set_interpreter(site(tmp_path, {"tool": f"#!{HOST}\n{BODY}"}), HOST, "")


def test_without_scripts_the_base_does_not_matter(tmp_path: Path) -> None:
    place = site(tmp_path, {"data": "#!/bin/bash\n"})
    record = (place / "tool-1.0.dist-info" / "RECORD").read_bytes()
    set_interpreter(place, HOST, "")
    assert (place / "tool-1.0.dist-info" / "RECORD").read_bytes() == record


def test_a_script_that_two_packages_hold_is_an_obstacle(tmp_path: Path) -> None:
    """The hash of the one that lost is of a script that is no longer there."""
    place = site(tmp_path, {"tool": f"#!{HOST}\n{BODY}"})
    other = place / "other-1.0.dist-info"
    other.mkdir()
    (other / "RECORD").write_text(f"bin/tool,{digest('another')},7\n")
    with pytest.raises(Obstacle, match="two packages hold bin/tool"):
        set_interpreter(place, HOST, IMAGE)


def test_entry_points_that_cannot_be_read_are_an_obstacle(tmp_path: Path) -> None:
    with pytest.raises(Obstacle, match="entry_points.txt cannot be read"):
        set_interpreter(site(tmp_path, {}, entry_points="no section\n"), HOST, IMAGE)
