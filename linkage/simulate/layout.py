"""The headers of the inbox files, to the letter of the contract (section 1).

They are written out here and not read from `schemas/`, on purpose: a sample must be able to contradict a wrong profile.
"""

from __future__ import annotations

# Canonical name of a person column -> header in both chains, in file order.
PERSON = {
    "surname": "geslachtsnaam",
    "surname_prefix": "voorvoegsel",
    "partner_surname": "partner_geslachtsnaam",
    "partner_prefix": "partner_voorvoegsel",
    "name_use": "naamgebruik",
    "initials": "voorletters",
    "given_names": "voornamen",
    "call_name": "roepnaam",
    "sex": "geslacht",
    "birth_date_raw": "geboortedatum",
    "birth_country": "geboorteland",
    "bsn": "bsn",
    "v_number": "v_nummer",
    "street": "straat",
    "house_number": "huisnummer",
    "house_letter": "huisletter",
    "addition": "toevoeging",
    "postcode": "postcode",
    "city": "woonplaats",
    "municipality_code": "gemeentecode",
    "address_type": "adressoort",
    "secret_address": "geheim_adres",
}

INCIDENTS = [
    "registratienummer",
    "eenheid",
    "kennisname",
    "pleegdatum_van",
    "pleegdatum_tot",
    "mutatiedatum",
    "mk_code",
    "mk_omschrijving",
    "indicatie_hg",
    "aard_hg",
    "relatie",
    "wijze_kennisname",
    "aangifte",
    "aanhouding",
    "huisverbod",
    "huisverbod_van",
    "huisverbod_tot",
    "risico_rihg",
    "kinderen_aanwezig",
    "aantal_kinderen",
    "middelen",
    "wapen",
    "zorgmelding",
    "pleeg_straat",
    "pleeg_huisnummer",
    "pleeg_huisletter",
    "pleeg_toevoeging",
    "pleeg_postcode",
    "pleeg_plaats",
    "pleeg_gemeentecode",
    "status",
]
POLICE_PERSONS = [
    "registratienummer", "volgnummer", "persoonsnummer", "rol", *PERSON.values(), "relatie_tot_verdachte", "telefoon",
]  # fmt: skip
CARE_REPORTS = ["registratienummer", "zorgmeldingnummer", "verzonden_op", "kanaal", "ontvanger", "afleverstatus"]
REPORTS = [
    "meldingsnummer",
    "casusnummer",
    "soort_contact",
    "ontvangen_op",
    "geregistreerd_op",
    "organisatie_melder",
    "rol_melder",
    "kenmerk_melder",
    "kanaal",
    "gemeentecode",
    "aard_geweld",
    "aanvullende_informatie",
    "duur_geweld",
    "eerdere_betrokkenheid",
    "beoordeling_start",
    "beoordeling_einde",
    "veiligheidstaxatie",
    "vervolgbesluit",
    "dienst_start",
    "dienst_einde",
    "overdracht_op",
    "overgedragen_aan",
    "monitoring_start",
    "monitoring_einde",
    "gesloten_op",
    "reden_sluiting",
    "geinformeerd_op",
    "terugkoppeling_op",
    "status",
]
CASE_PERSONS = [
    "casusnummer", "volgnummer", "clientnummer", "rol_in_gezin", *PERSON.values(),
    "relatie", "gezag", "lid_van", "lid_tot",
]  # fmt: skip
ASHG = [
    "Dossiernr", "Datum ontvangst", "Melder", "Gemeente", "Rol", "Naam", "Voorl.", "Geb.datum", "M/V", "Adres", "PC",
    "Plaats", "Soort", "Afgesloten",
]  # fmt: skip

# A fact of a later date is shown once that date has come; these columns hang on such a date.
DATED = {
    "beoordeling_einde": ("beoordeling_einde", "veiligheidstaxatie", "vervolgbesluit"),
    "dienst_start": ("dienst_start",),
    "dienst_einde": ("dienst_einde",),
    "overdracht_op": ("overdracht_op", "overgedragen_aan"),
    "monitoring_start": ("monitoring_start",),
    "monitoring_einde": ("monitoring_einde",),
    "geinformeerd_op": ("geinformeerd_op",),
    "terugkoppeling_op": ("terugkoppeling_op",),
    "gesloten_op": ("gesloten_op", "reden_sluiting"),
}
