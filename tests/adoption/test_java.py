"""Builds of several modules: a step makes one of them, with what that depends on."""

from __future__ import annotations

import pytest

from optimizer.adoption.proposal import Outcome, Proposal
from optimizer.model.steps import Command, JavaBuild
from tests.adoption.test_propose import of, outcome

HEAD = "<modelVersion>4.0.0</modelVersion>"
PARENT = "<parent><groupId>a</groupId><artifactId>root</artifactId><version>1</version></parent>"
ON_CORE = "<dependencies><dependency><groupId>a</groupId><artifactId>core</artifactId></dependency></dependencies>"


def pom(name: str, more: str = PARENT) -> str:
    return f"<project>{HEAD}{more if more.startswith('<parent') else ''}<artifactId>{name}</artifactId>{'' if more.startswith('<parent') else more}</project>\n"


MAVEN = {
    "pom.xml": pom(
        "root",
        "<groupId>a</groupId><version>1</version><packaging>pom</packaging><modules><module>core</module><module>handler</module></modules>",
    ),
    "core/pom.xml": pom("core"),
    "handler/pom.xml": pom("handler", PARENT + ON_CORE),
    "handler/src/main/java/app/Handler.java": "",
}
GRADLE = {
    "settings.gradle": "include 'core', 'handler'\n",
    "core/build.gradle": "plugins { id 'java' }\n",
    "handler/build.gradle": "plugins { id 'java' }\n",
    "handler/src/main/java/app/Handler.java": "",
}


def built(command: str, taken: str, files: dict[str, str], more: str = "", workdir: str = "/src") -> Proposal:
    copies = "".join(f"COPY --from=b {path} ${{LAMBDA_TASK_ROOT}}/lib/\n" for path in taken.split())
    text = f"FROM maven:3-amazoncorretto-21 AS b\nWORKDIR {workdir}\nCOPY . .\nRUN {command}\n{more}FROM public.ecr.aws/lambda/java:21\n{copies}"
    return of(f'{text}CMD ["app.Handler::handleRequest"]', files)


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        ("mvn -pl handler -am package", "/src/handler/target/classes"),
        ("mvn -pl handler -am package", "/src/handler/target/dependency/*"),
        ("mvn --projects=:handler --also-make package", "/src/handler/target/handler-1.jar"),
        ("mvn package", "/src/handler/target/handler-1.jar"),
        ("mvn -q -pl a:handler -am package dependency:copy-dependencies -DoutputDirectory=/deps", "/deps /src/handler/target/classes"),
        ("mvn -pl handler -am package && cp handler/target/*.jar /out.jar", "/out.jar"),
    ],
)
def test_the_module_of_maven(command: str, taken: str) -> None:
    """Issue 14: `mvn -pl handler -am` gave an empty spec."""
    proposal = built(command, taken, MAVEN)
    assert proposal.spec.steps == (JavaBuild(".", module="handler", tool="maven"),)
    assert not any(account.not_carried for account in proposal.accounts)


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        ("gradle :handler:build", "/src/handler/build/libs/handler.jar"),
        ("./gradlew handler:shadowJar", "/src/handler/build/libs/handler-all.jar"),
        ("gradle build", "/src/handler/build/distributions"),
    ],
)
def test_the_module_of_gradle(command: str, taken: str) -> None:
    assert built(command, taken, GRADLE).spec.steps == (JavaBuild(".", module="handler", tool="gradle"),)


def test_a_module_that_the_other_depends_on_comes_with_it() -> None:
    proposal = built("mvn package", "/src/core/target/core-1.jar /src/handler/target/handler-1.jar", MAVEN)
    assert proposal.spec.steps == (JavaBuild(".", module="handler", tool="maven"),)
    assert outcome(proposal, 6)[0] is outcome(proposal, 7)[0] is Outcome.CARRIED


def test_a_module_that_nothing_depends_on_is_told() -> None:
    files = {**MAVEN, "handler/pom.xml": pom("handler")}
    proposal = built("mvn package", "/src/handler/target/handler-1.jar /src/core/target/core-1.jar", files)
    assert proposal.spec.steps == (JavaBuild(".", module="handler", tool="maven"),)
    assert outcome(proposal, 6)[0] is Outcome.CARRIED
    assert outcome(proposal, 7) == (Outcome.NOT_CARRIED, 'the step builds "handler" with the modules that it depends on, and not "core"')


@pytest.mark.parametrize("option", ["-f app/pom.xml", "-f app", "--file=app/pom.xml"])
def test_outputs_are_beside_the_pom_that_is_named(option: str) -> None:
    files = {"app/pom.xml": pom("app", "<groupId>a</groupId><version>1</version>"), "app/src/main/java/A.java": ""}
    assert built(f"mvn {option} package", "/src/app/target/app-1.jar", files).spec.steps == (JavaBuild("app", tool="maven"),)


def test_what_no_known_output_is_becomes_the_commands_of_the_stage() -> None:
    proposal = built("mvn package", "/src/elsewhere/app.jar", MAVEN)
    (step,) = proposal.spec.steps
    assert isinstance(step, Command)
    assert [command[-1] for command in step.run][1:2] == ["cd /src && mvn package"]
    assert outcome(proposal, 4)[0] is outcome(proposal, 6)[0] is Outcome.CARRIED
