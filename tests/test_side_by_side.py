"""docs/hadolint.md: each line of its tables, and each command, with the hadolint of this project's requirements."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject
from tests.linting.cases import PYTHON, TODAY, Files
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "hadolint.md").read_text(encoding="utf-8")
HADOLINT = Path(sys.executable).parent / "hadolint"
FROM = f"FROM {PYTHON}\n"
OLD = "FROM public.ecr.aws/lambda/python:3.11\n"
BUILD = "FROM debian:13 AS build\n{}\n" + FROM + "COPY --from=build /x /opt/\n"

BOTH = {
    "DL3006": "FROM public.ecr.aws/lambda/python\n",
    "DL3007": "FROM public.ecr.aws/lambda/python:latest\n",
    "DL3008": BUILD.format("RUN apt-get update && apt-get install -y zip"),
    "DL3009": "FROM debian:13\nRUN apt-get update && apt-get install -y zip\n",
    "DL3011": FROM + "EXPOSE 80000\n",
    "DL3012": FROM + "HEALTHCHECK CMD x\nHEALTHCHECK CMD y\n",
    "DL3013": FROM + "RUN pip install flask\n",
    "DL3016": BUILD.format("RUN npm install -g typescript"),
    "DL3018": BUILD.format("RUN apk add zip"),
    "DL3019": "FROM alpine:3\nRUN apk add zip=3\n",
    "DL3022": FROM + "COPY --from=nginx /a /opt/\n",
    "DL3023": "FROM debian:13 AS build\nCOPY --from=build /a /b\n" + FROM + "COPY --from=build /x /opt/\n",
    "DL3028": BUILD.format("RUN gem install rake"),
    "DL3026": FROM,
    "DL3032": OLD + "RUN yum install -y zip-3.0\n",
    "DL3033": OLD + "RUN yum install -y zip && yum clean all\n",
    "DL3040": FROM + "RUN dnf install -y zip-3.0\n",
    "DL3042": FROM + "RUN pip install flask==3\n",
    "DL3043": FROM + "ONBUILD FROM debian\n",
    "DL3060": "FROM node:24\nRUN yarn install --frozen-lockfile\n",
    "DL3061": "RUN x\n" + FROM,
    "DL3062": BUILD.format("RUN go install example.com/tool@latest"),
    "DL3064": FROM + "ENV API_TOKEN=abcdef\n",
    "DL4003": FROM + 'CMD ["a.handler"]\nCMD ["b.handler"]\n',
    "DL4004": FROM + 'ENTRYPOINT ["a"]\nENTRYPOINT ["b"]\n',
}
"""A file for each rule of hadolint that a rule of ours answers too."""

RIGHT_ON_LAMBDA = {
    "DL3002": FROM + "USER root\n",
    "DL3029": f"FROM --platform=linux/arm64 {PYTHON}\n",
    "DL3041": FROM + "RUN dnf install -y zip && dnf clean all\n",
    "DL3045": FROM + "COPY --from=public.ecr.aws/x/y@sha256:" + "0" * 64 + " /a a\n",
    "DL3057": FROM,
    "DL3059": FROM + "RUN true\nRUN true\n",
    "DL3066": FROM + "USER root\n",
}
"""A file for each rule of hadolint that finds what is right on Lambda."""

ALLOWED = ("example.com",)
"""Registries, for the rules on them."""


def rows(title: str) -> dict[str, str]:
    """The rules of hadolint in a table of the page, each with the rest of its row."""
    section = PAGE.split(f"## {title}")[1].split("\n## ")[0]
    found = re.findall(r"^\| ((?:DL\d{4}(?:, )?)+) \| (.*) \|$", section, re.MULTILINE)
    return {rule: rest for names, rest in found for rule in names.split(", ")}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def hadolint(text: str) -> set[str]:
    options = ["--no-fail", "--format", "json", "--warning", "DL3057", "--trusted-registry", ALLOWED[0]]
    result = subprocess.run([str(HADOLINT), *options, "-"], input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    return {item["code"] for item in json.loads(result.stdout)}


def ours(text: str) -> set[str]:
    subject = DockerfileSubject.of(text, context=Files({}), for_lambda=True)
    return {finding.rule for finding in lint([subject], Conventions(today=TODAY, registries=ALLOWED)).findings}


def test_each_rule_of_hadolint_is_in_one_table() -> None:
    known = {code.decode() for code in re.findall(rb"DL\d{4}", HADOLINT.read_bytes())} - {"DL1000"}
    tables = [rows("Switch off: both"), rows("Switch off: right"), rows("Keep")]
    assert sorted(rule for table in tables for rule in table) == sorted(known)


def test_the_configuration_is_what_the_tables_switch_off() -> None:
    (text,) = blocks("yaml")
    assert yaml.safe_load(text)["ignored"] == sorted({*rows("Switch off: both"), *rows("Switch off: right")})


@pytest.mark.parametrize("rule", BOTH)
def test_what_is_switched_off_for_being_found_twice_is_found_here(rule: str) -> None:
    named = set(re.findall(r"LIO\d{3}", rows("Switch off: both")[rule].partition("|")[0]))
    assert rule in hadolint(BOTH[rule])
    assert named & ours(BOTH[rule])


def test_there_is_a_file_for_each() -> None:
    assert set(BOTH) == set(rows("Switch off: both"))
    assert set(RIGHT_ON_LAMBDA) == set(rows("Switch off: right"))


@pytest.mark.parametrize("rule", RIGHT_ON_LAMBDA)
def test_what_is_switched_off_for_being_right_is_no_finding_here(rule: str) -> None:
    assert rule in hadolint(RIGHT_ON_LAMBDA[rule])
    # The registry is none of those that are allowed here, and a RUN and its files have times.
    assert ours(RIGHT_ON_LAMBDA[rule]) <= {"LIO151", "LIO406"}


def test_its_commands_print_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (dockerfile,), (configuration,) = blocks("dockerfile"), blocks("yaml")
    (tmp_path / "services" / "api").mkdir(parents=True)
    (tmp_path / "services" / "api" / "Dockerfile").write_text(dockerfile, encoding="utf-8")
    (tmp_path / ".hadolint.yaml").write_text(configuration, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    shown = [block.partition("\n") for block in blocks("console")]
    assert [command.split()[1] for command, _, _ in shown] == ["hadolint", "optimizer"]
    for command, _, output in shown:
        program, *words = command.removeprefix("$ ").split()
        if program == "hadolint":
            result = subprocess.run([str(HADOLINT), *words], capture_output=True, text=True, check=False, timeout=PATIENCE_S)
            assert (result.returncode, result.stdout) == (1, output)
        else:
            made = CliRunner().invoke(optimizer, words)
            assert (made.exit_code, made.stdout) == (1, output)


def test_rules_that_it_names_exist() -> None:
    assert set(re.findall(r"LIO\d{3}", PAGE)) <= {rule.id for rule in RULES}
