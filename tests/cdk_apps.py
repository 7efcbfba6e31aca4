"""How tests start apps of CDK."""

from __future__ import annotations

WITHOUT_TEMPLATE_CHECK = {"CDK_VALIDATION": "false"}
"""No check of the templates by CDK, which ends no synthesis and takes three quarters of a short one.

The example, new projects, the tutorial, the main deployment, and apps in the
process of a test have it, as users do.
"""
