"""The parts of the review page: who may sign in, where it may listen, second opinions, the queue, the words."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from linkage import contracts
from linkage.config import Config
from linkage.decisions import Decisions, MentionKey, Verdict
from linkage.errors import ConfigError, StoreError, UsageError
from linkage.pairs import PERSONS
from linkage.review import users as people
from linkage.review.compare import meaning
from linkage.review.queue import tasks
from linkage.review.second import Opinions, agreement
from linkage.review.serve import Place, listen
from linkage.review.texts import texts
from linkage.review.trail import Action
from linkage.review.users import Role, Users
from linkage.store import OutFolder
from tests.command import inbeeld
from tests.worlds import World

PASSWORD = "zeven kleine geitjes"
SAME, DIFFERENT, UNSURE = Verdict.SAME, Verdict.DIFFERENT, Verdict.UNSURE


@pytest.fixture
def folder(tmp_path: Path) -> OutFolder:
    made = OutFolder(tmp_path / "out")
    made.state.mkdir(parents=True)
    return made


def key(record: str, seq: int = 1) -> MentionKey:
    return MentionKey("politie-nn", "incident", record, seq)


def test_a_password_is_kept_as_a_slow_hash_that_only_its_owner_may_read(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.json")
    assert users.put("Anna", Role.REVIEWER, PASSWORD)
    [kept] = json.loads(users.path.read_text(encoding="utf-8"))
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600
    assert PASSWORD not in users.path.read_text(encoding="utf-8")
    assert (people.N, people.R, people.P) == (2**15, 8, 3)
    found = users.check("anna", PASSWORD)
    assert found is not None
    assert (found.name, found.role) == ("Anna", Role.REVIEWER)
    assert kept["password"] == people.hashed(PASSWORD, kept["salt"])
    assert users.check("anna", PASSWORD + "!") is None
    assert users.check("eva", PASSWORD) is None


def test_two_people_with_one_password_have_two_hashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "N", 2)
    users = Users(tmp_path / "users.json")
    users.put("anna", Role.REVIEWER, PASSWORD)
    users.put("bert", Role.MANAGER, PASSWORD)
    assert len({user.password for user in users.all()}) == 2
    assert not users.put("ANNA", Role.DATA, None)  # another role keeps the password
    assert [(user.name, user.role) for user in users.all()] == [("anna", Role.DATA), ("bert", Role.MANAGER)]
    users.remove("Bert")
    assert users.check("bert", PASSWORD) is None


@pytest.mark.parametrize(
    ("name", "password", "told"),
    [
        ("", PASSWORD, "1 to 60"),
        ("x" * 61, PASSWORD, "1 to 60"),
        ("anna", "kort", "12 to 200"),
        ("anna", "x" * 201, "12 to 200"),
        ("anna", None, "needs a password"),
        ("an\x00na", PASSWORD, "1 to 60"),
    ],
)
def test_a_name_or_a_password_that_will_not_do(tmp_path: Path, name: str, password: str | None, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Users(tmp_path / "users.json").put(name, Role.REVIEWER, password)
    assert not (tmp_path / "users.json").exists()


def test_the_users_file_stands_where_secrets_may_stand(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="inside the output folder"):
        Users(tmp_path / "out" / "state" / "users.json", tmp_path / "out")
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    with pytest.raises(ConfigError, match="git checkout"):
        Users(tmp_path / "checkout" / "users.json")
    (tmp_path / "open.json").write_text("[]", encoding="utf-8")
    (tmp_path / "open.json").chmod(0o644)
    with pytest.raises(ConfigError, match="open to others"):
        Users(tmp_path / "open.json")
    (tmp_path / "open.json").chmod(0o600)
    (tmp_path / "open.json").write_text('[{"name": "x"}]', encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        Users(tmp_path / "open.json").all()


@pytest.mark.parametrize(
    ("place", "has_users", "told"),
    [
        (Place("127.0.0.1", 1), False, None),
        (Place("::1", 1), False, None),
        (Place("localhost", 1), False, None),
        (Place("0.0.0.0", 1), False, "others could come in"),
        (Place("0.0.0.0", 1), True, "without TLS"),
        (Place("::", 1), True, "without TLS"),
        (Place("inbeeld.example", 1), True, "without TLS"),
        (Place("0.0.0.0", 1, is_tls_elsewhere=True), True, "--name is needed"),
        (Place("0.0.0.0", 1, ("inbeeld.example",), is_tls_elsewhere=True), True, None),
        (Place("127.0.0.1", 1, ("inbeeld.example",), is_tls_elsewhere=True), False, "others could come in"),
        (Place("127.0.0.1", 1, ("inbeeld.example",)), True, "without TLS"),
        (Place("127.0.0.1", 1, certificate=Path("a.pem")), True, "go together"),
        (Place("127.0.0.1", 1, certificate=Path("no.pem"), key=Path("no.pem")), True, "is not a file"),
    ],
)
def test_where_it_may_listen(place: Place, has_users: bool, told: str | None) -> None:
    if told is None:
        place.check(has_users=has_users)
        return
    with pytest.raises(UsageError, match=told):
        place.check(has_users=has_users)


def test_the_addresses_that_browsers_may_use() -> None:
    assert Place("127.0.0.1", 0).origins(8765)[0] == "http://127.0.0.1:8765"
    wide = Place("0.0.0.0", 443, ("Inbeeld.Example",), Path("a"), Path("b"))
    assert wide.origins(443) == ("https://inbeeld.example",)
    behind = Place("127.0.0.1", 8765, ("inbeeld.example",), is_tls_elsewhere=True)
    assert behind.origins(8765) == ("https://inbeeld.example", "https://inbeeld.example:8765")


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with listen(Place("127.0.0.1", 0)) as taken, pytest.raises(UsageError, match=r"port \d+ is in use"):
        listen(Place("127.0.0.1", taken.getsockname()[1]))
    with pytest.raises(UsageError, match=r"cannot listen at 192\.0\.2\.1"):
        listen(Place("192.0.2.1", 0))


def test_the_verbs_say_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    done = inbeeld("review", "--out", tmp_path / "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds no published case view" in done.stderr
    assert "review.users_file" in inbeeld("user", "anna", "--role", "reviewer").stderr
    settings = tmp_path / "inbeeld.toml"
    settings.write_text(f'[review]\nusers_file = "{tmp_path / "users.json"}"\n', encoding="utf-8")
    assert "--role must be one of" in inbeeld("user", "anna", "--config", settings, "--role", "boss").stderr
    assert "nobody has this NAME" in inbeeld("user", "anna", "--config", settings, "--remove").stderr
    assert "Nobody may sign in yet" in inbeeld("users", "--config", settings).stdout
    assert inbeeld("viewed", "--out", tmp_path / "nothing").returncode == 2


def test_a_page_that_nobody_could_enter_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBEELD_REVIEW__USERS_FILE", str(tmp_path / "users.json"))
    monkeypatch.setattr(OutFolder, "published", lambda self, name: self.path / name)
    done = inbeeld("review", "--out", tmp_path / "out", "--port", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert "holds nobody yet" in done.stderr


def test_agreement_is_what_the_literature_says() -> None:
    """Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), part A: two observers, alpha 0.095."""
    meg = [SAME, DIFFERENT, SAME, SAME, SAME, SAME, SAME, SAME, DIFFERENT, SAME]
    owen = [DIFFERENT, DIFFERENT, DIFFERENT, SAME, SAME, DIFFERENT, SAME, SAME, SAME, SAME]
    found = agreement(list(zip(meg, owen, strict=True)))
    assert (found.pairs, found.agreed) == (10, 6)
    assert found.alpha == pytest.approx(0.095, abs=0.0005)
    assert agreement(list(zip(owen, meg, strict=True))).alpha == pytest.approx(found.alpha)
    assert agreement([]).alpha is None
    assert agreement([(SAME, SAME)] * 5).alpha is None  # nothing could differ
    assert agreement([(SAME, SAME), (UNSURE, UNSURE)]).alpha == 1


def test_a_second_opinion_is_asked_once_from_somebody_else(folder: OutFolder) -> None:
    decisions, opinions = Decisions(folder), Opinions(folder, 1)
    number = decisions.decide(key("a"), key("b"), SAME, by="anna", reason="x")
    assert opinions.wanted(decisions.all(), by="Anna") == []
    assert [d.decision_id for d in opinions.wanted(decisions.all(), by="bert")] == [number]
    given = opinions.add(number, DIFFERENT, by="bert", reason="x")
    assert opinions.wanted(decisions.all(), by="cora") == []
    assert [d.decision_id for d, _ in opinions.disputed(decisions.all())] == [number]
    opinions.retract(given, by="bert")
    assert opinions.disputed(decisions.all()) == []
    assert len(opinions.wanted(decisions.all(), by="cora")) == 1
    opinions.add(number, DIFFERENT, by="cora", reason="x")
    together = decisions.decide(key("b"), key("a"), DIFFERENT, by="anna", reason="together")
    assert opinions.wanted(decisions.all(), by="dora") == []
    assert opinions.disputed(decisions.all()) == []
    decisions.withdraw(together, by="anna", reason="x")
    assert len(opinions.disputed(decisions.all())) == 1
    with pytest.raises(StoreError):  # an opinion is taken back once
        opinions.retract(given, by="bert")


def test_the_sample_is_the_share_that_was_set_and_nobody_chooses_it(folder: OutFolder) -> None:
    decisions = Decisions(folder)
    decisions.decide_all([(key(f"a{n}"), key(f"b{n}")) for n in range(400)], SAME, by="anna", reason="x")
    drawn = {share: len(Opinions(folder, share).wanted(decisions.all(), by="bert")) for share in (0, 0.1, 0.5, 1)}
    assert (drawn[0], drawn[1]) == (0, 400)
    assert 20 <= drawn[0.1] <= 60
    assert 160 <= drawn[0.5] <= 240


def test_several_decisions_are_made_all_or_none(folder: OutFolder) -> None:
    decisions = Decisions(folder)
    with pytest.raises(UsageError, match="give two"):
        decisions.decide_all([(key("a"), key("b")), (key("c"), key("c"))], SAME, by="anna", reason="x")
    assert decisions.all() == []


def test_the_queue_begins_with_what_moves_the_gap_then_children() -> None:
    world = World()
    for n, name in enumerate(("an", "bo", "cor", "dik"), 1):
        world.incident(n, f"2025-01-0{n}", name)
    world.incident(5, "2025-01-05", {"name": "els", "born": "20150101"}).incident(6, "2025-01-06", "flip")
    world.report("R1", "2025-01-03", "gaby")
    world.maybe("an", "bo", 0.95).maybe("cor", "dik", 0.6).maybe("els", "flip", 0.55).maybe("an", "gaby", 0.8)
    db = world.reconcile().db
    for name in ("ambiguous_claim", "unified_case"):
        if not db.has(name):
            db.run(contracts.table(name).ddl())
    found = tasks(db)
    told = [(t.person_a, t.person_b, t.incidents, t.has_child) for t in found]
    assert told == [
        ("p-an", "p-gaby", 1, False),
        ("p-els", "p-flip", 0, True),
        ("p-cor", "p-dik", 0, False),
        ("p-an", "p-bo", 0, False),
    ]


@pytest.mark.parametrize(("language", "nothing"), [("nl", "niet te vergelijken"), ("en", "cannot be compared")])
def test_every_level_of_every_comparison_has_a_mark_and_words(language: str, nothing: str) -> None:
    words = texts(language)
    for comparison in PERSONS.comparisons:
        for level in comparison.levels:
            mark, told = meaning(words, comparison.name, level.name)
            assert mark in ("same", "near", "other", "unknown")
            assert told
        assert comparison.name in words["field"]
    assert meaning(words, "birth", None) == ("unknown", nothing)


def leaves(texts: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Return by its dotted path the placeholders of every text; a level has its mark there too."""
    found: dict[str, Any] = {}
    for key, value in texts.items():
        if isinstance(value, dict):
            found |= leaves(value, f"{path}{key}.")
        else:
            *mark, text = value if isinstance(value, list) else [value]
            found[f"{path}{key}"] = [mark, sorted(re.findall(r"{[a-z_]+}", text))]
    return found


def test_both_languages_of_the_page_have_the_same_texts_with_the_same_placeholders() -> None:
    dutch, english = (dict(texts(language).texts) for language in ("nl", "en"))
    for both in (dutch, english):
        assert (len(both.pop("months")), len(both.pop("notation"))) == (12, 5)
    terms = [[sorted(entry) for entry in both.pop("glossary")] for both in (dutch, english)]
    assert terms == [[["meaning", "term"]] * 6] * 2
    assert leaves(dutch) == leaves(english)


def test_every_code_that_the_page_shows_has_a_word_in_both_languages() -> None:
    shown = {
        "role": {*contracts.codes("police_role").codes, *contracts.codes("steunpunt_role").codes},
        "sex": set(contracts.codes("sex").codes),
        "severity": set(contracts.codes("severity").codes),
        "certainty": set(contracts.codes("certainty").codes),
        "link_class": set(contracts.codes("link_class").codes),
        "record_kind": set(contracts.codes("record_kind").codes),
        "outcome": set(contracts.codes("decision_outcome").codes),
        "action": set(Action),
        "role_name": set(Role),
        "verdict": set(Verdict),
    }
    missing = {(section, code) for section, codes in shown.items() for code in codes - set(texts("en")[section])}
    assert missing == set()


@pytest.mark.parametrize(
    ("raw", "dutch", "english"),
    [
        ("19850312", "12-03-1985", "12 Mar 1985"),
        ("19850000", "..-..-1985", ".. .. 1985"),
        ("00000302", "02-03-....", "2 Mar ...."),
        ("19851302", "02-13-1985", "2 13 1985"),
        ("", "", ""),
        (None, "", ""),
        ("onbekend", "onbekend", "onbekend"),
    ],
)
def test_a_date_of_birth_is_shown_as_it_was_delivered(raw: str | None, dutch: str, english: str) -> None:
    assert (texts("nl").birth(raw), texts("en").birth(raw)) == (dutch, english)


def test_a_probability_is_never_rounded_to_certainty() -> None:
    assert [texts("nl").percent(share) for share in (0.5, 0.9994, 0.99999, 1)] == [
        "50,0\u00a0%", "99,9\u00a0%", "> 99,9\u00a0%", "100,0\u00a0%",
    ]  # fmt: skip
    english = texts("en")
    assert [english.percent(0.99999), english.bits(-1.25), english.decimal(0.5)] == [
        "> 99.9%",
        "\N{MINUS SIGN}1.2",
        "0.50",
    ]


def test_the_settings_of_the_page_have_defaults() -> None:
    assert (Config().review.idle_minutes, Config().review.second_share, Config().review.users_file) == (15, 0.1, None)
