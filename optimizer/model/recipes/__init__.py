"""Recipes: what a stage makes, as data that any builder can follow."""
