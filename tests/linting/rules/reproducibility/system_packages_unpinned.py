from __future__ import annotations

from tests.linting.cases import PYTHON, Case, dockerfile, on_base

CATCHES: list[Case] = [
    on_base("RUN apt-get install -y zip unzip=6.0", 2, says="zip: no version"),
    on_base("RUN apk add --no-cache make", 2),
    on_base("RUN dnf install -y --releasever=latest jq", 2, says="--releasever=latest"),
    on_base("RUN dnf --releasever latest install -y jq", 2),
    on_base("RUN dnf update -y && dnf clean all", 2, says="dnf update installs"),
    on_base("RUN yum -y upgrade", 2),
    on_base("RUN apt-get update && apt-get -y dist-upgrade", 2, says="apt-get dist-upgrade"),
    dockerfile(
        "FROM public.ecr.aws/lambda/python:3.11\nRUN yum install -y gcc jq-1.5",
        2,
        says="gcc: no version, and the repositories of Amazon Linux 2",
    ),
    dockerfile(f"FROM amazonlinux:2 AS build\nRUN yum -y install gcc\nFROM {PYTHON}\nCOPY --from=build /a /b", 2),
    dockerfile(
        f"FROM public.ecr.aws/amazonlinux/amazonlinux:2.0.20250305.0 AS build\nRUN yum install -y gcc\nFROM {PYTHON}\nCOPY --from=build /a /b",
        2,
    ),
    dockerfile(f"FROM fedora:42 AS build\nRUN dnf install -y gcc\nFROM {PYTHON}\nCOPY --from=build /a /b", 2, says="of fedora"),
]
PASSES: list[Case] = [
    on_base("RUN dnf install -y jq && yum install -y jq"),
    on_base("RUN apt-get update && apt-get install -y zip=3.0-13"),
    on_base("RUN apk add --no-cache make=4.4.1-r2 $MORE"),
    on_base("RUN dnf install -y --releasever=2023.9.20251117 jq && dnf upgrade -y --releasever=2023.9.20251117"),
    on_base("RUN dnf update -y openssl"),
    on_base("RUN apt-get install -y ./local.deb && apk update"),
    dockerfile("FROM public.ecr.aws/lambda/python:3.11\nRUN yum install -y gcc-7.3.1-17.amzn2 @development ./local.rpm"),
    dockerfile(f"FROM amazonlinux:2023 AS build\nRUN dnf install -y gcc\nFROM {PYTHON}\nCOPY --from=build /a /b"),
    dockerfile(f"FROM example.com/base:2 AS build\nRUN dnf install -y gcc\nFROM {PYTHON}\nCOPY --from=build /a /b"),
]
