"""Triage rules: leads read, change and try them."""

from app.audiences import lead

bp = lead("triage", __name__)
