from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile


def built(stage: str, final: str, *lines: int, **known: object) -> Case:
    """A case of a build stage and a final stage, each on a base of its own."""
    return dockerfile(f"FROM {PYTHON} AS build\n{stage}\nFROM {PYTHON}\n{final}", *lines, **known)  # type: ignore[arg-type]


CATCHES: list[Case] = [
    built("COPY app.py /out/\nRUN pip install -r r.txt -t /out", "COPY --from=build /out /var/task", 5, says='"/out" of stage "build"'),
    built("COPY app.rb Gemfile ./\nRUN bundle install", "COPY --from=build /var/task/ /var/task/", 5),
    built("WORKDIR /app\nCOPY . .\nRUN npm ci", "COPY --from=build /app /var/task", 6),
    built("ARG DIR=/fn\nCOPY . ${DIR}\nRUN pip install -t ${DIR} awslambdaric", "COPY --from=build /fn /fn", 6),
    built("COPY app.py ./\nRUN pip install -r r.txt -t $LAMBDA_TASK_ROOT/lib", "COPY --link --from=0 /var/task /var/task", 5),
]
PASSES: list[Case] = [
    built("COPY requirements.txt ./\nRUN pip install -r requirements.txt -t /out", "COPY --from=build /out /var/task\nCOPY app.py ./"),
    built("COPY app.py /code/\nRUN pip install -r r.txt -t /out", "COPY --from=build /out /var/task\nCOPY --from=build /code /var/task"),
    built("COPY . .\nRUN npm ci && npm run build", "COPY --from=build /var/task/dist ./"),
    built("COPY . .\nRUN dotnet publish -o /out", "COPY --from=build /out /var/task"),
    built("ARG DIR\nCOPY . ${DIR}\nRUN pip install -t ${DIR} x", "COPY --from=build /fn /fn"),
    dockerfile(f"FROM {PYTHON}\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt -t .\nCOPY app.py ./"),
    dockerfile(f"FROM {PYTHON}\nCOPY --from=example.com/tools /out /opt"),
]
