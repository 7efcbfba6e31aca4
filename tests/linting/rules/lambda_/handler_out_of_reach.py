from __future__ import annotations

from tests.linting.cases import Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("WORKDIR /app\nCOPY . .", 2, says='in "/var/task", and everything is in "/app"'),
    on_base("WORKDIR ..\nWORKDIR code\nCOPY app.py ./\nRUN ls", 3),
    dockerfile("FROM public.ecr.aws/lambda/nodejs:24 AS base\nWORKDIR /usr/app\nFROM base\nCOPY index.mjs ./", 2),
    on_base('COPY app.py /\nCMD ["app.handler"]', 2, says='where nothing is put, and "app.py" is in "/"'),
    on_base('COPY app.py /app/\nCMD ["app.handler"]', 2, says='"app.py" is in "/app"'),
    on_base("COPY src/ /function/", 2),
    on_base("COPY . /code", 2),
    on_base("COPY shop /srv/shop", 2, files={"shop/__init__.py": ""}),
    on_base("COPY requirements.txt /\nCOPY --from=build /x /opt/\nCOPY main.py /handler.py", 4, files={"requirements.txt": ""}),
    dockerfile('FROM public.ecr.aws/lambda/java:21\nCOPY target/classes /app\nCMD ["com.example.Api::handle"]', 2, says='"/app"'),
    on_base('COPY app.py /opt/x/\nCMD ["app.handler"]', 2, says='"app.py" is in "/opt/x"'),
    on_base('COPY src/app.py /home/app.py\nCMD ["app.handler"]', 2),
]
PASSES: list[Case] = [
    on_base("WORKDIR /app\nCOPY app.py ${LAMBDA_TASK_ROOT}/"),
    on_base("WORKDIR /var/task/sub\nCOPY app.py ./"),
    on_base("WORKDIR $LAMBDA_TASK_ROOT\nCOPY app.py ./"),
    on_base("WORKDIR /app\nCOPY . .\nENV PYTHONPATH=/app"),
    on_base("WORKDIR /app\nCOPY . .\nRUN cp -r . /var/task"),
    on_base("WORKDIR /app\nCOPY --from=x /layer/ /"),
    on_base('WORKDIR /app\nCOPY . .\nENTRYPOINT ["python", "-m", "awslambdaric"]'),
    on_base("ARG D\nWORKDIR $D\nCOPY . ."),
    dockerfile("FROM public.ecr.aws/lambda/provided:al2023\nWORKDIR /app\nCOPY . ."),
    dockerfile("FROM python:3.13\nWORKDIR /app\nCOPY . ."),
    on_base("COPY app.py ./"),
    on_base("COPY src /"),
    on_base("COPY . /"),
    on_base("COPY app.py /\nRUN mv /app.py ${LAMBDA_TASK_ROOT}"),
    on_base('COPY app.py /app/\nCMD ["/app/app.handler"]'),
    on_base("COPY lib.py /opt/python/\nCOPY extension.py /opt/extensions/"),
    on_base('COPY app.py /opt/python/\nCMD ["app.handler"]'),
    on_base('COPY other.py /opt/x/\nCMD ["app.handler"]'),
    on_base("COPY data.json /data/", files={"data.json": "{}"}),
    on_base("COPY --from=build /layer/ /"),
]
