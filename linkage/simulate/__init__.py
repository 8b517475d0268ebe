"""Synthetic inboxes with their truth beside them: the engine of `inbeeld sample`."""

from linkage.simulate.sample import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
