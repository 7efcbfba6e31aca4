"""Bake files: which stages become one target, and what each target says."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from optimizer.dockerfile.parse import parse
from optimizer.dockerfile.rendered import HEADER
from optimizer.dockerfile.split import split_dockerfile
from optimizer.model.build import BuildOptions
from optimizer.model.cache import CacheOption
from optimizer.report.bake import BakeImage, bake_file

BASE = "public.ecr.aws/lambda/python:3.13@sha256:" + "5" * 64
PACKAGES = ["FROM base AS packages", "ARG SCRIPT", "RUN --mount=type=bind,source=r.txt,target=/r.txt pip install -r /r.txt"]
CODE = ["FROM base AS code", "COPY app.py /layer/"]
FINAL = ["FROM base", "COPY --from=packages /layer/ /", "COPY --from=code /layer/ /"]
LINKED = [line.replace("COPY ", "COPY --link ") for line in FINAL]
CONTENTS = {"r.txt": "file:1", "app.py": "file:1", "Dockerfile": "file:1"}
NO_ATTESTATIONS = ["type=provenance,disabled=true", "type=sbom,disabled=true"]


def rendered(*blocks: list[str], script: str = "tidy") -> str:
    parts = [[HEADER], [f'ARG SCRIPT="{script}"'], [f"FROM {BASE} AS base"], *blocks]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def image(name: str, *blocks: list[str], script: str = "tidy", contents: dict[str, str] | None = None, **options: Any) -> BakeImage:
    text = rendered(*(blocks or (PACKAGES, CODE, FINAL)), script=script)
    return BakeImage(
        name=name,
        asset=hashlib.sha256(name.encode()).hexdigest(),
        context=f"cdk.out/asset.{name}",
        tags=(f"host/images:{name.lower()}",),
        options=BuildOptions(**{"platform": "linux/amd64", **options}),
        split=split_dockerfile(parse(text)),
        contents={**CONTENTS, "app.py": f"file:{name}", **(contents or {})},
    )


def foreign(name: str, **options: Any) -> BakeImage:
    return BakeImage(name=name, asset="f" * 64, context="cdk.out/asset.f", tags=("host/images:f",), options=BuildOptions(**options))


def targets(*images: BakeImage) -> dict[str, Any]:
    return dict(json.loads(bake_file(images).text)["target"])


def shared(*images: BakeImage) -> list[str]:
    return [name for name, target in targets(*images).items() if "tags" not in target]


def test_a_stage_of_two_images_is_one_target_that_both_take() -> None:
    made = targets(image("A"), image("B"))
    (name,) = shared(image("A"), image("B"))
    assert re.fullmatch(r"packages-[0-9a-f]{12}", name)
    assert made[name] == {
        "context": "cdk.out/asset.A",
        "attest": NO_ATTESTATIONS,
        "platforms": ["linux/amd64"],
        "dockerfile-inline": "\n\n".join(['ARG SCRIPT="tidy"', f"FROM {BASE} AS base", "\n".join(PACKAGES)]) + "\n",
    }
    assert made["B"] == {
        "context": "cdk.out/asset.B",
        "attest": NO_ATTESTATIONS,
        "platforms": ["linux/amd64"],
        "dockerfile-inline": "\n\n".join([f"FROM {BASE} AS base", "\n".join(CODE), "\n".join(LINKED)]) + "\n",
        "contexts": {"packages": f"target:{name}"},
        "tags": ["host/images:b"],
    }


def test_a_stage_of_one_image_stays_in_it() -> None:
    made = targets(image("A"))
    assert list(made) == ["A"]
    assert "AS packages" in made["A"]["dockerfile-inline"] and "contexts" not in made["A"]


@pytest.mark.parametrize(
    "other",
    [
        image("B", contents={"r.txt": "file:2"}),
        image("B", contents={"r.txt": "executable:1"}),
        image("B", script="other"),
        image("B", platform="linux/arm64"),
        image("B", network="host"),
        image("B", [*PACKAGES, "RUN true"], CODE, FINAL),
        image("B", ["FROM base AS before", "RUN true"], ["FROM before AS packages", *PACKAGES[1:]], CODE, FINAL),
    ],
    ids=["content", "mode", "global argument", "platform", "network", "instruction", "origin"],
)
def test_stages_that_may_differ_stay_apart(other: BakeImage) -> None:
    assert shared(image("A"), other) == []


def test_what_a_stage_does_not_read_or_use_is_no_difference() -> None:
    extra = ["FROM base AS extra", "RUN true"]
    other = image("B", extra, PACKAGES, CODE, FINAL, contents={"README.md": "file:9", "Dockerfile": "file:9"})
    assert len(shared(image("A"), other)) == 1


def test_the_name_of_a_step_is_no_difference() -> None:
    renamed = [["FROM base AS wheels", *PACKAGES[1:]], CODE, [line.replace("packages", "wheels") for line in FINAL]]
    made = targets(image("A"), image("B", *renamed))
    (name,) = shared(image("A"), image("B", *renamed))
    assert made["A"]["contexts"] == {"packages": f"target:{name}"}
    assert made["B"]["contexts"] == {"wheels": f"target:{name}"}


def test_a_secret_from_elsewhere_is_a_difference() -> None:
    packages = [*PACKAGES[:2], "RUN --mount=type=secret,id=pypi,target=/run/secrets/pypi pip install x"]
    blocks = (packages, CODE, FINAL)
    one, two = (image(name, *blocks, secrets={"pypi": source}) for name, source in (("A", "env=ONE"), ("B", "env=TWO")))
    assert shared(one, two) == []
    made = targets(one, image("B", *blocks, secrets={"pypi": "env=ONE"}))
    (name,) = (name for name in made if name.startswith("packages-"))
    assert made[name]["secret"] == ["id=pypi,env=ONE"]
    assert "secret" not in made["A"], "a stage gets the secrets that it mounts"


def test_what_a_shared_stage_needs_is_a_target_too() -> None:
    blocks = (["FROM base AS tools", "RUN true"], ["FROM tools AS packages", *PACKAGES[1:]], CODE, ["FROM tools", *FINAL[1:]])
    made = targets(image("A", *blocks), image("B", *blocks))
    tools, packages = (next(name for name in made if name.startswith(prefix)) for prefix in ("tools-", "packages-"))
    assert made[packages]["contexts"] == {"tools": f"target:{tools}"}
    assert made["A"]["contexts"] == {"packages": f"target:{packages}", "tools": f"target:{tools}"}
    assert list(made).index(tools) < list(made).index(packages)


def test_the_order_of_the_images_changes_nothing() -> None:
    images = [image("A"), image("B"), image("C", script="other"), foreign("D")]
    assert bake_file(images) == bake_file(images[::-1])


def test_no_image_is_an_empty_file() -> None:
    """Bake refuses a file without a target."""
    assert bake_file([]).text == ""


def test_the_default_group_is_the_images() -> None:
    file = bake_file([image("A"), image("B"), foreign("C")])
    assert json.loads(file.text)["group"] == {"default": {"targets": ["A", "B", "C"]}}
    assert (file.images, file.shared) == (3, 1)


def test_a_foreign_dockerfile_is_built_as_cdk_builds_it() -> None:
    made = targets(
        foreign(
            "Own",
            platform="linux/arm64",
            target="runtime",
            network="host",
            ssh="default",
            no_cache=True,
            arguments={"B": "2", "A": "1"},
            contexts={"lib": "cdk.out/lib"},
            secrets={"npm": "src=/root/.npmrc", "pip": "env=PIP"},
            cache_from=(CacheOption("gha", (("scope", "own"),)),),
            cache_to=CacheOption("gha", (("scope", "own"), ("mode", "max"))),
        )
    )
    assert made["Own"] == {
        "context": "cdk.out/asset.f",
        "attest": NO_ATTESTATIONS,
        "platforms": ["linux/arm64"],
        "network": "host",
        "secret": ["id=npm,src=/root/.npmrc", "id=pip,env=PIP"],
        "dockerfile": "Dockerfile",
        "args": {"A": "1", "B": "2"},
        "contexts": {"lib": "cdk.out/lib"},
        "target": "runtime",
        "ssh": ["default"],
        "no-cache": True,
        "tags": ["host/images:f"],
        "cache-from": ["type=gha,scope=own"],
        "cache-to": ["type=gha,scope=own,mode=max"],
    }


def test_a_shared_stage_looks_into_the_caches_of_all_its_images_and_writes_none() -> None:
    def cached(name: str) -> BakeImage:
        option = CacheOption("gha", (("scope", name),))
        return image(name, cache_from=(option,), cache_to=option)

    made = targets(cached("A"), cached("B"))
    (name,) = (name for name in made if name.startswith("packages-"))
    assert made[name]["cache-from"] == ["type=gha,scope=A", "type=gha,scope=B"]
    assert "cache-to" not in made[name]
    assert made["A"]["cache-from"] == ["type=gha,scope=A"]


def test_names_are_of_allowed_characters_and_unique() -> None:
    images = [image("Stack/A.b"), image("Stack-A-b"), image("default"), image("Prod/Ümläut")]
    names = [name for name in targets(*images) if not name.startswith("packages-")]
    assert len(names) == len(set(names)) == 4
    assert "default" not in names
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names)


def test_text_is_never_a_template() -> None:
    """Bake reads ``${`` and ``%{`` as templates in every text of a JSON file."""
    made = targets(image("A", ["FROM base AS packages", 'RUN echo "${HOME}" $HOME %{x} $${y}'], CODE, FINAL))
    assert 'RUN echo "$${HOME}" $HOME %%{x} $$${y}' in made["A"]["dockerfile-inline"]
