"""``optimizer lint``: Dockerfiles, templates, synthesized apps and built images against the conventions."""

from __future__ import annotations

import datetime
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from optimizer.adapters.dockerfiles import find_dockerfiles, load_dockerfile, read_dockerfile
from optimizer.adapters.tree import Source, find_templates, is_app, is_image, is_spec, is_template
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.config.lookup import ConventionsLookup, ScopedConventions
from optimizer.config.settings import Settings, load_lock, load_settings
from optimizer.errors import ConfigurationError, ContextError, Fault
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import LintReport, folded, lint, merged, set_aside
from optimizer.linting.finding import Finding, Location, Severity
from optimizer.linting.rule import Family, Rule, choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import AppSubject, DockerfileSubject, Subject
from optimizer.model.sources import SOURCES
from optimizer.report.formats import NAMES, lint_as
from optimizer.report.lint import lint_as_text, statistics_as_text
from optimizer.sam.config import DEFAULT_ENVIRONMENT

_HERE = "Dockerfile"
"""A file of the current directory, whose conventions hold for what is no file."""

_PARALLEL_FROM = 200
"""From so many files on a second process saves a fifth of the time; at half as many it hardly pays for its start (benchmarks/lint.py)."""


@click.command(name="lint", short_help="Check Dockerfiles, templates, apps and built images against the conventions.")
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=click.Path())
@click.option("--image", "images", metavar="IMAGE", multiple=True, help="A built image, named as for optimizer inspect; may be repeated.")
@click.option("--from", "image_source", type=click.Choice(SOURCES), help="What each --image is.  [default: told by the name]")
@click.option("--platform", metavar="OS/ARCHITECTURE", help="Which image of an index to take, as for optimizer inspect.")
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
@click.option("--config-env", metavar="NAME", default=DEFAULT_ENVIRONMENT, show_default=True, help="Environment of samconfig that counts.")
@click.option("--fix", is_flag=True, help="Apply the fixes that are safe, and report what is left.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing; exit with 1 if there is something.")
@click.option(
    "--baseline",
    type=click.Path(),
    metavar="FILE",
    help="Findings in this file are known, and do not count.  [default: as configured, else none]",
)
@click.option("--write-baseline", is_flag=True, help="Write the baseline: a new one whole, one that is there only smaller.")
@click.option("--grow", is_flag=True, help="With --write-baseline: take new findings into a baseline that is there.")
def command(
    paths: Sequence[str],
    images: Sequence[str],
    image_source: str | None,
    platform: str | None,
    form: str,
    select: Sequence[str],
    ignore: Sequence[str],
    fail_on: str | None,
    statistics: bool,
    config: str | None,
    config_env: str,
    fix: bool,
    diff: bool,
    baseline: str | None,
    write_baseline: bool,
    grow: bool,
) -> None:
    """Check the Dockerfiles and SAM templates at, and below, each PATH, and built images.

    In a directory these are the files named Dockerfile, Dockerfile.*,
    *.Dockerfile, the same with Containerfile, and template.yaml with image
    functions. The output directory of cdk synth, such as cdk.out, is checked
    as an app: functions, images, repositories. An archive of docker save and
    an OCI layout are checked as the image in them; --image takes one from the
    engine or a registry too. Conventions are read from the nearest
    optimizer.toml, or [tool.optimizer] in pyproject.toml. Exits with 0 when
    all is well, 1 with findings, and 2 for wrong usage or input.
    """
    if not paths and not images:
        raise click.UsageError("no path is given\n  hint: name a Dockerfile, a directory or a built image, for example: optimizer lint .")
    settings = load_settings(".")
    if baseline is None and settings.baseline is not None:
        baseline = str(settings.baseline)
    if write_baseline and baseline is None:
        raise click.UsageError("--write-baseline needs a file\n  hint: name it with --baseline FILE, or as baseline in optimizer.toml")
    if grow and not write_baseline:
        raise click.UsageError("--grow goes with --write-baseline")
    lookup = _lookup(settings, _spoken(_words(select), _words(ignore), fail_on), config)
    built = _Images(images, image_source, platform)
    groups = _groups(paths, built, lookup, config_env)
    if fix or diff:
        changes = _Changes(groups)
        if diff:
            click.echo(changes.diff(), nl=False)
            click.echo(changes.summary("would be fixed"), err=True)
            sys.exit(1 if changes.contents else 0)
        changes.write()
        click.echo(changes.summary("fixed"), err=True)
        # Templates were read with their Dockerfiles.
        groups = _groups(paths, built, lookup, config_env)
    report = merged(map(_checked, groups))
    here = lookup.for_path(_HERE).conventions
    if baseline is not None:
        known = _Known(baseline, groups)
        if write_baseline:
            known.write(report, grow)
        report = known.compare(
            report, here, shlex.join(["optimizer", "lint", *paths, *built.words, "--baseline", baseline, "--write-baseline"])
        )
    if statistics:
        click.echo(statistics_as_text(report), nl=False)
    elif form == "text":
        click.echo(lint_as_text(report, colour=_colour()), nl=False)
    else:
        click.echo(lint_as(form, report, rules=_rules_of(groups), rule_pages=here.rule_pages), nl=False)
    sys.exit(1 if _fails(report, groups, here.fail_on) else 0)


class _Images:
    """The built images of the run, each read once: that takes as long as they are large."""

    def __init__(self, names: Sequence[str], source: str | None, platform: str | None) -> None:
        self.names = names
        self._source = source
        self._platform = platform
        self._read: dict[str, Source] = {}

    @property
    def words(self) -> list[str]:
        """What the command line says of them."""
        words = [word for name in self.names for word in ("--image", name)]
        for option, value in (("--from", self._source), ("--platform", self._platform)):
            words += [option, value] if value else []
        return words

    def load(self, name: str, conventions: Conventions) -> Source:
        """The image of an option, or of a path."""
        if name not in self._read:
            # Imported here, because most runs have no image.
            from optimizer.adapters.images.reading import load_image

            click.echo(f"reading {name}", err=True)
            source = self._source if name in self.names else None
            estimate = conventions.max_image_bytes is not None
            self._read[name] = load_image(name, source=source, platform=self._platform, estimate=estimate)
        return self._read[name]


_Load = Callable[[Mapping[str, bytes]], Sequence[Subject]]
"""Reads a file where some files have other bytes than their own."""


def _dockerfile_with(path: str, mirror: Mirror, contents: Mapping[str, bytes]) -> Sequence[Subject]:
    return [load_dockerfile(path, mirror=mirror, contents=contents)]


def _template_with(path: str, mirror: Mirror, contents: Mapping[str, bytes]) -> Sequence[Subject]:
    from optimizer.adapters.subjects import load_template

    # Its Dockerfiles are mended by themselves, where more can be.
    return [item for item in load_template(path, mirror=mirror, contents=contents).subjects if item.location.path == path]


class _Group:
    """Files, apps, templates and images for which the same conventions hold, with the conventions' rules."""

    def __init__(self, scoped: ScopedConventions) -> None:
        self.scoped = scoped
        self.rules = choose(RULES, scoped.conventions.select, scoped.conventions.ignore)
        self.files: list[str] = []
        self.sources: list[Source] = []

    @property
    def paths(self) -> set[str]:
        """Everything that findings can stand in."""
        return {*self.files, *(location.path for source in self.sources for location in source.locations)}

    @property
    def templates(self) -> list[Source]:
        """What is judged as one tree with the files."""
        return [source for source in self.sources if not source.generated]

    @property
    def fixable(self) -> Iterable[_Load]:
        """What reads each of the files that may be mended."""
        mirror = self.scoped.conventions.mirror
        for path in (*self.files, *(path for source in self.templates for path in source.dockerfiles)):
            yield partial(_dockerfile_with, path, mirror)
        for source in self.templates:
            yield partial(_template_with, source.path, mirror)

    def set_aside(self, report: LintReport, looked_at: Iterable[Location] = ()) -> LintReport:
        """The report after the suppressions of the configuration."""
        return set_aside(report, self.scoped.conventions, rules=self.rules, looked_at=looked_at, relative=self.scoped.relative)


class _Changes:
    """What the fixes make of the files of the groups."""

    def __init__(self, groups: Iterable[_Group]) -> None:
        # Imported here: most runs only look.
        from optimizer.linting.fixes import fix_all

        self.contents: dict[str, bytes] = {}
        self._before: dict[str, bytes | None] = {}
        self._findings: list[Finding] = []
        self._refused: set[str] = set()
        for group in groups:
            for load in group.fixable:
                # One file after the other: two may stand beside one ignore file.
                fixed = fix_all(partial(self._check, group, load), self._read)
                self.contents.update(fixed.contents)
                self._findings += fixed.findings
                self._refused |= set(fixed.refused)

    def diff(self) -> str:
        """Everything that changes, as one patch."""
        from optimizer.linting.fixes import unified_diff

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

    def _check(self, group: _Group, load: _Load, contents: Mapping[str, bytes]) -> Iterable[Finding]:
        subjects = load({**self.contents, **contents})
        return group.set_aside(lint(subjects, group.scoped.conventions, rules=group.rules)).findings

    def _read(self, path: str) -> bytes | None:
        if path in self.contents:
            return self.contents[path]
        self._before[path] = read_dockerfile(path)
        return self._before[path]


class _Known:
    """The baseline of the run."""

    def __init__(self, path: str, groups: Sequence[_Group]) -> None:
        # Imported here: most runs have none.
        from optimizer.linting.baseline import Baseline, Scope

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
        from optimizer.linting.baseline import Baseline, smaller, whole

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
        from optimizer.linting.baseline import compare

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


def _lookup(settings: Settings, spoken: Mapping[str, Any], config: str | None) -> ConventionsLookup:
    # Reading the lock costs more than checking a file, and many trees have none.
    lock = load_lock(settings.lock) if settings.lock.exists() else Lock()
    return ConventionsLookup(today=datetime.date.today(), rules=RULES, mirror=settings.mirror, lock=lock, overrides=spoken, only=config)


def _groups(paths: Sequence[str], images: _Images, lookup: ConventionsLookup, environment: str) -> list[_Group]:
    """Everything under the paths; raises ContextError when there is nothing, and for specifications."""
    specs = [path for path in paths if is_spec(path)]
    if specs:
        hint = "synthesize the app that uses it, and name its output: optimizer lint cdk.out; optimizer plan checks the file itself"
        raise ContextError([Fault(f'"{path}" is a specification, of which lint checks what an app makes', path, hint) for path in specs])
    groups: dict[str, _Group] = {}

    def of(path: str) -> _Group:
        scoped = lookup.for_path(path)
        return groups.get(scoped.directory) or groups.setdefault(scoped.directory, _Group(scoped))

    apps = [path for path in paths if is_app(path)]
    archives = [path for path in paths if is_image(path)]
    others = [path for path in paths if path not in apps and path not in archives]
    for name in (*archives, *images.names):
        # A reference is no file, and so the conventions of the current directory hold for it.
        path = name if os.path.exists(name) else ""
        group = of(path or _HERE)
        if not path or _covers(group)(path):
            group.sources.append(images.load(name, group.scoped.conventions))
    for path in apps:
        # Imported here and below, because most trees have neither apps nor templates.
        from optimizer.adapters.subjects import load_app

        group = of(os.path.abspath(path))
        group.sources.append(load_app(path, RULES, mirror=group.scoped.conventions.mirror, reported=True).covered(_covers(group)))
    for path in find_templates(others):
        from optimizer.adapters.subjects import load_template

        group = of(path)
        if _covers(group)(path):
            source = load_template(path, mirror=group.scoped.conventions.mirror, environment=environment)
            group.sources.append(source.covered(_covers(group)))
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
    return group.scoped.covers


def _rules_of(groups: Sequence[_Group]) -> list[Rule]:
    ids = {rule.id for group in groups for rule in group.rules}
    return [rule for rule in RULES if rule.id in ids]


def _fails(report: LintReport, groups: Sequence[_Group], default: Severity) -> bool:
    thresholds = {path: group.scoped.conventions.fail_on for group in groups for path in group.paths}
    return any(finding.severity.at_least(thresholds.get(finding.location.path, default)) for finding in report.findings)


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _checked(group: _Group) -> LintReport:
    reports = [_lint_source(source, group) for source in group.sources if source.generated]
    if group.files or group.templates:
        reports.append(_lint_tree(group))
    looked_at = [Location(path=path) for path in group.files]
    looked_at += [location for source in group.sources for location in source.locations]
    return folded(group.set_aside(merged(reports), looked_at))


def _lint_source(source: Source, group: _Group) -> LintReport:
    return lint(source.subjects, group.scoped.conventions, rules=group.rules, suppressions=source.suppressions, malformed=source.malformed)


def _lint_tree(group: _Group) -> LintReport:
    """The Dockerfiles and templates of a tree, and all of them together as one app."""
    conventions, files = group.scoped.conventions, group.files
    declared = [item for source in group.templates for item in source.subjects]
    processes = min(os.cpu_count() or 1, len(files) // (_PARALLEL_FROM // 2))
    if processes < 2:
        return _lint_together([*_loaded(files, conventions), *declared], conventions, group.rules)
    # Imported here, because a small tree never needs it.
    from concurrent.futures import ProcessPoolExecutor

    # Rules about the findings of others are in both, and equal findings are one.
    alone = [rule for rule in group.rules if rule.app is None]
    together = [rule for rule in group.rules if rule.app is not None or rule.family is Family.LINT]
    # This process reads all files, to judge them together, and so judges fewer of them one by one.
    workers = processes - 1
    mine = range(0, len(files), 3) if workers == 1 else range(0)
    theirs = [path for number, path in enumerate(files) if number not in mine]
    parts = [theirs[index::workers] for index in range(workers)]
    with ProcessPoolExecutor(workers) as pool:
        waiting = pool.map(_lint_files, parts, [conventions] * workers, [[rule.id for rule in alone]] * workers)
        subjects = [*_loaded(files, conventions), *declared]
        reports = [_lint_together(subjects, conventions, together)]
        reports.append(lint([*(subjects[number] for number in mine), *declared], conventions, rules=alone))
        return replace(merged([*reports, *waiting]), subjects=len(subjects))


def _loaded(files: Iterable[str], conventions: Conventions) -> Iterator[DockerfileSubject]:
    return (load_dockerfile(path, mirror=conventions.mirror) for path in files)


def _lint_together(subjects: Sequence[Subject], conventions: Conventions, rules: Sequence[Rule]) -> LintReport:
    """The report of subjects of one tree, which counts the tree itself as none of them."""
    tree = AppSubject(location=Location(), dockerfiles=[item for item in subjects if isinstance(item, DockerfileSubject)])
    # A template is no app of its own: what is shared is shared over the tree.
    parts = [replace(item, dockerfiles=()) if isinstance(item, AppSubject) else item for item in subjects]
    return replace(lint([*parts, tree], conventions, rules=rules), subjects=len(parts))


def _lint_files(files: Sequence[str], conventions: Conventions, ids: Sequence[str]) -> LintReport:
    """The report of the files; arguments and result are such that another process can have them."""
    rules = [rule for rule in RULES if rule.id in ids]
    return merged(lint([subject], conventions, rules=rules) for subject in _loaded(files, conventions))
