from __future__ import annotations

from optimizer.bases.mirror import Mirror
from optimizer.linting.conventions import Conventions
from tests.linting.cases import PYTHON, TODAY, Case, dockerfile

WEB = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nEXPOSE 8080\nUSER 1000\nENV TZ=UTC\nHEALTHCHECK CMD true\nENTRYPOINT ["gunicorn", "app:app"]'
MIRRORED = Conventions(today=TODAY, mirror=Mirror.parse("123456789012.dkr.ecr.eu-central-1.amazonaws.com/ecr-public"))


def nobody_says(text: str, *lines: int, **known: object) -> Case:
    return dockerfile(text, *lines, for_lambda=None, **known)  # type: ignore[arg-type]


CATCHES: list[Case] = [
    nobody_says(WEB, 1, says="nothing shows that Lambda runs this image"),
    nobody_says("# not for Lambda\nFROM nginx AS one\nFROM one", 2),
    nobody_says('FROM node:24\nCMD ["server.js"]', 1),
    nobody_says('FROM node:24\nCMD ["npm", "start"]', 1, files={"package.json": '{"dependencies": {"express": "5"}}'}),
]
PASSES: list[Case] = [
    nobody_says(f"FROM {PYTHON}"),
    nobody_says("FROM 123456789012.dkr.ecr.eu-central-1.amazonaws.com/ecr-public/lambda/python:3.13", conventions=MIRRORED),
    nobody_says('FROM python:3.13\nENTRYPOINT ["python", "-m", "awslambdaric"]'),
    nobody_says("FROM python:3.13\nCOPY app.py ${LAMBDA_TASK_ROOT}/"),
    nobody_says("FROM debian\nCOPY --from=x /adapter /opt/extensions/adapter"),
    nobody_says("FROM debian\nRUN <<E\ncurl -o /var/runtime/bootstrap https://example.com\nE"),
    nobody_says('FROM example.com/base/python:3.13\nCMD ["app.handler"]'),
    nobody_says('FROM example.com/base/java:21\nCMD ["com.example.Api::handleRequest"]'),
    nobody_says("FROM python:3.13", files={"requirements.txt": "awslambdaric==3.0.0\n"}),
    nobody_says("FROM golang", files={"go.mod": "require github.com/aws/aws-lambda-go v1.47.0\n"}),
    nobody_says(WEB, construct="Api"),
    dockerfile(WEB),
    dockerfile(WEB, for_lambda=False),
    nobody_says("ARG BASE\nFROM $BASE\nEXPOSE 80", inconclusive=1),
]
