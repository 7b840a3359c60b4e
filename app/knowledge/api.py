"""Placeholder while the feature is being written."""

from app.audiences import api

bp = api("faqs_api", __name__)
