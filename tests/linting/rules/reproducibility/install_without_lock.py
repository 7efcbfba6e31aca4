from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("RUN pip install flask 'boto3>=1'", 2, says="flask, boto3>=1"),
    on_base(
        "COPY r/requirements.txt .\nRUN pip install -r requirements.txt",
        3,
        files={"requirements.txt": "flask==3.1\n"},
        says="has no hashes",
    ),
    # Where the build sees the file: by a mount, by a copy, by one of the whole context, by what another includes.
    on_base(
        "RUN --mount=type=bind,source=fn/api.txt,target=/src/r.txt pip install -r /src/r.txt",
        2,
        files={"fn/api.txt": "flask==3.1\n", "r.txt": "flask==3.1 --hash=sha256:00\n"},
        says='"fn/api.txt" has no hashes',
    ),
    on_base("RUN --mount=target=/src pip install -r /src/fn/r.txt", 2, files={"fn/r.txt": "flask\n"}, says='"fn/r.txt" has no hashes'),
    on_base(
        "WORKDIR /build\nCOPY fn/api.txt r.txt\nRUN pip install -r r.txt", 4, files={"fn/api.txt": "flask\n"}, says='"fn/api.txt" has no'
    ),
    on_base("COPY services/ /src/\nRUN pip install -r /src/a/r.txt", 3, files={"services/a/r.txt": "flask\n"}, says='"services/a/r.txt"'),
    on_base("COPY . .\nRUN pip install -r a/r.txt", 3, files={"a/r.txt": "-r ../base.txt\n", "base.txt": "flask\n"}, says='"a/r.txt" has'),
    on_base("RUN npm install", 2, says="npm install may change the lock"),
    on_base("RUN npm i -g typescript", 2),
    on_base("RUN yarn", 2),
    on_base("RUN pnpm install --prod", 2),
    on_base("RUN bundle install", 2),
    on_base("RUN gem install rake", 2),
    on_base("RUN uv sync", 2),
    on_base("RUN pipenv install --system", 2),
    on_base("RUN dotnet tool install -g Amazon.Lambda.Tools", 2, says="Amazon.Lambda.Tools: installed without a version"),
    on_base("RUN go install -tags x example.com/tool@latest", 2, says="example.com/tool@latest"),
    on_base("RUN cargo install --locked cargo-lambda", 2),
    on_base("COPY r.txt ./\nRUN uv pip sync r.txt", 3, says='"r.txt" has no hashes', files={"r.txt": "a==1\n"}),
]
CATCHES += [
    # The version of the interpreter stands in a variable, as in AWS's guide to images of other bases.
    on_base(
        "ARG RUNTIME_VERSION=3.13\nRUN python${RUNTIME_VERSION} -m pip install awslambdaric", 3, says="awslambdaric: installed without"
    ),
    on_base("RUN pip$V install flask", 2, says="flask"),
    on_base("RUN pip install flask $MORE", 2, says="flask: installed without a version", inconclusive=1),
]
PASSES: list[Case] = [
    # What a variable or a command names may have its version.
    on_base("RUN pip install $PACKAGES", inconclusive=1),
    on_base("RUN pip install \"$(printf '%s' .[prod])\"", inconclusive=1),
    # Packages of the operating system are another rule's.
    on_base("RUN microdnf install curl ${JAVA_PACKAGE}"),
    on_base("RUN npm install $PACKAGES && gem install ${GEMS}", inconclusive=2),
    on_base("RUN uv pip install --no-index --find-links /wheels --target /out ours"),
    on_base("RUN uv pip install --index https://pypi.example.com/simple --index-strategy unsafe-best-match --prerelease allow flask==3.1"),
    on_base("COPY pylock.toml .\nRUN uv pip install -r pylock.toml", files={"pylock.toml": 'lock-version = "1.0"\n'}),
    on_base("RUN pip install --require-hashes -r requirements.txt"),
    on_base("RUN pip install -r requirements.txt", files={"requirements.txt": "flask==3.1 --hash=sha256:00\n"}),
    on_base('RUN pip install -r "${LAMBDA_TASK_ROOT}/requirements.txt"', files={"requirements.txt": "# none\n"}),
    on_base("RUN pip install -r requirements.txt", inconclusive=1),
    on_base("COPY . .\nRUN pip install -r a/r.txt", files={"a/r.txt": "-rbase.txt\n", "a/base.txt": "flask==3.1 --hash=sha256:00\n"}),
    on_base("COPY . .\nRUN pip install -r r.txt", files={"r.txt": "-r r.txt\n"}),
    on_base("RUN --mount=from=wheels,target=/src pip install -r /src/r.txt", files={"a/r.txt": "flask\n"}, inconclusive=1),
    on_base("RUN pip install poetry==2.0 ./wheels/x.whl . && poetry install"),
    on_base("RUN npm ci && npm install -g typescript@5.9.2 @scope/x@1.0"),
    on_base("RUN yarn install --immutable && pnpm install --frozen-lockfile && pipenv sync && uv sync --frozen"),
    on_base("RUN yarn install --mode=update-lockfile"),
    on_base("ENV BUNDLE_FROZEN=true\nRUN bundle install"),
    on_base("RUN bundle config set --local deployment true && bundle install"),
    on_base("RUN gem install rake:13.2 && gem install -v 13.2 rake && go mod download"),
    on_base("RUN dotnet tool install -g Amazon.Lambda.Tools --version 5.13.0 && go install example.com/tool@v1.2.3 && go install ./..."),
    on_base("RUN cargo install --locked cargo-lambda@1.8.6 && cargo install --path . && cargo install --version 1.8.6 cargo-lambda"),
]
