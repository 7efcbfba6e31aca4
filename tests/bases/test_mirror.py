from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.bases.mirror import Mirror
from optimizer.errors import ConfigurationError
from optimizer.model.reference import ImageReference

DIGEST = "sha256:" + "1" * 64
PYTHON = ImageReference.parse(f"public.ecr.aws/lambda/python:3.13@{DIGEST}")
MAVEN = ImageReference.parse("docker.io/library/maven:3.9")


@pytest.mark.parametrize("nothing", [None, "", {}])
def test_no_mirror_changes_nothing(nothing: object) -> None:
    assert Mirror.parse(nothing) == Mirror()  # type: ignore[arg-type]
    assert Mirror().apply(PYTHON) is PYTHON


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("127.0.0.1:5000", f"127.0.0.1:5000/lambda/python:3.13@{DIGEST}"),
        ("mirror.example.com/a/b", f"mirror.example.com/a/b/lambda/python:3.13@{DIGEST}"),
        ("localhost", f"localhost/lambda/python:3.13@{DIGEST}"),
    ],
)
def test_one_prefix_stands_for_every_registry(prefix: str, expected: str) -> None:
    mirror = Mirror.parse(prefix)
    assert str(mirror.apply(PYTHON)) == expected
    assert str(mirror.apply(MAVEN)) == f"{prefix}/library/maven:3.9"


def test_a_table_mirrors_only_the_registries_it_names() -> None:
    mirror = Mirror.parse({"public.ecr.aws": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/ecr-public"})
    assert str(mirror.apply(PYTHON)) == f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/ecr-public/lambda/python:3.13@{DIGEST}"
    assert mirror.apply(MAVEN) is MAVEN


@given(st.sampled_from([PYTHON, MAVEN]), st.sampled_from(["127.0.0.1:5000", "mirror.example.com/a", "public.ecr.aws/a"]))
def test_applying_twice_is_applying_once(reference: ImageReference, prefix: str) -> None:
    for mirror in (Mirror.parse(prefix), Mirror.parse({"public.ecr.aws": prefix, "docker.io": prefix})):
        once = mirror.apply(reference)
        assert mirror.apply(once) == once
        assert ImageReference.parse(str(once)) == once


def test_equal_tables_are_equal_in_any_order() -> None:
    table = {"a.example": "m.example/a", "b.example": "m.example/b"}
    assert Mirror.parse(table) == Mirror.parse(dict(reversed(table.items())))


@pytest.mark.parametrize(
    "prefix", ["https://m.example", "m.example/", "mirror", "m.example/UPPER", "m.example:5000000", "m.example/a:1", "a b", " "]
)
def test_fails_for_a_wrong_prefix(prefix: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Mirror.parse(prefix)
    assert str(raised.value) == (
        f'mirror: "{prefix}" is not a mirror; allowed: HOST[:PORT][/PATH]\n'
        '  hint: leave out "https://" and the last slash, for example "mirror.example.com:5000/ecr-public"'
    )


def test_fails_with_every_fault_of_a_table() -> None:
    with pytest.raises(ConfigurationError) as raised:
        Mirror.parse({"public.ecr.aws/lambda": "m.example", "docker.io": "https://m.example", "": "m.example", "a.example": 3})  # type: ignore[dict-item]
    assert [str(fault).splitlines()[0] for fault in raised.value.faults] == [
        'mirror: "public.ecr.aws/lambda" is not the host of a registry; allowed: HOST[:PORT]',
        'mirror["docker.io"]: "https://m.example" is not a mirror; allowed: HOST[:PORT][/PATH]',
        'mirror: "" is not the host of a registry; allowed: HOST[:PORT]',
        'mirror["a.example"]: "3" is not a mirror; allowed: HOST[:PORT][/PATH]',
    ]


def test_fails_for_neither_text_nor_table() -> None:
    with pytest.raises(ConfigurationError, match="mirror 3 is neither a string nor a table"):
        Mirror.parse(3)  # type: ignore[arg-type]
