"""Every rule, one file each; the one list of them is here."""

from __future__ import annotations

from optimizer.lint.rule import Rule
from optimizer.lint.rules import (
    base_not_aws_provided,
    base_unpinned,
    build_tools_in_final_stage,
    builder_unpinned,
    command_with_several_words,
    everything_copied,
    expired_suppression,
    final_stage_not_last,
    ignore_file_not_read_by_cdk,
    install_without_lock,
    installer_in_final_stage,
    instruction_without_effect,
    invalid_suppression,
    manifest_copied_with_source,
    pin_too_old,
    remote_add_without_checksum,
    runtime_deprecated,
    runtime_preview,
    secret_in_variable,
    source_before_dependencies,
    syntax_unpinned,
    unreadable_dockerfile,
    unused_suppression,
    user_set,
    wrong_architecture,
)

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            module.RULE
            for module in (
                base_not_aws_provided,
                base_unpinned,
                build_tools_in_final_stage,
                builder_unpinned,
                command_with_several_words,
                everything_copied,
                expired_suppression,
                final_stage_not_last,
                ignore_file_not_read_by_cdk,
                install_without_lock,
                installer_in_final_stage,
                instruction_without_effect,
                invalid_suppression,
                manifest_copied_with_source,
                pin_too_old,
                remote_add_without_checksum,
                runtime_deprecated,
                runtime_preview,
                secret_in_variable,
                source_before_dependencies,
                syntax_unpinned,
                unreadable_dockerfile,
                unused_suppression,
                user_set,
                wrong_architecture,
            )
        ),
        key=lambda rule: rule.id,
    )
)
"""Sorted by id. An id keeps its meaning for ever; one that is taken out is not used again."""
