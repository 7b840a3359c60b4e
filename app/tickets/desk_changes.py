"""x"""
from app.audiences import desk
bp = desk("desk_changes", __name__)

@bp.post("/desk/queue/<view>/bulk")
def bulk(view: str):
    return ""
