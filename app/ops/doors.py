"""Which address is behind which door."""

from typing import NamedTuple

from flask import Flask

from app.audiences import DOORS


class Route(NamedTuple):
    """One address: the door it is behind, and the roles that may enter (none named: anybody)."""

    path: str
    methods: list[str]
    endpoint: str
    door: str
    roles: list[str]


def routes(app: Flask) -> list[Route]:
    """Every address of the application, by path. KeyError for a blueprint that was not made by app/audiences.py."""
    found = []
    for rule in app.url_map.iter_rules():
        door, roles = ("public", None) if rule.endpoint == "static" else DOORS[rule.endpoint.rpartition(".")[0]]
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found.append(Route(rule.rule, methods, rule.endpoint, door, sorted(roles or ())))
    return sorted(found)
