"""What a function says beside its Dockerfile, and single instructions that decide what is proposed."""

from __future__ import annotations

import posixpath
from pathlib import Path
from typing import Any

import pytest

from optimizer import BuildSecret, ImageSpec
from optimizer.adoption.proposal import Outcome, Proposal
from optimizer.adoption.propose import propose
from optimizer.errors import SpecError
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile
from optimizer.model.function import DeclaredFunction
from tests.linting.cases import PYTHON, Files


class Tree:
    """A project of the given files."""

    root = Path("/project")

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def kind(self, path: str) -> str | None:
        path = posixpath.normpath(path)
        if path == "." or any(name.startswith(f"{path}/") for name in self._texts):
            return "directory"
        return "file" if path in self._texts else None

    def read_text(self, path: str) -> str:
        return self._texts[posixpath.normpath(path)]


FILES = {"app.py": "", "requirements.txt": "idna==3.10\n"}


def of(body: str, files: dict[str, str] = FILES, ignore: str = "", **options: Any) -> Proposal:
    text = body if body.startswith(("FROM", "ARG")) else f"FROM {PYTHON}\n{body}"
    lines = IgnoreFile(path=".dockerignore", lines=tuple(ignore.split()))
    subject = DockerfileSubject.of(text, context=Files(files), ignore=lines)
    sets = {name: options.pop(name) for name in ("command", "entrypoint", "workdir") if name in options}
    function = DeclaredFunction(architecture=None, **sets) if sets else None
    return propose(subject, directory=".", project=Tree(files), function=function, **options)


def outcome(proposal: Proposal, line: int) -> tuple[Outcome, str]:
    (account,) = [account for account in proposal.accounts if account.line == line]
    return account.outcome, "; ".join([*account.remarks, *(loss.message for loss in account.not_carried)])


class TestSnapStart:
    def test_the_label_becomes_the_promise(self) -> None:
        proposal = of('LABEL com.amazonaws.lambda.feature.snapstart="Allow" team=shop\nCOPY app.py .\nCMD ["app.handler"]')
        assert (proposal.spec.snapstart, proposal.spec.labels) == ("no-hooks", (("team", "shop"),))
        assert outcome(proposal, 2) == (Outcome.CARRIED, "")

    def test_a_value_that_means_nothing_is_not_carried(self) -> None:
        proposal = of('LABEL com.amazonaws.lambda.feature.snapstart=yes\nCOPY app.py .\nCMD ["app.handler"]')
        assert proposal.spec.snapstart is None
        assert outcome(proposal, 2)[0] is Outcome.NOT_CARRIED


class TestHandler:
    def test_that_of_the_function_wins(self) -> None:
        proposal = of('COPY app.py .\nCMD ["app.image"]', command=("app.function",))
        assert proposal.handler == "app.function"
        assert outcome(proposal, 3) == (Outcome.NOT_NEEDED, "the function gives a handler of its own")

    def test_a_hidden_one_is_not_carried(self) -> None:
        proposal = of("COPY app.py .", command=None)
        assert (proposal.handler, [loss.message for loss in proposal.not_carried]) == (
            "",
            ["the handler is hidden by a function of the template"],
        )

    def test_without_any_it_is_not_carried(self) -> None:
        assert [loss.message for loss in of("COPY app.py .").not_carried] == ["no handler is set: there is no CMD"]

    def test_of_the_wrong_form(self) -> None:
        proposal = of('COPY app.py .\nCMD ["handler"]')
        assert proposal.handler == ""
        assert 'handler "handler" has the wrong form' in outcome(proposal, 3)[1]
        assert [loss.message[:30] for loss in of("COPY app.py .", command=("x",)).not_carried] == ['handler "x" has the wrong form']

    @pytest.mark.parametrize("entrypoint", [None, ("/wrapper.sh",)])
    def test_an_entrypoint_of_the_function_is_not_carried(self, entrypoint: tuple[str, ...] | None) -> None:
        proposal = of('CMD ["app.handler"]', entrypoint=entrypoint)
        assert [loss.message for loss in proposal.not_carried] == ["the function gives an entrypoint of its own"]
        assert of('CMD ["app.handler"]', entrypoint=("/lambda-entrypoint.sh",)).complete

    @pytest.mark.parametrize("workdir", [None, "/srv"])
    def test_a_working_directory_of_the_function_is_not_carried(self, workdir: str | None) -> None:
        proposal = of('CMD ["app.handler"]', workdir=workdir)
        assert [loss.message for loss in proposal.not_carried] == ["the function gives a working directory of its own"]
        assert of('CMD ["app.handler"]', workdir="/var/task").complete


class TestBase:
    @pytest.mark.parametrize(
        ("image", "runtime", "architecture"),
        [
            ("public.ecr.aws/lambda/python:3.12-arm64", "python3.12", "arm64"),
            ("amazon/aws-lambda-nodejs:22", "nodejs22.x", "x86_64"),
            ("--platform=linux/arm64 public.ecr.aws/lambda/java:21", "java21", "arm64"),
            ("node:22-slim", "nodejs22.x", "x86_64"),
            ("amazoncorretto:21", "java21", "x86_64"),
            ("ruby:3.4.1", "ruby3.4", "x86_64"),
        ],
    )
    def test_the_runtime_and_the_architecture_that_an_image_is_for(self, image: str, runtime: str, architecture: str) -> None:
        spec = of(f"FROM {image}").spec
        assert (spec.runtime, spec.architecture, spec.base) == (runtime, architecture, None)

    def test_a_preview_must_be_allowed(self) -> None:
        assert of("FROM public.ecr.aws/lambda/python:3.15-preview").spec.allow == ("python3.15",)

    @pytest.mark.parametrize("image", ["scratch", "debian:12", "$IMAGE", "public.ecr.aws/lambda/python"])
    def test_fails_where_nothing_tells_a_runtime(self, image: str) -> None:
        with pytest.raises(SpecError, match="the runtime cannot be seen from the base image"):
            of(f"ARG IMAGE\nFROM {image}")
        assert of(f"ARG IMAGE\nFROM {image}", runtime="python3.13").spec.runtime == "python3.13"


class TestRetired:
    @pytest.mark.parametrize(
        ("image", "runtime", "newer"),
        [
            ("public.ecr.aws/lambda/python:3.7", "python3.7", "python3.14"),
            ("amazon/aws-lambda-nodejs:16", "nodejs16.x", "nodejs24.x"),
            ("public.ecr.aws/lambda/ruby:2.7-arm64", "ruby2.7", "ruby4.0"),
            ("public.ecr.aws/lambda/dotnet:core3.1", "dotnetcore3.1", "dotnet10"),
            ("public.ecr.aws/lambda/provided:alami", "provided", "provided.al2023"),
        ],
    )
    def test_a_retired_runtime_is_called_so(self, image: str, runtime: str, newer: str) -> None:
        """Issue 14: init said that no runtime can be told."""
        with pytest.raises(SpecError) as error:
            of(f"FROM {image}")
        (fault,) = error.value.faults
        assert fault.message.startswith(f'"{image}" is the base image of {runtime}, which is retired since 20')
        assert fault.hint.startswith(f"name the runtime, for example {newer},")

    def test_the_move_to_another_is_told(self) -> None:
        proposal = of("FROM public.ecr.aws/lambda/python:3.7\nCOPY app.py .", runtime="python3.14")
        assert proposal.spec.runtime == "python3.14"
        assert outcome(proposal, 1)[0] is Outcome.NOT_CARRIED
        assert "python3.7 is retired since 2023-12-04: the proposal is for python3.14" in outcome(proposal, 1)[1]


class TestSecrets:
    RUN = "COPY requirements.txt .\nRUN --mount=type=secret,id=pip{} pip install -r requirements.txt"

    def test_their_sources_are_those_that_the_app_says(self) -> None:
        (step,) = of(self.RUN.format(",env=PIP_CERT"), secrets={"pip": "type=env,env=HOUSE_CERT"}).spec.steps
        assert step.secrets == (BuildSecret("pip", from_env="HOUSE_CERT", to_env="SSL_CERT_FILE"),)  # type: ignore[attr-defined]

    def test_they_have_the_variable_of_the_installer_of_the_step(self) -> None:
        """uv does not read the variable of pip, and would ask the public index."""
        proposal = of(self.RUN.format(",env=PIP_INDEX_URL"))
        assert proposal.spec.steps[0].secrets == (BuildSecret("pip", from_env="PIP_INDEX_URL", to_env="UV_DEFAULT_INDEX"),)  # type: ignore[attr-defined]
        assert "uv, which installs in the step, has UV_DEFAULT_INDEX in place of PIP_INDEX_URL" in outcome(proposal, 3)[1]

    def test_a_configuration_of_pip_asks_for_pip(self) -> None:
        (step,) = of(self.RUN.format(",target=/etc/pip.conf")).spec.steps
        assert step.installer == "pip"  # type: ignore[attr-defined]

    def test_one_that_no_installer_reads_is_told(self) -> None:
        proposal = of(self.RUN.format(",env=TOKEN"))
        assert proposal.spec.steps[0].secrets == ()  # type: ignore[attr-defined]
        assert outcome(proposal, 3)[0] is Outcome.NOT_CARRIED

    def test_else_they_are_a_guess_that_is_told(self) -> None:
        proposal = of(self.RUN.format(",target=/etc/pip.conf"))
        assert proposal.spec.steps[0].secrets == (BuildSecret("pip", from_file="pip.conf", to_file="/etc/pip.conf"),)  # type: ignore[attr-defined]
        assert outcome(proposal, 3) == (
            Outcome.CARRIED,
            'the Dockerfile does not say where the build gets the secret "pip": from_file = pip.conf is a guess; '
            "pip reads its build secrets, and uv would not",
        )


class TestContext:
    def test_patterns_of_the_ignore_file_are_carried(self) -> None:
        files = {"src/app.py": "", "src/tests/a.py": "", "docs/x.md": ""}
        (step,) = of("COPY src/ ./", files, ignore="docs src/tests **/*.tmp").spec.steps
        assert step.exclude == ("tests", "**/*.tmp")  # type: ignore[attr-defined]

    def test_an_ignored_file_cannot_be_copied(self) -> None:
        proposal = of("COPY app.py .", ignore="*.py")
        assert outcome(proposal, 2) == (Outcome.NOT_CARRIED, '"app.py" is not in the build context')

    def test_packages_of_the_machine_that_builds_are_no_packages(self) -> None:
        files = {"index.mjs": "", "node_modules/x/index.js": ""}
        proposal = of('FROM public.ecr.aws/lambda/nodejs:22\nCOPY . .\nCMD ["index.handler"]', files)
        assert outcome(proposal, 2) == (Outcome.NOT_CARRIED, '"node_modules" is copied from the machine that builds')

    def test_what_lies_outside_of_a_built_directory_is_not_carried(self) -> None:
        files = {"go/go.mod": "module a\n", "go/main.go": "", "shared/x.go": ""}
        text = "FROM golang:1.25 AS b\nCOPY shared /shared\nCOPY go /src\nWORKDIR /src\nRUN go build -o /main\n"
        proposal = of(f'{text}FROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=b /main /main\nENTRYPOINT ["/main"]', files)
        assert outcome(proposal, 2) == (Outcome.NOT_CARRIED, '"shared" is outside of "go", which the step builds')
        assert outcome(proposal, 8)[0] is Outcome.CARRIED


class TestManifests:
    def test_files_that_a_requirements_file_includes_are_read_with_it(self) -> None:
        files = {"requirements.txt": "-r common/base.txt\n", "common/base.txt": "idna==3.10\n", "common/requirements.txt": "x==1\n"}
        text = (
            f"FROM {PYTHON} AS b\nWORKDIR /x\nCOPY requirements.txt .\nCOPY common/base.txt common/\nCOPY common/requirements.txt other/\n"
        )
        proposal = of(f"{text}RUN pip install -r requirements.txt -t /y\nFROM {PYTHON}\nCOPY --from=b /y /var/task", files)
        assert outcome(proposal, 6)[0] is Outcome.CARRIED
        assert outcome(proposal, 5)[1].startswith('"common/requirements.txt" is a manifest too')

    @pytest.mark.parametrize(
        ("command", "lost"),
        [
            ("mvn package -Pprod -DskipTests", ["-Pprod"]),
            ("mvn package -Drevision=1 -Dmaven.test.skip=true", ["-Drevision=1"]),
            ("mvn package", []),
        ],
    )
    def test_options_of_a_build_that_the_step_does_not_pass_on(self, command: str, lost: list[str]) -> None:
        text = f"FROM maven:3 AS b\nWORKDIR /x\nCOPY . .\nRUN {command}\nFROM public.ecr.aws/lambda/java:21\n"
        proposal = of(f"{text}COPY --from=b /x/target/classes /var/task", {"pom.xml": "<project/>\n"})
        assert outcome(proposal, 4)[1] == "; ".join(f"{word} is not passed on" for word in lost)
        assert [step.kind for step in proposal.spec.steps] == ["java-build"]


class TestCommandStep:
    def test_a_variable_counts_from_where_it_stands(self) -> None:
        """An argument after an installation must not change what that installs."""
        text = "FROM node:22 AS b\nENV A=1\nCOPY app.py /a\nRUN make x\nARG NODE_ENV=production\nENV B='x y' PATH=/b:$PATH\nRUN make\n"
        (step,) = of(f"{text}FROM {PYTHON}\nCOPY --from=b /out/ ./").spec.steps
        assert step.environment == (("A", "1"),)  # type: ignore[attr-defined]
        assert [command[2] for command in step.run] == [  # type: ignore[attr-defined]
            "cp -R app.py /a",
            "cd / && make x",
            "export B='x y' && export NODE_ENV=production && export PATH=\"/b:$PATH\" && cd / && make",
            "mkdir -p /layer/tree/var/task && cp -R /out/. /layer/tree/var/task/",
        ]

    def test_an_argument_that_only_the_build_knows_is_not_carried(self) -> None:
        text = "FROM node:22 AS b\nARG COMMIT\nRUN make\n"
        proposal = of(f"{text}FROM {PYTHON}\nCOPY --from=b /out/ ./")
        assert outcome(proposal, 2) == (Outcome.NOT_CARRIED, "the commands see no COMMIT, of which only the build knows the value")
        assert outcome(proposal, 3)[0] is Outcome.CARRIED

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ("RUN --mount=type=ssh make", "line 2 needs keys of ssh"),
            ("RUN make <<EOF\nx\nEOF", "line 2 holds a here-document"),
            ("COPY missing .\nRUN make", "they read files that the proposal lacks"),
            ("ENV A=$B`x`\nRUN make", "the value of A depends on the base image"),
        ],
    )
    def test_what_no_command_step_can_do(self, body: str, reason: str) -> None:
        proposal = of(f"FROM node:22 AS b\n{body}\nFROM {PYTHON}\nCOPY --from=b /out/ ./")
        last = proposal.accounts[-1]
        assert [loss.message for loss in last.not_carried] == [f'"/out/" is made by commands that no step can take over: {reason}']
        assert proposal.spec.steps == ()


def test_a_working_directory_that_only_the_build_knows() -> None:
    proposal = of("USER x\nARG HOME\nWORKDIR $HOME\nCOPY app.py .")
    assert outcome(proposal, 4) == (Outcome.NOT_CARRIED, "the working directory depends on what only the build knows")


def test_a_requirement_that_names_a_path_is_told_in_the_words_of_the_step() -> None:
    proposal = of("COPY requirements.txt .\nRUN pip install -r requirements.txt", {"requirements.txt": "-e .\n"})
    assert proposal.spec == ImageSpec(runtime="python3.13")
    result, message = outcome(proposal, 3)
    assert result is Outcome.NOT_CARRIED
    assert message.startswith('the package at ".", which requirements.txt:1 names, has no name in its manifest')


class TestRun:
    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("pip freeze > /opt/versions", "it writes a file by redirection"),
            (": > /opt/marker", "it writes a file by redirection"),
            ("go build -o /opt/x .", "no go.mod of the project is known in /var/task"),
            ("dnf update -y", '"dnf update -y" brings packages that are newer than the base\'s'),
            ("rm /var/runtime/bootstrap.py", '"/var/runtime/bootstrap.py" is taken out again'),
            ("PIP_INDEX_URL=https://x.example.com pip install -r requirements.txt", "PIP_INDEX_URL says where packages come from"),
        ],
    )
    def test_what_is_not_carried(self, line: str, said: str) -> None:
        assert outcome(of(f"COPY requirements.txt .\nRUN {line}"), 3) == (Outcome.NOT_CARRIED, said)

    @pytest.mark.parametrize(
        "line",
        [
            "echo 'a > b' && true 2>/dev/null",
            "touch app.py",
            "touch -d @0 /opt/x",
            "mkdir -p /opt/x && cd /opt/x",
            "pip install -U 'pip>=25'",
        ],
    )
    def test_what_is_not_needed(self, line: str) -> None:
        assert outcome(of(f"COPY app.py .\nRUN {line}"), 3)[0] is Outcome.NOT_NEEDED

    def test_a_file_that_is_made(self) -> None:
        (step,) = of("RUN touch /var/task/__init__.py").spec.steps
        assert step.run == (("mkdir", "-p", "/layer/tree/var/task"), ("touch", "/layer/tree/var/task/__init__.py"))  # type: ignore[attr-defined]

    def test_an_image_holds_one_program(self) -> None:
        files = {"go.mod": "module a\n", "a/main.go": "", "b/main.go": ""}
        text = "FROM golang:1.25 AS b\nWORKDIR /src\nCOPY . .\nRUN go build -o /a ./a\nRUN go build -o /b ./b\n"
        proposal = of(
            f"{text}FROM public.ecr.aws/lambda/provided:al2023\nCOPY --from=b /a /var/runtime/bootstrap\nCOPY --from=b /b /opt/b", files
        )
        assert [step.package for step in proposal.spec.steps] == ["a"]  # type: ignore[attr-defined]
        assert outcome(proposal, 8)[1].startswith("an image holds one program")
        assert outcome(proposal, 7)[0] is Outcome.CARRIED

    def test_the_program_is_the_one_that_the_image_takes(self) -> None:
        files = {"Cargo.toml": '[package]\nname = "tools"\n', "Cargo.lock": "", "src/bin/api.rs": ""}
        text = "FROM rust:1 AS b\nWORKDIR /s\nCOPY . .\nRUN cargo build --release\nFROM public.ecr.aws/lambda/provided:al2023\n"
        (step,) = of(f"{text}COPY --from=b /s/target/release/api /var/runtime/bootstrap", files).spec.steps
        assert step.binary == "api"  # type: ignore[attr-defined]
