"""Households described: their members with the time of each stay, and how sure it is.

A stay has two pairs of days, as the open model of occupancy in the population register has (Bewoning: a half-open
interval, possible where a part of it is not known): from ``valid_from`` to ``valid_until`` the person may be a member,
from ``sure_from`` to ``sure_until`` a record says so. Members of one family need not live together: who never shared a
home with the others is a member by the case, for as long as the case lasts.
"""

from __future__ import annotations

from linkage.engine.base import Engine
from linkage.entities import moved_families


def describe(db: Engine, *, only_touched: bool = False) -> None:
    """Write ``household_member`` and ``household``; with ``only_touched`` all but ``touched_household`` stay."""
    _told(db)
    _homes(db)
    _joined(db)
    with moved_families.written(db, "household_member", only_touched=only_touched):
        _members(db)
    _households(db, only_touched=only_touched)


def _told(db: Engine) -> None:
    """Write ``hh_told``: when each member was named, and at which home.

    ``home_no`` is the number of the household within this run. Only an address that is one home and no protected one
    tells where somebody lives: a shelter, a secret address or a block without a door does not say that somebody moved.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_told AS
        WITH home AS (
            SELECT mention_id, address FROM hh_stay s ANTI JOIN protected_address USING (address)
            WHERE coalesce(address_type, 'onbekend') IN ('woon', 'onbekend')
              AND (house_suffix IS NOT NULL OR building NOT IN (FROM hh_divided))
        ), dossier AS (
            SELECT source_id, 'case' AS record_kind, case_id AS record_id, person_seq, member_from, member_to
            FROM steunpunt_person WHERE member_from IS NOT NULL OR member_to IS NOT NULL
        )
        SELECT g.group_no AS home_no, h.person_id, h.person_no, h.record_no, h.event_date AS day, h.standing,
               h.is_domestic, home.address, d.member_from, d.member_to
        FROM hh_mention h JOIN hh_mention_group g USING (mention_id) LEFT JOIN home USING (mention_id)
        LEFT JOIN dossier d USING (source_id, record_kind, record_id, person_seq)
        """
    )


def _homes(db: Engine) -> None:
    """Write ``hh_here`` (first and last day of a person at each home) and ``hh_home``: homes of two members or more."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_here AS
        SELECT home_no, person_no, address, min(day) AS since, max(day) AS seen
        FROM hh_told WHERE address IS NOT NULL GROUP BY home_no, person_no, address
        """
    )
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_home AS
        SELECT home_no, address FROM hh_here GROUP BY home_no, address HAVING count(*) > 1
        """
    )


def _joined(db: Engine) -> None:
    """Write ``hh_joined``: the first day on which a record (``named``), or that or a home (``day``), joins a person to
    another member. An incident that is not domestic joins nobody."""
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_joined AS
        WITH together AS (
            SELECT home_no, record_no FROM hh_told WHERE standing <> 'outsider' AND is_domestic
            GROUP BY home_no, record_no HAVING min(person_no) < max(person_no)
        ), shared AS (
            SELECT t.home_no, t.person_no, min(t.day) AS day, min(t.day) AS named
            FROM hh_told t SEMI JOIN together USING (home_no, record_no)
            WHERE standing <> 'outsider' GROUP BY t.home_no, t.person_no
            UNION ALL
            SELECT l.home_no, l.person_no, min(greatest(l.since, r.since)), NULL
            FROM (SELECT * FROM hh_here SEMI JOIN hh_home USING (home_no, address)) l
            JOIN hh_here r ON r.home_no = l.home_no AND r.address = l.address AND r.person_no <> l.person_no
            GROUP BY l.home_no, l.person_no
        )
        SELECT home_no, person_no, min(day) AS day, min(named) AS named
        FROM shared GROUP BY home_no, person_no
        """
    )


_TURNS = """
    away AS (
        SELECT home_no, person_no, address FROM hh_here ANTI JOIN hh_home USING (home_no, address)
        WHERE home_no IN (SELECT home_no FROM hh_home)
    ), slip AS (
        SELECT DISTINCT a.home_no, a.address FROM away a JOIN hh_home h
            ON h.home_no = a.home_no AND split_part(h.address, '|', 2) = split_part(a.address, '|', 2)
        WHERE damerau_levenshtein(split_part(h.address, '|', 1), split_part(a.address, '|', 1)) <= 2
    ), mover AS (
        SELECT DISTINCT home_no, person_no FROM away ANTI JOIN slip USING (home_no, address)
    ), event AS (
        SELECT t.home_no, t.person_no, t.day, bool_or(h.address IS NOT NULL) AS is_in
        FROM hh_told t SEMI JOIN mover USING (home_no, person_no) LEFT JOIN hh_home h USING (home_no, address)
            ANTI JOIN slip USING (home_no, address)
        WHERE t.address IS NOT NULL GROUP BY t.home_no, t.person_no, t.day
    ), last_in AS (
        SELECT home_no, person_no, max(seen) AS day,
               row_number() OVER (PARTITION BY home_no ORDER BY max(seen) DESC, person_no) AS place
        FROM hh_here SEMI JOIN hh_home USING (home_no, address)
        WHERE home_no IN (SELECT home_no FROM mover) GROUP BY home_no, person_no
    ), stayed AS (
        SELECT e.*, coalesce(o.day, DATE '0001-01-01') AS others_in
        FROM event e LEFT JOIN last_in f ON f.home_no = e.home_no AND f.place = 1
        LEFT JOIN last_in o ON o.home_no = e.home_no
            AND o.place = CASE WHEN f.person_no = e.person_no THEN 2 ELSE 1 END
    ), steady AS (
        SELECT * FROM stayed WHERE is_in OR day <= others_in
        WINDOW same_person AS (PARTITION BY home_no, person_no ORDER BY day)
        QUALIFY is_in IS NOT DISTINCT FROM coalesce(lag(is_in) OVER same_person, is_in)
            OR is_in IS NOT DISTINCT FROM coalesce(lead(is_in) OVER same_person, is_in)
    ), turned AS (
        SELECT *, lag(is_in) OVER (PARTITION BY home_no, person_no ORDER BY day) AS was_in FROM steady
    ), turn AS (
        SELECT home_no, person_no, is_in, day AS came,
               lead(day) OVER (PARTITION BY home_no, person_no ORDER BY day) AS went
        FROM turned WHERE is_in IS DISTINCT FROM was_in
    ), lived AS (
        SELECT home_no, person_no, came, went,
               row_number() OVER (PARTITION BY home_no, person_no ORDER BY came) AS place
        FROM turn WHERE is_in
    )
"""
"""Stays of who was also told elsewhere, at a home of the household: from the first day at it to the first day at
another while somebody stays behind. A postcode two keys away at the same number is a slip, and one record between two
others that tell otherwise is one too: an old address that somebody copied."""

_SEEN = """
    seen AS (
        SELECT home_no, person_id, person_no, min(day) AS first_seen, max(day) AS last_seen,
               min(member_from) AS member_from, arg_max(member_to, (day, member_to)) AS member_to,
               bool_or(standing = 'child') AS is_child, count(address) > 0 AS is_housed
        FROM hh_told GROUP BY home_no, person_id, person_no
    ), elsewhere AS (
        SELECT s.home_no, s.person_no, min(o.first_seen) AS next_seen,
               bool_or(NOT o.is_child OR (here.address IS NOT NULL AND home.address IS NULL)) AS is_gone
        FROM seen s JOIN seen o ON o.person_no = s.person_no AND o.home_no <> s.home_no
            AND o.first_seen > s.last_seen
        LEFT JOIN hh_here here ON here.home_no = o.home_no AND here.person_no = o.person_no
        LEFT JOIN hh_home home ON home.home_no = s.home_no AND home.address = here.address
        GROUP BY s.home_no, s.person_no
    )
"""
"""What is known of a member as a whole, and whether a later record has the person in another household.

A child named with another family may have two homes; it has left when it is told at a home that is none of these.
"""


def _members(db: Engine) -> None:
    """One row per stay. It ends when the dossier says so, when the person is told at another home while somebody stays
    behind, when the person has a household elsewhere, or with the case where the two never shared a home.

    An adult is joined to others by records (sure) or by an address alone (possible); who stands alone is surely a
    household. A child that another family names too, nobody knows since when, is possible.
    """
    db.run(
        f"""
        INSERT INTO household_member BY NAME
        WITH {_TURNS.strip()}, {_SEEN.strip()}, sized AS (
            SELECT home_no, count(*) AS members FROM seen GROUP BY home_no HAVING count(*) > 1
        ), apart AS (
            SELECT home_no, person_no FROM seen SEMI JOIN sized USING (home_no)
            ANTI JOIN (SELECT * FROM hh_here SEMI JOIN hh_home USING (home_no, address)) home
                USING (home_no, person_no)
            WHERE is_housed AND NOT is_child
        ), told AS MATERIALIZED (
            SELECT a.home_no, a.person_no, h.source_id, h.record_id AS case_id
            FROM apart a JOIN hh_mention h USING (person_no) WHERE h.record_kind = 'case'
        ), dossier AS (
            SELECT source_id, case_id, bool_or(closed_at IS NULL) AS is_open, CAST(max(closed_at) AS DATE) AS closed
            FROM steunpunt_report SEMI JOIN told USING (source_id, case_id) GROUP BY source_id, case_id
        ), ceased AS (
            SELECT home_no, person_no, max(closed) AS closed FROM told JOIN dossier USING (source_id, case_id)
            GROUP BY home_no, person_no HAVING NOT bool_or(is_open)
        ), stay AS (
            SELECT s.*, coalesce(members, 1) AS members, place, went, is_gone, next_seen, named, is_cut,
                   CASE WHEN coalesce(place, 1) = 1
                        THEN least(coalesce(j.day, first_seen), member_from)
                        ELSE came END AS valid_from,
                   {_ended()} AS ended
            FROM seen s LEFT JOIN sized USING (home_no) LEFT JOIN ceased USING (home_no, person_no)
            LEFT JOIN hh_joined j USING (home_no, person_no)
            LEFT JOIN lived USING (home_no, person_no) LEFT JOIN elsewhere USING (home_no, person_no)
            JOIN hh_group USING (person_no)
        ), judged AS (
            SELECT *, CASE WHEN ended >= valid_from THEN ended END AS valid_until,
                   CASE WHEN members = 1 THEN first_seen WHEN is_cut THEN NULL
                        WHEN coalesce(place, 1) > 1 THEN valid_from
                        ELSE least(named, CASE WHEN members > 1 AND named IS NOT NULL THEN member_from END)
                   END AS sure_from,
                   next_seen IS NOT NULL AND NOT is_gone AND is_child AS is_shared
            FROM stay
        ), known AS (
            SELECT j.home_no, j.person_no, j.valid_from, max(t.day) AS seen_until
            FROM (SELECT * FROM judged WHERE went IS NOT NULL) j JOIN hh_told t USING (home_no, person_no)
            WHERE t.day >= j.valid_from AND t.day < j.valid_until
            GROUP BY j.home_no, j.person_no, j.valid_from
        )
        SELECT household_id, person_id, valid_from, valid_until,
               CASE WHEN is_sure THEN sure_from END AS sure_from,
               CASE WHEN is_sure THEN greatest(sure_from,
                    CASE WHEN went IS NULL THEN last_seen ELSE coalesce(seen_until, sure_from) END,
                    CASE WHEN valid_until = member_to THEN valid_until ELSE sure_from END) END AS sure_until,
               CASE WHEN valid_until IS NOT NULL THEN 'past'
                    WHEN NOT is_sure OR is_shared THEN 'possible' ELSE 'sure' END AS certainty
        FROM (SELECT *, coalesce(sure_from < valid_until OR (sure_from IS NOT NULL AND valid_until IS NULL), false)
              AS is_sure FROM judged)
        JOIN hh_group_id ON group_no = home_no LEFT JOIN known USING (home_no, person_no, valid_from)
        ORDER BY household_id, person_id, valid_from
        """
    )


def _ended() -> str:
    """The day from which the person is no member any more; what a home says comes first, then the dossier."""
    return """CASE
        WHEN went IS NOT NULL THEN went
        WHEN member_to >= last_seen THEN member_to
        WHEN is_gone THEN next_seen
        WHEN closed >= last_seen THEN closed END"""


def _households(db: Engine, *, only_touched: bool) -> None:
    """Count the members of every household; who is a minor follows from the day of the last record."""
    these = ""
    if only_touched:
        _find_counted(db)
        these = "SEMI JOIN hh_counted USING (household_id)"
    else:
        db.run("CREATE OR REPLACE TEMP TABLE hh_counted (household_id VARCHAR, is_collective_address BOOLEAN)")
    with moved_families.written(db, "household", only_touched=only_touched):
        _count(db, these)


def _count(db: Engine, these: str) -> None:
    db.run(
        f"""
        INSERT INTO household BY NAME
        WITH today AS (SELECT max(event_date) AS day FROM mention),
        member AS MATERIALIZED (SELECT household_id, person_id FROM household_member {these}),
        lodged AS (
            SELECT DISTINCT person_id FROM hh_mention
            JOIN (SELECT DISTINCT person_no FROM hh_stay SEMI JOIN
                (SELECT address FROM protected_address WHERE is_collective) USING (address)) USING (person_no)
        )
        SELECT household_id, count(DISTINCT person_id) AS members,
               count(DISTINCT person_id) FILTER (b.birth_earliest + INTERVAL 18 YEAR > day) AS minors,
               coalesce(any_value(u.is_collective_address), bool_or(l.person_id IS NOT NULL)) AS is_collective_address
        FROM member m LEFT JOIN (FROM person_base SEMI JOIN member USING (person_id)) b USING (person_id)
        LEFT JOIN lodged l USING (person_id) LEFT JOIN hh_counted u USING (household_id), today
        GROUP BY household_id ORDER BY household_id
        """
    )


def _find_counted(db: Engine) -> None:
    """Write ``hh_counted``: the touched households, and those of whom somebody is a minor no longer, or again.

    Of the latter nothing else is another: they leave ``household``, and what is known of their addresses comes along.
    """
    db.run(
        """
        CREATE OR REPLACE TEMP TABLE hh_counted AS
        WITH last_day AS (
            SELECT max(event_date) AS day FROM mention UNION ALL
            SELECT max(event_date) FROM (
                SELECT event_date FROM mention ANTI JOIN fresh_mention USING (mention_id)
                UNION ALL SELECT event_date FROM was_mention)
        ), aged AS (
            SELECT person_id FROM person_base, (
                SELECT min(day) AS since, max(day) AS until, CAST(min(day) - INTERVAL 18 YEAR AS DATE) AS born_since,
                       CAST(max(day) - INTERVAL 18 YEAR AS DATE) AS born_until FROM last_day)
            -- the first is quick to tell, and allows for a leap day
            WHERE birth_earliest >= born_since - 1 AND birth_earliest <= born_until + 1
              AND birth_earliest + INTERVAL 18 YEAR > since AND birth_earliest + INTERVAL 18 YEAR <= until
        )
        SELECT household_id, is_collective_address FROM household ANTI JOIN touched_household USING (household_id)
        WHERE household_id IN (SELECT household_id FROM household_member SEMI JOIN aged USING (person_id))
        UNION ALL SELECT household_id, NULL FROM touched_household
        """
    )
    db.run(
        "DELETE FROM household WHERE household_id IN (SELECT household_id FROM hh_counted) "
        "AND household_id NOT IN (FROM touched_household)"
    )
