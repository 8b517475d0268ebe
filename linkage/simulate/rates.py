"""The rates of the simulated world, in one place, each with its basis.

All come from the domain study, section 3.2 ("proposed simulation parameters"), unless a line says otherwise. The noise
factor of a sample multiplies the rates of clerical error (`Noise`) only: how often police and Veilig Thuis miss one
another is a property of the chain, not of the typing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from linkage.errors import UsageError
from linkage.simulate.dice import Quantiles, Weighted

NOISE_LEVELS = {"low": 0.5, "medium": 1.0, "high": 2.0}
MOST_OFTEN = 0.9  # no error becomes certain, however high the factor


@dataclass(frozen=True, slots=True)
class Noise:
    """Chances of a clerical error in one mention (3.2 where a rate is given there; 2.1 to 2.6 for the phenomenon)."""

    surname_typo: float = 0.04
    given_name_typo: float = 0.06
    birth_date_error: float = 0.03
    postcode_error: float = 0.03
    missing_birth_date: float = 0.06
    partner_rendering: float = 0.08
    call_name: float = 0.20
    call_name_over_50: float = 0.35
    prefix_abbreviated: float = 0.10
    prefix_dropped: float = 0.04
    prefix_in_surname: float = 0.08
    transliteration: float = 0.15
    mojibake: float = 0.03
    capitals: float = 0.03
    name_unknown: float = 0.004
    bsn_digit: float = 0.01
    bsn_default: float = 0.003
    sex_wrong: float = 0.005
    sex_unknown: float = 0.01
    address_missing: float = 0.04
    old_address: float = 0.05
    addition_dropped: float = 0.10
    street_abbreviated: float = 0.15

    def times(self, factor: float) -> Noise:
        """Every chance multiplied, up to a ceiling."""
        return Noise(**{f.name: min(MOST_OFTEN, getattr(self, f.name) * factor) for f in fields(self)})


def noise_of(level: str | float) -> Noise:
    """The noise of a named level, or of a factor on the medium level."""
    if isinstance(level, str):
        if level not in NOISE_LEVELS:
            raise UsageError(f"noise {level!r} is not one of {', '.join(NOISE_LEVELS)} or a number")
        return Noise().times(NOISE_LEVELS[level])
    if not 0 <= level <= 10:
        raise UsageError(f"noise {level} is not between 0 and 10")
    return Noise().times(level)


# Incidents of one household in one active year: 65 / 20 / 9 / 6 %.
INCIDENTS_A_YEAR = Weighted([1, 2, 3, 4, 5, 6, 8], [65, 20, 9, 3, 1.5, 1, 0.5])
ACTIVE_YEARS = Weighted([1, 2, 3], [70, 20, 10])

CHILDREN_PRESENT = 0.45
CHILDREN_PRESENT_COUNT = Weighted([1, 2, 3, 4, 5], [44, 38, 13, 4, 1])  # mean 1.8
ADULTS = Weighted([1, 2, 3], [5, 85, 10])
VICTIM_FEMALE = 0.82  # 3.1, NRC 2004
COMPLAINT_FILED = 0.24  # 3.1, LOC
BORN_ABROAD = 0.88  # of people of foreign origin (34 %), so that a third of suspects is born abroad

# Arrival at the steunpunt: CORV 94-97 %, DV stream 80-90 %, the 2010 way 55-65 %.
ARRIVES_CORV = 0.955
ARRIVES_DV = 0.85
ARRIVES_2010 = 0.60
GAP_CAUSES = Weighted(
    ["never_sent", "other_member", "name_error", "other_region", "booked_as_advice", "beyond_extract"],
    [45, 15, 15, 8, 7, 10],
)
# Log-normal in the middle (median 2 days, 90th percentile 10) with the heavier tail that 3 % over 42 days asks for.
DELAY_DAYS = Quantiles((0, 0.02), (0.1, 0.4), (0.25, 0.86), (0.5, 2), (0.75, 4.7), (0.9, 10), (0.97, 42), (1, 240))

REFERENCE_FILLED = 0.35
REFERENCE_MALFORMED = 0.10
ADVICE_PER_REPORT = 0.5

# BSN presence by standing, chosen to meet the means: 40 % at the police, 75 % at Veilig Thuis.
BSN_POLICE = {"suspect": 0.64, "adult": 0.45, "child": 0.14, "outsider": 0.10}
BSN_VT = {"suspect": 0.82, "adult": 0.82, "child": 0.68, "outsider": 0.50}
# Missing birth dates by standing: factors on the mean of 6 %; children and witnesses are written down with less.
MISSING_BIRTH_DATE_FACTOR = {"suspect": 0.5, "adult": 0.7, "child": 1.6, "outsider": 2.4}
# Initials instead of given names: 12 % at the police, more for children and witnesses (general knowledge).
INITIALS_ONLY = {"suspect": 0.10, "adult": 0.12, "child": 0.20, "outsider": 0.40}

COLLECTIVE_ADDRESS = 0.02
SECRET_ADDRESS = 0.012
WITHDRAWN = 0.01
CHANGED = 0.05
TECHNICAL_DUPLICATE = 0.015
NOT_DV = 0.02
NO_PERSONS = 0.008
ASSESSMENT_DAYS = Quantiles((0, 1), (0.5, 4), (0.6, 7), (0.8, 20), (0.95, 60), (1, 90))
CASE_OPEN_DAYS = Quantiles((0, 7), (0.25, 35), (0.5, 80), (0.75, 150), (0.95, 330), (1, 500))
