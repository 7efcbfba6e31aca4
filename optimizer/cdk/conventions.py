"""Conventions for an app, checked at every ``cdk synth``."""

from __future__ import annotations

import datetime
import inspect
import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct, IConstruct

from optimizer.adapters.assembly import creation_stacks
from optimizer.adapters.subjects import ACKNOWLEDGED, load_app
from optimizer.cdk import traces
from optimizer.checking.baseline import BaselineFile
from optimizer.checking.check import check
from optimizer.checking.group import Group
from optimizer.config.lookup import ConventionsLookup, ScopedConventions
from optimizer.config.settings import Settings, load_settings
from optimizer.errors import ConfigurationError, Fault, did_you_mean
from optimizer.linting.finding import Finding, Severity
from optimizer.linting.report import LintReport, folded, unfolded
from optimizer.linting.rule import Rule, ids_by_word, own_rule_faults
from optimizer.linting.rules import RULES
from optimizer.linting.suppressions import reason_and_end
from optimizer.report.inconclusive import INCONCLUSIVE, InconclusiveGroup, grouped

# Property by its name in JavaScript. What a function is, its team decides alone.
_PROPERTIES: Mapping[str, str] = {
    name: re.sub("_([a-z0-9])", lambda match: match[1].upper(), name)
    for name in inspect.signature(lambda_.DockerImageFunctionProps.__init__).parameters
    if name not in ("self", "code", "function_name", "description")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """The conventions of a company for every image function of an app, also of those that a team writes by hand.

    In ``app.py``, or in a package that the teams share::

        Conventions(function_defaults={"memory_size": 512}).apply(app)

    The conventions of the nearest ``optimizer.toml`` or ``pyproject.toml`` hold
    too; what is set here wins.

    ``fail_on`` is the lowest severity that fails ``cdk synth``:
    ``error``, ``warning`` or ``info``; default: as configured, else
    ``warning``.  ``severities``
    maps ids or names of rules to another severity than their own, None
    switches a rule off; default: none.  ``rules`` are rules of your own
    beside those of the optimizer; default: none.  ``function_defaults`` are
    properties of ``DockerImageFunction`` in snake case that a function has
    unless its team gives another value, ``environment`` variable by variable;
    default: none.

    Raises :class:`ConfigurationError` with one fault for each wrong value.
    """

    fail_on: str | None = None
    severities: Mapping[str, str | None] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    function_defaults: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = [*self._faults()]
        if faults:
            raise ConfigurationError(faults)

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """The rules of the optimizer and your own, sorted by id."""
        return tuple(sorted((*RULES, *self.rules), key=lambda rule: rule.id))

    def configured_rules(self) -> tuple[Rule, ...]:
        """All rules, with those that the configuration of the current directory brings, sorted by id."""
        return ConventionsLookup(today=datetime.date.today(), rules=self.all_rules).for_path(_here()).rules

    def apply(self, scope: Construct) -> None:
        """Hold the app, or one stage of it, to the conventions: defaults from now on, the rules at the end of synthesis.

        Call it before the functions are made.  Raises
        :class:`ConfigurationError` when the scope is neither an app nor a stage, or
        another package gives ``DockerImageFunction`` its defaults.
        """
        if not isinstance(scope, cdk.Stage):
            raise ConfigurationError(
                f'"{scope.node.path}" is neither an app nor a stage', "scope", "apply the conventions in app.py: conventions.apply(app)"
            )
        if self.function_defaults:
            injectors = cdk.PropertyInjectors.of(scope)
            if injectors.for_(lambda_.DockerImageFunction.PROPERTY_INJECTION_ID) is not None:
                raise ConfigurationError(
                    "DockerImageFunction has defaults in this app already; CDK allows only one source of defaults",
                    "function_defaults",
                    "apply one package of conventions, or leave function_defaults out of the second",
                )
            injectors.add(_Defaults(self.function_defaults))
        cdk.Validations.of(scope).add_plugins(_Plugin(self, scope))

    def acknowledge(self, construct: IConstruct, *rules: str, reason: str) -> None:
        """Set findings of the rules aside, at the construct and below it.

        It is CDK's ``Validations.of(construct).acknowledge``, with ids or names
        of rules; the validation report shows the reason, which may end with a
        last day: ``(until 2027-03-31)``.  Raises :class:`ConfigurationError` for
        an unknown rule, or without a reason.
        """
        known = ids_by_word(self.configured_rules())
        place = construct.node.path
        faults = [_unknown(word, known, place) for word in rules if word not in known]
        read = reason_and_end(reason)
        if isinstance(read, str):
            faults.append(Fault(read, place, 'for example reason="the platform team pins it (until 2027-03-31)"'))
        if faults:
            raise ConfigurationError(faults)
        for word in rules:
            id = f"{ACKNOWLEDGED}::{known[word]}"
            cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=id, reason=reason))

    def scoped(self, settings: Settings) -> ScopedConventions:
        """The conventions for the rules, with those of the configuration beneath, today's date, and the lock of the settings."""
        known = ids_by_word(self.all_rules)
        lookup = ConventionsLookup(today=datetime.date.today(), rules=self.all_rules, mirror=settings.mirror, lock=settings.load_lock())
        found = lookup.for_path(_here())
        severities = {known[word]: Severity(value) if value else None for word, value in self.severities.items()}
        conventions = replace(
            found.conventions,
            severities={**found.conventions.severities, **severities},
            fail_on=Severity(self.fail_on) if self.fail_on else found.conventions.fail_on,
        )
        return replace(found, conventions=conventions)

    def _faults(self) -> Iterable[Fault]:
        allowed = [severity.value for severity in Severity]
        if self.fail_on is not None and self.fail_on not in allowed:
            yield Fault(f"{self.fail_on!r} is not a severity; allowed: {', '.join(allowed)}", "fail_on")
        yield from own_rule_faults(RULES, self.rules)
        known = ids_by_word(rule for rule in (*RULES, *self.rules) if isinstance(rule, Rule))
        for word, value in self.severities.items():
            if word not in known:
                yield _unknown(word, known, "severities")
            if value is not None and value not in allowed:
                yield Fault(f"{value!r} is not a severity; allowed: {', '.join(allowed)}, and None", f'severities["{word}"]')
        for name in self.function_defaults:
            if name not in _PROPERTIES:
                yield Fault(
                    f'"{name}" is not a property of DockerImageFunction that conventions can set',
                    "function_defaults",
                    did_you_mean(name, _PROPERTIES) or "write a property in snake case, for example memory_size",
                )


def _here() -> str:
    """A path whose conventions are those of the app."""
    return os.path.join(os.getcwd(), "app.py")


def _unknown(word: str, known: Mapping[str, str], place: str) -> Fault:
    return Fault(f'no rule is called "{word}"; allowed: ids and names', place, did_you_mean(word, known))


@jsii.implements(cdk.IPropertyInjector)
class _Defaults:
    """Gives each ``DockerImageFunction`` the properties that its team leaves out."""

    def __init__(self, defaults: Mapping[str, Any]) -> None:
        self._defaults = {_PROPERTIES[name]: value for name, value in defaults.items()}

    @property
    def construct_unique_id(self) -> str:
        return str(lambda_.DockerImageFunction.PROPERTY_INJECTION_ID)

    def inject(self, original_props: Mapping[str, Any], *, id: str, scope: Construct) -> Mapping[str, Any]:
        given = {name: value for name, value in original_props.items() if value is not None}
        result = {**self._defaults, **given}
        if "environment" in self._defaults and "environment" in given:
            result["environment"] = {**self._defaults["environment"], **given["environment"]}
        return result


@jsii.implements(cdk.IPolicyValidationPlugin)
class _Plugin:
    """Runs the rules over the app that was just synthesized."""

    def __init__(self, conventions: Conventions, scope: cdk.Stage) -> None:
        self._conventions = conventions
        self._scope = scope

    # CDK reads these from JavaScript, which sees no class attributes.
    @property
    def name(self) -> str:
        return ACKNOWLEDGED

    @property
    def rule_ids(self) -> list[str]:
        return [rule.id for rule in self._conventions.configured_rules()]

    @property
    def version(self) -> str | None:
        return None

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        settings = load_settings(".", self._scope.node.try_get_context)
        scoped = self._conventions.scoped(settings)
        threshold = scoped.conventions.fail_on
        report, aside = self._checked(scoped, settings.baseline)
        violations = [_violation(findings, threshold) for findings in _together([*report.findings, *aside])]
        violations += [note for group in grouped(report.inconclusive) for note in _notes(group)]
        constructs = [resource.construct_path for violation in violations for resource in violation.violating_resources]
        # CDK puts the lines into its report after this, so that it still names functions, as acknowledgements do.
        traces.locate(self._scope.node.root, filter(None, constructs), creation_stacks(self._scope.outdir))
        return cdk.PolicyValidationPluginReport(success=not report.failing, violations=violations)

    def _checked(self, scoped: ScopedConventions, baseline: Path | None) -> tuple[LintReport, list[Finding]]:
        """The report without what the baseline holds, and the findings that acknowledgements set aside, which CDK takes out again itself."""
        app = load_app(os.path.relpath(self._scope.outdir), scoped.rules, mirror=scoped.conventions.mirror, origins=_origins(self._scope))
        source = app.covered(scoped.covers)
        group = Group(scoped=scoped, sources=[source])
        report = check(group)
        if baseline is not None:
            outdir = self._scope.outdir
            command = shlex.join(["optimizer", "lint", os.path.relpath(outdir), "--baseline", str(baseline), "--write-baseline"])
            # One finding of an image is one, however many functions run it.
            known_before = BaselineFile(str(baseline), [group])
            report = unfolded(known_before.compare(folded(report), scoped.conventions, command))
        acknowledged = set(source.suppressions)
        return report, [finding for finding, suppression in report.suppressed if suppression in acknowledged]


def _origins(scope: Construct) -> dict[str, str]:
    """The directory that each image asset was made from, by asset."""
    found: dict[str, str] = {}
    for construct in scope.node.find_all():
        if isinstance(construct, ecr_assets.DockerImageAsset):
            staging = construct.node.try_find_child("Staging")
            if isinstance(staging, cdk.AssetStaging):
                found.setdefault(construct.asset_hash, os.path.relpath(staging.source_path))
    return found


def _together(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings that differ in nothing but their construct, each group sorted by construct."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.order):
        location = finding.location
        groups.setdefault((location.path, location.span, finding.rule, finding.message, finding.hint), []).append(finding)
    return list(groups.values())


def _violation(findings: Sequence[Finding], threshold: Severity) -> cdk.PolicyViolation:
    first = findings[0]
    # CDK fails for errors alone, and judges so again after it has set acknowledged violations aside.
    severity = Severity.ERROR if first.severity.at_least(threshold) else first.severity
    where = str(first.location) if first.location.path else ""
    excerpt = f": {first.excerpt.strip()}" if first.excerpt else ""
    return cdk.PolicyViolation(
        rule_name=first.rule,
        description=f"{first.name}: {first.message}" + (f" ({where}{excerpt})" if where else ""),
        fix=first.hint,
        severity=severity.value,
        rule_metadata={"name": first.name, "severity": first.severity.value, **_place(first)},
        violating_resources=[
            cdk.PolicyViolatingResource(construct_path=finding.location.construct, locations=[where] if where else [])
            for finding in findings
        ],
    )


def _notes(group: InconclusiveGroup) -> Iterable[cdk.PolicyViolation]:
    """What is inconclusive, which fails nothing: a report of CDK has no other place that is shown."""
    where = [str(place) if place.path else "" for place in group.places]
    for rule, name in group.rules:
        yield cdk.PolicyViolation(
            rule_name=rule,
            description=f"{INCONCLUSIVE}: {name}: {group.reason}" + (f" ({where[0]})" if where[0] else ""),
            fix="use a value that is known at synthesis, or check it yourself and suppress the rule here, with a reason",
            severity=Severity.INFO.value,
            rule_metadata={"name": name, "severity": Severity.INFO.value, INCONCLUSIVE: "true"},
            violating_resources=[
                cdk.PolicyViolatingResource(construct_path=place.construct, locations=[path] if path else [])
                for place, path in zip(group.places, where, strict=True)
            ],
        )


def _place(finding: Finding) -> dict[str, str]:
    location = finding.location
    place = {"path": location.path} if location.path else {}
    if location.span:
        place.update(line=str(location.span.start.line), column=str(location.span.start.column))
    return place
