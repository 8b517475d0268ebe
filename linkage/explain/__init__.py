"""Why an incident is matched, in review or unmatched, and what makes two mentions one person or two.

Reads ``restricted.duckdb``, which holds the case view and the evidence. Nobody is named: people are ids
with a role and an age, evidence is levels and weights.
"""

from linkage.explain.incident import Explanation, explain
from linkage.explain.pair import PairExplanation, explain_pair
from linkage.explain.steps import Scale, Step, steps

__all__ = ["Explanation", "PairExplanation", "Scale", "Step", "explain", "explain_pair", "steps"]
