from __future__ import annotations

from dataclasses import replace

from optimizer.images.analysis import Base
from optimizer.images.overlay import LayerContent
from optimizer.linting.budgets import Budget
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject, ImageSubject
from optimizer.model.figures import Figures, Source
from optimizer.model.image import Layer
from optimizer.model.inputs import Input
from optimizer.model.plan import BuildPlan, Stage
from optimizer.model.recipes.content import PackedFiles
from optimizer.model.reference import ImageReference
from optimizer.model.stability import Stability
from tests.images.test_analysis import analysed, image
from tests.linting.cases import PYTHON, TODAY, Case
from tests.linting.images import subject

BASE = ImageReference.parse(PYTHON)


def stage(name: str, size: int | None = None, download: int | None = None, *, packed: bool = False, compiled: bool = False) -> Stage:
    """A stage of a measured size, of downloads, or of packed files."""
    # What kind of recipe the others have makes no difference; only packed files have archives.
    recipe = PackedFiles(files=Input(source="code", target="/var/task/", directory=True), bytecode=compiled)
    figures = Figures(
        probability=1, probability_from=Source.DEFAULT, size_bytes=size, size_from=Source.EVIDENCE if size is not None else None
    )
    assert packed or not compiled
    return Stage(
        name=name, step=name, title=name, stability=Stability.ALWAYS, origin=BASE, recipe=recipe, download_bytes=download, figures=figures
    )


def function(*stages: Stage, archives: dict[str, int] | None = None, construct: str = "Shop/Api") -> FunctionSubject:
    names = tuple(stage.name for stage in stages)
    plan = BuildPlan(runtime="python3.13", architecture="x86_64", base=BASE, final=BASE, stages=stages, layers=names)
    file = replace(DockerfileSubject.of(f"FROM {PYTHON}\n"), plan=plan, archives=archives or {})
    return FunctionSubject(construct=construct, location=Location(path="cdk.out/Shop.template.json", construct=construct), dockerfile=file)


def built(*sizes: tuple[int | None, int], estimated: int | None = None, base: int = 1, how: str = "history") -> ImageSubject:
    """An image of layers with stored and unpacked sizes, the first of them its base's."""
    layers = tuple(Layer(diff_id=str(number), digest=None, media_type="", compressed_bytes=size) for number, (size, _) in enumerate(sizes))
    made = analysed(replace(image(*map(str, range(len(sizes)))), layers=layers), *([[]] * len(sizes)))
    analysis = replace(
        made,
        base=Base(how=how, layers=base, note=""),
        layers=tuple(
            replace(
                layer,
                step=f"step {number}",
                from_base=number < base,
                content=LayerContent(entries=0, uncompressed_bytes=unpacked, estimated_bytes=estimated),
            )
            for number, (layer, (_, unpacked)) in enumerate(zip(made.layers, sizes, strict=True))
        ),
    )
    return subject(analysis)


def budgets(*items: Budget) -> Conventions:
    return Conventions(today=TODAY, budgets=items)


STORED, UNPACKED = budgets(Budget(max_bytes=1000)), budgets(Budget(max_unpacked_bytes=1000))
CATCHES: list[Case] = [
    Case(
        function(stage("packages", 900), stage("model", 90), stage("code", 11)),
        (0,),
        "its own layers have 1,001 bytes as a registry stores them; allowed: 1,000; the largest: packages 900, model 90, code 11",
        conventions=STORED,
    ),
    # What is known is enough, whatever else there is.
    Case(function(stage("packages", None, 1001), stage("other")), (0,), "have at least 1,001 bytes", conventions=STORED),
    Case(
        function(stage("code", packed=True), archives={"code": 1001}),
        (0,),
        "1,001 bytes unpacked; allowed: 1,000; the largest: code 1,001",
        conventions=UNPACKED,
    ),
    # Of each limit the first budget counts that fits and has it.
    Case(
        function(stage("code", 11)),
        (0,),
        "allowed: 10",
        conventions=budgets(Budget(construct="Shop/*", max_bytes=10), Budget(max_bytes=99)),
    ),
    Case(function(stage("code", 11)), (0,), "allowed: 10", conventions=budgets(Budget(max_growth_bytes=1), Budget(max_bytes=10))),
    Case(built((9000, 9000), (600, 1), (401, 1)), (0,), "1,001 bytes as a registry", conventions=STORED),
    Case(built((9000, 9000), (None, 1), estimated=1001), (0,), conventions=STORED),
    Case(built((9000, 9000), (1, 600), (1, 401)), (0,), "unpacked; allowed: 1,000; the largest: step 1 600", conventions=UNPACKED),
]
PASSES: list[Case] = [
    Case(function(stage("packages", 10**9))),
    Case(function(stage("packages", 1000)), conventions=STORED),
    Case(function(stage("packages", 999), stage("code", packed=True), archives={"code": 1}), conventions=STORED),
    # An archive shrinks when it is compressed; by how much nobody knows here.
    Case(function(stage("packages", 999), stage("code", packed=True), archives={"code": 2}), conventions=STORED, inconclusive=1),
    Case(function(stage("packages")), conventions=STORED, inconclusive=1),
    Case(function(stage("packages", None, 7)), conventions=UNPACKED, inconclusive=1),
    Case(function(stage("code", packed=True, compiled=True), archives={"code": 333}), conventions=UNPACKED),
    Case(function(stage("code", packed=True, compiled=True), archives={"code": 334}), conventions=UNPACKED, inconclusive=1),
    Case(function(stage("packages", 10**9)), conventions=budgets(Budget(construct="Other/*", max_bytes=1))),
    Case(function(stage("packages", 11)), conventions=budgets(Budget(construct="Shop/Api", max_bytes=0), Budget(max_bytes=10))),
    Case(replace(function(stage("packages", 1)), dockerfile=None), conventions=STORED, inconclusive=1),
    Case(built((9000, 9000), (1000, 1000)), conventions=STORED),
    Case(built((9000, 9000), (1000, 1000)), conventions=UNPACKED),
    Case(built((9000, 9000), (None, 1)), conventions=STORED, inconclusive=1),
    Case(built((9000, 9000), base=0, how="unknown"), conventions=STORED, inconclusive=1),
]
