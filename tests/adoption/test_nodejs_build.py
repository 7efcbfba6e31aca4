"""Stages that run a script of package.json: a step that builds where all of the stage is understood, commands where not."""

from __future__ import annotations

import json

import pytest

from optimizer.adoption.proposal import Outcome
from optimizer.model.steps import Command, NodeBuild, NodeDependencies
from tests.adoption.test_propose import of, outcome

NODE = "public.ecr.aws/lambda/nodejs:22"
LOCK = '{"name": "x", "lockfileVersion": 3, "packages": {"": {"name": "x"}}}'
FILES = {
    "package.json": '{"name": "x", "scripts": {"build": "tsc", "lint": "eslint"}, "dependencies": {"ms": "2.1.3"}}',
    "package-lock.json": LOCK,
    "tsconfig.json": "{}",
    "src/a.ts": "",
}
STAGE = "FROM node:22 AS b\nWORKDIR /b\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN {run}\nFROM " + NODE + "\n{take}\n"


@pytest.mark.parametrize(
    "run", ["npm run build", "npm run-script build", "npm ci && npm run build --silent", "yarn build", "pnpm run build"]
)
def test_one_script_and_its_output_are_a_step(run: str) -> None:
    proposal = of(STAGE.format(run=run, take="COPY --from=b /b/dist ./"), FILES)
    assert proposal.spec.steps == (NodeBuild(".", script="build"),)
    assert outcome(proposal, 6) == (Outcome.CARRIED, "")


def test_packages_that_are_left_after_the_build_are_those_of_the_lock() -> None:
    take = "COPY --from=b /b/lib ${LAMBDA_TASK_ROOT}/lib\nCOPY --from=b /b/node_modules ${LAMBDA_TASK_ROOT}/node_modules"
    proposal = of(STAGE.format(run="npm run build && npm prune --omit=dev", take=take), FILES)
    steps = sorted(proposal.spec.steps, key=lambda step: step.kind)
    assert steps == [NodeBuild(".", script="build", output="lib", to="/var/task/lib/"), NodeDependencies("package-lock.json")]


def test_a_member_of_a_workspace_is_built_with_what_stands_beside_it() -> None:
    lock = {"lockfileVersion": 3, "packages": {"": {"workspaces": ["fn/*"]}, "node_modules/api": {"resolved": "fn/api", "link": True}}}
    files = {
        "package.json": '{"workspaces": ["fn/*"]}',
        "package-lock.json": json.dumps(lock),
        "rates.json": "[]",
        "fn/api/package.json": '{"name": "api", "scripts": {"build": "node build.mjs"}}',
        "fn/api/src/a.ts": "",
    }
    text = (
        "FROM node:22 AS b\nWORKDIR /b\nCOPY package*.json rates.json ./\nCOPY fn/api fn/api\nRUN npm ci\nWORKDIR /b/fn/api\n"
        f"ENV STAGE=prod\nRUN npm run build\nFROM {NODE}\nCOPY --from=b /b/fn/api/dist/ /var/task/"
    )
    (step,) = of(text, files).spec.steps
    assert step == NodeBuild("fn/api", script="build", inputs=["rates.json"], environment={"STAGE": "prod"})


NOT_UNDERSTOOD = {
    "another program": ("npx tsc", "COPY --from=b /b/dist ./"),
    "two scripts": ("npm run lint && npm run build", "COPY --from=b /b/dist ./"),
    "options of the script": ("npm run build -- --watch", "COPY --from=b /b/dist ./"),
    "a script that is not there": ("npm run bundle", "COPY --from=b /b/dist ./"),
    "a redirection": ("npm run build > log", "COPY --from=b /b/dist ./"),
    "one file of the output": ("npm run build", "COPY --from=b /b/dist/a.js ./"),
    "two directories": ("npm run build", "COPY --from=b /b/dist ./\nCOPY --from=b /b/assets ./assets"),
    "all of the stage": ("npm run build", "COPY --from=b /b/ ./"),
}


@pytest.mark.parametrize("case", NOT_UNDERSTOOD)
def test_whatever_else_the_stage_does_stays_as_commands(case: str) -> None:
    run, take = NOT_UNDERSTOOD[case]
    proposal = of(STAGE.format(run=run, take=take), FILES)
    assert [type(step) for step in proposal.spec.steps if not isinstance(step, NodeDependencies)] == [Command]


def test_without_a_lock_the_commands_stay() -> None:
    files = {name: text for name, text in FILES.items() if name != "package-lock.json"}
    (step,) = of(STAGE.format(run="npm run build", take="COPY --from=b /b/dist ./"), files).spec.steps
    assert isinstance(step, Command)
