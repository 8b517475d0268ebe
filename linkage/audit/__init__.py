"""The audit: is tonight like the nights before it? What moved too far stops the night until a person lets it pass.

Two comparisons, both kept in table ``audit``: the deliveries of tonight with the history of their source (`volumes`),
and the case view that is about to be published with the published one (`changes`).
"""

from linkage.audit.figure import ACCEPTED, STOP, UNLIKE, Figure, keep, let_pass
from linkage.audit.measures import changes
from linkage.audit.volume import volumes

__all__ = ["ACCEPTED", "STOP", "UNLIKE", "Figure", "changes", "keep", "let_pass", "volumes"]
