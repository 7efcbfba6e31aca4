"""``login``: kept for the pushes to come, and passed on to the real docker."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from optimizer.adapters import record
from optimizer.docker_program.arguments import LoginCall
from optimizer.docker_program.real import HINT, absence, real_docker
from optimizer.docker_program.state import KeptLogin, State
from optimizer.errors import EngineError

_ECR_USER = "AWS"
_PASSWORD_MAX = 1 << 16


def log_in(call: LoginCall, words: Sequence[str], state: State) -> int:
    """Log in to a registry with the password on standard input.

    A login of ECR is kept for the hours that it is good: CDK makes it with the
    role that may push, which is not the one that AWS would be asked with here.
    Any other goes to the real docker alone, which knows a safe place for it.
    """
    password = sys.stdin.read(_PASSWORD_MAX)
    path = real_docker()
    if call.username == _ECR_USER:
        state.prune()
        state.keep_login(KeptLogin(host=call.host, username=call.username, password=password.rstrip("\r\n")))
        if path is None:
            return 0
    elif path is None:
        raise EngineError(f'the login for "{call.host}" needs a container engine to keep it, and {absence()}', hint=HINT)
    result = record.run([path, *words], input=password, text=True, check=False)
    if result.returncode != 0 and call.username == _ECR_USER:
        print(f'warning: docker has no login for "{call.host}" now; what it builds and pushes itself may be refused', file=sys.stderr)
        return 0
    return result.returncode
