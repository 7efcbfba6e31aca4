from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

TOKEN = {".npmrc": "//registry.example.com/:_authToken=abcdef0123456789\n"}

CATCHES: list[Case] = [
    on_base("COPY .env app.py ./", 2, says='".env" holds a secret'),
    on_base("COPY conf/id_rsa /root/.ssh/\nADD certs/private-2.pem /opt/", 2, 3),
    on_base("COPY .aws/credentials /root/.aws/", 2),
    on_base("COPY .npmrc ./", 2, files=TOKEN),
    on_base("COPY tls.pem ./", 2, files={"tls.pem": "x\n-----BEGIN RSA PRIVATE KEY-----\n"}),
    on_base("COPY pip.conf /etc/", 2, files={"pip.conf": "[global]\nindex-url = https://me:word@example.com/simple\n"}),
    on_base("COPY . ./", 2, files={"app.py": "", ".env": ""}, ignore=".git", says='".env" is copied along'),
    on_base("COPY conf/ ./", 2, files={"conf/.env.production": ""}),
    dockerfile(f"FROM {PYTHON} AS build\nCOPY .netrc /root/\nFROM {PYTHON}\nCOPY --from=build /x /", 2),
]
PASSES: list[Case] = [
    on_base("COPY .env.example certificates/ca.pem app.py ./", inconclusive=1),
    on_base("COPY ca.pem .npmrc ./", files={"ca.pem": "-----BEGIN CERTIFICATE-----", ".npmrc": "//r/:_authToken=${NPM_TOKEN}\n"}),
    on_base("COPY .npmrc ./", inconclusive=1),
    on_base("COPY . ./", files={".env": "", "a/.env": ""}, ignore="**/.env"),
    on_base("COPY --from=build .env ./\nRUN --mount=type=secret,id=x,target=.env true"),
    on_base("COPY environment.py keyring.py monkey.json config.json ./", inconclusive=1),
]
