"""Every rule: its cases, its page, and that none is forgotten."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from optimizer.linting.baseline import Scope, compare
from optimizer.linting.engine import lint
from optimizer.linting.rule import Family, Rule, choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject
from optimizer.report.rules import index_page, rule_page
from tests.linting.cases import Case

ROOT = Path(__file__).parents[2]


def modules(directory: Path) -> list[str]:
    """The modules in the folders of a directory, each as ``family.name``, sorted."""
    return sorted(f"{path.parent.name}.{path.stem}" for path in directory.glob("*/*.py") if path.stem != "__init__")


MODULES = modules(ROOT / "optimizer" / "linting" / "rules")
USED_FOR_EVER = {
    "LIO001": "unreadable-dockerfile",
    "LIO002": "invalid-suppression",
    "LIO003": "unused-suppression",
    "LIO004": "expired-suppression",
    "LIO005": "outdated-baseline",
    "LIO006": "plan-unknown",
    "LIO101": "base-not-aws-provided",
    "LIO102": "base-unpinned",
    "LIO103": "builder-unpinned",
    "LIO104": "runtime-deprecated",
    "LIO105": "runtime-preview",
    "LIO106": "pin-too-old",
    "LIO107": "wrong-architecture",
    "LIO108": "syntax-unpinned",
    "LIO109": "lambda-not-shown",
    "LIO151": "registry-not-allowed",
    "LIO152": "runtime-not-allowed",
    "LIO153": "architecture-not-allowed",
    "LIO201": "build-tools-in-final-stage",
    "LIO202": "installer-in-final-stage",
    "LIO203": "final-stage-not-last",
    "LIO204": "package-cache-left",
    "LIO205": "code-with-dependencies",
    "LIO206": "removed-in-later-layer",
    "LIO207": "instruction-overridden",
    "LIO301": "manifest-copied-with-source",
    "LIO302": "source-before-dependencies",
    "LIO303": "volatile-before-stable",
    "LIO304": "dependencies-after-code",
    "LIO305": "cache-busting-argument",
    "LIO401": "install-without-lock",
    "LIO402": "remote-add-without-checksum",
    "LIO403": "epoch-of-the-commit",
    "LIO404": "time-in-file",
    "LIO405": "run-in-final-stage",
    "LIO406": "times-of-the-machine",
    "LIO407": "system-packages-unpinned",
    "LIO408": "download-without-checksum",
    "LIO409": "requirement-redirected",
    "LIO501": "everything-copied",
    "LIO502": "ignore-file-not-read-by-cdk",
    "LIO503": "dockerfile-outside-context",
    "LIO504": "ineffective-ignore-file",
    "LIO505": "copied-file-ignored",
    "LIO506": "waste-copied",
    "LIO601": "instruction-without-effect",
    "LIO602": "user-set",
    "LIO603": "command-with-several-words",
    "LIO604": "unreadable-mode",
    "LIO605": "no-runtime-client",
    "LIO606": "shell-without-effect",
    "LIO607": "reserved-variable",
    "LIO608": "handler-out-of-reach",
    "LIO609": "command-missing",
    "LIO610": "layer-count",
    "LIO611": "files-in-tmp",
    "LIO612": "installed-for-one-user",
    "LIO631": "snapstart-without-promise",
    "LIO632": "snapstart-excluded",
    "LIO633": "snapstart-with-provisioned-concurrency",
    "LIO634": "snapstart-not-in-region",
    "LIO635": "snapstart-tag-moves",
    "LIO636": "snapstart-versions-kept",
    "LIO613": "base-not-for-managed-instances",
    "LIO614": "architecture-not-of-provider",
    "LIO641": "property-of-zip-functions",
    "LIO642": "unsupported-on-images",
    "LIO643": "setting-out-of-range",
    "LIO644": "memory-needs-managed-instances",
    "LIO645": "gpu-refused",
    "LIO646": "managed-instances-refused",
    "LIO647": "image-setting-without-image",
    "LIO648": "image-not-pullable",
    "LIO649": "durable-sdk-missing",
    "LIO650": "replaced-under-fixed-name",
    "LIO651": "image-too-large",
    "LIO652": "image-index",
    "LIO653": "attestation-beside-image",
    "LIO654": "media-type-not-supported",
    "LIO655": "layer-uncompressed",
    "LIO656": "layer-compressed-by-zstd",
    "LIO657": "history-incomplete",
    "LIO658": "too-many-layers",
    "LIO659": "manifest-too-large",
    "LIO660": "platform-not-supported",
    "LIO661": "hard-link-in-layer",
    "LIO662": "parent-directory-missing",
    "LIO663": "file-unreadable",
    "LIO664": "foreign-executable",
    "LIO681": "unreadable-template",
    "LIO682": "architecture-not-given",
    "LIO683": "image-of-other-architecture",
    "LIO684": "build-value-misread",
    "LIO685": "image-not-built",
    "LIO686": "refused-by-sam",
    "LIO687": "needs-buildkit",
    "LIO688": "image-in-loop",
    "LIO691": "runtime-not-named",
    "LIO692": "runtime-image-not-taken",
    "LIO693": "runtime-not-retained",
    "LIO694": "runtime-refused",
    "LIO671": "image-over-limit",
    "LIO672": "budget-exceeded",
    "LIO701": "several-repositories",
    "LIO702": "repository-per-image",
    "LIO703": "nested-repository-name",
    "LIO704": "lifecycle-kills-versions",
    "LIO705": "pull-policy-missing",
    "LIO706": "cache-in-asset-repository",
    "LIO707": "lifecycle-refused",
    "LIO708": "tag-exclusions-refused",
    "LIO709": "image-of-another-stack",
    "LIO751": "repository-not-allowed",
    "LIO801": "secret-in-variable",
    "LIO802": "secret-file-copied",
    "LIO803": "secret-in-command",
    "LIO804": "secret-taken-back",
    "LIO901": "several-digests-of-one-base",
    "LIO902": "dependencies-built-differently",
    "LIO903": "handler-in-image",
    "LIO904": "metadata-differs",
    "LIO905": "two-architectures-without-buildkit",
}
"""Every id that was ever given, with its name; a line is added, and never changed or taken out."""


def rule_of(module: str) -> Rule:
    rule = importlib.import_module(f"optimizer.linting.rules.{module}").RULE
    assert isinstance(rule, Rule)
    return rule


def cases(kind: str) -> list[object]:
    found = []
    for module in MODULES:
        for number, case in enumerate(getattr(importlib.import_module(f"tests.linting.rules.{module}"), kind)):
            found.append(pytest.param(rule_of(module), case, id=f"{rule_of(module).id}-{number}"))
    return found


def judged(rule: Rule, case: Case) -> tuple[list[int], list[str], int]:
    # The rules about suppressions look at what the others found.
    rules = RULES if rule.family is Family.LINT else [rule]
    report = lint([case.subject], case.conventions, rules=rules)
    if case.baseline is not None:
        scope = Scope(relative=str, checked=lambda path: path == case.subject.location.path, rules=rules)
        report = compare(report, case.baseline, case.conventions, scope, "command")
    found = [finding for finding in report.findings if finding.rule == rule.id]
    lines = [finding.location.span.start.line if finding.location.span else 0 for finding in found]
    return lines, [finding.message for finding in found], sum(result.rule == rule.id for result in report.inconclusive)


@pytest.mark.parametrize(("rule", "case"), cases("CATCHES"))
def test_catches(rule: Rule, case: Case) -> None:
    lines, messages, inconclusive = judged(rule, case)
    assert (lines, inconclusive) == (list(case.lines), case.inconclusive)
    assert lines, "a case that catches names its lines"
    assert case.says in messages[0]


@pytest.mark.parametrize(("rule", "case"), cases("PASSES"))
def test_catches_not(rule: Rule, case: Case) -> None:
    assert judged(rule, case) == ([], [], case.inconclusive)


class TestNoRuleIsForgotten:
    def test_every_file_is_registered(self) -> None:
        assert {rule.id for rule in RULES} == {rule_of(module).id for module in MODULES}
        assert [rule.id for rule in RULES] == sorted({rule.id for rule in RULES})

    @pytest.mark.parametrize("module", MODULES)
    def test_every_file_is_named_after_its_rule_and_has_cases(self, module: str) -> None:
        folder, name = module.split(".")
        assert rule_of(module).name == name.replace("_", "-")
        # "lambda" is a word of Python's own.
        assert rule_of(module).family.name.lower() == folder.rstrip("_")
        tests = importlib.import_module(f"tests.linting.rules.{module}")
        assert tests.CATCHES and tests.PASSES

    def test_no_cases_are_left_without_a_rule(self) -> None:
        assert modules(ROOT / "tests" / "linting" / "rules") == MODULES

    def test_ids_keep_their_meaning(self) -> None:
        assert {rule.id: rule.name for rule in RULES}.items() <= USED_FOR_EVER.items()

    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
    def test_every_rule_has_its_page(self, rule: Rule) -> None:
        page = ROOT / "docs" / "rules" / f"{rule.id}.md"
        assert page.read_text(encoding="utf-8") == rule_page(rule), "write it again: python -m tests.write_pages"

    def test_the_index_names_every_rule(self) -> None:
        assert (ROOT / "docs" / "rules" / "README.md").read_text(encoding="utf-8") == index_page(RULES)
        assert {path.stem for path in (ROOT / "docs" / "rules").glob("*.md")} == {rule.id for rule in RULES} | {"README"}

    @pytest.mark.parametrize(
        "rule", [rule for rule in RULES if rule.example == "dockerfile" and rule.family is not Family.LINT], ids=lambda rule: rule.id
    )
    def test_the_examples_are_what_they_say(self, rule: Rule) -> None:
        from optimizer.linting.conventions import Conventions
        from tests.linting.cases import PYTHON, TODAY, Files

        for text, broken in ((rule.bad, True), (rule.good, False)):
            whole = text if "FROM " in text else f"FROM {PYTHON}\n{text}"
            subject = DockerfileSubject.of(whole, context=Files({}))
            assert not subject.problems
            assert bool(lint([subject], Conventions(today=TODAY), rules=[rule]).findings) is broken, text


def test_rules_are_chosen_by_id_name_and_family() -> None:
    chosen = {rule.id for rule in choose(RULES, ["LIO30", "user-set", "secrets"], ["LIO302"])}
    assert {"LIO301", "LIO602", "LIO801"} <= chosen
    assert {rule_id[:4] for rule_id in chosen - {"LIO602"}} == {"LIO3", "LIO8"}
    assert "LIO302" not in chosen
    assert choose(RULES) == RULES
