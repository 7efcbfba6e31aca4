from __future__ import annotations

from tests.linting.cases import Case, on_base

CATCHES: list[Case] = [
    on_base("RUN apt-get install -y zip unzip=6.0", 2, says="zip: no version"),
    on_base("RUN apk add --no-cache make", 2),
    on_base("RUN dnf install -y --releasever=latest jq", 2, says="--releasever=latest"),
    on_base("RUN dnf --releasever latest install -y jq", 2),
    on_base("RUN dnf update -y && dnf clean all", 2, says="dnf update installs"),
    on_base("RUN yum -y upgrade", 2),
    on_base("RUN apt-get update && apt-get -y dist-upgrade", 2, says="apt-get dist-upgrade"),
]
PASSES: list[Case] = [
    on_base("RUN dnf install -y jq && yum install -y jq"),
    on_base("RUN apt-get update && apt-get install -y zip=3.0-13"),
    on_base("RUN apk add --no-cache make=4.4.1-r2 $MORE"),
    on_base("RUN dnf install -y --releasever=2023.9.20251117 jq && dnf upgrade -y --releasever=2023.9.20251117"),
    on_base("RUN dnf update -y openssl"),
    on_base("RUN apt-get install -y ./local.deb && apk update"),
]
