"""The planner's order of a chain against CP-SAT of OR-Tools on the same problems, as ratios in one run.

Problems of 12 to 20 steps are made at random: seconds of each step, what must
come before what, and a past of 40 deployments in which steps change together.
Both sides minimise the same expected seconds per deployment.  CP-SAT gets it as
a linear ordering problem, with one variable for each pair of steps and one for
each deployment that makes a step again; costs and weights are whole numbers,
so that its optimum is exact.  *Tied* problems have an ``after`` between one
pair of steps in five, *loose* ones between one in ten.  Times are those of
stating and solving a problem, without imports; CP-SAT uses all processors.  It
is given up after ``--limit`` seconds, which then count as its time.  The
planner needs about a millisecond, and is timed five times, of which the median
counts: whatever else the machine does would take longer than that.

OR-Tools is installed from PyPI into an environment of its own.

Run: ``python -m benchmarks.planner [--problems N] [--limit SECONDS]``
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from optimizer.planning.chain.changes import recorded
from optimizer.planning.chain.problem import Problem, closed
from optimizer.planning.chain.solve import Solution, solve

ORTOOLS = "ortools==9.15.6755"
SIZES = (12, 14, 16, 18, 20)
DENSITIES = {"tied": 0.2, "loose": 0.1}
DEPLOYMENTS = 40
TIMES = 5
SOLVER = """
import itertools, json, sys, time
from ortools.sat.python import cp_model

def solved(costs, after, past, limit):
    started = time.monotonic()
    model, steps = cp_model.CpModel(), range(len(costs))
    earlier = {pair: model.new_bool_var(str(pair)) for pair in itertools.permutations(steps, 2)}
    for one, other in itertools.combinations(steps, 2):
        model.add(earlier[one, other] + earlier[other, one] == 1)
    for one, two, three in itertools.permutations(steps, 3):
        model.add(earlier[one, two] + earlier[two, three] - earlier[one, three] <= 1)
    for step, before in enumerate(after):
        for other in before:
            model.add(earlier[other, step] == 1)
    terms = []
    for changed in past:
        for step in steps:
            if step in changed:
                terms.append(costs[step])
                continue
            again = model.new_bool_var("")
            for other in changed:
                model.add(again >= earlier[other, step])
            terms.append(costs[step] * again)
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit
    status = solver.solve(model)
    known = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return [time.monotonic() - started, status == cp_model.OPTIMAL, solver.objective_value if known else None]

given = json.load(sys.stdin)
print(json.dumps([solved(*problem, given["limit"]) for problem in given["problems"]]))
"""


def problem_of(chance: random.Random, steps: int, density: float) -> dict[str, Any]:
    """Whole seconds, the steps directly before each, and the steps that each deployment changed."""
    after = [[other for other in range(step) if chance.random() < density] for step in range(steps)]
    rates = [chance.choice([0.02, 0.05, 0.1, 0.3]) for _ in range(steps)]
    past = [[step for step in range(steps) if chance.random() < rates[step]] for _ in range(DEPLOYMENTS)]
    return {"costs": [chance.randint(1, 120) for _ in range(steps)], "after": after, "past": past}


def solved_here(given: dict[str, Any]) -> tuple[float, Solution]:
    """The median of some times in seconds, and the planner's answer."""
    answers = [_timed(given) for _ in range(TIMES)]
    return statistics.median(seconds for seconds, _ in answers), answers[0][1]


def _timed(given: dict[str, Any]) -> tuple[float, Solution]:
    started = time.perf_counter()
    names = [str(step) for step in range(len(given["costs"]))]
    past: dict[frozenset[str], float] = {}
    for changed in given["past"]:
        key = frozenset(str(step) for step in changed)
        past[key] = past.get(key, 0.0) + 1.0
    before = closed([sum(1 << step for step in steps) for steps in given["after"]])
    solution = solve(Problem(tuple(map(float, given["costs"])), before, recorded(past, names)))
    return time.perf_counter() - started, solution


def environment(directory: Path) -> Path:
    """The Python of an environment with OR-Tools."""
    venv.create(directory, with_pip=True)
    python = directory / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ORTOOLS], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=3, help="problems of each size and kind  [default: 3]")
    parser.add_argument("--limit", type=float, default=30, help="seconds for CP-SAT on one problem  [default: 30]")
    arguments = parser.parse_args()
    chance = random.Random(18)
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        python = environment(Path(scratch) / "ortools")
        print(f"{'':8}{'steps':>6}{'method':>20}{'planner s':>12}{'CP-SAT s':>10}{'ratio':>9}  same optimum")
        for kind, density in DENSITIES.items():
            for steps in SIZES:
                given = [problem_of(chance, steps, density) for _ in range(arguments.problems)]
                here = [solved_here(each) for each in given]
                text = json.dumps({"problems": [list(each.values()) for each in given], "limit": arguments.limit})
                done = subprocess.run([python, "-c", SOLVER], input=text, capture_output=True, text=True, check=True)
                there = json.loads(done.stdout)
                answers = [_compared(solution, *row) for (_, solution), row in zip(here, there, strict=True)]
                wrong += answers.count("no")
                ours, theirs = (statistics.median(row[0] for row in rows) for rows in (here, there))
                methods = ", ".join(sorted({solution.method.value for _, solution in here}))
                ratio = theirs / ours
                print(f"{kind:8}{steps:6}{methods:>20}{ours:12.4f}{theirs:10.2f}{ratio:9.0f}  {', '.join(answers)}", flush=True)
    sys.exit(1 if wrong else 0)


def _compared(solution: Solution, seconds: float, optimal: bool, value: float | None) -> str:
    """Whether both found one optimum, as far as each proved it."""
    if not optimal:
        return "CP-SAT gave up"
    if not solution.method.exact:
        return f"at least {solution.lower_bound / solution.cost:.1%} proved"
    return "yes" if value is not None and abs(value - solution.cost * DEPLOYMENTS) < 1e-3 else "no"


if __name__ == "__main__":
    main()
