"""What a night imports, imported once: the processes that die are forked from one that has done this."""
# ruff: noqa: F401

import duckdb_extension_httpfs

import linkage.cli_decisions
import linkage.cli_status
import linkage.cli_verbs
import linkage.ledger
import linkage.overrides
import linkage.pipeline.audits
import linkage.quality.expectations
import linkage.rejections
import linkage.reports
import linkage.train
import tests.faults.small_night
import tests.month
