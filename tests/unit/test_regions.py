"""The four regions of ``data_samples/regions``: each is a folder of settings and samples, and no code knows it."""

from __future__ import annotations

import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from linkage import cli, cli_regions
from linkage.config import Config, load
from linkage.engine.duckdb import DuckDBEngine
from linkage.evaluate import evaluate
from linkage.pairs.model import MODELS
from tests.command import call
from tests.shared import once

TOP = Path(__file__).resolve().parents[2]
REGIONS = TOP / "data_samples" / "regions"
NAMES = ("flevoland", "hoogeveen", "kennemerland", "noord-holland-noord")
COMMANDS = re.findall(r"^inbeeld (sample .*)$", (REGIONS / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
RUN = ("kennemerland", "noord-holland-noord")
"""Those that the suite runs; `make regions` runs all."""


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_there_are_four_and_each_has_its_command() -> None:
    assert tuple(sorted(path.parent.name for path in REGIONS.glob("*/inbeeld.toml"))) == NAMES
    assert sorted(shlex.split(line)[2] for line in COMMANDS) == sorted(NAMES)


@pytest.mark.parametrize("line", COMMANDS, ids=lambda line: line.split()[2])
def test_a_sample_is_what_its_command_writes(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)
    shutil.copytree(REGIONS / words[2], tmp_path / words[2], ignore=lambda *_: ["inbox", "truth"])
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli.app, words).exit_code == 0
    made = files(tmp_path / words[2])
    assert made == files(REGIONS / words[2])
    assert sum(map(len, made.values())) < 300_000


@pytest.mark.parametrize("name", NAMES)
def test_what_a_source_delivers_lies_in_its_area(name: str) -> None:
    """A municipality has the code of the day, and an incident is its own police unit's."""
    config = load(REGIONS / name / "inbeeld.toml")
    known = set(config.region.municipality_codes)
    for partner in config.cooperation.partners:
        for source in partner.sources if partner.kind == "police" else ():
            for path in (REGIONS / name / "inbox" / source).glob("*/incidenten.csv"):
                codes = {line.split(";")[-2] for line in path.read_text(encoding="utf-8").splitlines()[1:]}
                assert codes <= known
                assert codes <= {code for area in partner.areas for code in area.municipalities}


def test_the_register_that_the_readme_shows_can_be() -> None:
    [shown] = re.findall(
        r"^```toml\n(.*?)^```", (TOP / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    found = Config(**tomllib.loads(shown)).cooperation
    assert [agreement.partner for agreement in found.agreements] == [partner.id for partner in found.partners]


def test_no_code_names_a_region_or_a_partner() -> None:
    partners = {p.id for name in NAMES for p in load(REGIONS / name / "inbeeld.toml").cooperation.partners}
    named = partners - {"om", "regio", "opvang"} | set(NAMES)  # words that a program may use
    modules = [path for folder in ("linkage", "flows") for path in (TOP / folder).rglob("*.py")]
    shipped = TOP / "linkage" / "simulate"  # the sample that needs no configuration is of a region of its own
    for path in (path for path in modules if not path.is_relative_to(shipped)):
        text = path.read_text(encoding="utf-8").casefold()
        assert [name for name in sorted(named) if re.search(rf"\b{re.escape(name)}\b", text)] == [], path


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folders of two regions, and ``said`` with what the command said; with the shipped model as it is."""

    def run(folder: Path) -> None:
        for name in RUN:
            shutil.copytree(REGIONS / name, folder / "samples" / name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("INBEELD_LINKAGE__MODEL_FILE", str(max(MODELS.glob("model_*.json"))))
            patch.setattr(cli, "CHECKOUT", folder)
            (folder / "data_samples").mkdir()
            (folder / "samples").rename(folder / "data_samples" / "regions")
            done = CliRunner().invoke(
                cli.app, ["demo", "--regions", "--out", str(folder / "out")], env={"COLUMNS": "160"}
            )
        assert done.exit_code == 0, done.output
        (folder / "said").write_text(done.output, encoding="utf-8")

    return once(tmp_path_factory, "regions", run)


@pytest.fixture(params=RUN)
def view(ran: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, Path, DuckDBEngine]]:
    out = ran / "out" / "regions" / request.param
    with DuckDBEngine(out / "case_view.duckdb", read_only=True) as db:
        yield request.param, out, db


def counts(db: DuckDBEngine, sql: str) -> dict[str, int]:
    return dict(db.rows(sql))


@pytest.mark.slow
def test_every_region_is_a_row_of_the_table(ran: Path) -> None:
    said = (ran / "said").read_text(encoding="utf-8")
    head = next(line for line in said.splitlines() if line.startswith("region "))
    assert [head.index(column) for column in cli_regions.COLUMNS] == sorted(map(head.index, cli_regions.COLUMNS))
    for name in RUN:
        row = next(line for line in said.splitlines() if line.startswith(f"{name} "))
        assert re.search(r"\b4 +110 .*%  ?.*% to .*%", row)
    assert "kennemerland: WITHHELD lists for Vrouwenopvang not written: no agreement today" in said


@pytest.mark.slow
def test_a_region_adds_up_and_finds_most_of_its_truth(view: tuple[str, Path, DuckDBEngine]) -> None:
    name, _, db = view
    assert db.rows("SELECT count(*), count(DISTINCT source_id) FROM incident") == [(110, 2)]
    assert db.rows("SELECT count(DISTINCT source_id) FROM case_report") == [(2,)]
    found = evaluate(db, REGIONS / name / "truth").as_dict()
    assert found["agreement"]["persons_pairwise"]["f1"] > 0.97
    assert found["agreement"]["incident_has_report"]["f1"] > 0.95


@pytest.mark.slow
def test_an_incident_of_an_old_code_counts_under_the_successor_and_the_page_says_so(
    view: tuple[str, Path, DuckDBEngine],
) -> None:
    name, out, db = view
    code, old, words = {
        "kennemerland": ("GM0394", {"GM0393"}, "Haarlemmermeer (met Haarlemmerliede en Spaarnwoude)"),
        "noord-holland-noord": ("GM1980", {"GM0398", "GM0416"}, "Dijk en Waard (met Heerhugowaard en Langedijk)"),
    }[name]
    reported = counts(db, f"SELECT reported_municipality_code, count(*) FROM incident "
                          f"WHERE municipality_code = '{code}' GROUP BY ALL")  # fmt: skip
    assert old < set(reported)
    [(incidents,)] = db.rows(f"SELECT sum(incidents) FROM gap WHERE municipality_code = '{code}'")
    assert incidents == sum(reported.values())
    assert db.rows(f"SELECT count(*) FROM gap WHERE municipality_code IN {(*old, '-')}") == [(0,)]
    page = (out / "reports" / "inbeeld.html").read_text(encoding="utf-8")
    assert words in page
    assert not re.search(r">GM\d{4}<", page)
    known = "SELECT passed FROM check_result WHERE check_id = 'incident.municipality_known_on_date'"
    assert db.rows(known) == [(True,)]


@pytest.mark.slow
def test_uitgeest_is_expected_of_whom_the_configuration_says(view: tuple[str, Path, DuckDBEngine]) -> None:
    name, _, db = view
    told = db.rows(
        "SELECT DISTINCT expected_steunpunt, reported_at < TIMESTAMP '2019-01-01' FROM incident "
        "WHERE municipality_code = 'GM0450' ORDER BY ALL"
    )
    assert (
        told
        == {
            "kennemerland": [("vt-buurregio", True), ("vt-kennemerland", False)],
            "noord-holland-noord": [("vt-kennemerland|vt-nhn", False)],
        }[name]
    )
    answering = db.rows(
        "SELECT DISTINCT report_source_id FROM incident JOIN incident_status USING (source_id, incident_number) "
        "WHERE municipality_code = 'GM0450' AND report_id IS NOT NULL"
    )
    assert len(answering) == 2


@pytest.mark.slow
def test_a_family_may_be_known_to_two_steunpunten(view: tuple[str, Path, DuckDBEngine]) -> None:
    db = view[2]
    known = "SELECT count(DISTINCT source_id) AS n FROM case_report WHERE household_id <> '' GROUP BY household_id"
    assert db.rows(f"SELECT max(n) FROM ({known})") == [(2,)]


@pytest.mark.slow
def test_only_what_was_granted_lies_in_the_folders_of_partners(view: tuple[str, Path, DuckDBEngine]) -> None:
    _, out, db = view
    granted = {path for (path,) in db.rows("SELECT path FROM hand_out WHERE path IS NOT NULL")}
    there = {str(path.relative_to(out / "reports")) for path in (out / "reports").rglob("*") if path.is_file()}
    whole = {name for name in there - granted if not name.startswith("editions/")}
    assert whole == {"inbeeld.html", "inbeeld.xlsx", "sturing.html"}
    assert granted <= there
    for (path,) in db.rows("SELECT path FROM hand_out WHERE form = 'pseudonymous' AND path LIKE '%.html'"):
        assert not re.search(r"PL\d\w{3}-\d", (out / "reports" / path).read_text(encoding="utf-8"))
    for (path,) in db.rows("SELECT path FROM hand_out WHERE product = 'page' AND path IS NOT NULL"):
        has_lists = (out / "reports" / path).with_name("inbeeld.xlsx").exists()
        page = (out / "reports" / path).read_text(encoding="utf-8")
        assert ("Dezelfde lijsten staan in inbeeld.xlsx." in page) == has_lists


@pytest.mark.slow
@pytest.mark.parametrize(
    ("partner", "code", "says"),
    [
        ("gemeente-haarlem", 0, ""),
        ("om", 2, "no agreement lets om receive the indicators today (no agreement)"),
        ("opvang", 2, "no agreement lets opvang receive the indicators today (no agreement)"),
        ("gemeente-hoorn", 2, "has no partner gemeente-hoorn"),
    ],
)
def test_indicators_are_for_who_has_an_agreement(
    ran: Path, tmp_path: Path, partner: str, code: int, says: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out, settings = ran / "out" / "regions" / "kennemerland", REGIONS / "kennemerland" / "inbeeld.toml"
    told = ("--for", partner, "--config", str(settings), "--csv", str(tmp_path / "kpi.csv"))
    assert call(monkeypatch, "kpi", "--out", str(out), *told) == code
    assert says in capsys.readouterr().err
    assert (tmp_path / "kpi.csv").exists() == (code == 0)
    if code == 0:
        rows = (tmp_path / "kpi.csv").read_text(encoding="utf-8").splitlines()
        assert all(";municipality;GM0392;" in row and ";Haarlem;" in row for row in rows[1:])
        assert rows[1].endswith(f";{partner};{partner}")


@pytest.mark.slow
def test_a_register_that_changed_takes_away_what_is_no_longer_agreed_the_same_night(
    ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is delivered: the agreement of a police unit ended, and another partner keeps what it had."""
    monkeypatch.setenv("INBEELD_LINKAGE__MODEL_FILE", str(max(MODELS.glob("model_*.json"))))
    region, out = tmp_path / "region", tmp_path / "out"
    shutil.copytree(ran / "data_samples" / "regions" / "kennemerland", region)
    shutil.copytree(ran / "out" / "regions" / "kennemerland", out, symlinks=True)
    settings = region / "inbeeld.toml"
    again = ("run", "--inbox", str(region / "inbox"), "--out", str(out), "--config", str(settings))
    assert call(monkeypatch, *again) == 0
    assert "nothing new" in capsys.readouterr().out.casefold()
    assert (out / "reports" / "politie-ijmond").is_dir()
    text = settings.read_text(encoding="utf-8")
    agreement = 'id = "politie-ijmond"\npartner = "politie-ijmond"\n'
    settings.write_text(text.replace(agreement, f'{agreement}until = "2025-12-31"\n'), encoding="utf-8")
    assert call(monkeypatch, *again) == 0
    assert "what is handed out is made anew" in " ".join(capsys.readouterr().out.split())
    assert not (out / "reports" / "politie-ijmond").exists()
    assert (out / "reports" / "politie-haarlem").is_dir()
    with DuckDBEngine(out / "case_view.duckdb", read_only=True) as db:
        told = db.rows("SELECT is_granted, path, reason FROM hand_out WHERE partner_id = 'politie-ijmond'")
    assert told == [(False, None, "politie-ijmond ended with 2025-12-31")]
    assert call(monkeypatch, *again) == 0
    assert "nothing new" in capsys.readouterr().out.casefold()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "code", "says"),
    [
        ("vt-kennemerland", 0, ""),
        ("politie-haarlem", 2, "no agreement lets politie-haarlem receive the agenda today (no agreement)"),
        ("politie-zeeland", 2, "the register names no partner politie-zeeland, and no partner with source politie"),
    ],
)
def test_the_agenda_with_own_numbers_is_for_who_has_an_agreement(
    ran: Path, source: str, code: int, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, settings = ran / "out" / "regions" / "kennemerland", REGIONS / "kennemerland" / "inbeeld.toml"
    assert call(monkeypatch, "agenda", "--out", str(out), "--for", source, "--config", str(settings)) == code
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("whom", ["vt", "vt-one"], ids=["by partner", "by source"])
@pytest.mark.parametrize(
    ("form", "says"),
    [("", "vt receives the agenda without record numbers: leave --for out"), ('form = "identifying"', "output folder")],
    ids=["pseudonymous", "identifying"],
)
def test_who_gets_the_agenda_without_record_numbers_is_not_given_them(
    tmp_path: Path, whom: str, form: str, says: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    settings = tmp_path / "inbeeld.toml"
    settings.write_text(
        """
        [[cooperation.partners]]
        id = "vt"
        name = "Veilig Thuis"
        kind = "steunpunt"
        sources = { vt-one = "veilig_thuis" }
        areas = [{ municipalities = ["GM0114"] }]
        [[cooperation.agreements]]
        id = "vt"
        partner = "vt"
        legal_basis = "Wmo 2015"
        receives = ["agenda"]
        """
        + form,
        encoding="utf-8",
    )
    asked = ("agenda", "--out", str(tmp_path / "out"), "--for", whom, "--config", str(settings))
    assert call(monkeypatch, *asked) == 2
    assert says in capsys.readouterr().err


def test_a_region_without_a_partner_to_simulate_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "inbeeld.toml").write_text('[region]\nmunicipality_codes = ["GM0118"]\n')
    done = CliRunner().invoke(cli.app, ["sample", "--out", str(tmp_path), "--config", str(tmp_path / "inbeeld.toml")])
    assert "no partner of kind police" in str(done.exception)


def test_a_new_region_needs_no_more_than_its_settings(tmp_path: Path) -> None:
    """One that nobody described: three municipalities of Zeeland."""
    (tmp_path / "inbeeld.toml").write_text(
        """
        [[cooperation.partners]]
        id = "politie-zeeland"
        name = "Politie"
        kind = "police"
        sources = { politie-zeeland = "politie_bvh" }
        areas = [{ municipalities = ["GM0687", "GM0718", "GM0715"] }]

        [[cooperation.partners]]
        id = "vt-zeeland"
        name = "Veilig Thuis"
        kind = "steunpunt"
        sources = { vt-zeeland = "veilig_thuis" }
        areas = [{ municipalities = ["GM0687", "GM0718", "GM0715"] }]
        """
    )
    from linkage import simulate

    made = simulate.write_sample(
        tmp_path, incidents=40, nights=1, config=load(tmp_path / "inbeeld.toml"), until=date(2024, 6, 30)
    )
    assert made.incidents == 40
    assert {path.name for path in (tmp_path / "inbox").iterdir()} == {"politie-zeeland", "vt-zeeland"}
    text = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("inbox/*/*/incidenten.csv"))
    assert set(re.findall(r"GM\d{4}", text)) == {"GM0687", "GM0718", "GM0715"}
    assert "Middelburg" in text
