"""Sessions with AWS: which accounts and Regions are read, as whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from optimizer.adapters import record
from optimizer.adapters.aws.asking import LOG_IN_OR_REGION, WORKERS, Asker, is_unknown_here, translated
from optimizer.errors import ConfigurationError, did_you_mean
from optimizer.model.ecr import EcrRegistry

_SESSION = "lambda-image-optimizer-audit"
_TRUST = "check its name, that its trust policy names you, and that you may call sts:AssumeRole for it"
_SERVICES = ("ecr", "lambda")


def open_places(profile: str | None, regions: Sequence[str], roles: Sequence[str], more: Sequence[str] = ()) -> list[Asker]:
    """The accounts of the roles, or the profile's own without any, each in all Regions; each place once.

    ``regions`` are those of the profile where none is given; ``more`` are
    services to ask besides ECR and Lambda, by boto3's names.  Raises
    :class:`ConfigurationError` where boto3, a profile, a Region or credentials
    are missing, or a role cannot be assumed.
    """
    try:
        import boto3
        from botocore.exceptions import ProfileNotFound
    except ImportError:
        raise ConfigurationError(
            "accounts are read by boto3, which is not installed", hint='pip install "lambda-image-optimizer[aws]"'
        ) from None
    try:
        own = boto3.Session(profile_name=profile)
        record.tell_calls(own.events)
    except ProfileNotFound:
        known = boto3.Session().available_profiles
        hint = did_you_mean(profile or "", known) or "aws configure list-profiles lists them"
        raise ConfigurationError(f'there is no AWS profile "{profile}"', "--profile", hint) from None
    wanted = list(dict.fromkeys(regions)) or [own.region_name]
    if not all(wanted):
        raise ConfigurationError("no Region is given, and the AWS profile sets none", "--region", "name one, such as --region eu-central-1")
    for region in wanted:
        # Names of Regions become parts of host names.
        if not region.replace("-", "").isalnum() or not region.isascii():
            raise ConfigurationError(f'"{region}" is not the name of a Region', "--region", "name one, such as --region eu-central-1")
    sessions = [_assumed(own, role, _home(own, wanted)) for role in dict.fromkeys(roles)] or [own]
    found = {asker.place: asker for session in sessions for asker in _places(session, wanted, (*_SERVICES, *more))}
    return list(found.values())


def _places(session: Any, regions: Sequence[str], services: Sequence[str]) -> Iterator[Asker]:
    home, account = _identity(session, regions)
    for region in regions:
        clients = {name: session.client(name, region_name=region, config=_config()) for name in services}
        yield Asker(EcrRegistry(account=account, region=region), clients, lambda: _is_known_in(session, home))


def _identity(session: Any, regions: Sequence[str]) -> tuple[str, str]:
    """A Region that knows the credentials, and their account."""
    region = _home(session, regions)
    identity = translated(lambda: _ask_identity(session, region), "AWS does not say who is asking", LOG_IN_OR_REGION)
    return region, str(identity["Account"])


def _home(session: Any, regions: Sequence[str]) -> str:
    """The first of the Regions that knows the credentials, else the last: one that is not enabled for the account knows none."""
    *others, last = regions
    return next((region for region in others if not _is_unknown_in(session, region)), last)


def _is_known_in(session: Any, region: str) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _ask_identity(session, region)
    except (BotoCoreError, ClientError):
        return False
    return True


def _is_unknown_in(session: Any, region: str) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _ask_identity(session, region)
    except (BotoCoreError, ClientError) as error:
        return is_unknown_here(error)
    return False


def _ask_identity(session: Any, region: str) -> Any:
    return session.client("sts", region_name=region, config=_config()).get_caller_identity()


def _assumed(own: Any, role: str, region: str) -> Any:
    """A session as the role, whose credentials are renewed when they expire."""
    import boto3
    import botocore.session
    from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials

    credentials = translated(own.get_credentials, "there are no AWS credentials")
    if credentials is None:
        raise ConfigurationError(
            f'the role "{role}" cannot be assumed: there are no AWS credentials', "--role", "log in to AWS, or set --profile"
        )

    def client(service: str, **arguments: Any) -> Any:
        return own.client(service, **{"region_name": region, "config": _config(), **arguments})

    fetcher = AssumeRoleCredentialFetcher(
        client_creator=client, source_credentials=credentials, role_arn=role, extra_args={"RoleSessionName": _SESSION}
    )
    # Asked once here, so that a role that cannot be assumed is told by name before anything is read.
    translated(fetcher.fetch_credentials, f'the role "{role}" cannot be assumed', _TRUST)
    session = botocore.session.get_session()
    record.tell_calls(session.get_component("event_emitter"))
    session._credentials = DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)
    return boto3.Session(botocore_session=session)


def _config() -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=WORKERS,
        retries={"mode": "adaptive", "total_max_attempts": 10},
        user_agent_extra=_SESSION,
    )
