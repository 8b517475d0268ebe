"""The parts of the simulation, one at a time."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pytest

from linkage.errors import UsageError
from linkage.simulate import typing_errors as err
from linkage.simulate import write_sample
from linkage.simulate.dice import Dice, Quantiles, Weighted
from linkage.simulate.names import NameBook, initials_of, split_particle
from linkage.simulate.people import BsnRegister
from linkage.simulate.places import Atlas
from linkage.simulate.records import MINUTES, stamp

SHIPPED = Path(__file__).parents[2] / "data_samples"


def passes_eleven_test(number: str) -> bool:
    digits = [int(c) for c in number]
    return (sum((9 - i) * digits[i] for i in range(8)) - digits[8]) % 11 == 0


def test_shipped_sample_is_what_the_command_in_its_readme_writes(tmp_path: Path) -> None:
    write_sample(tmp_path, incidents=300, seed=2010)
    made = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    differing = [
        str(name)
        for name, data in made.items()
        if not (SHIPPED / name).exists() or (SHIPPED / name).read_bytes() != data
    ]
    shipped = {
        p.relative_to(SHIPPED) for part in ("inbox", "truth") for p in (SHIPPED / part).rglob("*") if p.is_file()
    }
    assert differing == []
    assert shipped <= set(made)
    assert "inbeeld sample --out data_samples --incidents 300 --seed 2010" in (SHIPPED / "README.md").read_text("utf-8")


def test_all_thirty_hard_cases_are_planted_as_they_are_described() -> None:
    cases = tomllib.loads((SHIPPED / "hard_cases.toml").read_text("utf-8"))["case"]
    assert [c["id"] for c in cases] == [f"T{n:02d}" for n in range(1, 31)]
    everything = "\n".join(p.read_text("utf-8") for p in (SHIPPED / "inbox").glob("[pv]*/*/*.csv"))
    for case in cases:
        for side in ("left", "right"):
            mention = case[side]
            if "record_id" in mention:
                start = f"{mention['record_id']};{mention['person_seq']};"
                row = next(line for line in everything.splitlines() if line.startswith(start))
                assert mention["surname"] in row
            else:
                assert mention["reporter_reference"] in everything


@pytest.mark.parametrize(("noise", "incidents"), [("loud", 100), (-1.0, 100), (11.0, 100), ("low", 0)])
def test_impossible_arguments_are_refused_before_anything_is_written(
    tmp_path: Path, noise: str | float, incidents: int
) -> None:
    with pytest.raises(UsageError):
        write_sample(tmp_path / "out", incidents=incidents, noise=noise)
    assert not (tmp_path / "out").exists()


def test_without_noise_nobody_is_misspelt(tmp_path: Path) -> None:
    write_sample(tmp_path, incidents=300, noise=0.0, seed=1)
    path = next((tmp_path / "inbox" / "vt-drenthe").glob("*/betrokkenen.csv"))
    members = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)
    drawn = members[~members["casusnummer"].str.fullmatch(r"ZD-90[0-3]\d{3}")]
    assert set(drawn["geslacht"]) == {"M", "V"}
    assert (drawn["geboortedatum"].str.len() == 8).all()
    assert (drawn["postcode"].str.replace(" ", "").str.fullmatch(r"\d{4}[A-Z]{2}")).all()


def test_weighted_draws_follow_the_weights() -> None:
    dice, table = Dice(1), Weighted(["a", "b"], [3, 1])
    share = sum(dice.draw(table) == "a" for _ in range(4_000)) / 4_000
    assert 0.72 < share < 0.78


def test_quantiles_are_met_and_straight_between() -> None:
    delay = Quantiles((0, 0), (0.5, 2), (1, 10))
    assert [delay.at(u) for u in (0, 0.25, 0.5, 0.75, 1)] == [0, 1, 2, 6, 10]


@pytest.mark.parametrize("name", ["Jansen", "Bos", "de Vries", "Öztürk", "Li", "Kaya"])
def test_a_typing_error_always_changes_the_name(name: str) -> None:
    dice = Dice(2)
    assert all(err.typo(dice, name) != name for _ in range(300))


def test_a_wrong_date_differs_and_half_of_the_early_days_are_transposed() -> None:
    dice = Dice(3)
    assert err.wrong_date(dice, 1983, 4, 7) == "19830704"
    assert all(err.wrong_date(dice, 1983, 4, 20) != "19830420" for _ in range(300))


@pytest.mark.parametrize(
    ("given", "initials"),
    [("Johannes Cornelis", "J.C."), ("Jan-Willem", "J."), ("IJsbrand", "I."), ("", ""), (".", "")],
)
def test_initials_follow_the_register(given: str, initials: str) -> None:
    assert initials_of(given) == initials


@pytest.mark.parametrize(
    ("name", "parts"),
    [("van der Berg", ("van der", "Berg")), ("van 't Hof", ("van 't", "Hof")), ("Chin A Sen", ("", "Chin A Sen"))],
)
def test_particles_are_split_from_listed_names(name: str, parts: tuple[str, str]) -> None:
    assert split_particle(name) == parts


def test_a_third_of_the_dutch_bear_a_particle_and_rare_names_abound() -> None:
    dice, names = Dice(4), NameBook()
    drawn = [names.surname(dice, "dutch") for _ in range(8_000)]
    assert 0.33 < sum(bool(s.prefix) for s in drawn) / len(drawn) < 0.39
    assert len(set(drawn)) > 2_000


def test_bsns_are_unique_valid_test_numbers_and_run_out_evenly() -> None:
    dice, register = Dice(5), BsnRegister(1_000)
    numbers = [n for n in (register.issue(dice) for _ in range(5_000)) if n]
    assert len(numbers) == len(set(numbers)) == 5_000
    assert all(n.startswith("999") and passes_eleven_test(n) for n in numbers)
    scarce = BsnRegister(200_000)
    share = sum(bool(scarce.issue(dice)) for _ in range(5_000)) / 5_000
    assert 0.40 < share < 0.48


def test_a_wrong_digit_fails_the_eleven_test() -> None:
    dice = Dice(6)
    assert not any(passes_eleven_test(err.wrong_digit(dice, "999990019")) for _ in range(200))


def test_houses_have_postcodes_that_are_issued() -> None:
    dice, atlas = Dice(7), Atlas()
    houses = [atlas.house(dice, atlas.draw(dice)) for _ in range(3_000)]
    assert not {h.postcode[4:] for h in houses} & {"SA", "SD", "SS"}
    assert all(len(h.postcode) == 6 and h.postcode[:4].isdigit() for h in houses)
    assert {h.municipality for h in houses} >= {m.code for m in atlas.inside}


def test_the_hour_that_summer_time_skips_is_never_stamped() -> None:
    spring = 738_976  # 31 March 2024
    assert stamp(spring * MINUTES + 150).startswith("2024-03-31T03:30")
    assert stamp((spring + 1) * MINUTES + 150).startswith("2024-04-01T02:30")
