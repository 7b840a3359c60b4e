"""Placeholder while the feature is being written."""

from app.audiences import lead

bp = lead("sla_admin", __name__)
