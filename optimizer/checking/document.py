"""One file as an editor has it: what is wrong in it, and what may be changed, before it is saved."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from optimizer.adapters.dockerfiles import LARGEST, read_dockerfile
from optimizer.adapters.path_names import is_dockerfile, is_spec, is_template
from optimizer.adapters.templates import load_template
from optimizer.adapters.tree import names_functions
from optimizer.checking.baseline import BaselineFile
from optimizer.checking.fixes import Load, check_loaded, dockerfile_with, template_with
from optimizer.checking.group import Group
from optimizer.config.files import read_directory
from optimizer.config.lookup import ConventionsLookup
from optimizer.config.settings import Settings, load_settings
from optimizer.dockerfile.instruction import Position, Span
from optimizer.errors import Fault, OptimizerError
from optimizer.linting.finding import Edit, Finding, Fix, Severity
from optimizer.linting.fixes import fix_all
from optimizer.linting.report import LintReport
from optimizer.linting.rule import Family, Rule
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.spec import ImageSpec
from optimizer.model.toml import line_of
from optimizer.planning.defaults import with_defaults
from optimizer.planning.plan import plan
from optimizer.project.files import Project

_IGNORE = ".dockerignore"
_HOMES = ("cdk.json", "optimizer.lock")
_KEYS = re.compile(r"\[(?P<index>\d+)\]|(?P<name>[^.\[\]]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that is wrong in a file.

    ``span`` is None for the file as a whole; ``rule`` is the id of a rule, None
    for a fault that no rule finds.  ``suppression`` is the change that writes a
    comment which sets the finding aside, once it is given a reason.
    """

    severity: Severity
    message: str
    hint: str = ""
    span: Span | None = None
    rule: str | None = None
    fix: Fix | None = None
    suppression: Fix | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is to be said of a file: remarks in order, and all rules by id and by name, with the address of their pages."""

    remarks: tuple[Remark, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    rule_pages: str = ""


def is_judged(path: str, text: str, *, dockerfile: bool = False) -> bool:
    """Whether there is anything to say of such a file; ``dockerfile`` is what the editor takes it for."""
    name = os.path.basename(path)
    if name.endswith(_IGNORE):
        return True
    return dockerfile or is_dockerfile(name) or is_spec(name) or (is_template(name) and names_functions(text.encode("utf-8", "replace")))


def judge(path: str, contents: Mapping[str, bytes], top: str, today: datetime.date) -> Judgement:
    """What is wrong in the file.

    ``contents`` are the bytes of files that shall be read instead of their
    own, the file's among them, by paths that begin as ``path`` does.  ``top``
    is the directory above which no settings are looked for.  Faults of the
    configuration are remarks too: nothing is raised that a user can fix.
    """
    if len(contents[path]) > LARGEST:
        return Judgement(remarks=(Remark(severity=Severity.INFO, message=f"not checked: larger than {LARGEST // 1024 // 1024} MB"),))
    try:
        settings = load_settings(_home(path, top))
        if is_spec(path):
            return Judgement(remarks=_of_spec(path, contents[path], settings))
        files = [_File(item, contents, settings, today) for item in _read_with(path, contents)]
        judgements = [file.judgement(path) for file in files]
        if len(judgements) == 1:
            return judgements[0]
        # An ignore file holds for every Dockerfile beside it, and what they say of it may be the same.
        remarks = dict.fromkeys(remark for judgement in judgements for remark in judgement.remarks)
        return replace(judgements[0], remarks=tuple(remarks)) if judgements else Judgement()
    except OptimizerError as error:
        return Judgement(remarks=tuple(_remark(fault) for fault in error.faults))


def fixed(path: str, contents: Mapping[str, bytes], top: str, today: datetime.date) -> Mapping[str, bytes]:
    """The files that change when every safe fix of the file is applied; none where its configuration is wrong."""
    try:
        return {} if is_spec(path) or path.endswith(_IGNORE) else _File(path, contents, load_settings(_home(path, top)), today).fixed()
    except OptimizerError:
        return {}


class _File:
    """A Dockerfile or a template, with the conventions that hold for it."""

    def __init__(self, path: str, contents: Mapping[str, bytes], settings: Settings, today: datetime.date) -> None:
        lookup = ConventionsLookup(today=today, rules=RULES, mirror=settings.mirror, lock=settings.load_lock())
        scoped = lookup.for_path(path)
        self._path = path
        self._contents = contents
        self._baseline = settings.baseline
        self._covered = scoped.covers(path)
        mirror = scoped.conventions.mirror
        self._load: Load
        if is_template(path):
            source = load_template(path, mirror=mirror, contents=contents)
            self._group = Group(scoped=scoped, sources=[source])
            self._load = partial(template_with, path, mirror)
        else:
            self._group = Group(scoped=scoped, files=[path])
            self._load = partial(dockerfile_with, path, mirror, None)

    def judgement(self, about: str) -> Judgement:
        """What is to be said of the file itself, or of an ignore file that it is built with."""
        group = self._group
        rules = {word: rule for rule in group.known for word in (rule.id, rule.name)}
        if not self._covered:
            return Judgement(rules=rules, rule_pages=group.conventions.rule_pages)
        subjects = self._load(self._contents)
        report = self._known_apart(check_loaded(group, subjects))
        dockerfile = next((item for item in subjects if isinstance(item, DockerfileSubject) and item.path == about), None)
        remarks = [
            Remark(
                severity=finding.severity,
                message=f"{finding.name}: {finding.message}",
                hint=finding.hint,
                span=finding.location.span,
                rule=finding.rule,
                fix=finding.fix,
                suppression=_suppression(finding, dockerfile, rules[finding.rule]) if dockerfile else None,
            )
            for finding in report.findings
            if finding.location.path == about
        ]
        return Judgement(remarks=tuple(remarks), rules=rules, rule_pages=group.conventions.rule_pages)

    def fixed(self) -> Mapping[str, bytes]:
        if not self._covered:
            return {}

        def check(contents: Mapping[str, bytes]) -> Sequence[Finding]:
            return check_loaded(self._group, self._load({**self._contents, **contents})).findings

        return fix_all(check, lambda path: self._contents.get(path, read_dockerfile(path))).contents

    def _known_apart(self, report: LintReport) -> LintReport:
        if self._baseline is None:
            return report
        return BaselineFile(str(self._baseline), [self._group]).compare(
            report, self._group.conventions, "optimizer lint --write-baseline ."
        )


def _read_with(path: str, contents: Mapping[str, bytes]) -> Sequence[str]:
    """The Dockerfiles that are built with an ignore file, sorted; of another file itself."""
    directory, name = os.path.split(path)
    if not name.endswith(_IGNORE):
        return [path]
    with contextlib.suppress(OSError):
        names = {*os.listdir(directory or os.curdir), *(os.path.basename(item) for item in contents if os.path.dirname(item) == directory)}
        own = name.removesuffix(_IGNORE)
        return [os.path.join(directory, item) for item in sorted(names) if (item == own if own else is_dockerfile(item))]
    return []


def _suppression(finding: Finding, dockerfile: DockerfileSubject, rule: Rule) -> Fix | None:
    span = finding.location.span
    if span is None or rule.family is Family.LINT:
        return None
    for instruction in dockerfile.dockerfile.instructions:
        first = instruction.span.start
        if first.line <= span.start.line <= instruction.span.end.line:
            # Without a reason it is no suppression yet, which LIO002 says until somebody has written one.
            start = Position(first.line, 1)
            edit = Edit(path=finding.location.path, span=Span(start, start), text=f"# optimizer: ignore {finding.rule} -- \n")
            return Fix(title=f"set {finding.rule} aside here: write the reason behind --", edits=(edit,))
    return None


def _of_spec(path: str, data: bytes, settings: Settings) -> tuple[Remark, ...]:
    """What ``optimizer plan`` would refuse, or warn of."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return (Remark(severity=Severity.ERROR, message="the spec is not UTF-8 text", hint="save the file as UTF-8"),)
    try:
        spec = ImageSpec.from_toml(text, "")
        made = plan(
            with_defaults(spec, settings.defaults),
            settings.load_lock(),
            Project(settings.root),
            mirror=settings.mirror,
            tools=settings.tools,
        )
    except OptimizerError as error:
        return tuple(_remark(fault, text) for fault in error.faults)
    return tuple(Remark(severity=Severity.WARNING, message=warning) for warning in made.warnings)


def _remark(fault: Fault, text: str = "") -> Remark:
    """A fault at the line of a specification that its place names, or at the top."""
    place = fault.place.removeprefix(":").strip()
    keys = [int(match["index"]) if match["index"] else match["name"] for match in _KEYS.finditer(place)]
    line = int(place) if place.isdigit() else line_of(text, keys)
    lines = text.split("\n")
    span = Span(Position(line, 1), Position(line, len(lines[line - 1].rstrip("\r")) + 1)) if 0 < line <= len(lines) else None
    message = fault.message if not place or place.isdigit() else f"{place}: {fault.message}"
    return Remark(severity=Severity.ERROR, message=message, hint=fault.hint, span=span)


def _home(path: str, top: str) -> Path:
    """The nearest directory of a project around the file, or the top."""
    highest = os.path.abspath(top)
    directory = os.path.dirname(os.path.abspath(path))
    while directory.startswith(os.path.join(highest, "")):
        if any(os.path.isfile(os.path.join(directory, name)) for name in _HOMES) or read_directory(Path(directory)) is not None:
            return Path(directory)
        directory = os.path.dirname(directory)
    return Path(highest)
