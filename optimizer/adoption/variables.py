"""Variables that programs which install or build read, by their names: nothing in the image does.

Only names that a program's own documentation has are known; another name that
begins alike, such as ``UVICORN_PORT`` or ``GOOGLE_CLOUD_PROJECT``, is the
function's own, and what is kept without need does no harm.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from optimizer.toolchains.installers import role

_INSTALLERS = (
    # https://pip.pypa.io/en/stable/topics/configuration/#environment-variables
    *(
        f"PIP_{option}"
        for option in (
            *(
                "ABI",
                "BREAK_SYSTEM_PACKAGES",
                "BUILD_CONSTRAINT",
                "CACHE_DIR",
                "CERT",
                "CLIENT_CERT",
                "COMPILE",
                "CONFIG_FILE",
                "CONSTRAINT",
            ),
            *("DEFAULT_TIMEOUT", "DISABLE_PIP_VERSION_CHECK", "EXISTS_ACTION", "FORCE_REINSTALL", "IGNORE_INSTALLED", "IMPLEMENTATION"),
            *("ISOLATED", "KEYRING_PROVIDER", "LOG", "NO_BINARY", "NO_BUILD_ISOLATION", "NO_CACHE", "NO_CACHE_DIR", "NO_CLEAN", "NO_COLOR"),
            *("NO_COMPILE", "NO_DEPS", "NO_INDEX", "NO_INPUT", "NO_WARN_CONFLICTS", "NO_WARN_SCRIPT_LOCATION", "ONLY_BINARY", "PLATFORM"),
            *("PRE", "PREFER_BINARY", "PREFIX", "PROGRESS_BAR", "PROXY", "PYTHON_VERSION", "QUIET", "REQUIRE_HASHES"),
            *("REQUIRE_VIRTUALENV", "RETRIES", "ROOT", "ROOT_USER_ACTION", "SRC", "TARGET", "TIMEOUT", "TRUSTED_HOST", "UPGRADE"),
            *("UPGRADE_STRATEGY", "USER", "USE_FEATURE", "USE_PEP517", "VERBOSE", "VERSION"),
        )
    ),
    # https://pipenv.pypa.io/en/latest/configuration.html
    *(
        f"PIPENV_{name}"
        for name in (
            *(
                "CACHE_DIR",
                "CUSTOM_VENV_NAME",
                "DEFAULT_PYTHON_VERSION",
                "DONT_LOAD_ENV",
                "DONT_USE_PYENV",
                "HIDE_EMOJIS",
                "IGNORE_PIPFILE",
            ),
            *(
                "IGNORE_VIRTUALENVS",
                "INSTALL_TIMEOUT",
                "MAX_DEPTH",
                "MAX_RETRIES",
                "NOSPIN",
                "NO_INHERIT",
                "PIPFILE",
                "PYPI_MIRROR",
                "QUIET",
            ),
            *("SKIP_LOCK", "SYSTEM", "TIMEOUT", "VENV_IN_PROJECT", "VERBOSITY", "VERSION", "VIRTUALENV", "YES"),
        )
    ),
    # https://python-poetry.org/docs/configuration/
    *("POETRY_CACHE_DIR", "POETRY_CONFIG_DIR", "POETRY_DATA_DIR", "POETRY_HOME", "POETRY_NO_ANSI", "POETRY_NO_INTERACTION"),
    *("POETRY_INSTALLER_MAX_WORKERS", "POETRY_INSTALLER_NO_BINARY", "POETRY_INSTALLER_ONLY_BINARY", "POETRY_INSTALLER_PARALLEL"),
    *("POETRY_KEYRING_ENABLED", "POETRY_REQUESTS_MAX_RETRIES", "POETRY_REQUESTS_TIMEOUT", "POETRY_SOLVER_LAZY_WHEEL"),
    *("POETRY_SYSTEM_GIT_CLIENT", "POETRY_VENV", "POETRY_VERSION", "POETRY_VIRTUALENVS_CREATE", "POETRY_VIRTUALENVS_IN_PROJECT"),
    *("POETRY_VIRTUALENVS_OPTIONS_*", "POETRY_VIRTUALENVS_PATH", "POETRY_VIRTUALENVS_PREFER_ACTIVE_PYTHON", "POETRY_VIRTUALENVS_PROMPT"),
    # https://docs.astral.sh/uv/reference/environment/
    *(
        f"UV_{name}"
        for name in (
            *("BREAK_SYSTEM_PACKAGES", "CACHE_DIR", "COMPILE_BYTECODE", "COMPILE_BYTECODE_TIMEOUT", "CONCURRENT_BUILDS"),
            *("CONCURRENT_DOWNLOADS", "CONCURRENT_INSTALLS", "CONFIG_FILE", "CONSTRAINT", "CUSTOM_COMPILE_COMMAND", "ENV_FILE"),
            *("EXCLUDE_NEWER", "FROZEN", "HTTP_RETRIES", "HTTP_TIMEOUT", "INDEX_STRATEGY", "INSECURE_HOST", "INSTALL_DIR"),
            *("INSTALLER_GITHUB_BASE_URL", "KEYRING_PROVIDER", "LINK_MODE", "LOCKED", "MANAGED_PYTHON", "NATIVE_TLS", "NO_BINARY"),
            *("NO_BUILD", "NO_BUILD_ISOLATION", "NO_CACHE", "NO_CONFIG", "NO_DEFAULT_GROUPS", "NO_DEV", "NO_EDITABLE", "NO_ENV_FILE"),
            *("NO_GROUP", "NO_INSTALLER_METADATA", "NO_MANAGED_PYTHON", "NO_MODIFY_PATH", "NO_PROGRESS", "NO_SYNC", "NO_WRAP", "OFFLINE"),
            *("OVERRIDE", "PRERELEASE", "PROJECT", "PROJECT_ENVIRONMENT", "PYTHON", "PYTHON_DOWNLOADS", "PYTHON_INSTALL_DIR"),
            *("PYTHON_INSTALL_MIRROR", "PYTHON_PREFERENCE", "REQUEST_TIMEOUT", "REQUIRE_HASHES", "RESOLUTION", "SYSTEM_PYTHON"),
            *("TOOL_BIN_DIR", "TOOL_DIR", "UNMANAGED_INSTALL", "VENV_CLEAR", "VENV_SEED", "VERSION", "WORKING_DIRECTORY"),
        )
    ),
    # Any option of npm: https://docs.npmjs.com/cli/using-npm/config#environment-variables
    *("NPM_CONFIG_*", "npm_config_*", "NPM_VERSION"),
    # https://pnpm.io/installation and https://github.com/nodejs/corepack#environment-variables
    *("PNPM_HOME", "PNPM_VERSION", "COREPACK_ENABLE_DOWNLOAD_PROMPT", "COREPACK_ENABLE_STRICT", "COREPACK_HOME"),
    *("COREPACK_DEFAULT_TO_LATEST", "COREPACK_INTEGRITY_KEYS", "COREPACK_NPM_REGISTRY"),
    # https://yarnpkg.com/configuration/yarnrc
    *(
        f"YARN_{name}"
        for name in (
            *("CACHE_FOLDER", "CHECKSUM_BEHAVIOR", "COMPRESSION_LEVEL", "ENABLE_GLOBAL_CACHE", "ENABLE_IMMUTABLE_CACHE"),
            *("ENABLE_IMMUTABLE_INSTALLS", "ENABLE_INLINE_BUILDS", "ENABLE_MIRROR", "ENABLE_NETWORK", "ENABLE_PROGRESS_BARS"),
            *("ENABLE_SCRIPTS", "ENABLE_TELEMETRY", "ENABLE_TIMERS", "GLOBAL_FOLDER", "HTTP_TIMEOUT", "IGNORE_PATH", "NETWORK_CONCURRENCY"),
            *("NM_HOISTING_LIMITS", "NM_MODE", "NODE_LINKER", "PRODUCTION", "RC_FILENAME", "VERSION"),
        )
    ),
    # https://manpages.debian.org/bookworm/debconf-doc/debconf.7.en.html
    *("DEBIAN_FRONTEND", "DEBIAN_PRIORITY", "DEBCONF_NONINTERACTIVE_SEEN"),
    # https://doc.rust-lang.org/cargo/reference/environment-variables.html and https://rust-lang.github.io/rustup/environment-variables.html
    *("CARGO_BUILD_JOBS", "CARGO_BUILD_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_TARGET_DIR", "CARGO_HOME", "CARGO_INCREMENTAL"),
    *("CARGO_HTTP_CAINFO", "CARGO_HTTP_MULTIPLEXING", "CARGO_HTTP_TIMEOUT", "CARGO_INSTALL_ROOT", "CARGO_NET_GIT_FETCH_WITH_CLI"),
    *("CARGO_NET_OFFLINE", "CARGO_NET_RETRY", "CARGO_PROFILE_DEV_*", "CARGO_PROFILE_RELEASE_*", "CARGO_TARGET_*_LINKER"),
    *("CARGO_TARGET_*_RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "CARGO_TERM_VERBOSE", "CARGO_REGISTRIES_CRATES_IO_PROTOCOL"),
    *("RUSTC_WRAPPER", "RUSTDOCFLAGS", "RUSTFLAGS", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN", "RUSTUP_DIST_SERVER", "RUSTUP_UPDATE_ROOT"),
    # https://pkg.go.dev/cmd/go#hdr-Environment_variables; what a program reads at run time, such as GOMAXPROCS, is not among them.
    *("CGO_CFLAGS", "CGO_ENABLED", "CGO_LDFLAGS", "GO111MODULE", "GOARCH", "GOARM64", "GOAMD64", "GOAUTH", "GOBIN", "GOCACHE", "GOENV"),
    *("GOEXPERIMENT", "GOFLAGS", "GOINSECURE", "GOMODCACHE", "GONOSUMCHECK", "GONOSUMDB", "GOOS", "GOPATH", "GOROOT", "GOSUMDB"),
    *("GOTMPDIR", "GOTOOLCHAIN", "GOVCS", "GOWORK", "GOLANG_VERSION"),
    # https://learn.microsoft.com/nuget/reference/cli-reference/cli-ref-environment-variables
    *("NUGET_CERT_REVOCATION_MODE", "NUGET_HTTP_CACHE_PATH", "NUGET_PACKAGES", "NUGET_PLUGINS_CACHE_PATH", "NUGET_SCRATCH"),
    *("NUGET_XMLDOC_MODE", "DOTNET_CLI_TELEMETRY_OPTOUT", "DOTNET_NOLOGO", "DOTNET_SKIP_FIRST_TIME_EXPERIENCE"),
    # https://maven.apache.org/configure.html and https://docs.gradle.org/current/userguide/build_environment.html
    *("GRADLE_HOME", "GRADLE_OPTS", "GRADLE_USER_HOME", "GRADLE_VERSION", "MAVEN_ARGS", "MAVEN_CONFIG", "MAVEN_HOME", "MAVEN_OPTS"),
)

_PLACES = (
    # Of what `role` knows no program: settings of npm for one scope, repositories of Poetry and Cargo, mirrors of Bundler.
    *("NPM_CONFIG_@*:registry", "npm_config_@*:registry", "POETRY_REPOSITORIES_*_URL", "CARGO_REGISTRIES_*_INDEX", "BUNDLE_MIRROR__*"),
    *("CARGO_REGISTRY_DEFAULT", "GOPRIVATE", "GONOPROXY", "PIPENV_PYPI_MIRROR"),
)

_ASSIGNED = re.compile(r"(?<![\w$@])([A-Za-z_][\w@:]*)=")


def is_of_installer(name: str) -> bool:
    """Whether a program that installs or builds reads a variable of the name."""
    return any(fnmatchcase(name, pattern) for pattern in _INSTALLERS) or says_where_packages_are(name)


def says_where_packages_are(name: str) -> bool:
    """Whether a variable of the name tells an installer where packages come from."""
    return role(name) in ("index", "extra", "links") or any(fnmatchcase(name, pattern) for pattern in _PLACES)


def assigned_place(text: str) -> str | None:
    """The variable that a shell line sets to say where packages come from; None when there is none."""
    return next((match[1] for match in _ASSIGNED.finditer(text) if says_where_packages_are(match[1])), None)
