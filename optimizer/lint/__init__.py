"""The house's conventions as rules, over Dockerfiles, plans, functions and apps.

Everything here is pure: the caller reads files, and says which day it is.
"""
