"""Dockerfiles as text: from a plan, and back to values.

Reading one does not load what writing one needs.
"""
