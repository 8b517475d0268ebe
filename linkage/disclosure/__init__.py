"""What leaves the organisation: counts that are withheld, rounded, and safe from whoever adds them up."""

from linkage.disclosure.control import BASE, PROTECTION, THRESHOLD, attack, protect, rounded
from linkage.disclosure.program import Relations
from linkage.disclosure.release import RELEASED, release

__all__ = ["BASE", "PROTECTION", "RELEASED", "THRESHOLD", "Relations", "attack", "protect", "release", "rounded"]
