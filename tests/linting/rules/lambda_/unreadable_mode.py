from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("COPY --chmod=600 app.py ./", 2, says='mode "600": only the owner can read'),
    on_base("ADD --chmod=0750 lib/ ./", 2),
    on_base("COPY --chmod=u=rw,go= app.py ./", 2),
    on_base("COPY --chmod=o-r app.py ./", 2),
    on_base("COPY --chmod=644 lib/ ./lib/", 2, says='the directory "lib/"'),
    on_base("COPY --chmod=644 lib ./lib/", 2, files={"lib/a.py": ""}),
    on_base("RUN chmod -R 700 /var/task && chmod 400 /opt/key", 2, 2, says="chmod 700"),
]
PASSES: list[Case] = [
    on_base("COPY --chmod=644 app.py ./\nCOPY --chmod=0755 lib/ ./\nCOPY --chmod=u=rwX,go=rX lib/ ./"),
    on_base("COPY --chmod=u+x,g-w app.py ./\nCOPY --chmod=a+rx lib/ ./\nCOPY --chmod=+x lib/ ./"),
    on_base("COPY --chmod=644 lib ./", files={"lib": ""}),
    on_base("ARG M\nCOPY --chmod=$M app.py ./", inconclusive=1),
    on_base("RUN chmod 600 /root/.netrc && chmod 755 /opt/x && chmod $M /x && chmod --help"),
    dockerfile(f"FROM {PYTHON} AS build\nCOPY --chmod=600 key /\nFROM {PYTHON}"),
]
