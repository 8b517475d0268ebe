"""Measurements: a whole night, and person linkage side by side with peers. See README.md beside this file."""
