from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

JAVA = "FROM public.ecr.aws/lambda/java:21\n"

CATCHES: list[Case] = [
    dockerfile(
        f"{JAVA}COPY target/classes $LAMBDA_TASK_ROOT\nCOPY target/dependency/* ${{LAMBDA_TASK_ROOT}}/lib/", 3, says="the code of line 2"
    ),
    dockerfile(f"{JAVA}COPY --from=b /task/helloworld ./helloworld\nCOPY --from=b /task/lib/ ./lib", 3),
    on_base("COPY src/ ./src/\nCOPY --from=b /app/node_modules ./node_modules", 3),
    on_base("COPY app.py ./\nCOPY --from=b /venv/lib/python3.13/site-packages/ /opt/python/", 3),
    dockerfile(f"FROM {PYTHON} AS base\nCOPY a.py ./\nFROM base\nCOPY x.py ./\nCOPY libs/*.jar lib/", 5),
]
PASSES: list[Case] = [
    dockerfile(f"{JAVA}COPY target/dependency/* ${{LAMBDA_TASK_ROOT}}/lib/\nCOPY target/classes $LAMBDA_TASK_ROOT"),
    on_base("COPY --from=b /app/node_modules ./node_modules\nCOPY src/ ./src/"),
    on_base("COPY --link src/ ./src/\nCOPY --link --from=b /app/node_modules ./node_modules"),
    on_base("COPY app.py ./\nCOPY lib/ ./lib/\nCOPY app.py lib/util.py ./lib/", files={}),
    on_base("COPY ca.pem /etc/pki/\nCOPY --from=b /node_modules ./node_modules"),
    dockerfile(f"FROM {PYTHON} AS build\nCOPY src/ ./\nCOPY --from=x /node_modules ./node_modules\nFROM {PYTHON}"),
]
