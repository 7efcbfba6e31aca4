"""Baselines: what is known, what is fixed, and that they only shrink."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.errors import ConfigurationError
from optimizer.linting.baseline import Baseline, Entry, Scope, compare, fingerprint, smaller, whole
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.finding import Finding, Location, Severity
from optimizer.linting.report import LintReport
from optimizer.linting.rule import choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject
from tests.linting.cases import PYTHON, TODAY

CONVENTIONS = Conventions(today=TODAY)
SCOPE = Scope(relative=str, checked=lambda path: True)
OLD = f"FROM {PYTHON}\nEXPOSE 1\nUSER 7\n"


def of(text: str, path: str = "Dockerfile") -> LintReport:
    return lint([DockerfileSubject.of(text, path)], CONVENTIONS)


def baseline_of(text: str) -> Baseline:
    """As it comes back from its file."""
    return Baseline.parse(whole("b.json", of(text).findings, SCOPE).render(), "b.json")


def ids(report: LintReport) -> list[str]:
    return [finding.rule for finding in report.findings]


def compared(text: str, baseline: Baseline, scope: Scope = SCOPE) -> LintReport:
    return compare(of(text), baseline, CONVENTIONS, scope, "optimizer lint . --baseline b.json --write-baseline")


class TestWhatIsKnown:
    def test_does_not_count_and_is_told(self) -> None:
        report = compared(OLD, baseline_of(OLD))
        assert (ids(report), [finding.rule for finding in report.known]) == ([], ["LIO601", "LIO602"])

    @pytest.mark.parametrize(
        "text",
        [f"# a\n\nFROM {PYTHON}\n\nEXPOSE  1\n\n\nUSER   7\n", f"FROM {PYTHON}\nUSER 7\nEXPOSE 1\n"],
        ids=["moved", "in another order"],
    )
    def test_stays_known_when_lines_move(self, text: str) -> None:
        assert ids(compared(text, baseline_of(OLD))) == []

    @pytest.mark.parametrize(
        ("text", "new"),
        [
            (f"{OLD}EXPOSE 1\n", "LIO601"),
            (OLD.replace("USER 7", "USER 8"), "LIO602"),
        ],
        ids=["once more", "another text"],
    )
    def test_what_is_new_counts(self, text: str, new: str) -> None:
        assert new in ids(compared(text, baseline_of(OLD)))

    def test_another_file_is_not_known(self) -> None:
        report = compare(of(OLD, "other/Dockerfile"), baseline_of(OLD), CONVENTIONS, replace(SCOPE, checked=lambda path: False), "c")
        assert ids(report) == ["LIO601", "LIO602"]


class TestWhatIsFixed:
    """Requirement: "only ever shrinks: a fixed finding still in the baseline is a finding"."""

    def test_is_a_finding_at_its_line_with_the_command(self) -> None:
        (finding,) = compared(OLD.replace("USER 7\n", ""), baseline_of(OLD)).findings
        assert (finding.rule, str(finding.location)) == ("LIO005", "b.json:5:1")
        assert finding.message == 'LIO602 is fixed in "Dockerfile", and the baseline still holds it'
        assert finding.hint == "make the baseline smaller: optimizer lint . --baseline b.json --write-baseline"

    def test_of_several_equal_ones_some(self) -> None:
        report = compared(OLD, baseline_of(OLD + "EXPOSE 1\nEXPOSE 1\n"))
        assert [finding.message for finding in report.findings] == [
            'LIO601 is fixed in "Dockerfile", 2 times, and the baseline still holds it'
        ]

    @pytest.mark.parametrize(
        "scope",
        [replace(SCOPE, checked=lambda path: False), replace(SCOPE, rules=choose(RULES, ["LIO005", "LIO601"]))],
        ids=["another file", "another rule"],
    )
    def test_nobody_knows_of_what_was_not_looked_at(self, scope: Scope) -> None:
        old = baseline_of(OLD)
        text = OLD.replace("USER 7\n", "")
        assert [finding.rule for finding in compared(text, old, scope).findings] == []
        assert smaller(old, of(text).findings, scope) == old

    def test_a_rule_that_is_no_more_is_fixed(self) -> None:
        old = Baseline(name="b.json", entries=(Entry(path="Dockerfile", rule="LIO999", fingerprint="0", count=1),))
        assert ids(compared(f"FROM {PYTHON}\n", old)) == ["LIO005"]

    def test_the_rule_can_be_switched_off(self) -> None:
        configured = replace(CONVENTIONS, severities={"LIO005": None})
        report = compare(of(f"FROM {PYTHON}\n"), baseline_of(OLD), configured, SCOPE, "c")
        assert report.findings == ()


class TestWriting:
    def test_a_smaller_one_takes_nothing_new_in(self) -> None:
        new = of(OLD.replace("USER 7", "USER 8")).findings
        after = smaller(baseline_of(OLD), new, SCOPE)
        assert [(entry.rule, entry.count) for entry in after.entries] == [("LIO601", 1)]

    def test_one_that_grows_keeps_what_was_not_looked_at(self) -> None:
        before = whole("b.json", of(OLD, "other/Dockerfile").findings, SCOPE)
        scope = replace(SCOPE, checked=lambda path: path == "Dockerfile")
        after = whole("b.json", of(OLD).findings, scope, before)
        assert [(entry.path, entry.rule) for entry in after.entries] == [
            ("Dockerfile", "LIO601"),
            ("Dockerfile", "LIO602"),
            ("other/Dockerfile", "LIO601"),
            ("other/Dockerfile", "LIO602"),
        ]

    def test_the_text_holds_no_secret_and_no_line(self) -> None:
        text = baseline_of(f"FROM {PYTHON}\nENV API_TOKEN=hunter2\n").render()
        assert "LIO801" in text
        assert "hunter2" not in text and "line" not in text

    @pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"version": 1, "findings": [{}]}', '{"version": 1, "findings": 3}', "[" * 100_000,
        '{"version": 1, "findings": [{"path": "a", "rule": "b", "fingerprint": "c", "count": true}]}'])  # fmt: skip
    def test_what_is_no_baseline_is_refused(self, text: str) -> None:
        with pytest.raises(ConfigurationError, match="this is not a baseline"):
            Baseline.parse(text, "b.json")

    def test_a_newer_version_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="version 3 of baselines is not readable; allowed: 1 and 2"):
            Baseline.parse('{"version": 3, "findings": []}', "b.json")

    def test_an_older_one_is_still_read(self) -> None:
        """As the version before constructs had keys of their own wrote it."""
        findings = of(OLD).findings
        rows = [{"path": "Dockerfile", "rule": item.rule, "fingerprint": fingerprint(item, "Dockerfile"), "count": 1} for item in findings]
        old = Baseline.parse(json.dumps({"version": 1, "findings": rows}), "b.json")
        assert ids(compared(OLD, old)) == []
        assert ids(compared(OLD.replace("USER 7\n", ""), old)) == ["LIO005"]
        assert [entry.rule for entry in smaller(old, of(OLD.replace("USER 7\n", "")).findings, SCOPE).entries] == ["LIO601"]
        assert json.loads(whole("b.json", findings, SCOPE, old).render())["version"] == 2


class TestConstructs:
    """Issue 14: "Key by construct or logical id and by the source's own path"."""

    ASSET = f"cdk.out/asset.{'a' * 64}/Dockerfile"
    APP = replace(SCOPE, generated=lambda path: path.startswith("cdk.out"), constructs={"Shop/Api", "Shop/Other"})

    def at(self, path: str, *constructs: str, message: str = "m") -> Finding:
        place = Location(path=path, construct=constructs[0])
        return Finding(rule="LIO602", name="n", severity=Severity.ERROR, message=message, hint="h", location=place, also=constructs[1:])

    def known(self, before: Finding, after: Finding, scope: Scope | None = None) -> bool:
        baseline = whole("b.json", [before], self.APP)
        return not compare(LintReport(findings=(after,)), baseline, CONVENTIONS, scope or self.APP, "c").findings

    def test_an_asset_is_known_by_its_construct(self) -> None:
        other = self.ASSET.replace("a" * 64, "b" * 64)
        assert self.known(self.at(self.ASSET, "Shop/Api"), self.at(other, "Shop/Api"))
        assert self.known(self.at(self.ASSET, "Shop/Api", "Shop/Other"), self.at(other, "Shop/New", "Shop/Api", "Shop/Other"))
        assert not self.known(self.at(self.ASSET, "Shop/Api"), self.at(other, "Shop/New"))

    def test_the_name_of_an_asset_in_a_text_does_not_count(self) -> None:
        before, after = (self.at("cdk.out/Shop.template.json", "Shop/Api", message=f"image {name * 64} is large") for name in "ab")
        assert self.known(before, after)
        digests = [self.at("cdk.out/Shop.template.json", "Shop/Api", message=f"base sha256:{name * 64} is old") for name in "ab"]
        assert not self.known(*digests)

    def test_the_file_of_a_function_is_known_by_either(self) -> None:
        assert self.known(self.at("bad/Dockerfile", ""), self.at("bad/Dockerfile", "Shop/Api", "Shop/Other"))
        assert self.known(self.at(self.ASSET, "Shop/Api"), self.at("bad/Dockerfile", "Shop/Api"))

    def test_a_template_is_known_by_file_and_logical_id(self) -> None:
        scope = replace(SCOPE, template=lambda path: path.endswith("template.yaml"))
        (entry,) = whole("b.json", [self.at("template.yaml", "Api")], scope).entries
        assert (entry.path, entry.construct) == ("template.yaml", "Api")
        baseline = whole("b.json", [self.at("template.yaml", "Api")], scope)
        report = compare(LintReport(findings=(self.at("template.yaml", "Other"),)), baseline, CONVENTIONS, scope, "c")
        assert {finding.rule for finding in report.findings} == {"LIO602", "LIO005"}

    def test_what_is_gone_from_an_app_is_fixed_and_another_app_is_not_looked_at(self) -> None:
        baseline = whole("b.json", [self.at(self.ASSET, "Shop/Gone"), self.at(self.ASSET, "Blog/Api")], self.APP)
        (finding,) = compare(LintReport(), baseline, CONVENTIONS, self.APP, "c").findings
        assert finding.message == 'LIO602 is fixed in "Shop/Gone", and the baseline still holds it'
        assert [entry.construct for entry in smaller(baseline, [], self.APP).entries] == ["Blog/Api"]


FOUND = st.lists(
    st.builds(
        lambda rule, path, line: Finding(
            rule=rule, name="n", severity=Severity.ERROR, message=line, hint="h", location=Location(path=path)
        ),
        st.sampled_from(["LIO101", "LIO601", "LIO602"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["USER 1", "USER 2"]),
    ),
    max_size=12,
)


@given(FOUND, FOUND)
def test_shrinking(before: list[Finding], now: list[Finding]) -> None:
    """Requirement: a baseline never grows, and after it is written nothing in it is outdated."""
    old = whole("b", before, SCOPE)
    new = smaller(old, now, SCOPE)
    assert Baseline.parse(new.render(), "b") == new
    assert new.total <= old.total
    assert {(entry.fingerprint, entry.rule) for entry in new.entries} <= {(entry.fingerprint, entry.rule) for entry in old.entries}
    report = compare(LintReport(findings=tuple(now)), new, CONVENTIONS, SCOPE, "c")
    assert "LIO005" not in ids(report)
    assert len(report.known) == new.total
    assert compare(LintReport(findings=tuple(now)), whole("b", now, SCOPE), CONVENTIONS, SCOPE, "c").findings == ()
