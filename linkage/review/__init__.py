"""The reviewers' page: a local web application in which people decide what the linkage could not.

It reads the published night, never writes to it, and adds to the ledgers of ``OUT/state`` only: decisions, second
opinions, and who looked at whom.
"""
