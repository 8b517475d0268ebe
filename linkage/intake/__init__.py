"""Delivery → accepted and rejected rows → current records → standardised mentions."""

from linkage.intake.delivery import Accepted, Refused
from linkage.intake.repair import Repaired, assemble, trial
from linkage.intake.standardise import standardise
from linkage.intake.take import IntakeReport, take_in

__all__ = ["Accepted", "IntakeReport", "Refused", "Repaired", "assemble", "standardise", "take_in", "trial"]
