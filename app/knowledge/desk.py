"""Placeholder while the feature is being written."""

from app.audiences import desk

bp = desk("knowledge", __name__)
