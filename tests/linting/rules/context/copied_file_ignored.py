from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY requirements.txt ./", 2, ignore="*.txt", says='"requirements.txt" is left out by ".dockerignore"'),
    on_base("COPY ./src/app.py src/b.py ./", 2, 2, ignore="src"),
    on_base("COPY app.py ./", 2, ignore="*\n!lib"),
    on_base("COPY /models ./", 2, ignore="models/", files={"models/a": ""}),
    on_base("RUN --mount=type=bind,source=r.txt,target=/r.txt pip install -r /r.txt", 2, own_ignore="*.txt", ignore="!r.txt"),
]
PASSES: list[Case] = [
    on_base("COPY requirements.txt ./", ignore="*.txt\n!requirements.txt"),
    on_base("COPY src/ ./", ignore="*\n!src/app.py"),
    on_base("COPY src ./", ignore="*\n!src/*.py", files={"src/app.py": ""}),
    on_base("COPY *.txt . ./", ignore="*.txt"),
    on_base(
        "COPY --from=build r.txt ./\nRUN --mount=type=cache,source=r.txt,target=/x --mount=from=build,source=r.txt true", ignore="*.txt"
    ),
    on_base("COPY r.txt ./", ignore="r.txt", own_ignore="other"),
    dockerfile(f"FROM x AS unused\nCOPY r.txt ./\nFROM {PYTHON}", ignore="r.txt"),
]
