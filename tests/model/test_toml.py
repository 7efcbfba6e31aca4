"""What is wrong in TOML is told in words of those who wrote it, whichever reader met it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from optimizer import ImageSpec
from optimizer.config.files import read_directory
from optimizer.errors import ConfigurationError, SpecError
from optimizer.model.toml import toml_fault

SLASHES = "in double quotes a backslash starts an escape: write paths with \"/\", or the text in 'single quotes'"
CASES = {
    "unclosed quote": (
        'runtime = "python3.13\nsteps = []\n',
        1,
        'the text that begins with " in column 11 has no closing quote',
        'write " at the',
    ),
    "unclosed single quote": ("a = 'x\nb = 1\n", 1, "the text that begins with ' in column 5 has no closing quote", "write ' at the end"),
    "unclosed in a list": ('a = ["x", "y]\n', 1, 'the text that begins with " in column 11 has no closing quote', 'write " at the end'),
    "unclosed at the end": ('b = 1\na = "x', 2, 'the text that begins with " in column 5 has no closing quote', 'write " at the end'),
    "of Windows": ('a = "x\r\nb = 1\r\n', 1, 'the text that begins with " in column 5 has no closing quote', 'write " at the end'),
    "a Windows path": ('[[steps]]\nsource = "C:\\Users\\me"\n', 2, '"\\U" in column 13 is no escape', SLASHES),
    "backslashes in a path": ('\nsource = "functions\\api"\n', 2, '"\\a" in column 20 is no escape', SLASHES),
    "a backslash at the end": ('source = "fn\\"\nb = 1\n', 1, 'the text that begins with " in column 10 has no closing quote', SLASHES),
    "no quotes": ("runtime = python3.13\n", 1, "the text python3.13 has no quotes", 'write runtime = "python3.13"'),
    "a word of Python": ("bytecode = False\n", 1, "False is no value", "write false"),
    "no value": ("runtime = \n", 1, 'there is no value after "runtime ="', "write the value"),
    "YAML": ('runtime: "python3.13"\n', 1, 'there is a colon after "runtime"', "write runtime = ..."),
    "JSON": ('{"runtime": "python3.13"}\n', 1, "this is JSON", "write it as TOML"),
    "typographic quotes": ("a = \u201cx\u201d\n", 1, "\u201c in column 5 is a typographic quote", 'write " around texts'),
    "a key twice": ("a = 1\na = 2\n", 2, "a key or a table is there twice", "keep one of them"),
    "an unclosed list": ("a = [1,\nb = 2\n", 1, "nothing closes the [", "write ] at its end"),
    "an unclosed table": ("a = { b = 1\n", 1, "nothing closes the {", "write } at its end"),
    "an unclosed text of several lines": (
        'b = 1\na = """x\nb = 1\n',
        2,
        'the text that begins with """ is not closed',
        'write """ at its end',
    ),
    "a merge conflict": ("a = 1\n<<<<<<< HEAD\nb = 1\n", 2, "a merge conflict", "keep either side whole"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_specification_says_what_is_wrong(case: str, tmp_path: Path) -> None:
    """Issue 14: "TOML faults in plain words (an unclosed quote; a Windows path)"."""
    text, line, message, hint = CASES[case]
    path = tmp_path / "x.image.toml"
    path.write_bytes(text.encode())
    with pytest.raises(SpecError) as caught:
        ImageSpec.load(path)
    (fault,) = caught.value.faults
    assert (fault.message, fault.place) == (f"the spec is not TOML: {message}", f"{path}:{line}")
    assert fault.hint.startswith(hint)


@pytest.mark.parametrize("case", CASES)
def test_a_configuration_says_the_same(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, line, message, hint = CASES[case]
    monkeypatch.chdir(tmp_path)
    Path("optimizer.toml").write_bytes(text.encode())
    with pytest.raises(ConfigurationError) as caught:
        read_directory(Path())
    (fault,) = caught.value.faults
    assert (fault.message, fault.place) == (f"not readable as TOML: {message}", f"optimizer.toml:{line}")
    assert fault.hint.startswith(hint)


@pytest.mark.parametrize(("name", "told"), [("fn\\new", "fn\\new"), ("fn\\tools", "fn\\tools")])
def test_a_backslash_that_is_an_escape_is_told_at_the_path(name: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "x.image.toml"
    path.write_text(f'runtime = "python3.13"\n[[steps]]\nkind = "source-code"\nsource = "{name}"\n')
    with pytest.raises(SpecError) as caught:
        ImageSpec.load(path)
    (fault,) = caught.value.faults
    assert fault.message == f"path '{told}' holds a line break or another control character"
    assert fault.hint.startswith('write paths with "/"')


@given(st.text(st.sampled_from("ab=\"'\\[]{}#\n ,.:1\u201c"), max_size=30))
def test_every_text_that_no_reader_takes_has_a_fault(text: str) -> None:
    try:
        tomlkit.parse(text)
    except (tomlkit.exceptions.TOMLKitError, ValueError) as error:
        fault = toml_fault(text, error)
        assert fault.message and fault.hint and 0 <= fault.line <= text.count("\n") + 1
