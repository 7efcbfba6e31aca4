"""Variables as BuildKit expands them."""

from __future__ import annotations

import pytest

from optimizer.dockerfile.words import UnknownVariable, WordFault, expand, split_quoted, unquoted

VARIABLES = {"A": "one", "E": "", "P": "usr/lib/python3.12/site-packages", "U": None, "V": "v3.12.1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x$A-${A}y", "xone-oney"),
        ("\\${A} \\$A", "${A} $A"),
        ("'$A' \"$A\"", "$A one"),
        ('"a\\"b\\n"', 'a"b\\n'),
        ("$NOPE|${NOPE}", "|"),
        ("${A:-x} ${E:-x} ${E-x} ${NOPE:-x} ${NOPE-x}", "one x  x x"),
        ("${A:+x} ${E:+x} ${E+x} ${NOPE:+x} ${NOPE+x}", "x  x  "),
        ("${NOPE:-${A}}${NOPE:-${NOPE:-deep}}", "onedeep"),
        ("${V#v}", "3.12.1"),
        ("${V%.*} ${V%%.*}", "v3.12 v3"),
        ("${P#*/} ${P##*/}", "lib/python3.12/site-packages site-packages"),
        ("${V/v/x} ${P//s/S} ${P/s\\/l/-}", "x3.12.1 uSr/lib/python3.12/Site-packageS usr/lib/python3.12/site-packages"),
        ("${V#?} ${V#\\*}", "3.12.1 v3.12.1"),
        ("$1 $$ $", "  $"),
        ("price: 5$", "price: 5$"),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    """24 to 28, and https://docs.docker.com/reference/dockerfile/#environment-replacement."""
    assert expand(text, VARIABLES) == expected


@pytest.mark.parametrize("text", ["$U", "${U:-x}", "${U+x}", "${NOPE:-$U}", "${U#a}", "a${A}$U"])
def test_what_depends_on_an_unknown_value_is_unknown(text: str) -> None:
    with pytest.raises(UnknownVariable):
        expand(text, VARIABLES)


def test_an_unknown_default_that_is_not_needed_does_not_matter() -> None:
    assert expand("${A:-${U:-}}-${NOPE:+$U}", VARIABLES) == "one-"


def test_without_all_variables_a_missing_one_is_unknown() -> None:
    with pytest.raises(UnknownVariable):
        expand("$NOPE", VARIABLES, complete=False)


@pytest.mark.parametrize(
    "text", ["${", "${}", "${A", "${A:", "${A^}", "'a", '"a', "${A:?}x${E:?empty}", "${NOPE?}", "${A#\\x}", "${a:-" * 60, "${:x}", "${{x}}"]
)
def test_what_buildkit_refuses_is_a_fault(text: str) -> None:
    with pytest.raises(WordFault):
        expand(text, VARIABLES)


def test_the_other_escape() -> None:
    assert expand("`$A \\$A", VARIABLES, "`") == "$A \\one"


def test_quoted_words() -> None:
    words = split_quoted('a=\'b c\'  d\\ e="f \\" g" h', "\\", 10)
    assert [(word.text, word.start) for word in words] == [("a='b c'", 10), ('d\\ e="f \\" g"', 19), ("h", 33)]


@pytest.mark.parametrize(
    ("text", "expected"), [("'a b'c", "a bc"), ('"a\\"b"', 'a"b'), ("it's", "it's"), ("a\\ b", "a b"), ("'\\a'", "\\a")]
)
def test_unquoted(text: str, expected: str) -> None:
    assert unquoted(text) == expected
