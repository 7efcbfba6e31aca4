"""Severities, suppressions, order, fixes, and any text at all."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.dockerfile.instruction import Position, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint, set_aside
from optimizer.linting.finding import Edit, Location, Severity, Violation
from optimizer.linting.report import LintReport, merged
from optimizer.linting.rule import Rule, choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile
from optimizer.linting.suppressions import Suppression
from optimizer.model.tag_mutability import TagMutability
from optimizer.report.lint import lint_as_json, lint_as_text
from optimizer.report.style import Style
from tests.dockerfile.test_parse import ALPHABET, FRAGMENTS
from tests.linting.cases import DIGEST, PYTHON, TODAY, Files
from tests.linting.rules.base.base_unpinned import LOCKED

CONVENTIONS = Conventions(today=TODAY)


def of(text: str, path: str = "Dockerfile", **options: object) -> LintReport:
    return lint([DockerfileSubject.of(text, path)], CONVENTIONS, **options)  # type: ignore[arg-type]


def ids(report: LintReport) -> list[str]:
    return [finding.rule for finding in report.findings]


class TestSeverities:
    def test_the_company_may_change_them_and_switch_rules_off(self) -> None:
        configured = Conventions(today=TODAY, severities={"LIO602": Severity.ERROR, "LIO601": None})
        (finding,) = lint([DockerfileSubject.of(f"FROM {PYTHON}\nUSER 1\nEXPOSE 1")], configured).findings
        assert (finding.rule, finding.severity) == ("LIO602", Severity.ERROR)

    def test_the_threshold_counts_what_is_as_grave(self) -> None:
        report = of(f"FROM {PYTHON}\nUSER 1")
        assert [bool(replace(report, fail_on=severity).failing) for severity in Severity] == [False, True, True]
        assert (report.count(Severity.WARNING), report.count(Severity.ERROR)) == (1, 0)


class TestSuppressions:
    def test_what_is_inconclusive_can_be_set_aside_too(self) -> None:
        text = "ARG V\n# optimizer: ignore LIO104, LIO105 -- the base team checks it\nFROM public.ecr.aws/lambda/python:$V"
        assert {result.rule for result in of(text).inconclusive} == {"LIO101", "LIO102"}
        assert of(text).findings == ()

    def test_the_configuration_sets_aside_what_is_inconclusive(self) -> None:
        suppression = Suppression(rules=frozenset(["LIO101"]), reason="why", location=Location(path="optimizer.toml"), path="a/*")
        configured = Conventions(today=TODAY, suppressions=(suppression,))
        found = lint([DockerfileSubject.of("ARG V\nFROM public.ecr.aws/lambda/python:$V", "a/Dockerfile")], configured)
        report = set_aside(found, configured, looked_at=[Location(path="a/Dockerfile")])
        assert {result.rule for result in report.inconclusive} == {"LIO102", "LIO104", "LIO105"}
        assert report.findings == ()

    def test_set_aside_with_their_reason(self) -> None:
        report = of(f"FROM {PYTHON}\n# optimizer: ignore LIO602 -- why\nUSER 1\nEXPOSE 1")
        assert ids(report) == ["LIO601"]
        assert [(finding.rule, item.reason) for finding, item in report.suppressed] == [("LIO602", "why")]

    @pytest.mark.parametrize(
        ("scope", "kept"),
        [("ignore", ["LIO601", "LIO602"]), ("ignore-stage", []), ("ignore-file", [])],
        ids=["instruction", "stage", "file"],
    )
    def test_hold_as_far_as_they_say(self, scope: str, kept: list[str]) -> None:
        report = of(f"# optimizer: {scope} LIO602,LIO601 -- why\nFROM {PYTHON}\nEXPOSE 1\nUSER 1")
        assert [rule for rule in ids(report) if rule != "LIO003"] == kept

    def test_an_expired_one_hides_nothing(self) -> None:
        assert ids(of(f"FROM {PYTHON}\n# optimizer: ignore LIO602 -- why (until 2026-11-23)\nUSER 1")) == ["LIO004", "LIO602"]

    def test_one_for_a_rule_that_is_not_run_is_not_called_unused(self) -> None:
        text = f"FROM {PYTHON}\n# optimizer: ignore LIO602 -- why\nUSER 1"
        assert ids(of(text, rules=choose(RULES, ignore=["LIO602"]))) == []

    def test_of_a_configuration_hold_by_path_and_construct(self) -> None:
        here = Suppression(rules=frozenset(["LIO602"]), reason="why", location=Location(path="optimizer.toml"), path="legacy/*")
        subjects = [DockerfileSubject.of(f"FROM {PYTHON}\nUSER 1", path) for path in ("legacy/a/Dockerfile", "new/Dockerfile")]
        report = lint(subjects, CONVENTIONS, suppressions=[here])
        assert [finding.location.path for finding in report.findings] == ["new/Dockerfile"]
        assert ids(lint(subjects[1:], CONVENTIONS, suppressions=[here])) == ["LIO602", "LIO003"]

    def test_the_narrowest_is_used(self) -> None:
        text = f"# optimizer: ignore-stage LIO601 -- wide\nFROM {PYTHON}\n# optimizer: ignore LIO601 -- narrow\nEXPOSE 1\nVOLUME /x"
        report = of(text)
        assert [(finding.location.span.start.line, item.reason) for finding, item in report.suppressed if finding.location.span] == [
            (4, "narrow"),
            (5, "wide"),
        ]
        assert ids(report) == []

    def test_thousands_are_found_at_once(self) -> None:
        text = f"FROM {PYTHON}\n" + "# optimizer: ignore LIO601 -- why\nEXPOSE 1\n" * 5_000
        report = of(text, rules=choose(RULES, ["LIO0", "LIO601"]))
        assert (ids(report), len(report.suppressed)) == ([], 5_000)

    def test_findings_about_suppressions_cannot_be_hidden_by_accident(self) -> None:
        assert ids(of(f"FROM {PYTHON}\n# optimizer: ignore LIO602\nUSER 1")) == ["LIO002", "LIO602"]


class TestReports:
    def test_are_sorted_and_without_doubles(self) -> None:
        text = f"FROM {PYTHON}\nUSER 1\nEXPOSE 1"
        subjects = [DockerfileSubject.of(text, path) for path in ("b", "a", "b")]
        report = lint(subjects, CONVENTIONS)
        assert [(str(finding.location), finding.rule) for finding in report.findings] == [
            ("a:2:1", "LIO602"),
            ("a:3:1", "LIO601"),
            ("b:2:1", "LIO602"),
            ("b:3:1", "LIO601"),
        ]
        apart = merged(lint([subject], CONVENTIONS) for subject in subjects)
        assert (apart.findings, apart.subjects) == (report.findings, 3)

    def test_text_shows_long_lines_around_the_place(self) -> None:
        text = lint_as_text(of(f"FROM {PYTHON}\nENV {'A=1 ' * 100}AWS_REGION=x {'B=2 ' * 100}"))
        line, marks = text.split("\n")[1:3]
        assert len(line) < 140
        assert line[marks.index("^") : marks.rindex("^") + 1] == "AWS_REGION=x"

    def test_colour_is_asked_for(self) -> None:
        report = of(f"FROM {PYTHON}\nUSER 1")
        assert "\x1b[33mwarning\x1b[0m" in lint_as_text(report, style=Style(colour=True))
        assert "\x1b" not in lint_as_text(report)

    def test_doubts_are_told(self) -> None:
        report = of("ARG BASE\nFROM $BASE")
        assert ids(report) == []
        assert {result.rule for result in report.inconclusive} == {"LIO102", "LIO104", "LIO105", "LIO109"}
        assert "4 inconclusive" in lint_as_text(report)


class TestImagesOfOtherServices:
    """Requirement: "in a Dockerfile that nothing shows to be Lambda's, no fix, and one note in place of LIO101, 601, 602, 605, 607"."""

    TEXT = (
        "FROM python:3.13-slim\nENV TZ=UTC\nRUN pip install gunicorn==23.0.0\nCOPY --chmod=600 app.py /app/\n"
        'EXPOSE 8080\nUSER 1000\nHEALTHCHECK CMD ["true"]\nENTRYPOINT ["gunicorn", "app:app"]\n'
    )
    FOR_LAMBDA = frozenset(["LIO101", "LIO601", "LIO602", "LIO604", "LIO605", "LIO607"])

    def test_have_one_note_and_no_fix(self) -> None:
        report = of(self.TEXT)
        assert not set(ids(report)) & self.FOR_LAMBDA
        assert ids(report).count("LIO109") == 1
        assert {"LIO102", "LIO204"} <= set(ids(report))
        assert not any(finding.fix for finding in report.findings)

    def test_are_functions_where_something_says_so(self) -> None:
        for known in ({"construct": "Api"}, {"for_lambda": True}):
            report = lint([DockerfileSubject.of(self.TEXT, **known)], CONVENTIONS)  # type: ignore[arg-type]
            assert set(ids(report)) >= self.FOR_LAMBDA
            assert "LIO109" not in ids(report)
            assert any(finding.fix for finding in report.findings if finding.rule == "LIO601")


def test_a_pin_is_proposed_from_the_lock() -> None:
    (finding,) = lint([DockerfileSubject.of("FROM public.ecr.aws/lambda/python:3.13")], LOCKED).findings
    assert finding.fix is not None
    span = Span(Position(1, 6), Position(1, 39))
    assert finding.fix.edits == (Edit(path="Dockerfile", span=span, text=f"public.ecr.aws/lambda/python:3.13@{DIGEST}"),)


def test_an_image_that_many_functions_run_is_judged_once_and_told_of_each() -> None:
    file = DockerfileSubject.of(f"FROM {PYTHON}\nUSER 1\n")
    subjects = [dataclasses.replace(file, construct=f"Shop/F{number}") for number in range(3)]
    report = lint(subjects, CONVENTIONS)
    assert [(finding.rule, finding.location.construct) for finding in report.findings] == [("LIO602", f"Shop/F{n}") for n in range(3)]
    # What else a build says may change the verdict.
    cache = "1.dkr.ecr.eu-west-1.amazonaws.com/shop:cache"
    cached = dataclasses.replace(subjects[1], repository="shop", repository_tags=TagMutability(mode="IMMUTABLE"), cache_to=(cache,))
    assert ids(lint([subjects[0], cached], CONVENTIONS, rules=choose(RULES, ["LIO706"]))) == ["LIO706"]


def test_a_rule_of_a_company_may_look_at_the_construct() -> None:
    own = Rule(
        id="ACME001", name="no-f1", severity=Severity.INFO, since="1", summary="s", why="w", fix="f", bad="b", good="g",
        dockerfile=lambda subject, conventions: [Violation(message="no")] if subject.construct == "Shop/F1" else [],
    )  # fmt: skip
    file = DockerfileSubject.of(f"FROM {PYTHON}")
    subjects = [dataclasses.replace(file, construct=f"Shop/F{number}") for number in range(3)]
    assert [finding.location.construct for finding in lint(subjects, CONVENTIONS, rules=[own]).findings] == ["Shop/F1"]


def test_a_company_adds_rules_of_its_own() -> None:
    own = Rule(
        id="ACME001", name="no-workdir", severity=Severity.INFO, since="1", summary="s", why="w", fix="f", bad="b", good="g",
        dockerfile=lambda subject, conventions: (),
    )  # fmt: skip
    text = f"FROM {PYTHON}\n# optimizer: ignore ACME001 -- why\nWORKDIR /x"
    assert ids(lint([DockerfileSubject.of(text)], CONVENTIONS, rules=(*RULES, own), known=(*RULES, own))) == ["LIO003"]


@given(st.one_of(st.text(alphabet=ALPHABET, max_size=200), st.lists(st.sampled_from([*FRAGMENTS, f"FROM {PYTHON} AS x\n", "pip install ", "# optimizer: ignore LIO101 -- x\n"]), max_size=40).map("".join)))  # fmt: skip
@settings(max_examples=300)
def test_any_text_gives_a_report(text: str) -> None:
    """Requirement: "no crash, hang or traceback on any input"."""
    ignore = IgnoreFile(path=".dockerignore", lines=tuple(text.split("\n")))
    subject = DockerfileSubject.of(text, context=Files({"a.py": text}), ignore=ignore, architecture="arm64", arguments={"A": text})
    report = lint([subject], CONVENTIONS)
    assert "\x1b" not in lint_as_text(report)
    lint_as_json(report)


def test_the_day_is_given() -> None:
    text = f"FROM {PYTHON}\n# optimizer: ignore LIO602 -- why (until 2026-11-24)\nUSER 1"
    after = Conventions(today=TODAY + datetime.timedelta(days=1))
    assert ids(lint([DockerfileSubject.of(text)], after)) == ["LIO004", "LIO602"]


def test_no_report_repeats_a_secret() -> None:
    """A report goes to the logs of CI, and a baseline into version control."""
    text = f'FROM {PYTHON}\nENV API_TOKEN=s3cr3t-value-0123456789\nCMD ["app.handler"]\n'
    report = lint([DockerfileSubject.of(text)], Conventions(today=TODAY))
    found = [finding for finding in report.findings if finding.rule.startswith("LIO8")]
    assert found, report.findings
    assert "s3cr3t" not in lint_as_text(report) + lint_as_json(report)
