from __future__ import annotations

from optimizer.linting.finding import Location
from optimizer.linting.subjects import DockerfileSubject, FunctionSubject
from optimizer.model.function import DeclaredFunction
from tests.linting.cases import PYTHON, Case, dockerfile


def function(text: str, architecture: str | None, *lines: int, known: str | None = None) -> Case:
    """A function of an architecture, with a Dockerfile that was built for what is ``known``."""
    file = DockerfileSubject.of(text, architecture=known)
    declared = DeclaredFunction(architecture=architecture)
    return Case(FunctionSubject(construct="F", location=Location(construct="F"), declared=declared, dockerfile=file), lines)


X86, ARM = "FROM --platform=linux/amd64 ", "FROM --platform=linux/arm64 "

CATCHES: list[Case] = [
    dockerfile(X86 + PYTHON, 1, architecture="arm64", says='the function runs on arm64, and the image is for "linux/amd64"'),
    dockerfile("FROM public.ecr.aws/lambda/python:3.13-x86_64", 1, architecture="arm64", says="is for x86_64 only"),
    dockerfile(X86 + "public.ecr.aws/lambda/python:3.13-arm64", 1),
    dockerfile("FROM --platform=linux/arm/v7 alpine", 1, says='Lambda runs nothing on "linux/arm/v7"'),
    dockerfile("FROM public.ecr.aws/lambda/go:1", 1, architecture="arm64", says="has x86_64 only"),
    dockerfile(f"{X86}{PYTHON} AS base\nFROM base", 1, architecture="arm64"),
    function(X86 + PYTHON, "arm64", 1),
    function("FROM public.ecr.aws/lambda/python:3.13.2026.11.01.10-arm64", "x86_64", 1),
    dockerfile(f"FROM --platform=amd64 {PYTHON}", 1, architecture="arm64", says='the image is for "amd64"'),
    dockerfile(f"FROM --platform=windows/amd64 {PYTHON}", 1, says='Lambda runs nothing on "windows/amd64"'),
]
PASSES: list[Case] = [
    dockerfile("FROM --platform= public.ecr.aws/lambda/python:3.13", architecture="arm64"),
    dockerfile(X86 + PYTHON),
    dockerfile(X86 + PYTHON, architecture="x86_64"),
    dockerfile("FROM public.ecr.aws/lambda/python:3.13-arm64"),
    dockerfile(ARM + "public.ecr.aws/lambda/python:3.13-arm64", architecture="arm64"),
    dockerfile(f"FROM --platform=$BUILDPLATFORM golang:1 AS build\nFROM {PYTHON}", architecture="arm64"),
    dockerfile(f"FROM --platform=$TARGETPLATFORM {PYTHON}", architecture="arm64"),
    dockerfile(f"FROM --platform=$TARGETPLATFORM {PYTHON}", inconclusive=1),
    function(X86 + PYTHON, None),
    function(X86 + PYTHON, "x86_64"),
    function(X86 + PYTHON, "arm64", known="arm64"),
    dockerfile(f"FROM --platform=arm64 {PYTHON}", architecture="arm64"),
    dockerfile(f"FROM --platform=aarch64 {PYTHON}", architecture="arm64"),
    dockerfile(f"FROM --platform=x86_64 {PYTHON}", architecture="x86_64"),
    dockerfile(f"FROM --platform=linux {PYTHON}", architecture="arm64", inconclusive=1),
]
