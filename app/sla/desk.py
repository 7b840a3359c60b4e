"""Placeholder while the feature is being written."""

from app.audiences import desk

bp = desk("sla", __name__)
