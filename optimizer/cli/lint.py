"""``optimizer lint``: Dockerfiles, templates and synthesized apps against the conventions."""

from __future__ import annotations

import datetime
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from optimizer.adapters.dockerfiles import find_dockerfiles, load_dockerfile, read_dockerfile
from optimizer.adapters.subjects import Source, find_templates, is_app, is_template, load_app, load_template
from optimizer.bases.lock import Lock
from optimizer.errors import ConfigurationError, ContextError
from optimizer.house import Domain, House
from optimizer.lint.conventions import Conventions
from optimizer.lint.engine import LintReport, folded, lint, merged, set_aside
from optimizer.lint.finding import Finding, Location, Severity
from optimizer.lint.rule import Rule, choose
from optimizer.lint.rules import RULES
from optimizer.report.formats import NAMES, lint_as
from optimizer.report.lint import lint_as_text, statistics_as_text
from optimizer.settings import load_lock, load_settings

_PARALLEL_FROM = 200
"""From so many files on a second process saves a fifth of the time; at half as many it hardly pays for its start (benchmarks/lint.py)."""


@click.command(name="lint", short_help="Check Dockerfiles against the conventions.")
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path())
@click.option("--format", "form", type=click.Choice(NAMES), default="text", show_default=True)
@click.option("--select", metavar="RULE,...", multiple=True, help="Run only these: ids, starts of ids such as LIO3, names, families.")
@click.option("--ignore", metavar="RULE,...", multiple=True, help="Do not run these.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    help="Exit with 1 for a finding as grave as this.  [default: as configured, else warning]",
)
@click.option("--statistics", is_flag=True, help="Print how often each rule was broken, instead of the findings.")
@click.option("--config", type=click.Path(), metavar="FILE", help="Conventions for every path, in place of the nearest file's.")
@click.option("--fix", is_flag=True, help="Apply the fixes that are safe, and report what is left.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing; exit with 1 if there is something.")
@click.option("--baseline", type=click.Path(), metavar="FILE", help="Findings in this file are known, and do not count.")
@click.option("--write-baseline", is_flag=True, help="Write the baseline: a new one whole, one that is there only smaller.")
@click.option("--grow", is_flag=True, help="With --write-baseline: take new findings into a baseline that is there.")
def command(
    paths: Sequence[str],
    form: str,
    select: Sequence[str],
    ignore: Sequence[str],
    fail_on: str | None,
    statistics: bool,
    config: str | None,
    fix: bool,
    diff: bool,
    baseline: str | None,
    write_baseline: bool,
    grow: bool,
) -> None:
    """Check the Dockerfiles and SAM templates at, and below, each PATH.

    In a directory these are the files named Dockerfile, Dockerfile.*,
    *.Dockerfile, the same with Containerfile, and template.yaml with image
    functions. The output directory of cdk synth, such as cdk.out, is checked
    as an app: functions, images, repositories. Conventions are read from
    the nearest optimizer.toml, or [tool.optimizer] in pyproject.toml. Exits
    with 0 when all is well, 1 with findings, and 2 for wrong usage or input.
    """
    if not paths:
        raise click.UsageError("no path is given\n  hint: name a Dockerfile or a directory, for example: optimizer lint .")
    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline needs a file\n  hint: name it with --baseline FILE")
    if grow and not write_baseline:
        raise click.UsageError("--grow goes with --write-baseline")
    house = _house(_spoken(_words(select), _words(ignore), fail_on), config)
    groups = _groups(paths, house)
    if fix or diff:
        changes = _Changes(groups)
        if diff:
            click.echo(changes.diff(), nl=False)
            click.echo(changes.summary("would be fixed"), err=True)
            sys.exit(1 if changes.contents else 0)
        changes.write()
        click.echo(changes.summary("fixed"), err=True)
        # Templates were read with their Dockerfiles.
        groups = _groups(paths, house)
    report = merged(map(_checked, groups))
    here = house.of(os.path.join(os.getcwd(), "Dockerfile")).conventions
    if baseline is not None:
        known = _Known(baseline, groups)
        if write_baseline:
            known.write(report, grow)
        report = known.compare(report, here, shlex.join(["optimizer", "lint", *paths, "--baseline", baseline, "--write-baseline"]))
    if statistics:
        click.echo(statistics_as_text(report), nl=False)
    elif form == "text":
        click.echo(lint_as_text(report, colour=_colour()), nl=False)
    else:
        click.echo(lint_as(form, report, rules=_rules_of(groups), rule_pages=here.rule_pages), nl=False)
    sys.exit(1 if _fails(report, groups, here.fail_on) else 0)


class _Group:
    """Files, apps and templates for which the same conventions hold, with the conventions' rules."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.rules = domain.conventions.chosen(RULES)
        self.files: list[str] = []
        self.sources: list[Source] = []

    @property
    def paths(self) -> set[str]:
        """Everything that findings can stand in."""
        return {*self.files, *(location.path for source in self.sources for location in source.locations)}

    @property
    def fixable(self) -> list[str]:
        """The Dockerfiles that may be mended; those of an app are copies."""
        return [*self.files, *(path for source in self.sources if not source.generated for path in source.dockerfiles)]

    def set_aside(self, report: LintReport, looked_at: Iterable[Location] = ()) -> LintReport:
        """The report after the suppressions of the configuration."""
        return set_aside(report, self.domain.conventions, rules=self.rules, looked_at=looked_at, relative=self.domain.relative)


class _Changes:
    """What the fixes make of the files of the groups."""

    def __init__(self, groups: Iterable[_Group]) -> None:
        # Imported here: most runs only look.
        from optimizer.lint.fixes import fix_all

        self.contents: dict[str, bytes] = {}
        self._before: dict[str, bytes | None] = {}
        self._findings: list[Finding] = []
        self._refused: set[str] = set()
        for group in groups:
            for path in group.fixable:
                # One file after the other: two may stand beside one ignore file.
                fixed = fix_all(partial(self._check, group, path), self._read)
                self.contents.update(fixed.contents)
                self._findings += fixed.findings
                self._refused |= set(fixed.refused)

    def diff(self) -> str:
        """Everything that changes, as one patch."""
        from optimizer.lint.fixes import unified_diff

        return "".join(unified_diff(path, self._before[path], self.contents[path]) for path in sorted(self.contents))

    def summary(self, done: str) -> str:
        """How much changes, and what is left alone."""
        lines = [f'warning: "{path}" is not UTF-8, and is left as it is' for path in sorted(self._refused)]
        count, files = len(self._findings), len(self.contents)
        lines.append(f"{count} {'finding' if count == 1 else 'findings'} {done} in {files} {'file' if files == 1 else 'files'}")
        return "\n".join(lines)

    def write(self) -> None:
        """Write the files, each in one step."""
        from optimizer.adapters.files import replace_file

        for path in sorted(self.contents):
            present = read_dockerfile(path)
            if present == self.contents[path]:
                # Two names of one file.
                continue
            if present != self._before[path]:
                raise ContextError(f'"{path}" has changed in the meantime', path, "run the command again")
            replace_file(Path(path), self.contents[path].decode("utf-8"), "the file", ContextError)

    def _check(self, group: _Group, path: str, contents: Mapping[str, bytes]) -> tuple[Finding, ...]:
        conventions = group.domain.conventions
        subject = load_dockerfile(path, mirror=conventions.mirror, contents={**self.contents, **contents})
        return group.set_aside(lint([subject], conventions, rules=group.rules)).findings

    def _read(self, path: str) -> bytes | None:
        if path in self.contents:
            return self.contents[path]
        self._before[path] = read_dockerfile(path)
        return self._before[path]


class _Known:
    """The baseline of the run."""

    def __init__(self, path: str, groups: Sequence[_Group]) -> None:
        # Imported here: most runs have none.
        from optimizer.lint.baseline import Baseline, Scope

        self._path = Path(path)
        self._home = os.path.dirname(os.path.abspath(path))
        self._files = {os.path.abspath(file) for group in groups for file in group.paths if file}
        self._directories = {os.path.dirname(file) for file in self._files}
        self._scope = Scope(relative=self._relative, checked=self._covered, rules=_rules_of(groups))
        try:
            self._baseline: Baseline | None = Baseline.parse(self._path.read_bytes().decode("utf-8"), path)
        except FileNotFoundError:
            self._baseline = None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the baseline cannot be read: {error}", path, "check the path and its permissions") from None

    def write(self, report: LintReport, grow: bool) -> None:
        """Write it, as large as it may be; a baseline that stays the same is not touched."""
        from optimizer.adapters.files import replace_file
        from optimizer.lint.baseline import Baseline, smaller, whole

        before = self._baseline
        if before is None or grow:
            after = whole(str(self._path), report.findings, self._scope, before)
        else:
            after = smaller(before, report.findings, self._scope)
        text = after.render()
        if before is None or after != before:
            replace_file(self._path, text, "the baseline", ConfigurationError)
            was = f", {before.total} before" if before else ""
            click.echo(f"wrote {self._path}: {after.total} known{was}", err=True)
        else:
            click.echo(f"{self._path} is unchanged: {after.total} known", err=True)
        self._baseline = Baseline.parse(text, str(self._path))

    def compare(self, report: LintReport, conventions: Conventions, command: str) -> LintReport:
        """The report with what the baseline holds set apart."""
        from optimizer.lint.baseline import compare

        if self._baseline is None:
            raise ConfigurationError("there is no such baseline", str(self._path), f"write it: {command}")
        return compare(report, self._baseline, conventions, self._scope, command)

    def _relative(self, path: str) -> str:
        return Path(os.path.relpath(path, self._home)).as_posix() if path else ""

    def _covered(self, relative: str) -> bool:
        path = os.path.normpath(os.path.join(self._home, relative))
        beside = path.endswith("dockerignore") and os.path.dirname(path) in self._directories
        return bool(relative) and (path in self._files or beside or not os.path.lexists(path))


def _words(options: Iterable[str]) -> list[str]:
    return [word.strip() for option in options for word in option.split(",") if word.strip()]


def _spoken(select: Sequence[str], ignore: Sequence[str], fail_on: str | None) -> dict[str, Any]:
    """What the command line says of conventions; raises ConfigurationError for a word that stands for no rule."""
    choose(RULES, select, ignore)
    said = {"select": tuple(select), "ignore": tuple(ignore), "fail_on": Severity(fail_on) if fail_on else None}
    return {name: value for name, value in said.items() if value}


def _house(spoken: Mapping[str, Any], config: str | None) -> House:
    settings = load_settings(".")
    # Reading the lock costs more than checking a file, and many trees have none.
    lock = load_lock(settings.lock) if settings.lock.exists() else Lock()
    return House(today=datetime.date.today(), rules=RULES, mirror=settings.mirror, lock=lock, last=spoken, only=config)


def _groups(paths: Sequence[str], house: House) -> list[_Group]:
    """Everything under the paths; raises ContextError when there is nothing."""
    groups: dict[str, _Group] = {}

    def of(path: str) -> _Group:
        domain = house.of(path)
        return groups.get(domain.directory) or groups.setdefault(domain.directory, _Group(domain))

    apps = [path for path in paths if is_app(path)]
    others = [path for path in paths if path not in apps]
    for path in apps:
        group = of(os.path.abspath(path))
        group.sources.append(load_app(path, RULES, mirror=group.domain.conventions.mirror).covered(_covers(group)))
    for path in find_templates(others):
        group = of(path)
        if _covers(group)(path):
            group.sources.append(load_template(path, mirror=group.domain.conventions.mirror).covered(_covers(group)))
    # A template says more of its Dockerfiles than they do themselves.
    known = {path for group in groups.values() for source in group.sources for path in source.dockerfiles}
    found = False
    for path in find_dockerfiles(path for path in others if not (os.path.isfile(path) and is_template(path))):
        found = True
        if path not in known and _covers(of(path))(path):
            of(path).files.append(path)
    if not found and not groups:
        raise ContextError("there is no Dockerfile under the paths", ", ".join(paths), "name the file itself if it has another name")
    return list(groups.values())


def _covers(group: _Group) -> Callable[[str], bool]:
    return lambda path: group.domain.conventions.covers(group.domain.relative(path))


def _rules_of(groups: Sequence[_Group]) -> list[Rule]:
    ids = {rule.id for group in groups for rule in group.rules}
    return [rule for rule in RULES if rule.id in ids]


def _fails(report: LintReport, groups: Sequence[_Group], default: Severity) -> bool:
    thresholds = {path: group.domain.conventions.fail_on for group in groups for path in group.paths}
    return any(finding.severity.at_least(thresholds.get(finding.location.path, default)) for finding in report.findings)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _checked(group: _Group) -> LintReport:
    conventions = group.domain.conventions
    reports = [_lint_source(source, conventions, group.rules) for source in group.sources]
    if group.files:
        reports.append(_lint(group.files, conventions, [rule.id for rule in group.rules]))
    looked_at = [Location(path=path) for path in group.files]
    looked_at += [location for source in group.sources for location in source.locations]
    return folded(group.set_aside(merged(reports), looked_at))


def _lint_source(source: Source, conventions: Conventions, rules: Sequence[Rule]) -> LintReport:
    """What is judged together is judged in this process."""
    return lint(source.subjects, conventions, rules=rules, suppressions=source.suppressions, malformed=source.malformed)


def _lint(files: Sequence[str], conventions: Conventions, ids: Sequence[str]) -> LintReport:
    processes = min(os.cpu_count() or 1, len(files) // (_PARALLEL_FROM // 2))
    if processes < 2:
        return _lint_files(files, conventions, ids)
    # Imported here, because a small tree never needs it.
    from concurrent.futures import ProcessPoolExecutor

    parts = [files[index::processes] for index in range(processes)]
    with ProcessPoolExecutor(processes) as pool:
        return merged(pool.map(_lint_files, parts, [conventions] * processes, [ids] * processes))


def _lint_files(files: Sequence[str], conventions: Conventions, ids: Sequence[str]) -> LintReport:
    """The report of the files; arguments and result are such that another process can have them."""
    rules = [rule for rule in RULES if rule.id in ids]
    return merged(lint([load_dockerfile(path, mirror=conventions.mirror)], conventions, rules=rules) for path in files)
