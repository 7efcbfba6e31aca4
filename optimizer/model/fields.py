"""The types that fields of a specification may have.

One table serves the Python constructors, the TOML reader and the published
JSON Schema, so that the three cannot disagree about what is allowed.

Every value here may end in a Dockerfile line.  Each type therefore refuses
control characters, which would start a new instruction, and the renderer
quotes the rest.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

from optimizer.errors import SpecError, did_you_mean
from optimizer.model import snapstart
from optimizer.model.reference import ImageReference
from optimizer.model.secrecy import SECRET_NAME, URL_WITH_PASSWORD
from optimizer.model.stability import Stability

_Declared = TypeVar("_Declared")

TARGET_ROOTS = ("/var/task", "/opt", "/var/runtime")
"""Where a step may put files.

A linked copy replaces a directory that is a symlink in the base image, such as
``/lib`` or ``/bin``, so every other root is refused.
"""


EXTENSIONS = "/opt/extensions"
"""Where Lambda looks for extensions: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html"""


class FieldFault(ValueError):
    """A value that a field type refuses; ``place`` is relative to the field."""

    def __init__(self, message: str, hint: str = "", place: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a field may hold.

    ``read`` gives the normal form of a value, and is the identity on normal
    forms; it raises :class:`FieldFault`.  ``schema`` is the JSON Schema of the
    plain-data form, which ``write`` gives.
    """

    name: str
    read: Callable[[Any], Any]
    schema: Mapping[str, Any]
    write: Callable[[Any], Any] = lambda value: value

    def accepts(self, value: Any) -> bool:
        """Whether the field may hold the value."""
        try:
            self.read(value)
        except FieldFault:
            return False
        return True


class DefaultText(str):
    """A default that is told apart from an equal text that somebody wrote."""

    __slots__ = ()


class DefaultWords(tuple[str, ...]):
    """A default that is told apart from an equal list that somebody wrote."""

    __slots__ = ()


def is_unset(value: Any, name: str) -> bool:
    """Whether a field of a specification, or of a step, was left to its default."""
    (item,) = (item for item in fields(value) if item.name == name)
    return getattr(value, name) is item.default


def is_written(item: Field[Any], value: Any) -> bool:
    """Whether plain data of the value needs the field to mean the same."""
    if value is item.default:
        return False
    return value != item.default or isinstance(item.default, (DefaultText, DefaultWords))


def typed(type_: FieldType, *, doc: str = "", default: Any = MISSING, kw_only: bool = True) -> Any:
    """A dataclass field of the type; required when it has no default.

    What it means is in the docstring under it, which editors show; ``doc`` is
    for a field that has none.
    """
    return field(default=default, kw_only=kw_only, metadata={"type": type_, "doc": doc})


if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    @dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(typed,))
    def declared(cls: type[_Declared]) -> type[_Declared]: ...
else:
    declared = dataclass(frozen=True, slots=True)
    """Class decorator for what has typed fields: a frozen dataclass, of which type checkers read each field's place and default."""


_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?b)\s*", re.IGNORECASE)
_UNITS = {
    **{f"{letter}b": 1000**power for power, letter in enumerate(("", "k", "m", "g", "t"))},
    **{f"{letter}ib": 1024**power for power, letter in enumerate(("", "k", "m", "g", "t"))},
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FieldFault(f"{value!r} is not a string")
    if not value:
        raise FieldFault("an empty string is not allowed")
    return _one_line(value)


def _one_line(value: str) -> str:
    if _CONTROL.search(value):
        raise FieldFault(
            f"{value!r} holds a line break or another control character",
            "keep the value on one line; put longer text into a file and name the file",
        )
    return value


def _matching(pattern: str, what: str, allowed: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def read(value: Any) -> str:
        text = _text(value)
        if not compiled.fullmatch(text):
            raise FieldFault(f'"{text}" is not {what}; allowed: {allowed}')
        return text

    return read


def _path(value: Any) -> str:
    if isinstance(value, str) and _CONTROL.search(value):
        raise FieldFault(
            f"path {value!r} holds a line break or another control character",
            'write paths with "/": in double quotes a backslash starts an escape, such as \\n or \\t',
        )
    text = _text(value)
    if "\\" in text:
        raise FieldFault(f'path "{text}" holds a backslash', 'write paths with "/"')
    if text.startswith("/") or re.match(r"[A-Za-z]:", text):
        raise FieldFault(
            f'path "{text}" is absolute; allowed: paths relative to the project',
            "write the path relative to the project's root",
        )
    normal = posixpath.normpath(text)
    if normal == ".." or normal.startswith("../"):
        raise FieldFault(
            f'path "{text}" is outside the project; allowed: paths under the project\'s root',
            "move the file into the project, or set the project's root to a directory that holds both",
        )
    return normal


def _target(value: Any) -> str:
    text = _text(value)
    if not text.startswith("/"):
        raise FieldFault(f'target "{text}" is relative; allowed: {_roots()}', "write the absolute path in the image")
    if "\\" in text:
        raise FieldFault(f'target "{text}" holds a backslash', 'write paths with "/"')
    normal = posixpath.normpath("/" + text.lstrip("/"))
    if ".." in text.split("/") or not any(normal == root or normal.startswith(root + "/") for root in TARGET_ROOTS):
        raise FieldFault(
            f'target "{text}" is outside the image\'s allowed places; allowed: {_roots()}',
            'code belongs under "/var/task", everything else under "/opt"',
        )
    # The last slash says "into this directory", as in a Dockerfile's COPY.
    return normal + "/" if text.endswith("/") else normal


def _roots() -> str:
    return "paths under " + ", ".join(TARGET_ROOTS)


def _stability(value: Any) -> Stability | None:
    if value is None or isinstance(value, Stability):
        return value
    words = [member.value for member in Stability]
    if not isinstance(value, str) or value not in words:
        raise FieldFault(
            f"{_quoted(value)} is not a stability; allowed: {', '.join(words)}",
            did_you_mean(value, words) if isinstance(value, str) else "",
        )
    return Stability(value)


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _number(kind: type, minimum: float, unit: str) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value is None:
            return None
        accepted = (int, float) if kind is float else (int,)
        if isinstance(value, bool) or not isinstance(value, accepted) or not minimum <= value < float("inf"):
            whole = "" if kind is float else "a whole number, "
            raise FieldFault(f"{_quoted(value)} is not a number of {unit}; allowed: {whole}{minimum} or more", without_unit(value))
        return kind(value)

    return read


def without_unit(value: Any) -> str:
    """What to write in place of a text such as ``20 MB``, where a number of bytes is wanted; empty for other values."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return f"write the bytes as a number: {round(float(found[1]) * _UNITS[found[2].lower()]):_}" if found else ""


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise FieldFault(f"{value!r} is neither true nor false")
    return value


def _image(value: Any) -> ImageReference | None:
    if value is None or isinstance(value, ImageReference):
        return value
    try:
        reference = ImageReference.parse(_text(value))
    except SpecError as error:
        raise FieldFault(error.faults[0].message, error.faults[0].hint) from None
    if reference.tag is None and reference.digest is None:
        raise FieldFault(f'image "{value}" has neither a tag nor a digest', 'add the tag, for example ":1.25"')
    return reference


def optional(type_: FieldType) -> FieldType:
    """The type, or None for "not given"."""
    return FieldType(
        type_.name,
        lambda value: None if value is None else type_.read(value),
        type_.schema,
        lambda value: None if value is None else type_.write(value),
    )


def list_of(type_: FieldType) -> FieldType:
    """A tuple of the type; a single text is refused, because it would be read letter by letter."""

    def read(value: Any) -> tuple[Any, ...]:
        if isinstance(value, (str, bytes)) or not isinstance(value, (list, tuple)):
            raise FieldFault(f"{_quoted(value)} is not a list", f"write it as a list of {type_.name}")
        result = []
        for index, item in enumerate(value):
            try:
                result.append(type_.read(item))
            except FieldFault as fault:
                raise FieldFault(fault.message, fault.hint, f"[{index}]{fault.place}") from None
        return tuple(result)

    return FieldType(
        f"list of {type_.name}",
        read,
        {"type": "array", "items": type_.schema},
        lambda value: [type_.write(item) for item in value],
    )


_USE_BUILD_SECRET = "the image keeps this value for everyone who can pull it; use BuildSecret in the step that needs it"


def _variables(value: Any) -> tuple[tuple[str, str], ...]:
    """Sorted pairs, so that equal mappings render equally."""
    pairs = value.items() if isinstance(value, Mapping) else value
    if not isinstance(value, (Mapping, tuple)):
        raise FieldFault(f"{_quoted(value)} is not a table of names and strings")
    result = []
    for name, text in pairs:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise FieldFault(f"{_quoted(name)} is not the name of a variable; allowed: letters, digits and _")
        place = f".{name}"
        if not isinstance(text, str):
            raise FieldFault(f"{text!r} is not a string", "put the value in quotes", place)
        try:
            _one_line(text)
        except FieldFault as fault:
            raise FieldFault(fault.message, fault.hint, place) from None
        if SECRET_NAME.search(name):
            raise FieldFault(f'"{name}" looks like a secret', _USE_BUILD_SECRET, place)
        if URL_WITH_PASSWORD.search(text):
            raise FieldFault("the value is a URL with a password", _USE_BUILD_SECRET, place)
        result.append((name, text))
    return tuple(sorted(result))


def _labels(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, (Mapping, tuple)):
        raise FieldFault(f"{_quoted(value)} is not a table of names and strings")
    result = []
    for name, text in value.items() if isinstance(value, Mapping) else value:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9]+(?:[._/-][A-Za-z0-9]+)*", name):
            raise FieldFault(f"{_quoted(name)} is not the name of a label; allowed: letters and digits, separated by one of . _ / -")
        if not isinstance(text, str):
            raise FieldFault(f"{text!r} is not a string", "put the value in quotes", f'["{name}"]')
        word = next((word for word, (label, _) in snapstart.LABELS.items() if label == name), None)
        if word is not None:
            hint = f'leave it out, and set snapstart="{word}" once you have read what that promises: {snapstart.PAGE}'
            raise FieldFault("this label is decided by snapstart", hint, f'["{name}"]')
        try:
            result.append((name, _one_line(text)))
        except FieldFault as fault:
            raise FieldFault(fault.message, fault.hint, f'["{name}"]') from None
    return tuple(sorted(result))


def _snapstart(value: Any) -> str:
    words = (snapstart.HOOKS, snapstart.NO_HOOKS)
    if isinstance(value, str) and value in words:
        return value
    raise FieldFault(
        f"{_quoted(value)} is not allowed; allowed: {', '.join(words)}",
        f'"{snapstart.HOOKS}" promises that the image speaks the restore protocol, "{snapstart.NO_HOOKS}" that nothing of its initialization '
        f"has to be unique or fresh after a restore; read {snapstart.PAGE} first",
    )


def _url(value: Any) -> str | None:
    if value is None:
        return None
    text = _text(value)
    if URL_WITH_PASSWORD.search(text) or re.match(r"[a-z]+://[^/]*@", text):
        raise FieldFault(
            "the URL of the index holds credentials",
            "give the credentials as a build secret: the whole URL in a variable that the installer reads, UV_DEFAULT_INDEX for uv, "
            "PIP_INDEX_URL for pip; or a file, such as /root/.netrc or .npmrc",
        )
    if not re.fullmatch(r"https?://[^\s\"'`$\\]+", text):
        raise FieldFault(f'"{text}" is not a URL; allowed: https://HOST/PATH')
    return text


_PATH_SCHEMA = {"type": "string", "minLength": 1, "not": {"pattern": r"^(/|\.\.(/|$))|\\"}}
_NAME_PATTERN = r"[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*"
_PACKAGE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9+._:~-]*"
_CACHE_DIRECTORY_PATTERN = r"(?!/(?:layer|build)?$|/layer/)(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._+@-]+)+"
_IMAGE_FILE_PATTERN = r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._+@-]+)+"
_MAPPING_SCHEMA = {"type": "object", "additionalProperties": {"type": "string"}}

TEXT = FieldType("text", _text, {"type": "string", "minLength": 1})
FLAG = FieldType("true or false", _flag, {"type": "boolean"})
PATH = FieldType("path", _path, _PATH_SCHEMA)
IMAGE_FILE = FieldType(
    "absolute path",
    _matching(_IMAGE_FILE_PATTERN, "the absolute path of a file in an image", 'a path without ".." and spaces, such as "/lambda-adapter"'),
    {"type": "string", "pattern": f"^{_IMAGE_FILE_PATTERN}$"},
)
CACHE_DIRECTORY = FieldType(
    "absolute path",
    _matching(
        _CACHE_DIRECTORY_PATTERN,
        "a directory that a build can keep",
        'an absolute path without ".." and spaces, such as "/root/.cache/pip", and outside of "/layer"',
    ),
    {"type": "string", "pattern": f"^{_CACHE_DIRECTORY_PATTERN}$"},
)
TARGET = FieldType("target", _target, {"type": "string", "pattern": r"^/(var/task|opt|var/runtime)(/|$)"})
NAME = FieldType(
    "name",
    _matching(_NAME_PATTERN, "a name", "lower-case letters and digits, separated by one of . _ -, a letter first"),
    {"type": "string", "pattern": f"^{_NAME_PATTERN}$"},
)
PACKAGE = FieldType(
    "package",
    _matching(_PACKAGE_PATTERN, "the name of a package", "letters, digits and + . _ : ~ -"),
    {"type": "string", "pattern": f"^{_PACKAGE_PATTERN}$"},
)
STABILITY = FieldType(
    "stability",
    _stability,
    {"enum": [member.value for member in Stability]},
    lambda value: None if value is None else value.value,
)
BYTES = FieldType("size in bytes", _number(int, 0, "bytes"), {"type": "integer", "minimum": 0})
SECONDS = FieldType("seconds", _number(float, 0, "seconds"), {"type": "number", "minimum": 0})
IMAGE = FieldType("image reference", _image, {"type": "string", "minLength": 1}, lambda value: None if value is None else str(value))
VARIABLES = FieldType("variables", _variables, _MAPPING_SCHEMA, dict)
LABELS = FieldType("labels", _labels, _MAPPING_SCHEMA, dict)
SNAPSTART = FieldType("promise about SnapStart", _snapstart, {"enum": [snapstart.HOOKS, snapstart.NO_HOOKS]})
URL = FieldType("URL", _url, {"type": "string", "pattern": "^https?://"})
NAMES = list_of(NAME)
TEXTS = list_of(TEXT)
PATHS = list_of(PATH)
PACKAGES = list_of(PACKAGE)


def set_of(type_: FieldType) -> FieldType:
    """A list whose order and repetitions mean nothing: its normal form is sorted, each value once."""
    items = list_of(type_)
    return FieldType(items.name, lambda value: tuple(sorted(set(items.read(value)))), items.schema, items.write)


def choice(*words: str) -> FieldType:
    """One of the words."""

    def read(value: Any) -> Any:
        if isinstance(value, str) and value in words:
            return value
        raise FieldFault(
            f"{_quoted(value)} is not allowed; allowed: {', '.join(words)}",
            did_you_mean(value, words) if isinstance(value, str) else "",
        )

    return FieldType(" or ".join(words), read, {"enum": list(words)})
