"""What no builder accepts is a problem, with its place and what to do; what one accepts is none."""

from __future__ import annotations

import pytest

from optimizer.dockerfile.instruction import Problem
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.subjects import DockerfileSubject
from tests.dockerfile.builder_cases import ACCEPTED, ACCEPTED_ELSEWHERE, REFUSED, whole
from tests.linting.cases import PYTHON, TODAY


def problems(text: str) -> tuple[Problem, ...]:
    return DockerfileSubject.of(whole(text)).problems


@pytest.mark.parametrize("text", REFUSED)
def test_what_builders_refuse_is_a_problem(text: str) -> None:
    (found,) = problems(text)
    assert REFUSED[text] in found.message
    assert found.hint
    line = whole(text).splitlines()[found.span.start.line - 1]
    assert line[found.span.start.column - 1 :].strip()


@pytest.mark.parametrize("text", [*ACCEPTED, *ACCEPTED_ELSEWHERE])
def test_what_a_builder_accepts_is_none(text: str) -> None:
    assert [problem.message for problem in problems(text)] == []


def test_all_faults_are_reported_at_once() -> None:
    text = 'FROM $A\nCOPY a\nENV PATH\nCOPY --form=x a b\nCOPY --from=7 a b\nLABEL a="b\n'
    assert [problem.span.start.line for problem in problems(text)] == [1, 2, 3, 4, 5, 6]


def test_arguments_of_the_build_decide() -> None:
    text = "ARG BASE\nFROM $BASE"
    assert DockerfileSubject.of(text, arguments={}).problems[0].message == '"$BASE" is empty, so that FROM names no image'
    assert DockerfileSubject.of(text, arguments={"BASE": "scratch"}).problems == ()


README = "# a project\n\nSome words about it.\n\nInstall it as follows, and then\nrun it every day.\n" + "More and more text.\n" * 90
SCRIPT = f"FROM {PYTHON}\nRUN set -e\n" + "if true; then\n  echo a\nfi\n" * 30 + 'CMD ["app.handler"]\n'


class TestManyUnknownInstructions:
    @pytest.mark.parametrize(
        "text",
        [
            README,
            "resources:\n  api:\n    type: x\n" * 30,
            "<html>\n<body>\n</body>\n</html>",
            "import os\nimport sys\nfrom a import b\n\ndef f():\n  pass\n",
        ],
    )
    def test_a_text_that_is_no_dockerfile_has_one_finding(self, text: str) -> None:
        report = lint([DockerfileSubject.of(text)], Conventions(today=TODAY))
        assert [finding.rule for finding in report.findings] == ["LIO001"]
        assert report.findings[0].message.startswith("this text is no Dockerfile")

    def test_so_has_a_file_that_is_no_text(self) -> None:
        found = problems("FROM a\n" + "\x00\x01\x02 x\n" * 90)
        assert [problem.message for problem in found] == ["a NUL character"]

    def test_a_script_whose_backslashes_are_missing_has_one_finding(self) -> None:
        (found,) = problems(SCRIPT)
        assert (found.span.start.line, found.message) == (3, 'unknown instruction "if", and 89 more below it')
        assert "backslash" in found.hint

    def test_typing_mistakes_are_shown_one_by_one(self) -> None:
        found = problems("FROM scratch\nRUNN a\nCOPPY b c\nUSR d")
        assert [problem.hint for problem in found] == ['did you mean "RUN"?', 'did you mean "COPY"?', 'did you mean "USER"?']

    def test_a_missing_from_is_one_finding(self) -> None:
        found = DockerfileSubject.of("RUN a\n" * 40).problems
        assert [problem.message for problem in found] == ["the file has no FROM"]
