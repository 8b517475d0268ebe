"""What must hold of any synthetic inbox: its files, its truth, and the rates of domain study 3.2."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from linkage.simulate import SampleReport, write_sample

SOURCES = {"politie-nn": "politie_bvh", "vt-drenthe": "veilig_thuis", "ashg-zuidwest": "ashg_2010"}
KEYS = {
    "incidenten.csv": ["registratienummer"],
    "personen.csv": ["registratienummer"],
    "zorgmeldingen.csv": ["registratienummer"],
    "meldingen.csv": ["meldingsnummer"],
    "betrokkenen.csv": ["casusnummer"],
}


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def current(folder: Path, source: str, name: str) -> pd.DataFrame:
    """A table as it stands after all nights, by the contract: a delivery replaces all rows of a key that it holds."""
    key, seen, parts = KEYS[name], set(), []
    for path in sorted((folder / "inbox" / source).glob(f"*/{name}"), reverse=True):
        rows = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)
        parts.append(rows[~rows[key[0]].isin(seen)])
        seen |= set(rows[key[0]])
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleReport]:
    folder = tmp_path_factory.mktemp("sample")
    return folder, write_sample(folder, incidents=3_000, seed=12)


@pytest.fixture(scope="module")
def tables(sample: tuple[Path, SampleReport]) -> dict[str, pd.DataFrame]:
    folder = sample[0]
    found = {
        name: current(folder, "politie-nn", name) for name in ("incidenten.csv", "personen.csv", "zorgmeldingen.csv")
    }
    found |= {name: current(folder, "vt-drenthe", name) for name in ("meldingen.csv", "betrokkenen.csv")}
    for name in ("mention_truth", "incident_truth"):
        found[name] = pd.read_csv(folder / "truth" / f"{name}.csv", dtype=str, keep_default_na=False)
    return found


def test_same_arguments_give_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        write_sample(tmp_path / name, incidents=200, seed=seed)
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")
    assert files_of(tmp_path / "a") != files_of(tmp_path / "c")


def test_a_sample_replaces_the_one_that_was_there(tmp_path: Path) -> None:
    write_sample(tmp_path, incidents=1_000, seed=5)
    write_sample(tmp_path, incidents=200, seed=5)
    write_sample(tmp_path / "fresh", incidents=200, seed=5)
    assert files_of(tmp_path / "inbox") == files_of(tmp_path / "fresh" / "inbox")


def test_every_manifest_describes_its_files(sample: tuple[Path, SampleReport]) -> None:
    manifests = sorted((sample[0] / "inbox").glob("*/*/manifest.json"))
    assert len(manifests) == 7 + 7 + 2
    for path in manifests:
        manifest = json.loads(path.read_text("utf-8"))
        assert (manifest["source_id"], manifest["delivery_id"]) == (path.parts[-3], path.parts[-2])
        assert manifest["profile"] == SOURCES[manifest["source_id"]]
        assert manifest["purpose"] == "hg-ketenbeeld"
        assert manifest["covers_until"] < manifest["delivery_id"] <= manifest["extracted_at"]
        assert {f["name"] for f in manifest["files"]} == {p.name for p in path.parent.glob("*.csv")}
        for entry in manifest["files"]:
            data = (path.parent / entry["name"]).read_bytes()
            text = data.decode("cp1252" if manifest["profile"] == "ashg_2010" else "utf-8")
            rows = list(csv.reader(text.splitlines(), delimiter=";"))
            assert entry["sha256"] == hashlib.sha256(data).hexdigest()
            assert entry["rows"] == len(rows) - 1
            assert {len(row) for row in rows} == {len(rows[0])}


def test_first_delivery_is_full_and_the_nights_bring_new_changed_and_withdrawn(
    sample: tuple[Path, SampleReport],
) -> None:
    folder = sample[0] / "inbox" / "politie-nn"
    kinds = [json.loads(p.read_text("utf-8"))["kind"] for p in sorted(folder.glob("*/manifest.json"))]
    assert kinds == ["full"] + ["increment"] * 6
    statuses: Counter[str] = Counter()
    for path in sorted(folder.glob("*/incidenten.csv"))[1:]:
        statuses.update(pd.read_csv(path, sep=";", dtype=str)["status"])
    assert 100 <= statuses["gewijzigd"] <= 200  # 5 % of 3,000
    assert 12 <= statuses["ingetrokken"] <= 50  # 1 %
    assert statuses["nieuw"] >= 10


def test_keys_are_unique_and_every_person_row_has_its_record(tables: dict[str, pd.DataFrame]) -> None:
    assert tables["incidenten.csv"]["registratienummer"].is_unique
    assert tables["meldingen.csv"]["meldingsnummer"].is_unique
    assert tables["zorgmeldingen.csv"]["zorgmeldingnummer"].is_unique
    assert not tables["personen.csv"].duplicated(["registratienummer", "volgnummer"]).any()
    assert not tables["betrokkenen.csv"].duplicated(["casusnummer", "volgnummer"]).any()
    assert set(tables["personen.csv"]["registratienummer"]) <= set(tables["incidenten.csv"]["registratienummer"])
    assert set(tables["betrokkenen.csv"]["casusnummer"]) <= set(tables["meldingen.csv"]["casusnummer"])
    assert tables["incidenten.csv"]["registratienummer"].str.fullmatch(r"PL\d\d[0-9A-Z]{2}-20\d{8}").all()


def test_advice_carries_no_case_and_no_persons(tables: dict[str, pd.DataFrame]) -> None:
    reports = tables["meldingen.csv"]
    advice = reports[reports["soort_contact"].str.startswith("advies")]
    assert len(advice) > 500
    assert (advice["casusnummer"] == "").all()


def test_truth_names_exactly_the_current_mentions(
    sample: tuple[Path, SampleReport], tables: dict[str, pd.DataFrame]
) -> None:
    incidents, reports = tables["incidenten.csv"], tables["meldingen.csv"]
    live = set(incidents[incidents["status"] != "ingetrokken"]["registratienummer"])
    cases = set(reports[reports["status"] != "ingetrokken"]["casusnummer"])
    persons, members = tables["personen.csv"], tables["betrokkenen.csv"]
    expected = {
        ("politie-nn", "incident", *k)
        for k in zip(persons["registratienummer"], persons["volgnummer"], strict=True)
        if k[0] in live
    }
    expected |= {
        ("vt-drenthe", "case", *k)
        for k in zip(members["casusnummer"], members["volgnummer"], strict=True)
        if k[0] in cases
    }
    last = max((sample[0] / "inbox" / "ashg-zuidwest").glob("*/clienten.csv"))
    old = pd.read_csv(last, sep=";", dtype=str, keep_default_na=False, encoding="cp1252")
    old = old[old["Soort"] == "melding"]
    order = (old.groupby("Dossiernr").cumcount() + 1).astype(str)
    expected |= {("ashg-zuidwest", "case", *k) for k in zip(old["Dossiernr"], order, strict=True)}
    truth = tables["mention_truth"]
    stated = list(truth[["source_id", "record_kind", "record_id", "person_seq"]].itertuples(index=False, name=None))
    assert len(stated) == len(set(stated))
    assert set(stated) == expected


def test_truth_of_incidents_covers_them_all_and_answers_exist(
    sample: tuple[Path, SampleReport], tables: dict[str, pd.DataFrame]
) -> None:
    truth, reports = tables["incident_truth"], tables["meldingen.csv"]
    assert sorted(truth["incident_number"]) == sorted(tables["incidenten.csv"]["registratienummer"])
    assert len(truth) == sample[1].incidents == 3_000
    last = max((sample[0] / "inbox" / "ashg-zuidwest").glob("*/clienten.csv"))
    old = pd.read_csv(last, sep=";", dtype=str, keep_default_na=False, encoding="cp1252")
    alive = set(reports[reports["status"] != "ingetrokken"]["meldingsnummer"]) | set(old["Dossiernr"])
    assert set(truth["report_id"]) - {""} <= alive
    assert set(truth[truth["report_id"] != ""]["why"]) == {"matched", "other_member", "name_error"}


def test_people_of_one_record_are_different_people(tables: dict[str, pd.DataFrame]) -> None:
    truth = tables["mention_truth"]
    assert not truth.duplicated(["source_id", "record_id", "true_person_id"]).any()


def test_rates_lie_in_the_bands_of_the_domain_study(tables: dict[str, pd.DataFrame]) -> None:
    police, members = tables["personen.csv"], tables["betrokkenen.csv"]
    incidents, reports = tables["incidenten.csv"], tables["meldingen.csv"]
    by_police = reports[(reports["organisatie_melder"] == "politie") & (reports["soort_contact"] == "melding")]
    unknown = ["", "00000000"]
    reference = by_police["kenmerk_melder"]
    filled = reference[reference != ""]
    bands = {
        "BSN at the police": ((police["bsn"] != "").mean(), 0.36, 0.45),
        "BSN at Veilig Thuis": ((members["bsn"] != "").mean(), 0.70, 0.80),
        "birth date missing, police": (police["geboortedatum"].isin(unknown).mean(), 0.045, 0.075),
        "birth date missing, VT": (members["geboortedatum"].isin(unknown).mean(), 0.045, 0.08),
        "reference filled": ((reference != "").mean(), 0.31, 0.39),
        "reference malformed": (1 - filled.str.fullmatch(r"PL\w{4}-\d{10}").mean(), 0.06, 0.14),
        "children present": ((incidents["kinderen_aanwezig"] == "J").mean(), 0.39, 0.49),
        "persons an incident": (len(police) / len(incidents), 2.6, 3.3),
        "reports by the police": (len(by_police) / (reports["soort_contact"] == "melding").sum(), 0.60, 0.74),
        "complaint filed": ((incidents["aangifte"] == "J").mean(), 0.19, 0.29),
    }
    outside = {what: measured for what, (measured, low, high) in bands.items() if not low <= measured <= high}
    assert outside == {}


def test_causes_of_the_gap_come_in_their_proportions(tables: dict[str, pd.DataFrame]) -> None:
    truth = tables["incident_truth"]
    planted = truth["incident_number"].str.fullmatch(r".*90[0-3]\d{3}")
    why = truth[~planted]["why"].value_counts()
    caused = {
        "never_sent": why["never_sent"] + why["covered_open_case"],
        **{c: why[c] for c in ("other_member", "name_error", "other_region", "booked_as_advice", "beyond_extract")},
    }
    total = sum(caused.values())
    assert 0.10 <= total / (why["matched"] + total) <= 0.22  # VT 5-15 %, and the 2010 steunpunt 40 %
    shares = {"never_sent": 45, "other_member": 15, "name_error": 15, "other_region": 8, "booked_as_advice": 7}
    for cause, percent in shares.items():
        share = percent / 100
        spread = (share * (1 - share) / total) ** 0.5
        assert abs(caused[cause] / total - share) < 3.5 * spread, cause


def test_delay_has_the_median_and_the_tail_of_the_domain_study(tables: dict[str, pd.DataFrame]) -> None:
    joined = tables["incident_truth"].merge(
        tables["incidenten.csv"], left_on="incident_number", right_on="registratienummer"
    )
    joined = joined.merge(tables["meldingen.csv"], left_on="report_id", right_on="meldingsnummer")
    days = (pd.to_datetime(joined["ontvangen_op"]) - pd.to_datetime(joined["kennisname"])).dt.total_seconds() / 86_400
    assert 1.6 <= days.median() <= 2.4
    assert 8 <= days.quantile(0.9) <= 12.5
    assert 0.015 <= (days > 42).mean() <= 0.045


def test_children_are_often_known_by_little(tables: dict[str, pd.DataFrame]) -> None:
    police = tables["personen.csv"]
    children = police[police["relatie_tot_verdachte"] == "kind"]
    others = police[police["rol"] == "verdachte"]
    for column in ("geboortedatum", "voornamen", "bsn"):
        assert (children[column] == "").mean() > 1.3 * (others[column] == "").mean(), column


def test_noise_scales_the_errors_and_not_the_chain(tmp_path: Path) -> None:
    missing, gap = {}, {}
    for level in ("low", "medium", "high"):
        write_sample(tmp_path / level, incidents=1_500, noise=level, seed=3)
        members = current(tmp_path / level, "vt-drenthe", "betrokkenen.csv")
        missing[level] = members["geboortedatum"].isin(["", "00000000"]).mean()
        truth = pd.read_csv(tmp_path / level / "truth" / "incident_truth.csv", keep_default_na=False)
        gap[level] = (truth["why"] == "never_sent").mean()
    assert 0.35 <= missing["low"] / missing["medium"] <= 0.65
    assert 1.6 <= missing["high"] / missing["medium"] <= 2.4
    assert abs(gap["high"] - gap["low"]) < 0.02


def test_every_bsn_is_a_test_number(tables: dict[str, pd.DataFrame]) -> None:
    for name in ("personen.csv", "betrokkenen.csv"):
        numbers = tables[name]["bsn"]
        real = numbers[~numbers.isin(["", "000000000"])]
        assert real.str.fullmatch(r"999\d{6}").all()
