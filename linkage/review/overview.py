"""The start page of each role; what managers and the data team see, and nobody's name."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from linkage.review import deciding
from linkage.review.users import Role
from linkage.review.visit import Visitor, to

router = APIRouter()


@router.get("/")
def start(visit: Visitor) -> Response:
    """Show what somebody comes for."""
    if visit.session.role is Role.REVIEWER:
        return deciding.start(visit)
    return to("/cijfers" if visit.session.role is Role.MANAGER else "/logboek")
