"""Conventions in files: which file holds for which path, how files are merged, and what is wrong in them."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import jsonschema
import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import ImageSpec, plan
from optimizer.config.conventions import merge, read_layer
from optimizer.config.files import chain_of, read_directory
from optimizer.config.keys import SUPPRESSION_KEYS, keys_of
from optimizer.config.lookup import ConventionsLookup
from optimizer.config.nearest import configured
from optimizer.config.page import configuration_page
from optimizer.config.schema import configuration_schema
from optimizer.config.settings import load_settings
from optimizer.errors import ConfigurationError, UnpinnedError
from optimizer.linting.budgets import Budget, budget_of
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint, set_aside
from optimizer.linting.finding import Location, Severity
from optimizer.linting.report import LintReport
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject
from optimizer.model.stability import Stability
from tests.linting.cases import PYTHON, TODAY

ROOT = Path(__file__).parents[2]
LOCK = f'version = 1\n\n[[image]]\nreference = "public.ecr.aws/lambda/python:3.13"\ndigest = "sha256:{"5" * 64}"\nresolved = 2026-11-01\nkind = "index"\n'
EVERY_KEY = """
extends = "shared.toml"
root = "."
mirror = { "public.ecr.aws" = "mirror.example.com/aws" }

[conventions]
fail_on = "error"
rules = []
select = ["base", "LIO6", "user-set"]
ignore = ["LIO502"]
include = ["services/*"]
exclude = ["services/old"]
registries = ["public.ecr.aws/lambda", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"]
runtimes = ["python3.13", "nodejs24.x"]
architectures = ["arm64"]
repository = "lambda-images"
oldest_pin_days = 30
max_image_bytes = 1_000_000_000
rule_pages = "https://example.com/rules"
rules_up_to = "0.2"

[conventions.severities]
LIO102 = "error"
user-set = "off"

[conventions.stabilities]
"models/*" = "monthly"

[[conventions.budgets]]
construct = "Shop/*"
max_bytes = 50_000_000
max_unpacked_bytes = 250_000_000
max_growth_bytes = 5_000_000
max_growth_percent = 12.5

[[conventions.suppressions]]
rules = ["base-unpinned", "LIO602"]
path = "legacy"
construct = "App/*"
reason = "goes in March"
until = 2027-03-31
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lookup(**options: object) -> ConventionsLookup:
    return ConventionsLookup(today=TODAY, rules=RULES, **options)  # type: ignore[arg-type]


def of(path: str, **options: object) -> Conventions:
    return lookup(**options).for_path(path).conventions


def faults(path: str = "Dockerfile") -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        of(path)
    return [f"{fault.place}: {fault.message}" for fault in caught.value.faults]


class TestNearestFile:
    def test_wins_and_takes_nothing_from_the_one_above(self, tree: Path) -> None:
        write(tree / "optimizer.toml", '[conventions]\nrepository = "top"\nignore = ["LIO502"]\n')
        write(tree / "a" / "pyproject.toml", '[tool.optimizer.conventions]\nrepository = "a"\n')
        assert [(of(path).repository, of(path).ignore) for path in ("Dockerfile", "b/c/Dockerfile", "a/Dockerfile", "a/x/Dockerfile")] == [
            ("top", ("LIO502",)),
            ("top", ("LIO502",)),
            ("a", ()),
            ("a", ()),
        ]

    def test_counts_only_when_it_says_something_of_conventions(self, tree: Path) -> None:
        write(tree / "optimizer.toml", '[conventions]\nrepository = "top"\n')
        write(tree / "a" / "optimizer.toml", 'root = "."\n')
        write(tree / "a" / "pyproject.toml", "[project]\nname = 'optimizer-user'\n")
        assert of("a/Dockerfile").repository == "top"

    def test_is_searched_up_to_the_top_of_version_control(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tree / "optimizer.toml", '[conventions]\nrepository = "outside"\n')
        (tree / "clone" / ".git").mkdir(parents=True)
        assert of("clone/Dockerfile").repository == ""
        # Where the command is run makes no difference.
        monkeypatch.chdir(tree / "clone")
        assert of("../Dockerfile").repository == "outside"
        assert of(str(tree / "Dockerfile")).repository == "outside"

    def test_two_in_one_directory_are_refused(self, tree: Path) -> None:
        write(tree / "optimizer.toml", "")
        write(tree / "pyproject.toml", "[tool.optimizer]\n")
        assert "two configurations in one directory" in faults()[0]

    def test_another_can_be_named_for_every_path(self, tree: Path) -> None:
        write(tree / "a" / "optimizer.toml", '[conventions]\nrepository = "a"\n')
        write(tree / "b" / "shared.toml", '[conventions]\nrepository = "named"\nexclude = ["a"]\n')
        found = lookup(only="b/shared.toml").for_path("a/Dockerfile")
        assert found.conventions.repository == "named"
        assert not found.conventions.covers(found.relative("a/Dockerfile"))


class TestMerging:
    """Requirement: one merge of default, extended file, file, command line, in documented order."""

    def test_a_nearer_value_wins(self, tree: Path) -> None:
        write(tree / "shared.toml", '[conventions]\nfail_on = "error"\nrepository = "shared"\nselect = ["base"]\n')
        write(tree / "optimizer.toml", 'extends = "shared.toml"\n[conventions]\nrepository = "file"\nselect = ["order"]\n')
        assert Conventions(today=TODAY).fail_on is Severity.WARNING
        file = of("Dockerfile")
        assert (file.fail_on, file.repository, file.select) == (Severity.ERROR, "file", ("order",))
        line = of("Dockerfile", overrides={"fail_on": Severity.INFO, "select": ("lambda",)})
        assert (line.fail_on, line.repository, line.select) == (Severity.INFO, "file", ("lambda",))

    def test_tables_are_merged_and_what_is_set_aside_adds_up(self, tree: Path) -> None:
        write(tree / "top.toml", '[conventions]\nignore = ["LIO101"]\n[conventions.severities]\nLIO102 = "off"\nLIO602 = "info"\n')
        suppression = '[[conventions.suppressions]]\nrules = ["LIO601"]\nreason = "{}"\n'
        write(tree / "shared.toml", 'extends = "top.toml"\n[conventions]\nignore = ["LIO502"]\n' + suppression.format("shared"))
        write(
            tree / "optimizer.toml",
            'extends = "shared.toml"\n[conventions.severities]\nbase-unpinned = "error"\n' + suppression.format("file"),
        )
        found = of("Dockerfile", overrides={"ignore": ("LIO603", "LIO502")})
        assert found.ignore == ("LIO101", "LIO502", "LIO603")
        assert found.severities == {"LIO102": Severity.ERROR, "LIO602": Severity.INFO}
        assert [(item.reason, str(item.location)) for item in found.suppressions] == [
            ("shared", "shared.toml:4:1"),
            ("file", "optimizer.toml:4:1"),
        ]

    def test_zero_is_no_limit(self, tree: Path) -> None:
        assert Conventions(today=TODAY).oldest_pin_days == 90
        write(tree / "optimizer.toml", "[conventions]\noldest_pin_days = 0\nmax_image_bytes = 0\n")
        assert (of("Dockerfile").oldest_pin_days, of("Dockerfile").max_image_bytes) == (None, None)

    def test_the_nearer_pattern_comes_first(self, tree: Path) -> None:
        write(tree / "shared.toml", '[conventions.stabilities]\n"a*" = "yearly"\n"b" = "daily"\n')
        write(tree / "optimizer.toml", 'extends = "shared.toml"\n[conventions.stabilities]\n"ab" = "weekly"\n"b" = "never"\n')
        assert list(of("Dockerfile").stabilities.items()) == [("ab", Stability.WEEKLY), ("b", Stability.NEVER), ("a*", Stability.YEARLY)]

    def test_no_layer_is_the_defaults(self) -> None:
        assert merge([], today=TODAY) == Conventions(today=TODAY)


class TestExtends:
    def test_a_file_of_an_installed_package_which_is_not_run(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(tree / "site" / "acme_lambda" / "__init__.py", "raise SystemExit('run')")
        write(tree / "site" / "acme_lambda" / "data" / "optimizer.toml", 'extends = "../base.toml"\n')
        write(tree / "site" / "acme_lambda" / "base.toml", '[conventions]\nrepository = "acme"\n')
        monkeypatch.syspath_prepend(str(tree / "site"))
        write(tree / "optimizer.toml", 'extends = "acme_lambda:data/optimizer.toml"\n')
        (tree / "site" / "acme_lambda" / ".git").mkdir()
        assert of("Dockerfile").repository == "acme"

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ('"../outside.toml"', 'optimizer.toml:2: extends: "../outside.toml" is outside "'),
            ('"link.toml"', 'optimizer.toml:2: extends: "link.toml" is outside "'),
            ('"/etc/hosts"', 'optimizer.toml:2: extends: "/etc/hosts" is outside "'),
            ('"missing.toml"', 'optimizer.toml:2: extends: "missing.toml" does not exist'),
            ('"no_such_package:x.toml"', 'optimizer.toml:2: extends: no package "no_such_package" is installed'),
            ('"json:../../x.toml"', 'is outside "'),
            ('"optimizer.toml"', 'optimizer.toml:2: extends: "optimizer.toml" extends itself'),
            ('"loop.toml"', 'loop.toml:1: extends: "optimizer.toml" extends itself'),
            ("3", "optimizer.toml:2: extends: 3 is not a file"),
            ('"pyproject.toml"', 'optimizer.toml:2: extends: "pyproject.toml" holds no [tool.optimizer]'),
            ('"bad.toml"', 'bad.toml:1: unknwon: unknown key "unknwon"'),
        ],
    )
    def test_what_cannot_be_extended(self, tree: Path, value: str, message: str) -> None:
        write(tree.parent / "outside.toml", "")
        (tree / "link.toml").symlink_to(tree.parent / "outside.toml")
        write(tree / "loop.toml", 'extends = "optimizer.toml"\n')
        write(tree / "bad.toml", "unknwon = 1\n")
        write(tree / "pyproject.toml", "[project]\n")
        write(tree / "optimizer.toml", f"# first\nextends = {value}\n")
        (fault,) = faults()
        assert message in fault

    def test_a_chain_has_an_end(self, tree: Path) -> None:
        for number in range(20):
            write(tree / f"{number}.toml", f'extends = "{number + 1}.toml"\n')
        write(tree / "optimizer.toml", 'extends = "0.toml"\n')
        assert "more than 10 files extend one another" in faults()[0]


class TestBudgets:
    def test_those_of_the_nearer_file_come_first(self, tree: Path) -> None:
        write(tree / "shared.toml", "[[conventions.budgets]]\nmax_bytes = 50\nmax_growth_percent = 2.5\n")
        write(tree / "optimizer.toml", "extends = 'shared.toml'\n[[conventions.budgets]]\nconstruct = 'Shop/*'\nmax_bytes = 100\n")
        budgets = of("Dockerfile").budgets
        assert budgets == (Budget(construct="Shop/*", max_bytes=100), Budget(max_bytes=50, max_growth_percent=2.5))
        assert budget_of(budgets, "Shop/Api") == Budget(construct="Shop/Api", max_bytes=100, max_growth_percent=2.5)
        assert budget_of(budgets, "Other/Api").max_bytes == 50

    @pytest.mark.parametrize("nearest", ["[conventions]\nfail_on = 'error'\n", "extends = 'shared.toml'\n"])
    def test_whether_there_are_any_is_told_without_reading_them(self, tree: Path, nearest: str) -> None:
        write(tree / "shared.toml", "[[conventions.budgets]]\nwrong = 1\n")
        write(tree / "a" / "optimizer.toml", nearest.replace("shared", "../shared"))
        assert configured("a/b/cdk.out", "budgets") is ("extends" in nearest)
        assert not configured("cdk.out", "budgets")


class TestFaults:
    def test_all_are_told_each_at_its_line(self, tree: Path) -> None:
        """Requirement: "faults collected, each with file, line, did-you-mean"."""
        write(
            tree / "optimizer.toml",
            '[conventions]\nfail-on = "error"\nselect = ["LIO999", "user-sett"]\nruntimes = ["python313"]\noldest_pin_days = -1\n'
            'registries = ["https://x/"]\nrepository = "a/b"\narchitectures = "arm64"\n\n[conventions.severities]\nLIO602 = "eror"\n'
            'base-unpined = "off"\n\n[[conventions.suppressions]]\nrules = ["LIO602"]\n\n[[conventions.suppressions]]\n'
            'rules = ["LIO102"]\nreason = "r"\nuntil = "soon"\npaths = "x"\n',
        )
        with pytest.raises(ConfigurationError) as caught:
            of("Dockerfile")
        told = [(fault.place, fault.message.split(";")[0], fault.hint) for fault in caught.value.faults]
        assert told == [
            ("optimizer.toml:2: conventions.fail-on", 'unknown key "fail-on"', 'did you mean "fail_on"?'),
            ("optimizer.toml:3: conventions.select[0]", 'no rule is called "LIO999"', told[1][2]),
            ("optimizer.toml:3: conventions.select[1]", 'no rule is called "user-sett"', 'did you mean "user-set"?'),
            ("optimizer.toml:4: conventions.runtimes[0]", 'unknown runtime "python313"', told[3][2]),
            ("optimizer.toml:5: conventions.oldest_pin_days", "-1 is not a number of days", ""),
            ("optimizer.toml:6: conventions.registries[0]", '"https://x/" is not a registry', told[5][2]),
            ("optimizer.toml:7: conventions.repository", '"a/b" is not the name of a repository', ""),
            ("optimizer.toml:8: conventions.architectures", "'arm64' is not a list", "write it in [ ]"),
            ("optimizer.toml:11: conventions.severities.LIO602", '"eror" is not allowed', 'did you mean "error"?'),
            ("optimizer.toml:12: conventions.severities.base-unpined", 'no rule is called "base-unpined"', 'did you mean "base-unpinned"?'),
            ("optimizer.toml:14: conventions.suppressions[0]", "a suppression needs a reason", 'add reason = "..."'),
            ("optimizer.toml:21: conventions.suppressions[1].paths", 'unknown key "paths"', 'did you mean "path"?'),
            ("optimizer.toml:20: conventions.suppressions[1].until", '"soon" is not a day', "for example 2027-01-31, without quotes"),
        ]
        assert 'did you mean "python3.13"?' in told[3][2]

    def test_those_of_budgets_are_told_at_their_tables(self, tree: Path) -> None:
        write(
            tree / "optimizer.toml",
            "[[conventions.budgets]]\nmax_byte = 1\n\n[[conventions.budgets]]\nconstruct = 'Shop/*'\n\n"
            "[[conventions.budgets]]\nmax_bytes = -1\nmax_unpacked_bytes = 1.5\nmax_growth_percent = 'x'\n",
        )
        with pytest.raises(ConfigurationError) as caught:
            of("Dockerfile")
        assert [(fault.place, fault.message.split(";")[0], fault.hint) for fault in caught.value.faults] == [
            ("optimizer.toml:2: conventions.budgets[0].max_byte", 'unknown key "max_byte"', 'did you mean "max_bytes"?'),
            ("optimizer.toml:4: conventions.budgets[1]", "a budget needs a limit", "add max_bytes = 50_000_000"),
            ("optimizer.toml:8: conventions.budgets[2].max_bytes", "-1 is not a number of bytes", ""),
            ("optimizer.toml:9: conventions.budgets[2].max_unpacked_bytes", "1.5 is not a number of bytes", ""),
            ("optimizer.toml:10: conventions.budgets[2].max_growth_percent", "'x' is not a percentage", ""),
        ]

    def test_those_of_every_file_in_the_chain_are_told(self, tree: Path) -> None:
        write(tree / "shared.toml", "[conventions]\nfail_on = 1\n")
        write(tree / "pyproject.toml", '[tool.optimizer]\nextends = "shared.toml"\nconventions = { fail_on = 2 }\n')
        assert [fault.split(": 1 is")[0].split(": 2 is")[0] for fault in faults()] == [
            "shared.toml:2: conventions.fail_on",
            "pyproject.toml:3: conventions.fail_on",
        ]

    @pytest.mark.parametrize(
        "text", ["[conventions", "conventions = 3", "a = 1", "= 1", "[conventions]\nselect = 1", "x = " + "[" * 5000, "[[conventions]]"]
    )
    def test_no_text_ends_in_a_traceback(self, tree: Path, text: str) -> None:
        write(tree / "optimizer.toml", text)
        assert faults()[0].startswith("optimizer.toml")

    @given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(EVERY_KEY.splitlines(keepends=True)), max_size=30).map("".join)))
    @settings(max_examples=150)
    def test_any_text_is_read_or_refused(self, tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
        """Requirement: "no traceback on any input: hostile TOML"."""
        home = tmp_path_factory.mktemp("toml")
        (home / "optimizer.toml").write_bytes(text.encode("utf-8", "replace"))
        try:
            file = read_directory(home)
            assert file is not None
            read_layer(file.values.get("conventions", {}), file.place, file.name, file.line, RULES)
        except ConfigurationError as error:
            assert all(fault.message for fault in error.faults)

    def test_large_and_unreadable_files_are_refused(self, tree: Path) -> None:
        (tree / "optimizer.toml").write_bytes(b"#" * (1024 * 1024 + 1))
        assert "larger than" in faults()[0]
        (tree / "optimizer.toml").write_bytes(b"\xff")
        assert "cannot be read" in faults()[0]


class TestSchema:
    def example(self) -> dict[str, object]:
        # In TOML a date is a value of its own, which JSON writes as a text.
        return json.loads(json.dumps(tomlkit.parse(EVERY_KEY).unwrap(), default=lambda day: day.isoformat()))

    def test_every_key_is_read_and_allowed_by_the_schema(self, tree: Path) -> None:
        write(tree / "optimizer.toml", EVERY_KEY)
        write(tree / "shared.toml", "")
        data = self.example()
        assert set(data["conventions"]) == {key.name for key in keys_of(RULES)}  # type: ignore[call-overload]
        found = of("Dockerfile")
        assert (found.fail_on, found.max_image_bytes, found.severities) == (
            Severity.ERROR,
            10**9,
            {"LIO102": Severity.ERROR, "LIO602": None},
        )
        (suppression,) = found.suppressions
        assert (suppression.rules, suppression.until) == (frozenset(["LIO102", "LIO602"]), datetime.date(2027, 3, 31))

    def test_accepts_what_is_read(self) -> None:
        data = json.loads(json.dumps(self.example()))
        jsonschema.Draft202012Validator(configuration_schema(RULES)).validate(data)

    @pytest.mark.parametrize(
        "data",
        [
            {"convention": {}},
            {"conventions": {"fail-on": "error"}},
            {"conventions": {"fail_on": "off"}},
            {"conventions": {"runtimes": ["python2.7x"]}},
            {"conventions": {"severities": {"LIO999": "off"}}},
            {"conventions": {"suppressions": [{"rules": ["LIO102"]}]}},
            {"conventions": {"suppressions": [{"rules": [], "reason": "r"}]}},
            {"conventions": {"oldest_pin_days": -1}},
        ],
    )
    def test_refuses_what_is_refused(self, data: dict[str, object], tree: Path) -> None:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(configuration_schema(RULES)).validate(data)
        write(tree / "optimizer.toml", tomlkit.dumps(data))
        assert faults()

    def test_the_page_is_that_of_the_code(self) -> None:
        page = ROOT / "docs" / "configuration.md"
        assert page.read_text(encoding="utf-8") == configuration_page(RULES), "write it again: python -m tests.write_pages"
        assert all(f"`{key}`" in page.read_text(encoding="utf-8") for key in (*SUPPRESSION_KEYS, *(key.name for key in keys_of(RULES))))


class TestSuppressionsOfTheFile:
    def report(self, conventions: Conventions, *paths: str) -> LintReport:
        subjects = [DockerfileSubject.of(f"FROM {PYTHON}\nUSER 1\n", path) for path in paths]
        return set_aside(lint(subjects, conventions), conventions, looked_at=[subject.location for subject in subjects])

    def conventions(self, tree: Path, more: str) -> Conventions:
        write(tree / "optimizer.toml", f'[[conventions.suppressions]]\nrules = ["LIO602"]\nreason = "why"\n{more}\n')
        return of("Dockerfile")

    def test_set_findings_aside_by_path(self, tree: Path) -> None:
        report = self.report(self.conventions(tree, 'path = "legacy"'), "legacy/a/Dockerfile", "new/Dockerfile")
        assert [finding.location.path for finding in report.findings] == ["new/Dockerfile"]
        assert [item.reason for _, item in report.suppressed] == ["why"]

    def test_of_the_past_are_findings_and_hide_nothing(self, tree: Path) -> None:
        report = self.report(self.conventions(tree, "until = 2026-11-23"), "Dockerfile")
        assert [(finding.rule, str(finding.location)) for finding in report.findings] == [
            ("LIO602", "Dockerfile:2:1"),
            ("LIO004", "optimizer.toml:1:1"),
        ]

    def test_unused_ones_are_findings_where_their_files_were_checked(self, tree: Path) -> None:
        conventions = self.conventions(tree, 'path = "clean/*"')
        clean = DockerfileSubject.of(f"FROM {PYTHON}\n", "clean/Dockerfile")
        for looked_at, expected in ((clean.location, ["LIO003"]), (Location(path="other/Dockerfile"), [])):
            report = set_aside(lint([clean], conventions), conventions, looked_at=[looked_at])
            assert [finding.rule for finding in report.findings] == expected


class TestSettings:
    def test_the_mirror_of_an_extended_file_is_used_and_its_paths_are_not(self, tree: Path) -> None:
        write(tree / "shared.toml", 'mirror = "shared.example.com"\nroot = "shared"\nlock = "shared.lock"\n')
        write(tree / "pyproject.toml", '[tool.optimizer]\nextends = "shared.toml"\n')
        settings = load_settings(".")
        assert settings.mirror.prefixes == (("", "shared.example.com"),)
        assert (os.fspath(settings.root), os.fspath(settings.lock)) == (".", "optimizer.lock")

    def test_cdk_wins_over_the_file_and_the_file_over_an_extended_one(self, tree: Path) -> None:
        write(tree / "shared.toml", 'mirror = "shared.example.com"\n')
        write(tree / "optimizer.toml", 'extends = "shared.toml"\nmirror = "file.example.com"\n')
        assert load_settings(".").mirror.prefixes == (("", "file.example.com"),)
        write(tree / "cdk.json", '{"context": {"optimizer:mirror": "cdk.example.com"}}')
        assert load_settings(".").mirror.prefixes == (("", "cdk.example.com"),)

    def test_the_lock_is_looked_for_at_the_root_too(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Issue 14: "with a root above, the lock is still sought in the working directory"."""
        write(tree / "app" / "cdk.json", '{"context": {"optimizer:root": ".."}}')
        write(tree / "optimizer.lock", LOCK)
        monkeypatch.chdir(tree / "app")
        settings = load_settings(".")
        assert os.fspath(settings.lock) == os.path.join("..", "optimizer.lock")
        assert [str(image.reference) for image in settings.load_lock().images] == ["public.ecr.aws/lambda/python:3.13"]
        write(tree / "app" / "optimizer.lock", "version = 1\n")
        assert os.fspath(load_settings(".").lock) == "optimizer.lock", "that of the app wins"
        assert load_settings(".", lock="../optimizer.lock").load_lock().images, "and what the command line names over both"

    @pytest.mark.parametrize(
        ("context", "where"),
        [
            ("{}", "in optimizer.lock; it does not exist"),
            ('{"optimizer:root": ".."}', f"in optimizer.lock or {os.path.join('..', 'optimizer.lock')}; neither exists"),
            ('{"optimizer:root": "..", "optimizer:lock": "pins.lock"}', "in pins.lock; it does not exist"),
            ('{"optimizer:root": "..", "optimizer:lock": "../there.lock"}', f"in {os.path.join('..', 'there.lock')}"),
        ],
    )
    def test_a_missing_pin_says_where_it_was_looked_for(
        self, context: str, where: str, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Issue 14: "the message does not say where it looked"."""
        write(tree / "app" / "cdk.json", f'{{"context": {context}}}')
        write(tree / "there.lock", "version = 1\n")
        monkeypatch.chdir(tree / "app")
        with pytest.raises(UnpinnedError) as caught:
            plan(ImageSpec(runtime="python3.13"), load_settings(".").load_lock())
        assert [fault.message for fault in caught.value.faults] == [f'"public.ecr.aws/lambda/python:3.13" is not pinned {where}']

    def test_a_fault_is_told_at_its_line(self, tree: Path) -> None:
        write(tree / "optimizer.toml", '\nroot = 3\nmirror = "https://x"\n')
        with pytest.raises(ConfigurationError) as caught:
            load_settings(".")
        assert [fault.place for fault in caught.value.faults] == ["optimizer.toml:2: root", "optimizer.toml:3: mirror"]


def test_a_chain_is_read_from_the_farthest(tree: Path) -> None:
    write(tree / "a.toml", "")
    write(tree / "b.toml", 'extends = "a.toml"\n')
    write(tree / "optimizer.toml", 'extends = "b.toml"\n')
    file = read_directory(tree)
    assert file is not None
    assert [item.name for item in chain_of(file)] == ["a.toml", "b.toml", "optimizer.toml"]
