"""Rendered Dockerfiles taken apart: what each stage needs, reads and uses."""

from __future__ import annotations

import pytest

from optimizer import Profile, render
from optimizer.builders.docker.render import archive_path
from optimizer.dockerfile.parse import parse
from optimizer.dockerfile.rendered import HEADER
from optimizer.dockerfile.split import SplitDockerfile, SplitStage, split_dockerfile
from tests.test_golden import CASES, plan_of

IMAGE = "public.ecr.aws/lambda/python:3.13@sha256:" + "5" * 64


def split(text: str) -> SplitDockerfile | None:
    return split_dockerfile(parse(text))


def stage(*lines: str, before: str = "") -> SplitStage:
    """The stage ``x`` of those lines, in a rendered file."""
    text = "\n".join([HEADER, "", before, f"FROM {IMAGE} AS base", "", "# What x is.", "FROM base AS x", *lines, "", "FROM base", ""])
    found = split(text)
    assert found is not None
    return found.stage("x")


@pytest.mark.parametrize("case", CASES)
def test_every_golden_file_comes_apart_into_the_stages_of_its_plan(case: str) -> None:
    plan = plan_of(case)
    found = split(render(plan))
    assert found is not None
    made = [each for each in plan.stages if not each.archive_alone]
    assert [each.name for each in found.stages if not each.bare] == [*(each.name for each in made), ""]
    for each in made:
        part = found.stage(each.name)
        wanted = {item.source for item in each.plain_inputs()} | ({archive_path(each.name)} if each.packed() else set())
        assert wanted <= set(part.reads) or part.reads == (".",), "a stage never reads what its part does not say"
        assert set(part.secrets) == {secret.id for secret in each.secrets()}
    alone = {each.name for each in plan.stages if each.archive_alone}
    assert set(found.stages[-1].needs) - {"base"} == {*plan.layers, *([plan.final] if isinstance(plan.final, str) else [])} - alone
    assert set(found.stages[-1].reads) == {archive_path(name) for name in alone}


@pytest.mark.parametrize("case", CASES)
def test_the_parts_together_are_the_file(case: str) -> None:
    text = render(plan_of(case))
    found = split(text)
    assert found is not None
    parts = [*found.arguments.values(), *(each.text for each in found.stages)]
    again = parse("\n".join(parts)).instructions
    assert [(item.keyword, item.value) for item in again] == [(item.keyword, item.value) for item in parse(text).instructions]


def test_a_classic_file_comes_apart_too() -> None:
    found = split(render(plan_of("python-requirements"), Profile.CLASSIC))
    assert found is not None and len(found.stages) > 2


def test_a_file_that_somebody_wrote_stays_whole() -> None:
    assert split(f"FROM {IMAGE}\nCOPY app.py /var/task/\n") is None


@pytest.mark.parametrize(
    "line", ["ADD app.py /var/task/", "ADD https://example.com/x.tar /", "ONBUILD COPY app.py /var/task/", "COPY <<EOF /etc/x\nx\nEOF"]
)
def test_a_rendered_file_with_what_is_never_rendered_stays_whole(line: str) -> None:
    assert split(f"{HEADER}\n\nFROM {IMAGE} AS base\n\nFROM base AS x\n{line}\n\nFROM base\n") is None


@pytest.mark.parametrize(
    ("line", "reads"),
    [
        ("COPY functions/api/ /layer/var/task/", ("functions/api",)),
        ("COPY package.json package-lock.json /build/", ("package.json", "package-lock.json")),
        ("COPY ./ /build/", (".",)),
        ("ADD layers/code.tar /layer/tree/", ("layers/code.tar",)),
        ('COPY ["a b/", "/layer/"]', ("a b",)),
        (r'COPY ["a\\*b", "/layer/"]', ("a*b",)),
        ("COPY *.py /layer/", (".",)),
        ("COPY --exclude=x functions/ /layer/", (".",)),
        ("COPY --chmod=0644 --link functions/ /layer/", ("functions",)),
        ("COPY --from=base /opt/ /layer/opt/", ()),
        ("RUN --mount=type=bind,source=r.txt,target=/r.txt --mount=type=cache,target=/c true", ("r.txt",)),
        (r"RUN --mount=type=bind,source=a\ b.txt,target=/r.txt true", ("a b.txt",)),
        ("RUN --mount=type=bind,target=/src true", (".",)),
        ("RUN echo --mount=type=bind,source=no,target=/no", ()),
    ],
)
def test_reads_what_its_copies_and_mounts_name(line: str, reads: tuple[str, ...]) -> None:
    assert stage(line).reads == reads


def test_needs_what_it_stands_on_copies_and_mounts() -> None:
    lines = ["FROM base AS one", "RUN true", "", "FROM base AS two", "RUN true", "", "FROM one AS x"]
    lines += [f"COPY --from={IMAGE} /a /a", "RUN --mount=type=bind,from=two,target=/two true"]
    text = "\n".join([HEADER, "", f"FROM {IMAGE} AS base", *lines, "FROM x", ""])
    found = split(text)
    assert found is not None
    assert found.stage("x").needs == ("one", "two")


def test_uses_the_global_arguments_that_it_declares_or_stands_on() -> None:
    before = 'ARG SCRIPT="a $(b)"\nARG OTHER="c"\nARG TAG="3"'
    lines = ["ARG SCRIPT", 'ARG OWN="x"', "RUN true"]
    assert stage(*lines, before=before).arguments == ("SCRIPT",)
    found = split(f"{HEADER}\n\n{before}\n\nFROM base:$TAG AS x\nRUN true\n\nFROM x\n")
    assert found is not None
    assert found.stage("x").arguments == ("TAG",)
    assert found.arguments["SCRIPT"] == 'ARG SCRIPT="a $(b)"'


def test_names_a_secret_and_not_its_value() -> None:
    assert stage("RUN --mount=type=secret,id=pypi,target=/run/secrets/pypi,required=true true").secrets == ("pypi",)


def test_leaves_the_comment_of_the_next_stage_to_that_stage() -> None:
    assert "What x is" not in stage("RUN true").text


def test_is_the_same_text_under_other_names() -> None:
    """Two functions may name equal steps differently."""
    lines = ["COPY --from=one --link /a/ /a/", "RUN --mount=type=bind,from=one,target=/one --mount=type=cache,target=/c true"]
    found = []
    for name, own in (("one", "x"), ("other", "y")):
        body = "\n".join(lines).replace("=one", f"={name}")
        text = f"{HEADER}\n\nFROM {IMAGE} AS {name}\nRUN true\n\nFROM {name} AS {own}\n{body}\n\nFROM {own}\n"
        made = split(text)
        assert made is not None
        found.append(made.stage(own).text_with({name: "KEY"}))
    assert found[0] == found[1]
    assert found[0].count("KEY") == 3


@pytest.mark.parametrize("case", CASES)
def test_whole_trees_of_the_image_can_be_linked(case: str) -> None:
    """A linked layer is the same as a copied one, whatever is below it."""
    plan = plan_of(case)
    found = split(render(plan))
    assert found is not None
    image = found.stages[-1]
    lines = [line for line in image.linked().splitlines() if line.startswith(("ADD ", "COPY "))]
    assert len(lines) == len(plan.layers)
    assert all(line.split()[1] == "--link" for line in lines)
    assert image.linked().replace("--link ", "") == image.text
