from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN pip install --user x==1", 2, says="--user installs into the home directory"),
    on_base("RUN python3 -m pip install --no-cache-dir --user -r requirements.txt", 2),
    on_base("RUN gem install --user-install x", 2),
    dockerfile(
        f"FROM python:3.13 AS build\nRUN pip install --user x==1\nFROM {PYTHON}\nCOPY --from=build /root/.local /root/.local",
        4,
        says='"/root/.local" is in the home directory of another user',
    ),
]
PASSES: list[Case] = [
    on_base("RUN pip install x==1"),
    on_base("ENV PYTHONUSERBASE=/opt/python\nRUN pip install --user x==1"),
    on_base("RUN pip install --user --target /var/task x==1"),
    on_base("ENV PYTHONPATH=/root/.local/lib/python3.13/site-packages\nRUN pip install --user x==1"),
    dockerfile(f"FROM python:3.13 AS build\nRUN pip install --user x==1\nFROM {PYTHON}\nCOPY --from=build /root/.local/lib /var/task/"),
]
