"""Commands of real Dockerfiles that say less, or more, than they seem to."""

from __future__ import annotations

import pytest

from optimizer.adoption.proposal import Outcome
from optimizer.model.steps import Command, JavaBuild, NodeDependencies, PythonDependencies, SourceCode
from tests.adoption.test_propose import of, outcome
from tests.linting.cases import PYTHON

NODE = {
    "package.json": '{"name": "x", "dependencies": {"ms": "2.1.3"}}',
    "package-lock.json": '{"name": "x", "lockfileVersion": 3, "packages": {"": {"name": "x"}}}',
    "src/a.ts": "",
}


class TestWheels:
    FINAL = (
        f"FROM {PYTHON} AS b\nCOPY requirements.txt .\nRUN pip wheel {{}} /w -r requirements.txt\nFROM {PYTHON}\nCOPY --from=b /w /wheels\n"
    )

    @pytest.mark.parametrize("option", ["-w", "--wheel-dir"])
    @pytest.mark.parametrize(
        "install",
        [
            "COPY requirements.txt .\nRUN pip install --no-index --find-links=/wheels -r requirements.txt && rm -rf /wheels",
            "RUN pip install /wheels/*.whl && rm -rf /wheels",
        ],
    )
    def test_those_of_the_step_are_its_packages(self, option: str, install: str) -> None:
        proposal = of(self.FINAL.format(option) + install)
        assert proposal.spec.steps == (PythonDependencies("requirements.txt"),)
        assert [account.line for account in proposal.accounts if account.not_carried] == []

    def test_one_of_the_project_is_not(self) -> None:
        """It was said to be of a step that the proposal did not have."""
        proposal = of("COPY dist/a-1-py3-none-any.whl .\nRUN pip install a-1-py3-none-any.whl", {"dist/a-1-py3-none-any.whl": ""})
        assert outcome(proposal, 3) == (Outcome.NOT_CARRIED, 'no lock file names the wheel "dist/a-1-py3-none-any.whl"')

    def test_links_to_elsewhere_are_told(self) -> None:
        proposal = of("COPY requirements.txt .\nRUN pip install --find-links=https://x.example.com/w --no-index -r requirements.txt")
        assert "the option --find-links https://x.example.com/w --no-index of pip has no field" in outcome(proposal, 3)[1]


class TestOpaqueStages:
    def test_a_manifest_that_comes_through_one_is_that_of_the_project(self) -> None:
        text = (
            "FROM public.ecr.aws/lambda/nodejs:22 AS b\nWORKDIR /b\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npx tsc\n"
            "FROM public.ecr.aws/lambda/nodejs:22\nCOPY --from=b /b/dist ./\nCOPY --from=b /b/package*.json ./\nRUN npm ci --omit=dev"
        )
        proposal = of(text, NODE)
        assert NodeDependencies("package-lock.json") in proposal.spec.steps
        assert outcome(proposal, 10) == (Outcome.CARRIED, "")

    def test_a_file_within_the_packages_may_be_of_another_command(self) -> None:
        """`npx prisma generate` writes into node_modules; the packages of the lock do not have what it writes."""
        text = (
            "FROM public.ecr.aws/lambda/nodejs:22 AS b\nWORKDIR /b\nCOPY package*.json ./\nRUN npm ci\nRUN npx prisma generate\n"
            "FROM public.ecr.aws/lambda/nodejs:22\nCOPY --from=b /b/node_modules/{} ./node_modules/{}"
        )
        (step,) = of(text.format(".prisma/engine.node", ".prisma/engine.node"), NODE).spec.steps
        assert isinstance(step, Command)

    def test_what_a_command_step_installs_has_its_devdependencies(self) -> None:
        text = f"FROM node:22 AS b\nWORKDIR /b\nCOPY . .\nRUN npm ci\nRUN npx tsc\nFROM {PYTHON}\nCOPY --from=b /b/dist ./"
        assert outcome(of(text, NODE), 4) == (Outcome.CARRIED, "")

    def test_directories_that_the_builder_keeps_stay_with_the_commands(self) -> None:
        text = (
            "FROM node:22 AS b\nWORKDIR /b\nCOPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci\n"
            f"RUN --mount=type=cache,target=.cache --mount=type=cache,dst=$HOME/x npx tsc\nFROM {PYTHON}\nCOPY --from=b /b/dist ./"
        )
        (step,) = of(text, NODE).spec.steps
        assert isinstance(step, Command)
        assert step.cache == ("/b/.cache", "/root/.npm")


class TestArchives:
    @pytest.mark.parametrize(
        ("taken", "unpack"),
        [
            ("/b/target/app-1.jar app.jar", "jar -xf app.jar && rm app.jar"),
            ("/b/target/*.zip /tmp/", "unzip /tmp/*.zip -d ${LAMBDA_TASK_ROOT}"),
            ("/b/target/app.tar /tmp/app.tar", "tar -xf /tmp/app.tar -C /var/task"),
        ],
    )
    def test_what_a_build_has_packed_its_step_has_in_place(self, taken: str, unpack: str) -> None:
        text = f"FROM maven:3 AS b\nWORKDIR /b\nCOPY . .\nRUN mvn package\nFROM public.ecr.aws/lambda/java:21\nCOPY --from=b {taken}\nRUN {unpack}"
        proposal = of(text, {"pom.xml": "<project/>\n"})
        assert proposal.spec.steps == (JavaBuild(".", tool="maven"),)
        assert outcome(proposal, 7)[0] is Outcome.CARRIED

    def test_others_are_told(self) -> None:
        proposal = of("COPY app.py .\nRUN unzip /tmp/x.zip -d /opt")
        assert outcome(proposal, 3) == (Outcome.NOT_CARRIED, 'what "unzip /tmp/x.zip -d /opt" writes is unknown')


class TestNoise:
    @pytest.mark.parametrize(
        "command",
        [
            "curl -sSL https://install.python-poetry.org | python3 -",
            "curl -LsSf https://astral.sh/uv/install.sh | sh",
            "wget -qO- https://get.pnpm.io/install.sh | sh -",
            "curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y",
        ],
    )
    def test_scripts_that_bring_an_installer(self, command: str) -> None:
        assert outcome(of(f"RUN {command}\nCOPY app.py ."), 2)[0] is Outcome.NOT_NEEDED

    def test_a_pipe_into_a_shell_of_anything_else_is_told(self) -> None:
        assert outcome(of("RUN curl -sSL https://x.example.com/setup.sh | sh"), 2)[0] is Outcome.NOT_CARRIED

    def test_one_loss_for_a_command_and_what_follows_from_it(self) -> None:
        proposal = of("RUN make tool && cp tool /opt/tool && chmod +x /opt/tool && rm -rf build.log")
        (account,) = [account for account in proposal.accounts if account.not_carried and account.line == 2]
        assert [loss.message for loss in account.not_carried] == ['what "make tool" writes is unknown']

    @pytest.mark.parametrize(
        ("value", "result"),
        [
            ("/opt/bin:$PATH", Outcome.NOT_NEEDED),
            ("${PATH}:/usr/local/bin/", Outcome.NOT_NEEDED),
            ("/opt/tools/bin:$PATH", Outcome.NOT_CARRIED),
        ],
    )
    def test_directories_of_the_bases_own_path(self, value: str, result: Outcome) -> None:
        assert outcome(of(f"ENV PATH={value}\nCOPY app.py ."), 2)[0] is result

    def test_an_argument_whose_name_begins_like_one_of_the_builder(self) -> None:
        """`BUILD_TAG` was said to have its value written where it is used."""
        assert (
            outcome(of(f"FROM {PYTHON}\nARG BUILD_TAG\nCOPY app.py ."), 2)[1]
            == "an argument without a value; what needs it is reported by itself"
        )
        assert outcome(of(f"FROM {PYTHON}\nARG TARGETARCH\nCOPY app.py ."), 2)[1] == "its value is written where it is used"

    def test_a_server_behind_the_web_adapter(self) -> None:
        text = "COPY --from=public.ecr.aws/awsguru/aws-lambda-adapter:0.9.1 /lambda-adapter /opt/extensions/\nCOPY app.py .\n"
        proposal = of(f'{text}CMD ["python", "app.py"]')
        assert SourceCode("app.py") in proposal.spec.steps
        assert "AWS_LAMBDA_EXEC_WRAPPER" in proposal.accounts[-1].not_carried[0].by_hand
        assert "AWS_LAMBDA_EXEC_WRAPPER" not in of('CMD ["python", "app.py"]').accounts[-1].not_carried[0].by_hand
