from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.images.analysis import Base, ImageAnalysis
from optimizer.images.lambda_rules import ERROR, LAMBDA_RULES, WARNING, check_image
from optimizer.lint.rules import RULES
from optimizer.model.image import Entry, Layer
from tests.images.archives import OCI_GZIP, OCI_INDEX, OCI_MANIFEST, OCI_TAR
from tests.images.test_analysis import analysed, image
from tests.images.test_overlay import entry

PAGE = Path(__file__).parents[2] / "docs" / "inspect.md"
TOP = [entry("var"), entry("var/task")]


def good(*more: Entry, layers: int = 1, media_type: str = "", base: Base | None = None, **settings: Any) -> ImageAnalysis:
    diff_ids = [f"layer {number}" for number in range(layers)]
    made = image(*diff_ids, **settings)
    if media_type:
        stored = tuple(Layer(diff_id=layer.diff_id, digest="sha256:", media_type=media_type, compressed_bytes=9) for layer in made.layers)
        made = replace(made, layers=stored, media_type=OCI_MANIFEST)
    return analysed(made, [*TOP, *more], *([[]] * (layers - 1)), base=base)


def stored(analysis: ImageAnalysis, **content: Any) -> ImageAnalysis:
    return replace(analysis, layers=tuple(replace(layer, content=replace(layer.content, **content)) for layer in analysis.layers))


AWS = ("/lambda-entrypoint.sh",)
BASE = Base(how="given", layers=1, note="")
CASES: dict[str, tuple[list[ImageAnalysis], list[ImageAnalysis]]] = {
    # id: images that break the rule, images that keep it
    "LIO651": ([stored(good(), uncompressed_bytes=(10 << 30) + 1)], [stored(good(), uncompressed_bytes=10 << 30)]),
    "LIO652": ([good(indexed=True)], [good()]),
    "LIO653": ([good(attestations=1)], [good()]),
    "LIO654": (
        [good(media_type="application/octet-stream"), replace(good(), image=image("a", media_type=OCI_INDEX))],
        [good(media_type=OCI_GZIP), good(media_type="application/vnd.docker.image.rootfs.diff.tar.gzip"), good()],
    ),
    "LIO655": (
        [stored(good(media_type=OCI_TAR), compression="none")],
        # What docker save writes is uncompressed, and says nothing of what a push sends.
        [stored(good(media_type=OCI_GZIP), compression="gzip"), stored(good(), compression="none")],
    ),
    "LIO656": ([stored(good(), compression="zstd")], [good()]),
    "LIO657": ([good(history=())], [good()]),
    "LIO658": ([good(layers=126)], [good(layers=125)]),
    "LIO659": ([good(manifest_bytes=25_401)], [good(manifest_bytes=25_400), good()]),
    "LIO660": (
        [good(architecture="s390x"), good(operating_system="windows")],
        [good(), good(architecture="arm64")],
    ),
    "LIO661": (
        [good(entry("var/task/h", kind="hardlink"))],
        [good(), good(entry("var/task/h", kind="hardlink"), base=BASE)],
    ),
    "LIO662": ([good(entry("opt/x/y", "1"))], [good(), good(entry("opt/x/y", "1"), base=BASE)]),
    "LIO663": (
        [
            good(entry("var/task/a", "1", mode=0o600)),
            good(entry("var/task/a", kind="directory", mode=0o750)),
            good(entry("opt"), entry("opt/a", "1", mode=0o640)),
        ],
        [
            good(entry("var/task/a", "1", mode=0o604)),
            good(entry("var/task/a", kind="symlink", mode=0o600)),
            good(entry("etc"), entry("etc/shadow", "1", mode=0o600)),
            good(entry("var/task/a", "1", mode=0o600), base=BASE),
        ],
    ),
    "LIO602": ([good(user="1000"), good(user="app:app")], [good(), good(user="root"), good(user="0:0")]),
    "LIO601": ([good(volumes=("/data",))], [good()]),
    "LIO603": (
        [good(entrypoint=AWS, command=("python", "app.py"))],
        [good(entrypoint=AWS, command=("app.handler",)), good(entrypoint=("/bin/sh",), command=("a", "b")), good(entrypoint=AWS)],
    ),
}


def ids(analysis: ImageAnalysis) -> list[str]:
    return [item.id for item in check_image(analysis)]


def test_every_rule_has_its_cases_and_its_line_in_the_page() -> None:
    assert [rule.id for rule in LAMBDA_RULES] == list(CASES)
    page = PAGE.read_text(encoding="utf-8")
    for rule in LAMBDA_RULES:
        assert f"| {rule.id} `{rule.name}` | {rule.severity} | {rule.title} |" in page, rule.id
        assert rule.severity in (ERROR, WARNING)


def test_a_fault_that_shows_in_a_dockerfile_has_one_id_there_and_here() -> None:
    linted = {rule.id: (rule.name, rule.severity.value) for rule in RULES}
    shared = [rule for rule in LAMBDA_RULES if rule.id in linted]
    assert [rule.id for rule in shared] == ["LIO602", "LIO601", "LIO603"]
    assert all(linted[rule.id] == (rule.name, rule.severity) for rule in shared)
    assert not {rule.name for rule in LAMBDA_RULES if rule not in shared} & {name for name, _ in linted.values()}


@pytest.mark.parametrize("rule", CASES)
def test_catches(rule: str) -> None:
    for analysis in CASES[rule][0]:
        assert rule in ids(analysis)


@pytest.mark.parametrize("rule", CASES)
def test_catches_not(rule: str) -> None:
    for analysis in CASES[rule][1]:
        assert rule not in ids(analysis)


def test_a_good_image_breaks_nothing() -> None:
    assert ids(good(entry("var/task/app.py", "1"), media_type=OCI_GZIP, manifest_bytes=500)) == []


def test_a_violation_says_where_and_what() -> None:
    (found,) = check_image(good(entry("var/task/a", "1", mode=0o600)))
    assert found.message == "/opt, /var/runtime, /var/task hold 1 path that Lambda's unprivileged user cannot read"
    assert found.paths.examples == ("var/task/a (0600)",)
    (found,) = check_image(good(entry("x/y", "1")))
    assert (found.layer, found.message) == (0, "the layer holds entries of 1 directory that has no entry itself")
