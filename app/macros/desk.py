"""Macros: staff write them, leads approve."""

from app.audiences import desk

bp = desk("macros", __name__)
