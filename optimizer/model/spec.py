"""The image specification: what a team declares."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from optimizer.errors import Fault, SpecError, did_you_mean
from optimizer.model import fields as types
from optimizer.model.annotations import Given, Pairs, Words
from optimizer.model.architectures import ARCHITECTURES, meant_architecture
from optimizer.model.field_texts import field_texts
from optimizer.model.fields import FieldFault, declared, typed
from optimizer.model.secret import SECRETS, secrets_schema
from optimizer.model.steps import Image, Step, step_kinds, to_dict


def _steps(value: Any) -> tuple[Step, ...]:
    if isinstance(value, (str, bytes, Mapping, Step)) or not isinstance(value, Iterable):
        raise FieldFault(f"{value!r} is not a list of steps", "write steps=[...]")
    return tuple(value)


_STEPS = types.FieldType("steps", _steps, {"type": "array"}, lambda value: [to_dict(step) for step in value])
_SPEC_WORDS = types.list_of(types.TEXT)


@declared
class ImageSpec:
    """What belongs into one function's image; equal specs share one image.

    Raises :class:`SpecError`, with one fault per defect, when a value is not
    of its field's type or when steps contradict one another.  What depends on
    the runtime or on the project's files is checked when the spec is planned.

    ::

        ImageSpec(
            runtime="python3.13",
            architecture="arm64",
            steps=[
                SourceCode("functions/api"),
                PythonDependencies("functions/api/requirements.txt"),
            ],
        )
    """

    runtime: str = typed(types.TEXT)
    """Name of the runtime, such as "python3.13"."""
    architecture: str = typed(
        types.FieldType("architecture", types.TEXT.read, {"enum": list(ARCHITECTURES)}), default=types.DefaultText("x86_64")
    )
    """"x86_64" or "arm64"; default: `x86_64`."""
    steps: Given[Iterable[Step], tuple[Step, ...]] = typed(_STEPS, default=())
    """Steps in any order; default: none."""
    environment: Pairs = typed(types.VARIABLES, default=())
    """Variables of the image; those of the Lambda function win over them; default: none."""
    labels: Pairs = typed(types.LABELS, default=())
    """Labels of the image; default: none."""
    build_arguments: Pairs = typed(types.VARIABLES, default=())
    """Build arguments that every Command step sees; not secret, not kept in the environment; default: none."""
    bytecode: bool = typed(types.FLAG, default=True)
    """Whether Python code is compiled when the image is built, so that no cold start compiles it; [byte-code](bytecode.md) says what it
    costs and saves; default: true.
    """
    base: Image = typed(types.optional(types.IMAGE), default=None)
    """Image in place of the runtime's AWS-provided one, such as a base image of your company that is made from it; default: that one."""
    snapstart: str | None = typed(types.optional(types.SNAPSTART), default=None)
    """What holds when Lambda restores the image from a snapshot: "hooks": it speaks the restore protocol; "no-hooks": nothing of its
    initialization has to be unique or fresh. Read [SnapStart](snapstart.md) before you write either; default: none.
    """
    allow: Words = typed(_SPEC_WORDS, default=())
    """Preview or retired runtimes that this image may use all the same; default: none."""

    def __post_init__(self) -> None:
        faults = _read_fields(self)
        if not any(fault.place.startswith("steps") for fault in faults):
            faults += _step_faults(self.steps)
        if isinstance(self.architecture, str) and self.architecture not in ARCHITECTURES:
            meant = meant_architecture(self.architecture)
            hint = f'did you mean "{meant}"?' if meant else ""
            faults.append(Fault(f'unknown architecture "{self.architecture}"; allowed: {", ".join(ARCHITECTURES)}', "architecture", hint))
        if faults:
            raise SpecError(faults)

    @classmethod
    def load(cls, path: str | Path) -> ImageSpec:
        """The spec that a ``*.image.toml`` file holds.

        Raises :class:`SpecError` when the file cannot be read, is not TOML, or
        holds a wrong spec; every fault is placed in the file.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise SpecError(
                f"the spec cannot be read: {error.strerror}", str(path), "check the path; specs are named *.image.toml"
            ) from None
        except UnicodeDecodeError:
            raise SpecError("the spec is not UTF-8 text", str(path), "save the file as UTF-8") from None
        return cls.from_toml(text, str(path))

    @classmethod
    def from_toml(cls, text: str, path: str) -> ImageSpec:
        """The spec that the text of a file is; ``path`` is what faults call the file.

        Raises :class:`SpecError` as :meth:`load` does.
        """
        # Imported here, because a spec written in Python needs no TOML reader.
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        try:
            data = tomlkit.parse(text).unwrap()
        except (TOMLKitError, ValueError, RecursionError) as error:
            # Imported here, because most specs have no fault.
            from optimizer.model.toml import toml_fault

            fault = toml_fault(text, error)
            place = f"{path}:{fault.line}" if fault.line else path
            raise SpecError(f"the spec is not TOML: {fault.message}", place, fault.hint) from None
        try:
            return cls.from_dict(data)
        except SpecError as error:
            raise SpecError(
                [Fault(fault.message, f"{path}: {fault.place}" if fault.place else path, fault.hint) for fault in error.faults]
            ) from None

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ImageSpec:
        """The spec of plain data, the inverse of :meth:`to_dict`.

        Raises :class:`SpecError` with one fault per unknown or missing key and
        per wrong value.
        """
        faults = _key_faults(cls, data, ignore=("$schema",))
        given = data.get("steps", ()) if isinstance(data, Mapping) else ()
        known = {item.name: data[item.name] for item in fields(cls) if item.name in data and item.name != "steps"}
        faults += _value_faults(cls, known)
        steps: list[Step] = []
        if isinstance(given, Sequence) and not isinstance(given, str):
            for index, item in enumerate(given):
                try:
                    steps.append(_step_from_dict(item))
                except SpecError as error:
                    faults += [fault.under(f"steps[{index}]") for fault in error.faults]
        else:
            faults.append(Fault(f"{given!r} is not a list of tables", "steps", "write each step as [[steps]]"))
        if faults:
            raise SpecError(faults)
        return cls(**known, steps=steps)

    def to_dict(self) -> dict[str, Any]:
        """The spec as plain data, without what holds its default; ready for TOML or JSON."""
        data: dict[str, Any] = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if types.is_written(item, value):
                data[item.name] = item.metadata["type"].write(value)
        return data


def in_spec_file(fault: Fault, path: str | Path) -> Fault:
    """A fault with the file of the spec before its place, where that is one in a spec; any other fault as it is."""
    name = fault.place.partition(".")[0].partition("[")[0]
    of_spec = any(item.name == name for item in fields(ImageSpec))
    return Fault(fault.message, f"{path}: {fault.place}", fault.hint) if of_spec else fault


def _read_fields(value: Any) -> list[Fault]:
    """Put every field into its normal form; one fault for each that has none."""
    faults = []
    for item in fields(value):
        if getattr(value, item.name) is item.default:
            continue
        try:
            object.__setattr__(value, item.name, item.metadata["type"].read(getattr(value, item.name)))
        except FieldFault as fault:
            faults.append(Fault(fault.message, item.name + fault.place, fault.hint))
    return faults


def _step_faults(steps: Sequence[Any]) -> list[Fault]:
    faults: list[Fault] = []
    for index, step in enumerate(steps):
        place = f"steps[{index}]"
        if not isinstance(step, Step):
            faults.append(
                Fault(f"{step!r} is not a step", place, f"use one of {', '.join(kind.__name__ for kind in step_kinds().values())}")
            )
        else:
            faults += [fault.under(place) for fault in _read_fields(step)]
    if faults:
        return faults
    return _name_faults(steps)


def _name_faults(steps: Sequence[Step]) -> list[Fault]:
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for index, step in enumerate(steps):
        first = seen.setdefault(step.title, index)
        if first != index:
            derived = "" if step.name else " (derived from its kind and source)"
            faults.append(
                Fault(
                    f'the step name "{step.title}"{derived} is already used by steps[{first}]',
                    f"steps[{index}].name",
                    "set a different name= on each step",
                )
            )
    for index, step in enumerate(steps):
        for position, name in enumerate(step.after):
            if name not in seen:
                others = sorted(set(seen) - {step.title})
                faults.append(
                    Fault(
                        f'no step is named "{name}"' + (f"; allowed: {', '.join(others)}" if others else ", and there is no other step"),
                        f"steps[{index}].after[{position}]",
                        did_you_mean(name, others) or ("name a step of this spec" if others else "remove after="),
                    )
                )
    return faults


def _key_faults(cls: type, data: Any, ignore: tuple[str, ...] = ()) -> list[Fault]:
    if not isinstance(data, Mapping):
        return [Fault(f"{data!r} is not a table")]
    allowed = {item.name: item for item in fields(cls)}
    faults = []
    for key in data:
        if key not in allowed and key not in ignore:
            faults.append(Fault(f'unknown key "{key}"; allowed: {", ".join(sorted(allowed))}', str(key), did_you_mean(str(key), allowed)))
    faults += [
        Fault(f'the key "{name}" is missing', name, f"set {name}: {_as_hint(field_texts(cls)[name])}")
        for name, item in allowed.items()
        if _required(item) and name not in data
    ]
    return faults


def _required(item: Field[Any]) -> bool:
    return item.default is MISSING


def _as_hint(doc: str) -> str:
    return doc[:1].lower() + doc[1:].rstrip(".")


def _value_faults(cls: type, values: Mapping[str, Any]) -> list[Fault]:
    faults = []
    for item in fields(cls):
        if item.name in values:
            try:
                item.metadata["type"].read(values[item.name])
            except FieldFault as fault:
                faults.append(Fault(fault.message, item.name + fault.place, fault.hint))
    return faults


def _step_from_dict(data: Any) -> Step:
    kinds = step_kinds()
    if not isinstance(data, Mapping):
        raise SpecError(f"{data!r} is not a table", hint="write each step as [[steps]]")
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        message = f'unknown step kind "{kind}"' if kind is not None else 'the key "kind" is missing'
        raise SpecError(f"{message}; allowed: {', '.join(kinds)}", "kind", did_you_mean(str(kind), kinds))
    values = {key: value for key, value in data.items() if key != "kind"}
    faults = _key_faults(kinds[kind], values) + _value_faults(kinds[kind], values)
    if faults:
        raise SpecError(faults)
    return kinds[kind](**values)


@functools.lru_cache(maxsize=1)
def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, of a spec in TOML or JSON."""
    steps = [_object_schema(cls, kind) for kind, cls in step_kinds().items()]
    schema = _object_schema(ImageSpec)
    schema["properties"]["steps"] = {
        "type": "array",
        "description": schema["properties"]["steps"]["description"],
        "items": {"oneOf": steps},
    }
    schema["properties"]["$schema"] = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Lambda image specification",
        **schema,
    }


def _object_schema(cls: type, kind: str | None = None) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required = []
    if kind is not None:
        properties["kind"] = {"const": kind, "description": (cls.__doc__ or "").splitlines()[0]}
        required.append("kind")
    for item in fields(cls):
        schema = secrets_schema() if item.metadata["type"] is SECRETS else item.metadata["type"].schema
        properties[item.name] = {"description": field_texts(cls)[item.name], **schema}
        if _required(item):
            required.append(item.name)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
