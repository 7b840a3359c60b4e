"""Placeholder while the feature is being written."""

from app.audiences import public

bp = public("help", __name__)
