"""What can go wrong, each with the exit code that the command ends with.

A message says what, where and what to do, in one line, and never holds a value from a record:
names of tables, columns, files of the contract, row numbers and counts only.
"""

from pathlib import Path


class InbeeldError(Exception):
    """Base of every error that a user may see; it prints as one line, without a traceback."""

    exit_code = 2


class UsageError(InbeeldError):
    """A wrong argument, a folder that is not there, an environment that cannot work."""


class ConfigError(InbeeldError):
    """The configuration file holds an unknown key or an impossible value."""


class ContractError(InbeeldError):
    """A file under ``schemas/`` contradicts itself or does not exist."""


class DeliveryRefused(InbeeldError):  # noqa: N818
    """A delivery is refused whole; the other deliveries of the night go on."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class BusyError(InbeeldError):
    """Another run holds the output folder."""


class StoreError(InbeeldError):
    """The database refused a statement; the message names the step and the reason class only."""


class BudgetError(StoreError):
    """Even the smallest blocks of a blocking rule make more pairs than are allowed."""

    def __init__(self, rule: str) -> None:
        super().__init__(f"blocking rule {rule} does not fit the pair budget: raise linkage.pair_budget_per_mention")
        self.rule = rule


class GateFailed(InbeeldError):  # noqa: N818
    """A quality gate stopped the run: nothing was published, yesterday's view stays."""

    exit_code = 1


def no_output_folder(folder: Path) -> UsageError:
    """Return the error of a verb that needs a folder in which a run has been."""
    return UsageError(f"{folder} is no output folder: run `inbeeld run --inbox DIR --out {folder}` first")
