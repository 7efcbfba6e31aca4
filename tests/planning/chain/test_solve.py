"""Orders of least cost, against every order there is."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from optimizer.model.chain import Method
from optimizer.planning.chain.blocks import blocks
from optimizer.planning.chain.changes import recorded
from optimizer.planning.chain.ideals import cheapest
from optimizer.planning.chain.problem import Problem, closed, steps_of
from optimizer.planning.chain.solve import solve
from tests.planning.chain.problems import NAMES, constraints, independent_problem, least_cost, mixed_problem, recorded_problem

MAKERS = {"independent": independent_problem, "recorded": recorded_problem, "mixed": mixed_problem}


def allowed(problem: Problem, order: tuple[int, ...]) -> bool:
    done = 0
    for step in order:
        if problem.before[step] & ~done:
            return False
        done |= 1 << step
    return done == problem.every and len(order) == len(problem.costs)


@pytest.mark.parametrize("density", [0.0, 0.15, 0.4])
@pytest.mark.parametrize("kind", MAKERS)
def test_no_order_costs_less(kind: str, density: float) -> None:
    """Requirement: "Equality with brute force on thousands of random instances (n ≤ 8, with and without constraints, independent and correlated)"."""
    chance = random.Random(f"{kind} {density}")
    sizes = [1, 2, 3, 4, 5, 6] * 120 + [7] * 40 + [8] * (10 if density else 5)
    for steps in sizes:
        problem = MAKERS[kind](chance, steps, density)
        solution = solve(problem)
        assert allowed(problem, solution.order)
        assert solution.method.exact
        assert solution.cost == solution.lower_bound == pytest.approx(least_cost(problem), rel=1e-9, abs=1e-9)
        assert solution.cost >= problem.apart() * (1 - 1e-9)


@pytest.mark.parametrize("kind", MAKERS)
def test_what_is_not_exact_says_how_far_off_it_may_be(kind: str) -> None:
    """Requirement: "a bounded method that reports its guaranteed gap"."""
    chance = random.Random(kind)
    methods = set()
    for _ in range(300):
        problem = MAKERS[kind](chance, chance.randint(4, 7), 0.25)
        solution, least = solve(problem, ways=5), least_cost(problem)
        methods.add(solution.method)
        assert allowed(problem, solution.order)
        assert solution.lower_bound <= least * (1 + 1e-9) + 1e-9
        assert solution.cost >= least * (1 - 1e-9)
        assert solution.cost <= problem.cost(range(len(problem.costs))) * (1 + 1e-9)
    assert Method.BOUNDED in methods


def test_the_ways_of_finding_an_order_agree() -> None:
    """Strings and the dynamic programme are two proofs of one cost, beyond the size that can be tried out."""
    chance = random.Random(18)
    methods = set()
    for _ in range(60):
        problem = independent_problem(chance, 10, chance.choice([0.05, 0.1, 0.2]))
        solution = solve(problem)
        order = cheapest(problem, 0, problem.every, 1_000_000)
        assert order is not None
        assert solution.cost == pytest.approx(problem.cost(order), rel=1e-9)
        methods.add(solution.method)
    assert {Method.SERIES_PARALLEL, Method.IDEALS} <= methods


@pytest.mark.parametrize("kind", MAKERS)
def test_blocks_lose_nothing_and_grow_dearer_to_start_with(kind: str) -> None:
    """Ordered block by block, a problem costs what it does as a whole; a block saves more, for what it adds to the chance of a change, than the next."""
    chance = random.Random(f"blocks {kind}")
    parted = 0
    for _ in range(60):
        problem = MAKERS[kind](chance, chance.randint(8, 11), chance.choice([0.05, 0.15, 0.3]))
        whole = cheapest(problem, 0, problem.every, 1_000_000)
        assert whole is not None
        found = blocks(problem)
        assert sum(found) == problem.every
        parted += len(found) > 1
        order: list[int] = []
        density = float("inf")
        done = 0
        for block in found:
            rise = problem.changes(done | block) - problem.changes(done)
            costs = sum(problem.costs[step] for step in steps_of(block))
            if costs * rise > 0:
                assert costs / rise <= density * (1 + 1e-9)
                density = costs / rise
            order += cheapest(problem, done, block, 1_000_000) or ()
            done |= block
        assert allowed(problem, tuple(order))
        assert problem.cost(order) == pytest.approx(problem.cost(whole), rel=1e-9, abs=1e-9)
        assert blocks(problem, looks=0) == [problem.every]
    assert parted > 40


def test_many_steps_that_change_together_are_exact_with_few_constraints() -> None:
    """As a whole they have more ways than are looked at."""
    chance = random.Random(25)
    for _ in range(4):
        rates = {name: chance.choice([0.02, 0.05, 0.1, 0.3]) for name in NAMES[:25]}
        past = {frozenset(name for name, rate in rates.items() if chance.random() < rate): 1.0 for _ in range(40)}
        problem = Problem(tuple(chance.uniform(1, 120) for _ in rates), constraints(chance, 25, 0.03), recorded(past, tuple(rates)))
        assert cheapest(problem, 0, problem.every, 600_000) is None
        assert solve(problem).method is Method.IDEALS


def test_steps_that_nobody_can_tell_apart_are_no_work() -> None:
    """Forty steps of which no order costs more than another."""
    never = Problem((1.0,) * 40, (0,) * 40, recorded({frozenset(): 1.0}, ""))
    free = Problem((0.0,) * 40, (0,) * 40, recorded({frozenset("a"): 1.0, frozenset(): 1.0}, ["a", *map(str, range(39))]))
    for problem in (never, free):
        solution = solve(problem)
        assert (solution.order, solution.method, solution.cost) == (tuple(range(40)), Method.IDEALS, 0.0)


def test_many_steps_with_few_constraints_are_exact_at_once() -> None:
    chance = random.Random(3)
    steps = 200
    before = closed([1 << step - 1 if step % 4 else 0 for step in range(steps)])
    problem = Problem.of_independent([chance.random() for _ in range(steps)], before, [chance.random() / 50 for _ in range(steps)])
    assert solve(problem).method is Method.SERIES_PARALLEL


class TestWorkedExamples:
    """Four steps: packages of the system, dependencies, configuration, code."""

    COSTS = (90.0, 60.0, 2.0, 5.0)
    PROBABILITIES = (0.02, 0.10, 0.30, 0.90)

    def test_without_constraints(self) -> None:
        problem = Problem.of_independent(self.COSTS, [0, 0, 0, 0], self.PROBABILITIES)
        solution = solve(problem)
        assert (solution.order, solution.method) == ((0, 1, 2, 3), Method.INDEX)
        assert solution.cost == pytest.approx(14.3365, abs=1e-4)
        assert problem.cost([3, 2, 1, 0]) == pytest.approx(147.0234, abs=1e-4)
        assert problem.apart() == pytest.approx(12.9)

    def test_a_cheap_step_goes_early_for_the_dear_one_behind_it(self) -> None:
        """Configuration must come before dependencies; the most stable step at hand first would take the code first."""
        problem = Problem.of_independent(self.COSTS, [0, 0b100, 0, 0], (0.02, 0.10, 0.30, 0.20))
        assert solve(problem).order == (0, 2, 1, 3)
        assert solve(problem).cost == pytest.approx(27.9144, abs=1e-4)
        assert problem.cost([0, 3, 2, 1]) == pytest.approx(34.1472, abs=1e-4)

    def test_steps_that_change_together_stand_together(self) -> None:
        past = {frozenset("ab"): 2.0, frozenset("c"): 2.0, frozenset("b"): 1.0}
        problem = Problem((20.0, 60.0, 30.0), (0, 0, 0), recorded(past, "abc"))
        solution = solve(problem)
        assert (solution.order, solution.method) == ((0, 1, 2), Method.IDEALS)
        assert solution.cost == pytest.approx(74)
        assert problem.cost([2, 1, 0]) == pytest.approx(92)


class TestProperties:
    def test_more_constraints_never_make_it_cheaper(self) -> None:
        chance = random.Random(5)
        for kind in MAKERS:
            for _ in range(100):
                problem = MAKERS[kind](chance, 7, 0.2)
                free = replace(problem, before=(0,) * 7)
                assert solve(free).cost <= solve(problem).cost * (1 + 1e-9)

    def test_dearer_or_more_volatile_steps_never_make_it_cheaper(self) -> None:
        chance = random.Random(6)
        for _ in range(200):
            problem = independent_problem(chance, 7, 0.2)
            assert problem.probabilities is not None
            step = chance.randrange(7)
            dearer = replace(problem, costs=tuple(cost + 5 * (at == step) for at, cost in enumerate(problem.costs)))
            volatile = [min(1.0, value + 0.1 * (at == step)) for at, value in enumerate(problem.probabilities)]
            assert solve(dearer).cost >= solve(problem).cost * (1 - 1e-9)
            assert solve(Problem.of_independent(problem.costs, problem.before, volatile)).cost >= solve(problem).cost * (1 - 1e-9)

    def test_a_step_that_gets_more_volatile_never_moves_forward(self) -> None:
        chance = random.Random(7)
        for _ in range(200):
            problem = independent_problem(chance, 6, 0.0)
            assert problem.probabilities is not None
            step = chance.randrange(6)
            volatile = [min(1.0, value + 0.1 * (at == step)) for at, value in enumerate(problem.probabilities)]
            later = solve(Problem.of_independent(problem.costs, problem.before, volatile)).order
            assert later.index(step) >= solve(problem).order.index(step)
            assert [other for other in later if other != step] == [other for other in solve(problem).order if other != step]

    def test_the_scale_of_costs_changes_nothing(self) -> None:
        chance = random.Random(8)
        for kind in MAKERS:
            for _ in range(100):
                problem = MAKERS[kind](chance, 7, 0.2)
                assert solve(replace(problem, costs=tuple(4 * cost for cost in problem.costs))).order == solve(problem).order

    def test_equal_steps_keep_their_order(self) -> None:
        assert solve(Problem.of_independent([1.0] * 9, [0] * 9, [0.2] * 9)).order == tuple(range(9))
        past = recorded({frozenset("abcde"): 1.0, frozenset(): 1.0}, "abcde")
        assert solve(Problem((1.0,) * 5, (0,) * 5, past)).order == tuple(range(5))


class TestRecorded:
    def test_a_set_changes_as_often_as_any_of_it(self) -> None:
        changes = recorded({frozenset("ab"): 1.0, frozenset("c"): 2.0, frozenset("x"): 1.0}, "abc")
        assert [changes(mask) for mask in (0, 0b001, 0b010, 0b011, 0b100, 0b111)] == [0, 0.25, 0.25, 0.25, 0.5, 0.75]

    def test_no_deployments_say_nothing(self) -> None:
        with pytest.raises(ValueError, match="no deployment has a weight over zero"):
            recorded({}, "abc")
