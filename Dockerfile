# The command line in an image, for CI systems that run each job in one: docs/ci.md says what is in it, and how it is used.
ARG PYTHON=public.ecr.aws/docker/library/python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

FROM $PYTHON AS packages
WORKDIR /src
# optimizer: ignore LIO301, LIO302 -- pip installs the dependencies with the package; what it downloads stays in the cache mount
COPY requirements.txt pyproject.toml README.md LICENSE ./
# optimizer: ignore LIO302 -- see above
COPY optimizer/ optimizer/
# The versions that the project is tested with; pip takes no extras in constraints.
RUN --mount=type=cache,target=/root/.cache/pip \
    sed 's/\[[^]]*\]//' requirements.txt > constraints.txt && \
    python -m venv /opt/optimizer && \
    /opt/optimizer/bin/pip install --disable-pip-version-check --constraint constraints.txt '.[aws]'

FROM $PYTHON AS command-line
# git reads the history for plan --update. Who owns a checkout and who runs a job are often two users, which it refuses otherwise.
# optimizer: ignore LIO201 -- git is what the image is for, too
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends git && \
    rm -rf /var/lib/apt/lists/* && \
    git config --system --add safe.directory '*' && \
    useradd --create-home --uid 1000 optimizer
COPY --from=packages /opt/optimizer/ /opt/optimizer/
ENV PATH=/opt/optimizer/bin:$PATH
WORKDIR /work
USER 1000
# No entrypoint: CI systems start a shell in the image.
CMD ["optimizer", "--help"]

# For verify, and for stages that only an engine makes: a client, and the engine where DOCKER_HOST says.
FROM command-line AS docker
USER 0
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends docker-cli docker-buildx && \
    rm -rf /var/lib/apt/lists/*
USER 1000

FROM command-line
