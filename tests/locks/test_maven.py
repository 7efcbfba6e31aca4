"""What POMs name in the project."""

from __future__ import annotations

import pytest

from optimizer.locks.maven import above, build_files, parse, reactor, read
from tests.locks.project import Texts


def pom(artifact: str, parent: str = "", more: str = "", relative: str | None = None) -> str:
    path = "" if relative is None else f"<relativePath>{relative}</relativePath>"
    above_it = f"<parent><groupId>g</groupId><artifactId>{parent}</artifactId><version>1</version>{path}</parent>" if parent else ""
    return f'<project xmlns="http://maven.apache.org/POM/4.0.0">{above_it}<groupId>g</groupId><artifactId>{artifact}</artifactId>{more}</project>'


def test_parents_are_found_where_maven_looks() -> None:
    files = Texts(
        {
            "pom.xml": pom("top"),
            "parents/pom.xml": pom("middle", "top"),
            "fn/pom.xml": pom("fn", "middle", relative="../parents"),
            "fn/inner/pom.xml": pom("inner", "spring-boot-starter-parent"),
            "fn/bare/pom.xml": pom("bare", "fn", relative=""),
        }
    )
    assert [item.path for item in above(files, read(files, "fn/pom.xml"))] == ["parents/pom.xml", "pom.xml"]
    # The POM above has another name: the parent is one of a repository.
    assert above(files, read(files, "fn/inner/pom.xml")) == ()
    assert above(files, read(files, "fn/bare/pom.xml")) == ()


def test_modules_lead_to_modules_and_profiles_may_name_what_is_not_there() -> None:
    profiles = "<profiles><profile><modules><module>gone</module><module>c</module></modules></profile></profiles>"
    files = Texts(
        {
            "pom.xml": pom("top", more=f"<modules><module>a</module><module>lost</module></modules>{profiles}"),
            "a/pom.xml": pom("a", "top", "<subprojects><subproject>b/other.xml</subproject></subprojects>"),
            "a/b/other.xml": pom("b", "a"),
            "c/pom.xml": pom("c"),
        }
    )
    assert [item.artifact for item in reactor(files, ".")] == ["top", "a", "c", "b"]
    found = build_files(files, ".")
    assert found.modules == ("a", "a/b", "c")
    assert [item.path for item in found.local if item.path.startswith(("lost", "gone"))] == ["lost/pom.xml"]


def test_repositories_in_the_project_are_brought_and_those_of_a_release_are_not() -> None:
    more = (
        "<repositories><repository><url>file://${project.basedir}/repository</url></repository></repositories>"
        "<distributionManagement><repository><url>file://${project.basedir}/out</url></repository></distributionManagement>"
    )
    found = build_files(Texts({"fn/pom.xml": pom("fn", more=more), "fn/repository/x": "", "fn/.mvn/maven.config": ""}), "fn")
    assert found.directories == ("fn/.mvn", "fn/repository")
    assert [item.path for item in found.local] == ["fn/repository"]


def test_options_stand_in_the_nearest_directory_above() -> None:
    files = {"a/b/pom.xml": pom("b"), "a/.mvn/maven.config": "", ".mvn/maven.config": ""}
    assert build_files(Texts(files), "a/b").directories == ("a/.mvn",)
    assert build_files(Texts({**files, "pom.xml": pom("top")}), ".").directories == (".mvn",)


@pytest.mark.parametrize("text", ["", "<project>", "<settings/>", '<!DOCTYPE p [<!ENTITY a "b">]><project>&a;</project>'])
def test_what_is_no_pom_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it "):
        parse(text, "pom.xml")
