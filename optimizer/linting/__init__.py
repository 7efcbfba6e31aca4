"""Conventions as rules, over Dockerfiles, plans, functions and apps.

The framework is in the modules of this package, what rules can ask of a
subject in ``facts``, and the rules in ``rules``, by family.  Everything here is
pure: the caller reads files, and gives the day.
"""
