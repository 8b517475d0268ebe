"""Who comes in, and what is refused: roles, sign-in, forged requests, strange host names, idle, masked addresses."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from linkage.generation import MANIFEST
from linkage.review.guard import HEADERS, POLICY
from linkage.review.users import Role, Users
from tests import review
from tests.nights import Night
from tests.web.reviewing import FORM, Reviewing, copy, serving

PASSWORD = "zeven kleine geitjes"
NAMES = ("Vermeulen", "Annelies", "Hoogland", "document.title", "Zuiderveld", "Roelof", "Brandsma", "Petra")
SECRET = ("Geheimpad", "7811ZZ", "Emmen")


@pytest.fixture(scope="module")
def shared(undecided: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewing]:
    """One server for the tests that decide nothing; its owner comes in by the link."""
    with serving(copy(undecided, tmp_path_factory.mktemp("shared"))) as made:
        yield made


@pytest.fixture
def site(shared: Reviewing) -> Reviewing:
    """The shared server with nobody signed in."""
    return shared


@pytest.fixture(scope="module")
def staffed(undecided: Night, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewing]:
    """A server with a users file."""
    users = Users(tmp_path_factory.mktemp("secrets") / "users.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("linkage.review.users.N", 2)  # a good hash takes a quarter of a second
        for name, role in (("bert", Role.REVIEWER), ("mia", Role.MANAGER), ("dora", Role.DATA)):
            users.put(name, role, PASSWORD)
        with serving(copy(undecided, tmp_path_factory.mktemp("staffed")), users=users) as made:
            yield made


def sign_in(site: Reviewing, name: str, password: str = PASSWORD) -> tuple[httpx.Client, httpx.Response]:
    """Sign in as a browser does."""
    client = site.client()
    form = {"name": name, "password": password}
    return client, client.post("/aanmelden", data=form, headers={"Origin": site.root})


def paths(site: Reviewing) -> dict[str, str]:
    """Return the address of a page of every kind."""
    with site.night.restricted() as db:
        [(person,)] = db.rows("SELECT person_id FROM mention_person GROUP BY person_id HAVING count(*) > 1")
        [(record,)] = db.rows("SELECT record_no FROM mention WHERE record_id = ?", [review.number(1)])
    return {
        "queue": "/", "pair": site.path(1), "person": f"/persoon/{person}", "incident": f"/incident/{record}",
        "decisions": "/besluiten", "figures": "/cijfers", "help": "/hulp", "trail": "/logboek", "users": "/gebruikers",
    }  # fmt: skip


IDENTIFYING = ("pair", "person", "incident")
PAGES = (*IDENTIFYING, "queue", "decisions", "figures", "help", "trail", "users")


@pytest.mark.parametrize("page", PAGES)
def test_without_a_session_no_page_is_shown(site: Reviewing, page: str) -> None:
    reply = site.client().get(paths(site)[page])
    assert (reply.status_code, reply.headers["location"]) == (303, "/aanmelden")
    assert reply.text == ""


def test_the_link_lets_its_owner_in_and_another_key_does_not(site: Reviewing) -> None:
    client = site.client()
    assert client.get("/begin/guess").headers["location"] == "/aanmelden"
    reply = client.get(f"/begin/{site.site.key}")
    assert reply.headers["location"] == "/"
    assert re.search("; HttpOnly; Path=/; SameSite=strict$", reply.headers["set-cookie"])
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/aanmelden", "/vorm/stijl.css", "/bestaat/niet"])
def test_every_reply_carries_the_policy(site: Reviewing, path: str) -> None:
    reply = site.entered().get(path)
    assert {name: reply.headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in POLICY
    assert "server" not in reply.headers


@pytest.mark.parametrize("page", PAGES[:-2])
def test_no_page_holds_a_script_or_a_style_of_its_own(site: Reviewing, page: str) -> None:
    text = site.entered().get(paths(site)[page]).text
    assert re.findall(r"<script[^>]*>", text) == ['<script src="/vorm/blad.js" defer>']
    assert not re.search(r"""<style|\s(style|on\w+)=["']|(href|src|action)=["'](?!/|#|data:,)""", text)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", ""])
def test_a_request_under_another_name_is_refused(site: Reviewing, host: str) -> None:
    """A name that its owner points at this machine makes a page of theirs one of the same origin."""
    visitor = site.entered()
    reply = visitor.client.get("/", headers={"Host": host})
    assert reply.status_code == 421
    assert "Inbeeld" not in reply.text


FORGED: dict[str, dict[str, Any]] = {
    "no token": {"token": None},
    "the token of somebody else": {"token": "x" * 43},
    "another origin": {"origin": "http://evil.example"},
    "the same host by another scheme": {"origin": "https://127.0.0.1"},
    "no origin": {"origin": None},
    "an origin that is nobody's": {"origin": "null"},
    "a browser that says it comes from elsewhere": {"site": "cross-site"},
    "another port of this machine": {"site": "same-site"},
    "no form": {"kind": "application/json"},
    "a form that is too long": {"extra": "x" * 70_000},
    "a form of too many fields": {"many": 2_000},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_forged_form_decides_nothing(site: Reviewing, forged: dict[str, Any]) -> None:
    visitor = site.entered()
    token = forged.get("token", visitor.session.token)
    fields = [("verdict", "same")] + [("token", token)] * (token is not None)
    fields += [("remark", forged.get("extra", ""))] + [("many", "")] * forged.get("many", 0)
    origin = forged.get("origin", site.root)
    headers = {"Content-Type": forged.get("kind", FORM), "Sec-Fetch-Site": forged.get("site", "same-origin")}
    headers |= {} if origin is None else {"Origin": origin}
    reply = visitor.client.post(site.path(1), content=str(httpx.QueryParams(fields)), headers=headers)
    assert reply.status_code in (403, 413, 415)
    assert site.site.decisions.all() == []


def test_the_form_that_is_not_forged_decides(reviewing: Reviewing) -> None:
    reply = reviewing.entered().post(reviewing.path(1), verdict="same")
    assert reply.status_code == 303
    assert len(reviewing.site.decisions.all()) == 1


@pytest.mark.parametrize(("method", "status"), [("PUT", 405), ("DELETE", 405), ("TRACE", 405), ("OPTIONS", 405)])
def test_other_methods_are_refused(site: Reviewing, method: str, status: int) -> None:
    assert site.entered().client.request(method, "/").status_code == status


@pytest.mark.parametrize(
    "path", ["/paar/1/2", f"/paar/1/{10**30}", "/paar/-1/x", f"/incident/{10**30}", "/incident/5", "/persoon/<b>", "/x"]
)
def test_an_address_of_nothing_says_so_and_repeats_nothing(site: Reviewing, path: str) -> None:
    reply = site.entered().get(path)
    assert reply.status_code == 404
    assert "<b>" not in reply.text.replace("<b>Het", "")


def test_a_page_elsewhere_may_not_load_ours_as_a_part(site: Reviewing) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert site.entered().client.get(site.path(1), headers=headers).status_code == 403


MAY = {
    Role.REVIEWER: {"queue", "pair", "person", "incident", "decisions", "figures", "help"},
    Role.MANAGER: {"decisions", "figures", "help"},
    Role.DATA: {"trail", "users", "help"},
}


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_its_own_pages_only(site: Reviewing, role: Role) -> None:
    visitor = site.entered("somebody", role)
    replies = {name: visitor.get(path) for name, path in paths(site).items()}
    assert {name for name, reply in replies.items() if reply.status_code == 200} == MAY[role]
    start = replies["queue"]
    assert start.status_code == (200 if role is Role.REVIEWER else 303)
    refused = {name for name, reply in replies.items() if reply.status_code == 403}
    assert refused == set(PAGES) - MAY[role] - {"queue"}
    assert site.actions().count("refused") >= len(refused)
    if role is not Role.REVIEWER:
        every = "".join(reply.text for reply in replies.values())
        assert [name for name in (*NAMES, *SECRET, "Kerkstraat") if name in every] == []
        assert visitor.post(site.path(1), verdict="same").status_code == 403
        assert site.site.decisions.all() == []


def test_addresses_and_titles_hold_nothing_of_a_person(site: Reviewing) -> None:
    visitor, seen, waiting = site.entered(), dict[str, str](), ["/"]
    while waiting:
        path = waiting.pop()
        text = visitor.get(path).text
        [seen[path]] = re.findall("<title>(.*?)</title>", text)
        found = set(re.findall(r"""(?:href|action)="(/[^"#]*)""", text)) - {"/verborgen"}
        waiting += sorted({p for p in found if "." not in p and p not in seen and p not in waiting} - set(POSTED))
        waiting = [p for p in waiting if not p.endswith(("/adres", "/splitsen", "/terug"))]
    assert {path.split("/")[1] for path in seen} >= {"paar", "persoon", "incident", "besluiten"}
    told = " ".join([*seen, *seen.values()])
    numbers = [review.number(n) for n in range(1, 5)]
    assert [word for word in (*NAMES, *SECRET, *numbers, "1985") if word in told] == []


POSTED = ("/afmelden", "/toetsen", "/zoek", "/terug")


def test_a_secret_address_is_shown_after_a_logged_click_for_five_minutes(reviewing: Reviewing) -> None:
    """Both addresses are closed: the other one may be the same home without the mark."""
    visitor, path = reviewing.entered(), reviewing.path(1)
    addresses = (*SECRET, "Kerkstraat")
    closed = visitor.get(path).text
    assert [word for word in addresses if word in closed] == []
    assert "afgeschermd" in closed
    assert "een andere plaats" in closed  # how they compare is told
    assert visitor.post(f"{path}/adres").status_code == 400  # without a reason
    assert visitor.post(f"{path}/adres", why="nieuwsgierig").status_code == 400
    assert "open_address" not in reviewing.actions()
    assert visitor.post(f"{path}/adres", why="look_up").status_code == 303
    assert [word for word in addresses if word not in visitor.get(path).text] == []
    entries = [entry for entry in reviewing.site.trail.entries() if entry.action == "open_address"]
    assert [(entry.done_by, entry.why) for entry in entries] == [("anna", "look_up")] * 2
    assert reviewing.entered("bert").get(path).text.count("Geheimpad") == 0
    reviewing.clock.pass_by(minutes=5)
    assert "Geheimpad" not in visitor.get(path).text


def test_hiding_the_screen_closes_addresses_and_every_page(reviewing: Reviewing) -> None:
    visitor, path = reviewing.entered(), reviewing.path(1)
    visitor.post(f"{path}/adres", why="compare")
    assert "Geheimpad" in visitor.get(path).text
    visitor.get("/verborgen")
    assert visitor.get(path).headers["location"] == "/verborgen"
    assert visitor.post("/verborgen").status_code == 303
    assert "Geheimpad" not in visitor.get(path).text


def test_an_address_that_is_no_secret_stands_open_and_no_page_but_the_pair_has_one(site: Reviewing) -> None:
    visitor = site.entered()
    assert "Kerkstraat 31" in visitor.get(site.path(2)).text
    for page in ("queue", "person", "incident", "decisions", "figures"):
        assert "straat" not in visitor.get(paths(site)[page]).text


def test_idle_signs_out(reviewing: Reviewing) -> None:
    visitor = reviewing.entered()
    for _ in range(3):
        reviewing.clock.pass_by(minutes=14)
        assert visitor.get("/").status_code == 200
    reviewing.clock.pass_by(minutes=15)
    assert visitor.get(reviewing.path(1)).headers["location"] == "/aanmelden"
    assert reviewing.actions()[-1] == "idle"
    reviewing.clock.pass_by(minutes=-15)
    assert visitor.get("/").status_code == 303  # it does not come back


def test_no_session_outlasts_a_day_of_work(reviewing: Reviewing) -> None:
    visitor = reviewing.entered()
    for _ in range(72):
        reviewing.clock.pass_by(minutes=10)
        last = visitor.get("/nog").status_code
    assert last == 303


def test_signing_out_ends_the_session(reviewing: Reviewing) -> None:
    visitor = reviewing.entered()
    assert visitor.post("/afmelden").status_code == 303
    assert visitor.get("/").status_code == 303
    assert reviewing.actions()[-1] == "sign_out"


def test_people_sign_in_by_name_and_the_link_is_worth_nothing(staffed: Reviewing) -> None:
    assert staffed.client().get(f"/begin/{staffed.site.key}").headers["location"] == "/aanmelden"
    client, reply = sign_in(staffed, "Bert")
    assert (reply.status_code, client.get("/").status_code) == (303, 200)
    assert sign_in(staffed, "mia")[0].get("/").headers["location"] == "/cijfers"
    assert "bert" in sign_in(staffed, "dora")[0].get("/gebruikers").text


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(staffed: Reviewing) -> None:
    wrong, unknown = sign_in(staffed, "mia", "zeven kleine wolven")[1], sign_in(staffed, "<b>eve</b>")[1]
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text
    assert [e.done_by for e in staffed.site.trail.entries(2)] == ["?", "mia"]  # what was typed may be a password


def test_who_guesses_is_kept_out_for_a_while(staffed: Reviewing) -> None:
    for _ in range(5):
        sign_in(staffed, "dora", "een twee drie vier")
    assert sign_in(staffed, "dora")[1].status_code == 401
    assert sign_in(staffed, "bert")[1].status_code == 303
    staffed.clock.pass_by(minutes=10)
    assert sign_in(staffed, "dora")[1].status_code == 303


def test_who_gets_another_role_is_signed_out_at_once(staffed: Reviewing) -> None:
    client, _ = sign_in(staffed, "bert")
    assert staffed.site.users is not None
    staffed.site.users.put("bert", Role.DATA, None)
    assert client.get("/").headers["location"] == "/aanmelden"
    staffed.site.users.put("bert", Role.REVIEWER, None)


def test_the_log_holds_no_name_and_tells_when_somebody_changed_it(reviewing: Reviewing) -> None:
    visitor = reviewing.entered()
    for path in paths(reviewing).values():
        visitor.get(path)
    visitor.post(reviewing.path(1), verdict="same", remark="Annelies is Vermeulen")
    path: Path = reviewing.site.trail.path
    kept = path.read_bytes().decode("latin-1")
    assert [word for word in (*NAMES, *SECRET, "Kerkstraat", "PL0100") if word in kept] == []
    assert {"view_pair", "view_person", "view_incident", "decide", "refused"} <= set(reviewing.actions())
    assert reviewing.site.trail.broken_at() is None
    with sqlite3.connect(path) as db, pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE trail SET done_by = 'x' WHERE trail_id = 2")
    db.close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER trail_UPDATE")
        db.execute("UPDATE trail SET done_by = 'x' WHERE trail_id = 2")
    db.close()
    assert reviewing.site.trail.broken_at() == 2


def test_what_cannot_be_logged_is_not_shown(reviewing: Reviewing) -> None:
    visitor = reviewing.entered()
    visitor.get("/hulp")
    path = reviewing.site.trail.path
    path.unlink(missing_ok=True)
    path.mkdir()  # no file can be opened there
    reply = visitor.get(reviewing.path(1))
    assert reply.status_code == 500
    assert "Vermeulen" not in reply.text
    assert [str(error) for error in reviewing.errors] != []
    reviewing.errors.clear()


def test_a_page_that_is_being_made_keeps_its_night_and_the_next_has_the_new_one(reviewing: Reviewing) -> None:
    folder = reviewing.site.folder
    old = folder.current()
    assert old is not None
    new = old.with_name("00009-20250318T000000Z")
    with reviewing.site.night() as night:
        shutil.copytree(old, new)
        manifest = json.loads((new / MANIFEST).read_text(encoding="utf-8")) | {"run_id": new.name}
        (new / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        (folder.path / "current.new").symlink_to(Path("generations") / new.name)
        (folder.path / "current.new").rename(folder.path / "current")
        shutil.rmtree(old)
        assert night.db.rows("SELECT count(*) > 5 FROM mention") == [(True,)]
        assert night.run_id == old.name
    assert f"nacht {new.name}" in reviewing.entered().get("/").text
