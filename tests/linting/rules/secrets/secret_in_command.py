from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN curl -H 'Authorization: Bearer 0123456789abcdef' https://example.com", 2, says="a header with a token"),
    on_base("RUN pip install \\\n  --index-url https://me:word@example.com/simple x", 3, says="a URL with a password"),
    on_base("RUN npm config set //r.example.com/:_authToken=0123456789 && npm ci", 2),
    on_base("RUN export DB_PASSWORD='hunter22' && ./x", 2, says='the value of "DB_PASSWORD"'),
    on_base("COPY <<EOF /root/key\n-----BEGIN OPENSSH PRIVATE KEY-----\nEOF", 3),
    dockerfile(f"FROM {PYTHON} AS build\nRUN git clone https://ghp_{'a1' * 18}@example.com/x\nFROM {PYTHON}\nCOPY --from=build /x /", 2),
]
PASSES: list[Case] = [
    on_base('RUN curl -H "Authorization: Bearer $TOKEN" https://example.com'),
    on_base("RUN pip install --index-url https://me:$PASSWORD@example.com/simple x"),
    on_base("RUN pip install --index-url https://me:${PASSWORD}@example.com/simple x && curl http://example.com:8080/a@b"),
    on_base("RUN SECRET_KEY_BASE=dummy rails assets:precompile && NPM_TOKEN=xxxxxxxx npm ci && API_KEY=test-only make"),
    on_base('RUN export NPM_TOKEN="$(cat /run/secrets/npm)" && DB_PASSWORD=$X ./x && ./x --token=/run/secrets/token'),
    on_base("RUN npm config set //r.example.com/:_authToken=${NPM_TOKEN}"),
    on_base("RUN --mount=type=secret,id=npm,env=NPM_TOKEN npm ci"),
    dockerfile(f"FROM x AS unused\nRUN DB_PASSWORD=hunter22 ./x\nFROM {PYTHON}"),
]
