"""In which language an entry is shown to whoever asks. For routes: it looks at the request."""

from flask import Response, after_this_request, request
from flask_login import current_user

from app.knowledge.models import Entry
from app.knowledge.translations.languages import locales
from app.knowledge.translations.queries import Shown, in_language, versions_of
from app.knowledge.translations.rules import ORIGINAL, chosen


def text_of(entry: Entry) -> Shown:
    """An entry in the language of `?lang=`, else for visitors in the one that their browser prefers, else in the original.

    One statement, two for another language than the original.
    """
    languages = versions_of(entry)
    there = [version.locale for version in languages]
    asked = request.args.get("lang", "")[:10]
    preferred: list[str] = []
    if there and not asked and not current_user.is_authenticated:
        preferred = [tag for tag, quality in request.accept_languages if quality > 0]
        after_this_request(by_language)
    found = in_language(entry, chosen(asked, preferred, there), languages)
    missing = asked if asked not in there and asked != ORIGINAL and asked in locales() else ""
    return Shown(**{**vars(found), "missing": missing})


def wished() -> str:
    """The language that whoever asks wants to search in: that of `?lang=`, else for visitors that of their browser, among ours.

    No statement.
    """
    ours = locales()
    asked = request.args.get("lang", "")[:10]
    if asked in ours or asked == ORIGINAL or current_user.is_authenticated:
        return asked if asked in ours else ORIGINAL
    after_this_request(by_language)
    return chosen("", [tag for tag, quality in request.accept_languages if quality > 0], ours)


def by_language(response: Response) -> Response:
    """Caches must keep the languages of a page apart."""
    response.vary.add("Accept-Language")
    return response
