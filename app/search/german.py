"""What the Snowball rules for German leave apart: forms of verbs that change at the front, and nouns made of verbs. Pure."""

import re

# What parts from its verb, longer ones before those that they begin with.
PARTICLES = (
    "zurück", "zusammen", "zwischen", "herunter", "heraus", "wieder", "weiter", "hinzu", "durch", "hoch", "fest", "fort", "frei",
    "nach", "auf", "aus", "bei", "ein", "her", "hin", "los", "mit", "vor", "weg", "ab", "an", "um", "zu",
)  # fmt: skip
ENDINGS = "(?:e[mnrs]?)?"
PARTED = f"({'|'.join(PARTICLES)})"
# `eingerichtete`, `aufgerufen`; `gelöscht`: without a particle only longer ones, since short nouns look like these; `einzurichten`.
FORMS = (
    re.compile(f"{PARTED}ge([a-zäöüß]{{3,}}?)(?:e?t|en){ENDINGS}"),
    re.compile(f"()ge([a-zäöüß]{{4,}}?)e?t{ENDINGS}"),
    re.compile(f"(?!hinzu){PARTED}zu([a-zäöüß]{{3,}}?)e?n"),
)
# `Installation`, `Aktualisierungen`, `installiert`
IEREN = re.compile(f"([a-zäöüß]{{3,}})(?:ation(?:en)?|ierung(?:en)?|iert{ENDINGS})")


def plain_form(word: str) -> str:
    """The infinitive of a participle or of a noun made of a verb; any other word as it is."""
    made = IEREN.fullmatch(word)
    if made:
        return f"{made[1]}ieren"
    found = next((match for form in FORMS if (match := form.fullmatch(word))), None)
    return f"{found[1]}{found[2]}en" if found else word
