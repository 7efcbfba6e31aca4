from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.adapters.images.tar import Budget, TarReader, hashed_entries
from optimizer.errors import ImageError
from optimizer.model.image import Entry
from tests.images.archives import directory, file, link, sha256, tar

REST = "\n  hint: make the archive again, for example: docker save --output image.tar IMAGE"


def read(data: bytes, budget: Budget | None = None) -> list[Entry]:
    return list(hashed_entries(TarReader(io.BytesIO(data), "layer 1", budget or Budget())))


def refusal(data: bytes, budget: Budget | None = None) -> str:
    with pytest.raises(ImageError) as raised:
        read(data, budget)
    return str(raised.value).removesuffix(REST)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_kind_of_entry_is_read_in_every_form(form: int) -> None:
    long = "a/" + "n" * 120
    data = tar(
        directory("./a/", 0o1777),
        file(long if form != tarfile.USTAR_FORMAT else "a/" + "n" * 90, b"content", 0o755, 12, uid=7, gid=8),
        link("a/soft", "../x"),
        link("a/hard", "a/soft", tarfile.LNKTYPE),
        file("a/pipe", type=tarfile.FIFOTYPE),
        file("a/null", type=tarfile.CHRTYPE),
        form=form,
    )
    top, content, soft, hard, pipe, null = read(data)
    assert (top.path, top.kind, top.mode) == ("a", "directory", 0o1777)
    assert (content.kind, content.mode, content.uid, content.gid, content.mtime, content.size_bytes) == ("file", 0o755, 7, 8, 12.0, 7)
    assert content.digest == sha256(b"content").removeprefix("sha256:")
    assert (soft.kind, soft.target, hard.kind, hard.target) == ("symlink", "../x", "hardlink", "a/soft")
    assert (pipe.kind, null.kind) == ("fifo", "character device")


def test_pax_headers_give_what_the_plain_header_cannot() -> None:
    info, content = file("ä/" + "n" * 300, b"x", uid=3_000_000_000)
    info.mtime = 1.5
    info.pax_headers = {"SCHILY.xattr.user.a": "1"}
    (entry,) = read(tar((info, content)))
    assert (entry.path, entry.uid, entry.mtime, entry.attributes) == ("ä/" + "n" * 300, 3_000_000_000, 1.5, (("user.a", "1"),))


def test_an_archive_without_entries_is_empty() -> None:
    """BuildKit writes such a layer for a WORKDIR that is there already."""
    assert read(bytes(1024)) == []


@given(st.lists(st.tuples(st.text("abcé /.-", min_size=1, max_size=150), st.binary(max_size=1500)), max_size=6))
@settings(max_examples=60)
def test_reads_what_the_standard_library_writes(items: list[tuple[str, bytes]]) -> None:
    names = [(f"d/{name.replace('..', 'x').strip('/ ') or 'n'}", content) for name, content in items]
    entries = read(tar(*(file(name, content) for name, content in names)))
    assert [(entry.size_bytes, entry.digest) for entry in entries] == [(len(data), sha256(data)[7:]) for _, data in names]


@given(st.binary(max_size=2000), st.integers(0, 3000))
@settings(max_examples=150)
def test_damage_gives_an_error_or_entries_and_never_anything_else(noise: bytes, position: int) -> None:
    data = bytearray(tar(directory("a"), file("a/b", b"x" * 600), link("a/c", "b")))
    data[position : position + len(noise)] = noise
    try:
        read(bytes(data))
    except ImageError as error:
        assert str(error).startswith("layer 1 ")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../etc/passwd", "layer 1 holds the path '../etc/passwd', which leaves the image"),
        ("a/../../b", "layer 1 holds the path 'a/../../b', which leaves the image"),
        ("n" * 5000, "layer 1 holds a path of 5000 bytes; Linux allows 4096"),
        ("d/" * 300 + "x", f'layer 1 holds the path "{"d/" * 40}…", more than 256 directories deep'),
    ],
)
def test_paths_that_no_image_needs_are_refused(name: str, message: str) -> None:
    assert refusal(tar(file(name))) == message


def test_a_hard_link_out_of_the_image_is_refused() -> None:
    assert (
        refusal(tar(link("a", "../../etc/passwd", tarfile.LNKTYPE))) == "layer 1 holds the path '../../etc/passwd', which leaves the image"
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "layer 1 is empty"),
        (b"<html>" * 200, "layer 1 is not a tar archive"),
        (b"short", "layer 1 is not a tar archive"),
        (tar(file("a", b"x" * 3000))[:2000], "layer 1 is truncated"),
        (tar(file("a", b"x" * 512))[:1024] + b"abc", "layer 1 is truncated"),
        (tar(file("a"))[:512] + b"\1" * 512, "layer 1 is damaged: the check sum of a header is wrong"),
    ],
)
def test_what_is_no_archive_is_refused(data: bytes, message: str) -> None:
    assert refusal(data) == message


def header(**fields: object) -> bytes:
    info = tarfile.TarInfo("a")
    for name, value in fields.items():
        setattr(info, name, value)
    return info.tobuf(tarfile.GNU_FORMAT)


def test_a_header_of_ten_gigabytes_is_not_read_into_memory() -> None:
    assert refusal(header(type=b"x", size=10 << 30)) == "layer 1 has an extended header of 10737418240 bytes; at most 1048576 are read"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"99 path=a\n", "layer 1 has a damaged extended header"),
        (b"path=a\n", "layer 1 has a damaged extended header"),
        (b"18 GNU.sparse.a=1\n", 'layer 1 has the sparse file "a", which no image builder writes'),
        (b"11 size=-1\n", 'layer 1 claims that "a" has -1 bytes'),
        (b"13 mtime=nan\n", "layer 1 has a header with the number 'nan'"),
    ],
)
def test_extended_headers_are_checked(record: bytes, message: str) -> None:
    data = header(type=b"x", size=len(record)) + record.ljust(512, b"\0") + header(size=0)
    assert refusal(data) == message


def test_unknown_types_and_negative_sizes_are_refused() -> None:
    assert refusal(header(type=b"Q")) == "layer 1 holds \"a\" of the unknown type b'Q'"
    assert refusal(header(size=-512)) == 'layer 1 claims that "a" has -512 bytes'


def test_a_small_file_cannot_fill_the_memory() -> None:
    data = tar(*(file(f"f{number}") for number in range(20)))
    text = "layer 1 has more entries than an image for Lambda can use: over 1,000,000, or longer names\n  hint: check where the image comes from"
    assert refusal(data, Budget(entries=10)) == text
    assert refusal(data, Budget(text_bytes=30)) == text
    assert len(read(data, Budget(entries=20))) == 20
