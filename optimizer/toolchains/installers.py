"""What the programs that install packages read of their surroundings: variables and files, as root in a build stage.

Each line comes from the program's own documentation, which ``Installer.source`` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

PROXIES = tuple(name for word in ("http_proxy", "https_proxy", "all_proxy", "no_proxy") for name in (word, word.upper()))
"""Variables of proxies, which most programs read: https://docs.docker.com/engine/cli/proxy/."""

_OPENSSL = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_SYSTEM_TRUST = ("/etc/ssl/*", "/etc/pki/*")
_NETRC = ("/root/.netrc",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installer:
    """A program that installs packages.

    ``variables`` and ``files`` are patterns in the form of :mod:`fnmatch`, of
    names and of absolute paths.  ``templates`` are files too, in which the
    program replaces names of variables by their values, and ``settings`` such
    files of the project, by their names below the directory of the step;
    ``mention`` is the regular expression of such a name, with ``{name}`` in its
    place, and ``written`` how a person writes it.  ``roles`` are the variables
    by what they set: ``index`` takes the place of the public index, ``extra``
    adds to it, ``links`` are places beside indexes, ``certificates`` a file of
    trusted certificates.
    """

    name: str
    source: str
    variables: tuple[str, ...]
    files: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    mention: str = ""
    written: str = ""
    roles: Mapping[str, str] = field(default_factory=dict, hash=False)
    indexes: tuple[str, ...] = ()

    def reads_variable(self, name: str) -> bool:
        """Whether the program itself looks at a variable of the name."""
        return any(fnmatchcase(name, pattern) for pattern in self.variables)

    def reads_file(self, path: str) -> bool:
        """Whether the program itself looks for a file at the absolute path."""
        return any(fnmatchcase(path, pattern) for pattern in (*self.files, *self.templates))


GIT = Installer(
    name="git",
    source="https://git-scm.com/docs/git#_environment_variables",
    variables=("GIT_CONFIG_*", "GIT_ASKPASS", "GIT_SSH_COMMAND", "GIT_SSL_*"),
    files=(*_NETRC, "/root/.gitconfig", "/root/.config/git/*", "/root/.git-credentials", "/etc/gitconfig", "/root/.ssh/*"),
)
"""Fetches what a lock names in repositories, for every installer."""

USER_NPMRC = "/root/.npmrc"
"""The configuration of npm and its peers that belongs to the user."""

# npm takes no credentials from variables, such as npm_config__authToken: they stand in files, each below its registry's URL. pnpm does.
_NPM_VARIABLES = ("npm_config_[!_]*", "NPM_CONFIG_[!_]*", "NODE_EXTRA_CA_CERTS", *PROXIES)
_NPMRC = (USER_NPMRC, "/build/.npmrc")
_IN_NPMRC = {"settings": (".npmrc",), "mention": r"\$\{{{name}[}}?:-]", "written": "${{{name}}} in .npmrc"}

_INSTALLERS = (
    Installer(
        name="uv",
        source="https://docs.astral.sh/uv/reference/environment/",
        variables=(
            *(
                "UV_DEFAULT_INDEX",
                "UV_INDEX_URL",
                "UV_INDEX",
                "UV_EXTRA_INDEX_URL",
                "UV_FIND_LINKS",
                "UV_CONFIG_FILE",
                "UV_CREDENTIALS_DIR",
            ),
            *("UV_INDEX_*_USERNAME", "UV_INDEX_*_PASSWORD", "UV_KEYRING_PROVIDER", "UV_INSECURE_HOST", "NETRC", "SSL_CLIENT_CERT"),
            *_OPENSSL,
            *PROXIES,
        ),
        files=(*_NETRC, "/root/.config/uv/uv.toml", "/etc/uv/uv.toml", "/root/.local/share/uv/credentials/credentials.toml"),
        settings=("*.txt", "Pipfile", "Pipfile.lock"),
        mention=r"\$\{{?{name}(?!\w)",
        written="${{{name}}} in the lock file",
        roles={"index": "UV_DEFAULT_INDEX", "extra": "UV_INDEX", "links": "UV_FIND_LINKS", "certificates": "SSL_CERT_FILE"},
        indexes=("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    ),
    Installer(
        name="pip",
        source="https://pip.pypa.io/en/stable/topics/configuration/",
        variables=(
            *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_CERT", "PIP_CLIENT_CERT"),
            *("PIP_PROXY", "PIP_CONFIG_FILE", "PIP_KEYRING_PROVIDER", "NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
            *_OPENSSL,
            *PROXIES,
        ),
        files=(*_NETRC, "/root/.pip/pip.conf", "/root/.config/pip/pip.conf", "/etc/pip.conf", "/etc/xdg/pip/pip.conf"),
        settings=("*.txt", "Pipfile", "Pipfile.lock"),
        mention=r"\$\{{?{name}(?!\w)",
        written="${{{name}}} in the lock file",
        roles={"index": "PIP_INDEX_URL", "extra": "PIP_EXTRA_INDEX_URL", "links": "PIP_FIND_LINKS", "certificates": "PIP_CERT"},
        indexes=("PIP_INDEX_URL",),
    ),
    Installer(
        name="npm",
        source="https://docs.npmjs.com/cli/using-npm/config",
        variables=_NPM_VARIABLES,
        templates=(*_NPMRC, "/*/etc/npmrc"),
        roles={"index": "npm_config_registry", "certificates": "NODE_EXTRA_CA_CERTS"},
        indexes=("npm_config_registry", "NPM_CONFIG_REGISTRY"),
        **_IN_NPMRC,  # type: ignore[arg-type]
    ),
    Installer(
        name="pnpm",
        source="https://pnpm.io/10.x/npmrc",
        variables=(*_NPM_VARIABLES, "npm_config__*", "NPM_CONFIG__*"),
        templates=(*_NPMRC, "/root/.config/pnpm/rc"),
        roles={"index": "npm_config_registry", "certificates": "NODE_EXTRA_CA_CERTS"},
        indexes=("npm_config_registry", "NPM_CONFIG_REGISTRY"),
        **_IN_NPMRC,  # type: ignore[arg-type]
    ),
    Installer(
        name="Yarn 1",
        source="https://classic.yarnpkg.com/en/docs/yarnrc",
        variables=(*_NPM_VARIABLES, "YARN_REGISTRY", "yarn_registry", "YARN_PROXY", "YARN_HTTPS_PROXY", "YARN_CAFILE"),
        files=("/root/.yarnrc", "/build/.yarnrc"),
        templates=_NPMRC,
        roles={"index": "npm_config_registry", "certificates": "NODE_EXTRA_CA_CERTS"},
        indexes=("npm_config_registry", "NPM_CONFIG_REGISTRY", "YARN_REGISTRY", "yarn_registry"),
        **_IN_NPMRC,  # type: ignore[arg-type]
    ),
    Installer(
        name="Yarn",
        source="https://yarnpkg.com/configuration/yarnrc",
        variables=("YARN_*", "NODE_EXTRA_CA_CERTS", *PROXIES),
        templates=("/root/.yarnrc.yml", "/build/.yarnrc.yml"),
        settings=(".yarnrc.yml",),
        mention=r"\$\{{{name}[}}:-]",
        written="${{{name}}} in .yarnrc.yml",
        roles={"index": "YARN_NPM_REGISTRY_SERVER", "certificates": "NODE_EXTRA_CA_CERTS"},
        indexes=("YARN_NPM_REGISTRY_SERVER",),
    ),
    Installer(
        name="Bundler",
        source="https://bundler.io/man/bundle-config.1.html",
        variables=("BUNDLE_*", *_OPENSSL, *PROXIES),
        files=("/root/.bundle/config", "/root/.gemrc", *_SYSTEM_TRUST),
        settings=("Gemfile",),
        mention=r"""ENV(?:\[|\.fetch[ (]) *["']{name}["']""",
        written='ENV.fetch("{name}") in the Gemfile',
        roles={"certificates": "SSL_CERT_FILE"},
    ),
    Installer(
        name="Maven",
        source="https://maven.apache.org/settings.html",
        variables=("MAVEN_OPTS", "MAVEN_ARGS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS"),
        files=("/root/.m2/settings-security*.xml", "/root/.mavenrc", "/etc/mavenrc", *_SYSTEM_TRUST),
        templates=("/root/.m2/settings.xml", "/usr/share/maven/conf/settings.xml"),
        settings=("pom.xml", ".mvn/maven.config", ".mvn/jvm.config", ".mvn/settings.xml"),
        mention=r"env\.{name}(?!\w)",
        written="${{env.{name}}} in pom.xml, or in a settings.xml that a second secret brings to /root/.m2/settings.xml",
    ),
    Installer(
        name="Gradle",
        source="https://docs.gradle.org/current/userguide/build_environment.html",
        variables=(
            *("ORG_GRADLE_PROJECT_*", "GRADLE_OPTS", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "GRADLE_ENCRYPTION_KEY"),
            # Credentials of its own repositories in S3.
            *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        ),
        files=_SYSTEM_TRUST,
        templates=tuple(
            f"{home}/.gradle/{name}"
            for home in ("/root", "/home/gradle")
            for name in ("gradle.properties", "init.gradle", "init.gradle.kts", "init.d/*")
        ),
        settings=(
            *("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "buildSrc/build.gradle"),
            *("buildSrc/build.gradle.kts", "*.gradle", "*.gradle.kts"),
        ),
        mention=r"""["']{name}["']""",
        written='providers.environmentVariable("{name}") in the build file',
    ),
    Installer(
        name="Go",
        source="https://go.dev/ref/mod#environment-variables",
        variables=(
            *("GOPROXY", "GOPRIVATE", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOINSECURE", "GOAUTH", "GOVCS", "GOFLAGS", "NETRC"),
            *_OPENSSL,
            *PROXIES,
        ),
        files=(*_NETRC, "/root/.config/go/env", *_SYSTEM_TRUST),
        roles={"index": "GOPROXY", "certificates": "SSL_CERT_FILE"},
        indexes=("GOPROXY",),
    ),
    Installer(
        name="Cargo",
        source="https://doc.rust-lang.org/cargo/reference/environment-variables.html",
        variables=(
            *("CARGO_REGISTRY_TOKEN", "CARGO_REGISTRY_DEFAULT", "CARGO_REGISTRY_*PROVIDER*", "CARGO_REGISTRIES_*_TOKEN"),
            *("CARGO_REGISTRIES_*_INDEX", "CARGO_REGISTRIES_*_CREDENTIAL_PROVIDER", "CARGO_HTTP_*", "CARGO_NET_*"),
            *_OPENSSL,
            *PROXIES,
        ),
        files=(
            *(f"/usr/local/cargo/{name}" for name in ("config.toml", "config", "credentials.toml", "credentials")),
            *("/build/.cargo/config.toml", "/.cargo/config.toml", *_SYSTEM_TRUST),
        ),
        # Build scripts and macros read the variables that the code names.
        settings=("build.rs", "src/main.rs", "src/lib.rs", ".cargo/config.toml", "Cargo.toml"),
        mention=r"""["']{name}["']""",
        written='env!("{name}") in build.rs, src/main.rs or src/lib.rs',
        roles={"certificates": "CARGO_HTTP_CAINFO"},
    ),
    Installer(
        name="NuGet",
        source="https://learn.microsoft.com/nuget/consume-packages/consuming-packages-authenticated-feeds",
        variables=("NuGetPackageSourceCredentials_*", "VSS_NUGET_*", "NUGET_*", *_OPENSSL, *PROXIES),
        files=_SYSTEM_TRUST,
        templates=("/root/.nuget/NuGet/NuGet.Config", "/root/.nuget/config/*", "/build/[nN]u[gG]et.[cC]onfig"),
        settings=(
            *(
                "nuget.config",
                "NuGet.config",
                "NuGet.Config",
                "Directory.Build.props",
                "Directory.Build.targets",
                "Directory.Packages.props",
            ),
            "*.*proj",
        ),
        mention=r"(?:%{name}%|\$\({name}\))",
        written="%{name}% in nuget.config",
        roles={"certificates": "SSL_CERT_FILE"},
    ),
)

INSTALLERS: Mapping[str, Installer] = {installer.name: installer for installer in _INSTALLERS}
"""Every known installer by its name."""


def role(variable: str) -> str | None:
    """What a variable sets, whichever program reads it; see :class:`Installer`."""
    for installer in INSTALLERS.values():
        if variable in installer.indexes:
            return "index"
        for name, known in installer.roles.items():
            if known == variable:
                return name
    return None


def equivalent(variable: str, installer: Installer) -> str | None:
    """The installer's own variable for what a variable of another program sets."""
    return installer.roles.get(role(variable) or "")
