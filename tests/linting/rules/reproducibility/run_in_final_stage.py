from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN mkdir /opt/data", 2, says="the files that mkdir writes"),
    on_base("RUN echo 1 > /version", 2),
    on_base("RUN dnf install -y unzip && \\\n    unzip /tmp/a.zip", 3),
    dockerfile(f"FROM {PYTHON} AS base\nRUN chmod +x /opt/x\nFROM base", 2),
    on_base("RUN grep a /x > /y 2>&1", 2),
    on_base("RUN if [[ -f a && -f b ]]; then cp a /opt; fi", 2, says="the files that cp writes"),
    on_base("RUN python -m compileall /opt", 2),
]
PASSES: list[Case] = [
    on_base("RUN dnf install -y jq && dnf clean all && rm -rf /var/cache/dnf"),
    on_base("RUN set -e; echo hello; ls /var/task; cat /etc/os-release"),
    on_base("RUN pip install x"),
    on_base("RUN mkdir /opt/data && touch -d @499162500 /opt/data"),
    dockerfile(f"FROM {PYTHON} AS build\nRUN mkdir /opt/data\nFROM {PYTHON}\nCOPY --from=build /opt/data /opt/"),
    on_base("RUN python --version && python3.13 -V && node -v && java -version"),
    on_base("RUN if [[ -z $A || ( $B > $C && -n $D ) ]]; then exit 1; fi"),
    on_base("RUN . ./x.sh && source /etc/profile"),
    on_base("RUN uv --no-cache pip install --system -r requirements.txt"),
    on_base("RUN uv pip sync requirements.txt"),
    on_base("RUN uv pip list && uv --version && pip3 check && python -m pip freeze"),
    on_base("RUN command -v jq > /dev/null 2>&1 || exit 1"),
    on_base("RUN echo done >&2; grep -q x /etc/os-release 2>/dev/null"),
]
