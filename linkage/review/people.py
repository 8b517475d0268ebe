"""A person as the night resolved it, with all its mentions, to be looked at and taken apart."""

from __future__ import annotations

from fastapi import APIRouter

router = APIRouter()
