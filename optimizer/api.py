"""``plan``, ``load_plan`` and ``lint`` as a program calls them: with paths in place of what lies there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from optimizer.adapters.plan_files import read_plan
from optimizer.bases.lock import Lock
from optimizer.bases.mirror import Mirror
from optimizer.bases.tools import Tools
from optimizer.model.defaults import SpecDefaults
from optimizer.model.plan import BuildPlan
from optimizer.model.spec import ImageSpec
from optimizer.planning.defaults import with_defaults
from optimizer.planning.plan import plan as _plan
from optimizer.project.files import Project

if TYPE_CHECKING:
    from optimizer.linting.report import LintReport
    from optimizer.linting.rule import Rule


def plan(
    spec: ImageSpec,
    lock: Lock,
    *,
    root: str | Path = ".",
    mirror: Mirror | None = None,
    tools: Tools | None = None,
    defaults: SpecDefaults | None = None,
) -> BuildPlan:
    """The build plan of a spec, whose paths start at ``root``.

    ``mirror`` is where images are pulled from, and ``tools`` are the programs
    and builder images of the configuration; by default each comes from its own
    place.  ``defaults`` are those of the configuration.  Equal arguments and equal files give equal plans.  Raises
    :class:`OptimizerError` with every fault of the spec.
    """
    complete = with_defaults(spec, defaults) if defaults is not None else spec
    return _plan(complete, lock, Project(root), mirror=mirror or Mirror(), tools=tools or Tools())


def load_plan(path: str | Path) -> BuildPlan:
    """The plan that a file holds: what ``optimizer plan --format json`` prints of a spec, or what ``cdk synth`` keeps beside an image.

    ``render`` gives the same bytes of it as of the plan that was written.
    Raises :class:`OptimizerError` for a file that cannot be read, and for one
    that holds no plan of this version.
    """
    return read_plan(Path(path)).plan


def lint(
    paths: str | Path | Iterable[str | Path],
    *,
    root: str | Path = ".",
    images: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fail_on: str | None = None,
    config: str | Path | None = None,
    baseline: str | Path | None = None,
    mirror: str | None = None,
    rules: Sequence[Rule] = (),
) -> LintReport:
    """What ``optimizer lint`` finds at, and below, the paths; nothing is printed or written.

    For example::

        report = optimizer.lint("services", select=["reproducibility"])
        for finding in report.findings:
            print(finding.location, finding.rule, finding.message)
        if report.failing:
            sys.exit(1)

    A path is a Dockerfile, a SAM template, a built image, the output of ``cdk
    synth``, or a directory that holds Dockerfiles and templates.  ``images``
    are built images by their names, as for ``optimizer inspect``.  For each
    path the conventions of the nearest configuration file hold; ``config`` is
    one file that holds for every path instead.  The settings of the project in
    ``root`` hold for the run: lock, mirror and baseline.

    ``select`` and ``ignore`` hold ids of rules, starts of ids such as
    ``LIO3``, names, and families; default: every rule.  ``fail_on`` is
    ``"error"``, ``"warning"`` or ``"info"``; default: as configured, else
    ``"warning"``.  ``baseline`` is a file of known findings; default: as
    configured, else none.  ``mirror`` is where images are pulled from, as
    ``HOST[/PREFIX]``; default: as configured, else nowhere else.  ``rules`` are
    rules of your own beside those of the optimizer and of the configuration;
    default: none.

    The report holds the findings sorted by place.  Raises
    :class:`OptimizerError`: for a path that does not exist or cannot be read,
    when there is nothing to check, and for a wrong configuration.
    """
    # Imported here, because a program that only plans never needs the rules.
    from optimizer.checking.collect import BuiltImages
    from optimizer.checking.run import Run
    from optimizer.linting.rule import with_own_rules
    from optimizer.linting.rules import RULES

    named = [paths] if isinstance(paths, (str, Path)) else paths
    run = Run(
        [os.fspath(path) for path in named],
        BuiltImages(images),
        root=root,
        known=with_own_rules(RULES, rules),
        select=select,
        ignore=ignore,
        fail_on=fail_on,
        config=config,
        baseline=baseline,
        mirror=mirror,
    )
    return run.compare(run.check())
