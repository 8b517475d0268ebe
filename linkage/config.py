"""The configuration: ``inbeeld.toml``, overridden by ``INBEELD_…`` environment variables.

``INBEELD_LIMITS__TIMELY_DAYS=5`` sets ``timely_days`` in ``[limits]``. Every key has a default, so that
``inbeeld run`` works without a file. Unknown keys are refused with the nearest right one.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from rapidfuzz import process

from linkage.errors import ConfigError
from linkage.partners import Register

Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of the file; keys that it does not know are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Privacy(Section):
    """Purposes that a delivery may have, and where the key of the pseudonyms is."""

    purposes: tuple[str, ...] = ("hg-ketenbeeld",)
    key_file: Path | None = None
    """A file of at least 32 random bytes, outside the output folder; without it a key is made in ``OUT/state``."""


class Region(Section):
    """The municipalities that the run answers for; none means all."""

    municipality_codes: tuple[str, ...] = ()


class Intake(Section):
    """When a file or a night is refused."""

    max_rejected_share: Share = 0.2
    """A file with a larger share of rejected rows (and more than three) is refused whole."""
    max_unmapped_share: Share = 0.005
    """A coded column with a larger share of unmapped codes stops the run (``domain`` rule: 0.5 %)."""
    min_unmapped_rows: Annotated[int, Field(ge=0)] = 20
    """… but only from this many rows, so that three odd rows in a small delivery do not."""
    max_file_mb: Annotated[int, Field(gt=0)] = 2048


class Limits(Section):
    """Days, counted from the incident's report to the steunpunt's receipt, in Europe/Amsterdam."""

    early_days: Annotated[int, Field(ge=0)] = 1
    timely_days: Annotated[int, Field(ge=0)] = 7
    late_days: Annotated[int, Field(ge=0)] = 42
    very_late_days: Annotated[int, Field(ge=0)] = 365
    duplicate_hours: Annotated[int, Field(ge=0)] = 6


class Linkage(Section):
    """The pair engine."""

    sure: Annotated[float, Field(gt=0, lt=1)] = 0.9
    """Match probability from which a pair may join two mentions into one person."""
    possible: Share = 0.5
    """Match probability from which a pair goes to review."""
    pair_budget_per_mention: Annotated[float, Field(gt=0)] = 150
    """Candidate pairs allowed, as a multiple of the mentions."""
    max_block: Annotated[int, Field(gt=1)] = 400
    """A block value shared by more mentions than this is left to the narrower rules."""
    common_value_cap: Annotated[int, Field(gt=1)] = 60
    """An identifier (BSN, phone) that this many differently named mentions share carries no weight."""
    max_person_mentions: Annotated[int, Field(gt=1)] = 500
    """Mentions that one person may have; what would grow past it is divided until it fits, and listed."""
    ambiguity_margin: Annotated[float, Field(ge=0)] = 1.0
    """Bits within which two claims of a mention are equal, so that it stays apart for a person to decide."""
    use_relations: bool = True
    """Whether people named on records that share somebody are compared with one another, and that counts."""
    model_file: Path | None = None
    """A frozen model; without it the model that ships with Inbeeld is used."""


class Households(Section):
    """Addresses that say nothing about families."""

    collective_persons: Annotated[int, Field(gt=1)] = 8
    collective_surnames: Annotated[int, Field(gt=1)] = 4
    collective_months: Annotated[int, Field(gt=0)] = 24
    collective_file: Path | None = None
    """A list of such addresses, CSV with ``postcode;huisnummer;huisletter;toevoeging``: shelters, institutions. Without
    a number it is the whole postcode, without letter and addition the whole building. Keep it where the key is kept."""
    max_members: Annotated[int, Field(gt=1)] = 12


class Casebook(Section):
    """How reports answer incidents, and what colours a household."""

    answering: Literal["all", "police_first", "police_only"] = "police_first"
    """Whose report answers an incident: ``all``: anybody's; ``police_first``: anybody's, but beside a report of the
    police (or of an unknown reporter) the others are only possible; ``police_only``: the others are always possible."""
    assignment: Literal["latest", "likeliest"] = "latest"
    """Which incident a report answers that names none: ``latest``: the latest one of the same persons or household, as
    agreed; ``likeliest``: the one that it is most likely about, all incidents and reports of the family considered."""
    deterministic: Share = 0.99
    """Probability of the best pair from which a link through a shared person is called deterministic."""
    household_probability: Share = 0.75
    """Probability of a link through the household alone."""
    severity_months: Annotated[int, Field(gt=0)] = 24
    """Months back from the day of the run that colour a household."""
    injury_mk_codes: tuple[str, ...] = ("F551",)
    """Classes of incident that mean injury (``F551``: zware mishandeling)."""


class Volume(Section):
    """How far the rows of a delivery may be from those of its source's earlier ones."""

    deviations: Annotated[float, Field(gt=0)] = 5
    """Robust standard deviations (1.4826 MAD, at least the root of the median) from the median."""
    share: Annotated[float, Field(ge=0)] = 0.5
    """A difference up to this share of the median never stops the night."""
    min_rows: Annotated[int, Field(ge=0)] = 20
    """… nor does one of up to so many rows (a day covered)."""
    min_history: Annotated[int, Field(gt=0)] = 10
    """Increments that a source must have delivered before its band bites."""
    min_weekday: Annotated[int, Field(gt=1)] = 8
    """Increments of the same weekday from which the band is that of the weekday."""
    min_full: Annotated[int, Field(gt=0)] = 3
    """Full deliveries that a source must have made before their band bites."""


class Audit(Section):
    """How far a night may move from the publication before it: shares, beyond which it stops.

    Six ordinary nights of a synthetic region (3,000 incidents) moved links by at most 0.0015, rates by 0.0044 (recent
    ones by 0.014), persons and households by 0.0004, and patterns by 0.00001.
    """

    links_lost: Share = 0.02
    links_won: Annotated[float, Field(ge=0)] = 0.05
    person_merges: Share = 0.005
    person_splits: Share = 0.005
    household_merges: Share = 0.02
    household_splits: Share = 0.02
    match_rate: Share = 0.05
    recent_match_rate: Share = 0.1
    answering_rate: Share = 0.05
    near_exact_links: Share = 0.05
    reference_links: Share = 0.05
    pattern_stability: Annotated[float, Field(ge=0)] = 0.02
    """Population stability index of a comparison (Siddiqi 2006), over all pairs ever compared: day and month changed
    places in a third of one source's birth dates is 0.03, no BSN from that source any more 0.25."""
    certainty: Annotated[float, Field(ge=0)] = 4
    """Standard errors by which two shares must differ as well: a small region does not stop a night by chance."""
    min_records: Annotated[int, Field(gt=0)] = 50
    """Records that a figure must rest on, in both nights, to be judged."""
    min_moved: Annotated[int, Field(gt=0)] = 10
    """Links, persons or households that must have moved."""
    min_pairs: Annotated[int, Field(gt=0)] = 2000
    """Compared pairs, in both nights, from which their patterns are judged."""
    recent_days: Annotated[int, Field(gt=0)] = 90
    accept_persons: Annotated[int, Field(gt=0)] = 1
    """Different people who must let a stopped night pass (``inbeeld accept --by``), its volume or what moved."""


class Reports(Section):
    """What managers and reviewers read."""

    language: Literal["nl", "en"] = "nl"
    """Language of the pages, the review page too, and of the workbook."""


class Review(Section):
    """The reviewers' page."""

    users_file: Path | None = None
    """Who may sign in: a file outside the output folder, written by ``inbeeld user``. Without it only who started the
    page comes in, on this machine."""
    idle_minutes: Annotated[int, Field(gt=0, le=240)] = 15
    """Minutes without doing anything after which somebody is signed out."""
    second_share: Share = 0.1
    """Share of the decided pairs that a second reviewer judges without seeing the first judgement."""


class Operations(Section):
    """What is told about nights, and to whom."""

    log_folder: Path | None = None
    """Folder of the logs, one file of JSON lines a run; without it ``OUT/state/logs``."""
    keep_logs: Annotated[int, Field(gt=0)] = 400
    notify_block: str | None = None
    """Prefect notification block that hears of a stopped night, as ``type/name``: ``slack-webhook/data-team``."""
    most_hours: Annotated[float, Field(gt=0)] = 26
    """Hours since the last night that ended well from which ``inbeeld doctor`` warns."""


class Machine(Section):
    """What a run may take of the machine."""

    memory_limit: str = "1500MB"
    """What DuckDB may hold in memory; a night with little to do takes no more than its store is large."""
    threads: Annotated[int, Field(gt=0)] = 2
    """Threads of a night with much to do; one with little takes one, as two would cost more and be hardly quicker."""
    keep_generations: Annotated[int, Field(gt=0)] = 7


class Config(BaseSettings):
    """All settings of a run."""

    model_config = SettingsConfigDict(
        env_prefix="INBEELD_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    privacy: Privacy = Privacy()
    region: Region = Region()
    cooperation: Register = Register()
    intake: Intake = Intake()
    limits: Limits = Limits()
    linkage: Linkage = Linkage()
    households: Households = Households()
    casebook: Casebook = Casebook()
    volume: Volume = Volume()
    audit: Audit = Audit()
    reports: Reports = Reports()
    review: Review = Review()
    operations: Operations = Operations()
    machine: Machine = Machine()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment outranks file; arguments of the constructor are the file's values."""
        return env_settings, init_settings


def load(path: Path | None = None) -> Config:
    """Read the configuration; raises `ConfigError` with the file, the key and what to do."""
    values: dict[str, Any] = {}
    where = path.name if path else "environment"
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"configuration file {path} does not exist") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{where} is not valid TOML: {error}") from None
    try:
        return Config(**values)
    except ValidationError as error:
        raise ConfigError("; ".join(_explain(where, e) for e in error.errors())) from None


def _explain(where: str, error: Any) -> str:
    # An item of a list is told by its place, counted from 1.
    places = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in error["loc"]]
    key, plain = "".join(places).lstrip("."), ".".join(p for p in error["loc"] if isinstance(p, str))
    if error["type"] == "extra_forbidden":
        nearest = process.extractOne(plain, _known_keys(Config), score_cutoff=50)
        return f"{where}: unknown key {key}" + (f", did you mean {nearest[0]}?" if nearest else "")
    return f"{where}: {key}: {str(error['msg']).removeprefix('Value error, ')}"


def _known_keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, spec in model.model_fields.items():
        name = spec.alias or name
        keys.append(prefix + name)
        for inner in (spec.annotation, *get_args(spec.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                keys += _known_keys(inner, f"{prefix}{name}.")
    return keys
