"""The SLA report of the REST API."""

from flask import Response, jsonify, request

from app.accounts.api_auth import caller, needs
from app.audiences import api
from app.extensions import csrf
from app.lib.clock import utcnow
from app.lib.errors import Invalid
from app.sla import asking, exports, reports

bp = api("sla_api", __name__, url_prefix="/api/v1")
csrf.exempt(bp)
FORMATS = {"json": "application/json", "csv": "text/csv"}


@bp.get("/sla/report")
@needs("sla:read")
def report() -> Response:
    """`?from=&to=&organization=&team=&priority=&zone=&format=`: the report that the pages show, as JSON or CSV.

    Days are those of `zone`, the owner's where it is not said; both are included. Organizations and teams go by name or
    number. An organization's admin gets their own organization's, whatever is left out, and 404 for another's.
    """
    kind = wanted()
    asked = asking.by_program(request.args, caller().person, utcnow())
    found = reports.report(asked.scope, now=utcnow())
    answer = jsonify(exports.as_json(found, asked.about)) if kind == "json" else Response(exports.as_csv(found, asked.about))
    answer.headers["Content-Type"] = "application/json" if kind == "json" else "text/csv; charset=utf-8"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.vary.update(["Accept", "Authorization"])
    return answer


def wanted() -> str:
    """The format asked for: by `format`, otherwise by what is accepted. Raises Invalid for one that we do not speak."""
    named = request.args.get("format", "")
    if named:
        if named not in FORMATS:
            raise Invalid(f"format: one of {', '.join(FORMATS)}.")
        return named
    best = request.accept_mimetypes.best_match(list(FORMATS.values()), default="application/json")
    return "csv" if best == "text/csv" else "json"
