"""Files that are written whole or not at all, by processes that know nothing of each other and may have one number: those of containers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from optimizer.adapters.files import replace_file
from optimizer.adapters.image_files import write_archive
from optimizer.errors import ContextError


def test_what_a_killed_process_of_the_same_number_left_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "optimizer.lock"
    (tmp_path / f".{path.name}.{os.getpid()}.tmp").write_text("half")
    replace_file(path, "whole", "the lock", ContextError)
    assert path.read_text() == "whole"


def test_two_of_the_same_number_write_one_archive_at_once(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"

    def chunks() -> Iterator[bytes]:
        yield b"begin "
        write_archive(path, [b"another"])
        assert path.read_bytes() == b"another"
        yield b"end"

    write_archive(path, chunks())
    assert path.read_bytes() == b"begin end"
    assert list(tmp_path.iterdir()) == [path]
