"""Synthetic inboxes with their truth beside them: the engine of `inbeeld sample`."""

from linkage.simulate.sample import LAST_DAY, SampleReport, write_sample

__all__ = ["LAST_DAY", "SampleReport", "write_sample"]
