"""An account in this process."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import botocore.session
import pytest
from moto import mock_aws
from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse

from tests.audit.account import REGION, Account


@pytest.fixture(scope="package", autouse=True)
def loader() -> Iterator[None]:
    """One reader of botocore's descriptions of services for all sessions: to read them anew for each took half of each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        yield


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    # moto 5.2.5 does not know this call.
    answer = ActionResult({"name": "BLOB_MOUNTING", "value": "DISABLED"})
    monkeypatch.setattr(ECRResponse, "get_account_setting", lambda self: answer, raising=False)
    with mock_aws():
        yield Account()
