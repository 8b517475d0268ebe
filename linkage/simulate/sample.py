"""A whole synthetic inbox: the world is drawn, its records are numbered, and the nights are written."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from linkage import municipalities
from linkage.config import Config
from linkage.errors import UsageError
from linkage.simulate import rates
from linkage.simulate.clerk import Clerk
from linkage.simulate.deliveries import Deliveries
from linkage.simulate.dice import Dice
from linkage.simulate.families import FamilyMaker
from linkage.simulate.hard_cases import Planted, plant
from linkage.simulate.incidents import IncidentMaker
from linkage.simulate.names import NameBook
from linkage.simulate.numbering import number_incidents, number_reports
from linkage.simulate.people import Registry
from linkage.simulate.records import MINUTES, Incident, day_text
from linkage.simulate.region import Configured, Region
from linkage.simulate.reports import ASHG_REPORTERS, ReportMaker
from linkage.simulate.rows import Row, RowWriter
from linkage.simulate.truth import TruthBook

LAST_DAY = date(2025, 3, 13)  # the last delivery covers until this day, whenever the sample is made
YEARS = 3
MOST_NIGHTS = 365
PEOPLE_PER_INCIDENT = 3.4  # new people that an incident brings along, measured; decides how far the test BSNs reach
OTHER_REPORTS_PER_INCIDENT = 0.45  # so that a third of the reports comes from others than the police
KNOWN_TO_POLICE = 0.45  # of the families in those reports; the others are new to the police


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What a sample holds: counts only."""

    incidents: int
    reports: int
    advice: int
    police_persons: int
    case_persons: int
    mentions: int
    persons: int
    nights: int
    hard_cases: int


def write_sample(
    out: Path,
    *,
    incidents: int = 2000,
    noise: str | float = "medium",
    seed: int = 1,
    nights: int | None = None,
    config: Config | None = None,
    until: date = LAST_DAY,
) -> SampleReport:
    """Write `out/inbox`, `out/truth` and `out/hard_cases.toml`: a synthetic inbox of `incidents` police incidents.

    A configuration with partners gives the region: its police units and steunpunten deliver, its municipalities are
    lived in. Without it, it is the shipped region, and only there are hard cases. The sample is of the three years
    before ``until``.

    The rates are the domain study's (3.2, see `rates.py`); `noise` is low (half), medium, high (twice) or a factor. The
    hard cases T01-T30 are in every sample, and count; so a sample has at least as many incidents as they need. The same
    arguments give the same bytes. After the full delivery come the increments of ``nights`` nights (at most a year of
    them), a few unless told. BSNs come from the test range only (999xxxxxx), which holds 90,909: above about
    25,000 incidents the share of people with a BSN falls.
    """
    if incidents < 1:
        raise UsageError(f"{incidents} incidents: ask for at least 1")
    nights = _night_count(incidents) if nights is None else nights
    if not 1 <= nights <= MOST_NIGHTS:
        raise UsageError(f"{nights} nights: ask for 1 to {MOST_NIGHTS}")
    region = Region() if config is None else Configured(config)
    world = _World(incidents, rates.noise_of(noise), seed, nights, region, until.toordinal())
    for part in ("inbox", "truth"):
        shutil.rmtree(out / part, ignore_errors=True)
    return world.write(out)


def _night_count(incidents: int) -> int:
    """Increments after the full delivery: a few more for a larger sample."""
    return 4 if incidents < 1_000 else 6 if incidents < 20_000 else 9


class _World:
    def __init__(
        self, incidents: int, noise: rates.Noise, seed: int, nights: int, region: Region, last_day: int
    ) -> None:
        self.region, self.first_day = region, last_day - YEARS * 365 + 1
        self.dice = Dice(seed)
        self.names = NameBook()
        self.atlas = region.atlas()
        self.registry = Registry(self.dice, self.names, int(incidents * PEOPLE_PER_INCIDENT))
        old, first = region.old_municipalities, self.first_day
        self.families = FamilyMaker(self.dice, self.registry, self.atlas, first, last_day, old)
        self.incident_maker = IncidentMaker(self.dice, self.families, first, last_day, region)
        self.report_maker = ReportMaker(self.dice, self.families, last_day, region)
        self.rows = RowWriter(Clerk(self.dice, self.names, noise, region.code_on))
        self.nights = [last_day - back for back in range(nights, -1, -1)]
        self.planted = plant(self.registry, self.families, last_day) if region.has_hard_cases else Planted()
        self.incidents: list[Incident] = list(self.planted.incidents)
        self._populate(incidents - len(self.incidents))

    def _populate(self, wanted: int) -> None:
        made = 0
        while made < wanted:
            family = self.families.family()
            incidents = self.incident_maker.of_family(family)[: wanted - made]
            self.report_maker.of_family(family, incidents, self._other_reports(len(incidents)))
            self.incidents += incidents
            made += len(incidents)
        strangers = int(max(0, wanted) * OTHER_REPORTS_PER_INCIDENT * (1 - KNOWN_TO_POLICE) / 1.2)
        for _ in range(strangers):
            self.report_maker.of_family(self.families.family(), [], self._other_reports(0, at_least=1))
        reports = len(self.report_maker.reports) + len(self.planted.reports)
        for _ in range(int(reports * rates.ADVICE_PER_REPORT)):
            received = (self.first_day + self.dice.below(YEARS * 365)) * MINUTES + 480 + self.dice.below(540)
            name = f"mw. {self.names.surname(self.dice, 'dutch').core}" if self.dice.chance(0.02) else ""
            self.report_maker.advice(received, self.atlas.draw(self.dice).code, name)

    def _other_reports(self, incidents: int, at_least: int = 0) -> list[int]:
        """Moments at which schools, doctors and citizens report this family, often before the police come (T23)."""
        dice = self.dice
        count = at_least + sum(dice.chance(OTHER_REPORTS_PER_INCIDENT * KNOWN_TO_POLICE) for _ in range(incidents))
        count += at_least and dice.chance(0.2)
        first = self.first_day
        return [(first + dice.below(YEARS * 365 - 1)) * MINUTES + 480 + dice.below(540) for _ in range(count)]

    def write(self, out: Path) -> SampleReport:
        """Numbers the records and writes every file."""
        reports = self.report_maker.reports + self.planted.reports
        number_incidents(self.dice, self.incidents)
        reports.sort(key=lambda r: (r.received, r.municipality, r.report_id))
        for at in self.region.numbered_apart():
            cases = [case for case in self.report_maker.cases + self.planted.cases if case.source in at]
            number_reports(self.dice, [report for report in reports if report.source in at], cases)
        for report in reports:
            if report.case is not None and report.case.is_old:
                day = report.received // MINUTES
                report.municipality = municipalities.name(self.region.code_on(report.municipality, day))
        truth = TruthBook()
        nights = Deliveries(out / "inbox", self.nights, self.rows, truth)
        for desk in self.region.police:
            nights.police(desk.source, [i for i in self.incidents if i.source == desk.source])
        for desk in self.region.steunpunten:
            own = [report for report in reports if report.source == desk.source]
            if desk.is_old:
                nights.ashg(desk.source, own, self._old_advice(len(own) // 2))
            else:
                nights.veilig_thuis(desk.source, own)
        truth.write(out / "truth", self.incidents, reports, by_source=not self.region.has_hard_cases)
        if self.region.has_hard_cases:
            self.planted.write(out / "hard_cases.toml")
        advice = sum(r.case is None for r in reports)
        return SampleReport(
            incidents=len(self.incidents),
            reports=len(reports) - advice,
            advice=advice,
            police_persons=truth.count("incident"),
            case_persons=truth.count("case"),
            mentions=truth.mentions,
            persons=truth.distinct_persons(),
            nights=len(self.nights),
            hard_cases=len(self.planted.cases_planted),
        )

    def _old_advice(self, count: int) -> list[Row]:
        """Advice in the 2010 export: a row without a name, nearly always; it is never linked."""
        dice = self.dice
        rows: list[Row] = []
        for n in range(count):
            iso = day_text(self.first_day + dice.below(YEARS * 365 - len(self.nights)))
            received = f"{iso[8:10]}-{iso[5:7]}-{iso[:4]}"
            name = self.names.surname(dice, "dutch").core if dice.chance(0.1) else ""
            place = dice.pick(self.region.old_names)
            blank = [""] * 7
            rows.append(
                [f"A{n + 1:05d}", received, dice.pick(ASHG_REPORTERS), place, "", name, *blank[:6], "advies", ""]
            )
        return rows
