"""Properties of planning and rendering, over generated specifications."""

from __future__ import annotations

import itertools
import posixpath
import shlex
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from optimizer import BuildSecret, Command, Files, ImageSpec, Lock, Profile, SourceCode, Stability, SystemPackages, render
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import LockedImage
from optimizer.dockerfile.parse import parse
from optimizer.errors import OptimizerError, PlanError
from optimizer.model.plan import BuildPlan
from optimizer.model.steps import Step
from optimizer.planning.order import Item, stable_first
from optimizer.planning.plan import plan

DAY = __import__("datetime").date(2026, 11, 1)
LOCK = Lock(images=(LockedImage(reference=base_image("python3.13").reference, digest="sha256:" + "5" * 64, resolved=DAY),))


class EverythingIsThere:
    """A project in which every path is a directory, but those with a dot in their name."""

    root = Path("/project")

    def kind(self, path: str) -> str:
        return "file" if "." in posixpath.basename(path).strip(".") else "directory"

    def read_text(self, path: str) -> str:
        return ""


def plan_of(spec: ImageSpec) -> BuildPlan:
    return plan(spec, LOCK, EverythingIsThere())


TEXT = st.text(min_size=1, max_size=30)
NAMES = st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=8, unique=True)


@st.composite
def step_lists(draw: st.DrawFn) -> list[Step]:
    """Steps that can be planned: each comes only after earlier ones of the list."""
    steps: list[Step] = []
    for name in draw(NAMES.filter(lambda names: not {"base", "scratch"} & set(names))):
        kind = draw(st.sampled_from(["code", "files", "command", "system"]))
        stability = draw(st.sampled_from([None, *Stability]))
        earlier = [step.title for step in steps if (kind != "system" or isinstance(step, SystemPackages))]
        after = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        common = {"name": name, "stability": stability, "after": after}
        if kind == "code":
            steps.append(SourceCode("src", **common))
        elif kind == "files":
            steps.append(Files("data", to="/opt/", **common))
        elif kind == "command":
            steps.append(Command([["make", name]], **common))
        else:
            steps.append(SystemPackages([name], **common))
    return steps


class TestPlan:
    @given(step_lists(), st.randoms())
    def test_the_order_of_declaration_does_not_matter(self, steps: list[Step], random: __import__("random").Random) -> None:  # type: ignore[valid-type]
        """Requirement: "a documented total tie-break"; "the same bytes out for the same bytes in"."""
        shuffled = list(steps)
        random.shuffle(shuffled)
        assert plan_of(ImageSpec(runtime="python3.13", steps=steps)) == plan_of(ImageSpec(runtime="python3.13", steps=shuffled))

    @given(step_lists())
    def test_no_step_is_lost_doubled_or_before_what_it_comes_after(self, steps: list[Step]) -> None:
        """Requirement: "stable before volatile by `Stability`, `after` and a documented total tie-break"."""
        made = plan_of(ImageSpec(runtime="python3.13", steps=steps))
        assert sorted(stage.step for stage in made.stages) == sorted(step.title for step in steps)
        place = {stage.step: number for number, stage in enumerate(made.stages)}
        for step in steps:
            assert all(place[name] < place[step.title] for name in step.after)
        names = [stage.name for stage in made.stages]
        for number, stage in enumerate(made.stages):
            for origin in [stage.origin, *stage.trees]:
                assert not isinstance(origin, str) or origin in names[:number]

    @given(step_lists())
    def test_stable_layers_come_first_where_nothing_forces_them(self, steps: list[Step]) -> None:
        made = plan_of(ImageSpec(runtime="python3.13", steps=steps))
        free = {step.title for step in steps if not step.after} - {name for step in steps for name in step.after}
        ranks = [made.stage(name).stability.rank for name in made.layers if made.stage(name).step in free]
        assert ranks == sorted(ranks)


class TestOrder:
    @given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
    def test_a_cycle_is_shown_and_real(self, edges: list[tuple[int, int]]) -> None:
        """Requirement: "cycles and impossible wishes are errors that show the cycle"."""
        after = {str(node): frozenset(str(b) for a, b in edges if a == node) for node in range(6)}
        items = [Item(name=name, key=(name,), after=names) for name, names in after.items()]
        try:
            order = stable_first(items)
        except PlanError as error:
            cycle = str(error.faults[0].message).rpartition(": ")[2].split(" -> ")
            assert cycle[0] == cycle[-1]
            assert all(later in after[earlier] for earlier, later in itertools.pairwise(cycle))
        else:
            assert all(order.index(other) < order.index(name) for name, names in after.items() for other in names)


class TestRendering:
    """Requirement: "What ends in a shell line is quoted by construct; no field can smuggle in an instruction or a command"."""

    @given(value=TEXT, name=st.from_regex(r"[A-Z]{1,5}X", fullmatch=True))
    @pytest.mark.parametrize("profile", Profile)
    def test_variables_and_labels_stay_values(self, profile: Profile, value: str, name: str) -> None:
        try:
            spec = ImageSpec(
                runtime="python3.13",
                environment={name: value},
                labels={"a.b": value},
                build_arguments={name: value},
                steps=[Command([["true"]])],
            )
        except OptimizerError:
            return
        stages = parse(render(plan_of(spec), profile)).stages
        assert [item.keyword for item in stages[-1].instructions] == ["ENV", "LABEL", "COPY"]
        assert [item.keyword for item in stages[-2].instructions] == (
            ["ARG", "WORKDIR", "COPY", "RUN"] if profile is Profile.CLASSIC else ["ARG", "WORKDIR", "RUN"]
        )

    @given(words=st.lists(TEXT, min_size=1, max_size=4), variable=TEXT)
    def test_arguments_reach_the_command_as_they_are(self, words: list[str], variable: str) -> None:
        try:
            spec = ImageSpec(runtime="python3.13", steps=[Command([words], environment={"A": variable})])
            made = plan_of(spec)
            text = render(made)
        except OptimizerError:
            return
        stages = parse(text).stages
        (run,) = [item for item in stages[-2].instructions if item.keyword == "RUN"]
        first, second, *lexed = shlex.split(run.value)
        names = ("no_links.sh", "normalise_python.py")
        assert [first, second] == [f"--mount=type=bind,source=scripts/{name},target=/scripts/{name}" for name in names]
        assert lexed[:3] == ["export", f"A={variable}", "&&"]
        start = lexed.index("/layer/tree") + 2
        assert lexed[start : start + len(words)] == words

    @given(path=st.text(min_size=1, max_size=20))
    @example(path="--")
    @example(path="--from=base")
    def test_paths_stay_in_their_copy(self, path: str) -> None:
        try:
            steps = [Command([["true"]], inputs=[path], name="made"), Files(path, to="/opt/", name="files")]
            text = render(plan_of(ImageSpec(runtime="python3.13", steps=steps)))
        except OptimizerError:
            return
        stages = parse(text).stages
        assert [item.keyword for item in stages[-2].instructions] == ["WORKDIR", "COPY", "RUN"]
        assert sorted(item.keyword for item in stages[-1].instructions) == ["ADD", "COPY", "LABEL"]

    @given(st.text(max_size=12), st.text(max_size=12))
    def test_a_secret_is_clean_or_refused(self, identifier: str, target: str) -> None:
        try:
            spec = ImageSpec(
                runtime="python3.13", steps=[Command([["true"]], secrets=[BuildSecret(identifier, from_env="A", to_env=target)])]
            )
        except OptimizerError:
            return
        assert spec.steps[0].secrets[0].id.isascii()  # type: ignore[attr-defined]
        assert not set(identifier + target) & set(" ,=$`\"'\\\n;&|")


@given(step_lists())
def test_a_spec_survives_plain_data(steps: list[Step]) -> None:
    spec = ImageSpec(runtime="python3.13", steps=steps)
    assert ImageSpec.from_dict(spec.to_dict()) == spec
