"""The calls of the CDK CLI, one by one, and the faults in between, against a registry of this process."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.adapters.push_server import serving_pushes
from tests.docker_program.calls import Machine, build_words, context_of
from tests.images.archives import OCI_INDEX
from tests.pace import quickest
from tests.patience import PATIENCE_S
from tests.publishing.fleet import NAME, Fleet

HASH = "cdkasset-" + "5" * 64
NO_DOCKER = "and there is no docker on this machine\n  hint: install Docker, or name another engine with OPTIMIZER_DOCKER\n"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    (tmp_path / "machine").mkdir()
    return Machine(tmp_path / "machine")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    (tmp_path / "project").mkdir()
    with serving_pushes() as registry:
        found = Fleet(registry, tmp_path / "project")
        found.add_base()
        yield found


def test_the_calls_of_a_deployment_push_the_image_that_publish_would(machine: Machine, fleet: Fleet) -> None:
    """Requirement: "It answers the calls that CDK makes (login, inspect, build, tag, push, images)"."""
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed("login", "--username", "AWS", "--password-stdin", fleet.registry.host, text="secret\n")
    assert machine.run("inspect", HASH).returncode == 1
    assert machine.succeed(*build_words(HASH, platform="linux/amd64"), directory=context).stdout == ""
    machine.succeed("inspect", HASH)
    machine.succeed("tag", HASH, target)
    assert fleet.registry.calls == [], "nothing was built or sent"
    pushed = machine.succeed("push", target)
    assert pushed.stdout == ""
    assert pushed.stderr.splitlines()[-1] == f"pushed {target}"
    layers = json.loads(fleet.registry.manifests[f"{NAME}:one"][1])["layers"]
    assert len(layers) == 4
    machine.succeed("push", target)


def test_the_environment_asks_for_what_is_asked_of_whom(machine: Machine, fleet: Fleet) -> None:
    """Requirement: "`--verbose` for every command", where CDK is the one that calls; and "without secrets"."""
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed("login", "--username", "AWS", "--password-stdin", fleet.registry.host, text="secret-of-ecr\n")
    machine.succeed(*build_words(HASH, platform="linux/amd64"), directory=context)
    machine.succeed("tag", HASH, target)
    pushed = machine.succeed("push", target, OPTIMIZER_VERBOSE="1")
    assert pushed.stdout == "" and "secret-of-ecr" not in pushed.stderr
    assert any(f" PUT http://{fleet.registry.host}/v2/{NAME}/manifests/one: 201, " in line for line in pushed.stderr.splitlines())


def test_an_index_in_the_place_of_the_image_is_not_called_done(machine: Machine, fleet: Fleet) -> None:
    """Requirement: "where a tag exists in the repository as an index with attestations: say so instead of "present""."""
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    fleet.registry.put(f"{NAME}:one", OCI_INDEX, b'{"schemaVersion":2,"manifests":[]}')
    machine.succeed(*build_words(HASH, platform="linux/amd64"), directory=context)
    machine.succeed("tag", HASH, target)
    fleet.registry.calls.clear()
    pushed = machine.run("push", target)
    assert pushed.returncode == 1
    assert f'error: "{target}" is an image index, and cdk deploy would give it to Lambda' in pushed.stderr
    assert fleet.registry.calls == [("HEAD", f"/v2/{NAME}/manifests/one")], "no request more than for an image"


def test_a_name_is_found_again_for_another_registry(machine: Machine, fleet: Fleet) -> None:
    """CDK's separate publish step, which has not built: it looks for a tag in any repository, also below a slash."""
    context, first = context_of(fleet.api()), f"{fleet.registry.host}/team/{NAME}:one"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, first)
    words = ("images", "--format", "{{.Repository}}:{{.Tag}}", "--filter")
    assert machine.succeed(*words, "reference=*/*:one").stdout == f"{first}\n"
    assert machine.succeed(*words, "reference=*/*:ne").stdout == ""
    machine.docker(images=(0, "other/name:one\n", ""))
    assert machine.succeed(*words, "reference=*/*:one").stdout == f"{first}\nother/name:one\n"


def test_a_dockerfile_of_people_is_handed_to_docker_unchanged(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "asset.hand").mkdir()
    (tmp_path / "asset.hand" / "Dockerfile").write_text("FROM scratch\n")
    words = build_words(HASH, file="Dockerfile", secret="id=token,env=TOKEN")
    assert machine.run(*words, directory=tmp_path / "asset.hand").stderr.endswith(NO_DOCKER)
    machine.docker(build=(3, "out", "err"))
    result = machine.run(*words, directory=tmp_path / "asset.hand", text="input")
    assert (result.returncode, result.stdout, result.stderr) == (3, "out", "err")
    assert machine.calls() == [(words, "input", str(tmp_path / "asset.hand"))]


def test_without_docker_one_line_names_the_image_and_the_reason(machine: Machine, fleet: Fleet, tmp_path: Path) -> None:
    """Requirement: "or says in one line that there is none and which image needs it"."""
    changed = context_of(fleet.api())
    (changed / "Dockerfile").write_text((changed / "Dockerfile").read_text() + "# mine\n")
    hand = tmp_path / "out" / "asset.hand"
    hand.mkdir()
    (hand / "Dockerfile").write_text("FROM scratch\n")
    assets = {"dockerImages": {"1": {"displayName": "Shop/Api", "source": {"directory": "asset.hand"}}}}
    (tmp_path / "out" / "Shop.assets.json").write_text(json.dumps(assets))
    for context, name, why in (
        (changed, HASH, "its generated Dockerfile was changed after it was synthesized"),
        (hand, "Shop/Api", "its Dockerfile was written by hand, or CDK builds it with options of its own"),
    ):
        result = machine.run(*build_words(HASH), directory=context)
        assert result.returncode == 1
        (line, hint) = result.stderr.splitlines()
        expected = (
            f'error: the image "{name}" in "{context}" needs a container engine, because {why}, and there is no docker on this machine'
        )
        assert line == expected
        assert hint.startswith("  hint: ")


@pytest.mark.parametrize(
    "options",
    [
        ["--build-arg", "A=b"],
        ["--build-arg", "A"],
        ["--build-context", "more=../more"],
        ["--ssh", "default"],
        ["--target", "code"],
        ["--no-cache"],
        ["--output=type=tar,dest=tree.tar"],
        ["--platform", "linux/arm64"],
        ["--pull"],
    ],
)
def test_options_that_change_the_image_are_left_to_docker(options: list[str], machine: Machine, fleet: Fleet) -> None:
    context = context_of(fleet.api())
    machine.docker()
    words = ["build", *options, "--tag", HASH, "."]
    machine.succeed(*words, directory=context)
    assert [call[0] for call in machine.calls()] == [words]


def test_options_of_the_cache_change_nothing(machine: Machine, fleet: Fleet) -> None:
    context = context_of(fleet.api())
    words = [
        "--output=type=docker",
        "--cache-from",
        "type=gha,scope=a",
        "--cache-from",
        "type=local,src=/c",
        "--cache-to",
        "type=gha,mode=max",
    ]
    machine.succeed("build", "--secret", "id=token,env=TOKEN", "--tag", HASH, "--network", "host", *words, ".", directory=context)
    machine.succeed("inspect", HASH)


def test_all_else_goes_to_docker(machine: Machine) -> None:
    result = machine.run("version", "--format", "json")
    assert (result.returncode, result.stderr) == (1, f'error: "version --format" needs a container engine, {NO_DOCKER}')
    machine.docker(version=(7, "29", ""), inspect=(1, "", "No such object\n"))
    assert machine.run("version", "--format", "json").returncode == 7
    assert machine.run("inspect", HASH).stderr == "No such object\n"
    machine.docker("podman", info=(125, "", ""))
    assert machine.run("info", OPTIMIZER_DOCKER="podman", CDK_DOCKER="docker").returncode == 125
    missing = machine.run("info", OPTIMIZER_DOCKER="pogman")
    assert 'there is no "pogman", which OPTIMIZER_DOCKER names, on this machine' in missing.stderr


def test_it_never_calls_itself(machine: Machine) -> None:
    own = machine.directory / "bin" / "optimizer-docker"
    own.write_text(f"#!/bin/sh\nexec {' '.join(['env', 'PYTHONPATH=' + machine.environment['PYTHONPATH']])} true\n")
    own.chmod(0o755)
    result = machine.run("info", OPTIMIZER_DOCKER="optimizer-docker")
    assert 'OPTIMIZER_DOCKER names "optimizer-docker", which is optimizer-docker itself' in result.stderr
    (machine.directory / "bin" / "docker").symlink_to(own)
    assert machine.run("info", CDK_DOCKER=str(own)).stderr.endswith(NO_DOCKER)
    # A script in between is found out when it calls back.
    wrapper = machine.directory / "bin" / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec {sys.executable} -m optimizer.docker_program "$@"\n')
    wrapper.chmod(0o755)
    result = machine.run("info", OPTIMIZER_DOCKER="wrapper")
    assert (result.returncode, "optimizer-docker was called by the program that it runs as docker" in result.stderr) == (1, True)


# Logins.


def test_a_login_of_ecr_is_kept_for_this_user_alone_and_used_by_the_push(machine: Machine, fleet: Fleet) -> None:
    fleet.registry.auth = "basic"
    fleet.registry.login = ("AWS", "secret")
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed("login", "--username", "AWS", "--password-stdin", fleet.registry.host, text="secret")
    (kept,) = machine.state.glob("login-*")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.state.stat().st_mode) == 0o700
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    machine.succeed("push", target)
    # After the hours that ECR gives it, it is not used any more, and then gone.
    os.utime(kept, (time.time() - 13 * 3600,) * 2)
    del fleet.registry.manifests[f"{NAME}:one"]
    assert "401" in machine.run("push", target).stderr
    machine.succeed(*build_words(HASH), directory=context)
    assert not kept.exists()


def test_a_login_goes_to_docker_too(machine: Machine) -> None:
    words = ["login", "--username", "AWS", "--password-stdin", "123456789012.dkr.ecr.eu-central-1.amazonaws.com"]
    machine.docker(login=(0, "Login Succeeded\n", ""))
    assert machine.succeed(*words, text="secret\n").stdout == "Login Succeeded\n"
    machine.docker(login=(1, "", "Cannot connect to the Docker daemon\n"))
    result = machine.succeed(*words, text="secret\n")
    assert result.stderr.splitlines()[-1].startswith('warning: docker has no login for "123456789012.dkr.ecr.')
    assert [call[:2] for call in machine.calls()] == [(words, "secret\n")] * 2


def test_a_login_for_another_registry_is_kept_by_docker_alone(machine: Machine) -> None:
    words = ["login", "--username", "me", "--password-stdin", "registry.example.com"]
    result = machine.run(*words, text="long-lived")
    assert (result.returncode, result.stderr) == (
        1,
        f'error: the login for "registry.example.com" needs a container engine to keep it, {NO_DOCKER}',
    )
    machine.docker(login=(4, "", ""))
    assert machine.run(*words, text="long-lived").returncode == 4
    assert machine.calls()[0][:2] == (words, "long-lived")
    assert not machine.state.exists()


# Faults.


def test_an_unknown_name_is_no_image_to_tag_or_push(machine: Machine) -> None:
    for words in (["push", "registry.example.com/a:b"], ["tag", "nothing", "registry.example.com/a:b"]):
        result = machine.run(*words)
        what = {"push": "pushed", "tag": "tagged"}[words[0]]
        assert (result.returncode, result.stderr) == (
            1,
            f'error: the image "{words[1]}" to be {what} is none that was built here, {NO_DOCKER}',
        )
    machine.docker(push=(1, "", "An image does not exist locally with the tag\n"))
    assert machine.run("push", "registry.example.com/a:b").stderr == "An image does not exist locally with the tag\n"


def test_a_context_that_is_gone_or_changed_is_built_again(machine: Machine, fleet: Fleet) -> None:
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    context.rename(context.with_name("elsewhere"))
    result = machine.run("push", target)
    assert result.returncode == 1
    assert f'the build context "{context}" of the image "{target}" is not as it was when it was built' in result.stderr
    assert result.stderr.endswith("hint: run cdk deploy again\n")
    assert machine.run("inspect", HASH).returncode == 1
    assert machine.run("tag", HASH, target).returncode == 1


def test_what_docker_builds_under_a_name_takes_its_place(machine: Machine, fleet: Fleet) -> None:
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    machine.docker()
    (context / "Dockerfile").write_text("FROM scratch\n")
    for words in (build_words(HASH), ["tag", HASH, target], ["push", target]):
        machine.succeed(*words, directory=context)
    assert [call[0][0] for call in machine.calls()] == ["build", "tag", "push"]
    assert fleet.registry.calls == []


def test_a_registry_that_fails_leaves_no_tag_and_the_next_run_succeeds(machine: Machine, fleet: Fleet) -> None:
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    fleet.registry.refused = {"blobs/uploads/u": 413}
    result = machine.run("push", target)
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)
    assert "one" not in fleet.registry.tags(NAME)
    machine.succeed("push", target)
    assert "one" in fleet.registry.tags(NAME)


def test_what_exceeds_a_budget_is_not_pushed(machine: Machine, fleet: Fleet) -> None:
    """Budgets hold whichever way a deployment goes: by ``optimizer publish``, or by CDK with this program."""
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    settings = context.parent.parent / "optimizer.toml"
    settings.write_text("[[conventions.budgets]]\nmax_bytes = 10\n")
    result = machine.run("push", target)
    assert result.returncode == 1 and "one" not in fleet.registry.tags(NAME)
    assert "its own layers have" in result.stderr and "allowed: 10; the largest: " in result.stderr
    assert result.stderr.endswith("raise the budget in a reviewed change; nothing was published\n")
    settings.write_text("[[conventions.budgets]]\nmax_bytes = 1_000_000\n")
    machine.succeed("push", target)


def test_a_budget_finds_an_image_by_the_path_of_its_function(machine: Machine, fleet: Fleet) -> None:
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": {"ImageUri": {"Fn::Sub": f"1.dkr.ecr.x.amazonaws.com/{NAME}:one"}}},
        "Metadata": {"aws:cdk:path": "Shop/Api/Resource"},
    }
    image = {"source": {"directory": context.name}, "destinations": {"d": {"repositoryName": NAME, "imageTag": "one"}}}
    artifacts = {
        "Shop": {"type": "aws:cloudformation:stack", "dependencies": ["Assets"], "properties": {"templateFile": "t.json"}},
        "Assets": {"type": "cdk:asset-manifest", "properties": {"file": "a.json"}},
    }
    documents = {"manifest": {"artifacts": artifacts}, "t": {"Resources": {"Api": function}}, "a": {"dockerImages": {HASH: image}}}
    for name, document in documents.items():
        (context.parent / f"{name}.json").write_text(json.dumps(document))
    settings = context.parent.parent / "optimizer.toml"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    settings.write_text('[[conventions.budgets]]\nconstruct = "Shop/Other"\nmax_bytes = 10\n')
    machine.succeed("push", target)
    del fleet.registry.manifests[f"{NAME}:one"]
    settings.write_text('[[conventions.budgets]]\nconstruct = "Shop/Api"\nmax_bytes = 10\n')
    result = machine.run("push", target)
    assert result.returncode == 1 and "Shop/Api" in result.stderr and "one" not in fleet.registry.tags(NAME)


def test_killed_between_two_calls_or_within_one(machine: Machine, fleet: Fleet) -> None:
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    # What a process that was killed while it wrote leaves is no state, and goes with time.
    part = machine.state / "part-1-aa"
    part.write_text('{"name": "' + HASH)
    os.utime(part, (time.time() - 7200,) * 2)
    started: Future[subprocess.Popen[str]] = Future()
    fleet.registry.before_put = [("manifests/one", lambda: started.result(PATIENCE_S).kill())]
    process = machine.start("push", target)
    started.set_result(process)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == -9
    fleet.registry.manifests.pop(f"{NAME}:one", None)
    machine.succeed("inspect", HASH)
    machine.succeed("tag", HASH, target)
    machine.succeed("push", target)
    assert "one" in fleet.registry.tags(NAME)
    machine.succeed(*build_words(HASH), directory=context)
    assert not part.exists()


@pytest.mark.parametrize("request_", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_end_cleans_up(request_: signal.Signals, machine: Machine, fleet: Fleet, tmp_path: Path) -> None:
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("tag", HASH, target)
    (tmp_path / "temporary").mkdir()
    started: Future[subprocess.Popen[str]] = Future()
    fleet.registry.before_put = [("blobs/uploads/", lambda: started.result(PATIENCE_S).send_signal(request_))]
    process = machine.start("push", target, TMPDIR=str(tmp_path / "temporary"))
    started.set_result(process)
    _, printed = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, printed.splitlines()[-1]) == (130, "error: interrupted; nothing that has a tag lacks a part")
    assert list((tmp_path / "temporary").iterdir()) == []
    assert "one" not in fleet.registry.tags(NAME)
    machine.succeed("push", target)


def test_processes_at_once(machine: Machine, fleet: Fleet) -> None:
    """CDK publishes eight assets at once, and people deploy two apps at once."""
    contexts = [context_of(fleet.api(f"exports.handler = async () => {number};\n")) for number in range(3)]
    targets = [f"{fleet.registry.host}/{NAME}:t{number}" for number in range(3)]

    def together(calls: list[tuple[list[str], Path | None]]) -> None:
        processes = [machine.start(*words, directory=directory) for words, directory in calls]
        ends = [(process.communicate(timeout=PATIENCE_S), process.returncode) for process in processes]
        assert [code for _, code in ends] == [0] * len(ends), ends

    together([(build_words(f"cdkasset-{number}"), context) for number, context in enumerate(contexts)] * 2)
    together([(["tag", f"cdkasset-{number}", target], None) for number, target in enumerate(targets)] * 2)
    together([(["push", target], None) for target in targets] * 2)
    assert set(fleet.registry.tags(NAME)) >= {"t0", "t1", "t2"}
    digests = [fleet.registry.digest_of(f"{NAME}:t{number}") for number in range(3)]
    assert len(set(digests)) == 3


def test_a_cache_that_cannot_be_written_is_one_line(machine: Machine, fleet: Fleet) -> None:
    context = context_of(fleet.api())
    (machine.directory / "cache").write_text("a file")
    result = machine.run(*build_words(HASH), directory=context)
    assert result.returncode == 1
    first, hint = result.stderr.splitlines()
    assert first == f'error: what optimizer-docker remembers cannot be kept in "{machine.state}": Not a directory'
    assert hint == "  hint: check its permissions, or name another cache with XDG_CACHE_HOME"
    assert machine.run("inspect", HASH).returncode == 1


def test_a_damaged_state_is_no_state(machine: Machine, fleet: Fleet) -> None:
    context = context_of(fleet.api())
    machine.succeed(*build_words(HASH), directory=context)
    (kept,) = machine.state.glob("image-*")
    for text in ("", "[]", '{"name": "x"}', '{"words": ["a"], "unknown": 1}', "\udcff"):
        kept.write_bytes(text.encode("utf-8", "surrogateescape"))
        assert machine.run("inspect", HASH).returncode == 1
    machine.succeed(*build_words(HASH), directory=context)
    machine.succeed("inspect", HASH)


def test_docker_configuration_of_the_call_is_that_of_the_push(machine: Machine, fleet: Fleet, tmp_path: Path) -> None:
    """With cdk-docker-creds.json, CDK names a configuration directory of its own for builds."""
    fleet.registry.auth, fleet.registry.login = "basic", ("me", "secret")
    (tmp_path / "config").mkdir()
    auth = "bWU6c2VjcmV0"  # me:secret
    (tmp_path / "config" / "config.json").write_text(json.dumps({"auths": {fleet.registry.host: {"auth": auth}}}))
    context, target = context_of(fleet.api()), f"{fleet.registry.host}/{NAME}:one"
    config = ["--config", str(tmp_path / "config")]
    assert machine.run(*config, "inspect", HASH).returncode == 1
    machine.succeed(*config, *build_words(HASH), directory=context)
    machine.succeed(*config, "tag", HASH, target)
    machine.succeed("push", target)


def test_inspect_answers_at_once(machine: Machine, fleet: Fleet) -> None:
    """Requirement: "`optimizer-docker inspect` costs no more than 150 ms"."""
    machine.succeed(*build_words(HASH), directory=context_of(fleet.api()))

    # It waits for nothing: its processor time is what it takes on a machine that is not busy with other tests.
    for name in (HASH, "unknown"):
        assert quickest(lambda: machine.start("inspect", name).communicate(timeout=PATIENCE_S)) < 0.15
