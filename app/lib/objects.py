"""Whole rows of several tables as objects that the session knows, made of one row of a statement of columns.

A statement of entities prepares at each call how every attribute of each of them is filled. For one row of four tables, as
every page asks for, that costs more than to ask and to read it; here it is worked out once.
"""

from typing import Any, NamedTuple

from sqlalchemy import inspect
from sqlalchemy.orm import ClassManager, InstrumentedAttribute, Mapper, Session, scoped_session
from sqlalchemy.orm.attributes import instance_state

from app.lib.database import give


class Side(NamedTuple):
    """How one of the objects is made: of which columns of the row, and which of them are its primary key."""

    mapper: Mapper[Any]
    manager: ClassManager[Any]
    names: tuple[str, ...]
    within: slice
    key: tuple[int, ...]


class SideBySide:
    """Entities (classes or aliases) of which a statement gives one each in a row; `columns` is what it begins with."""

    def __init__(self, *entities: Any) -> None:
        self.columns: list[InstrumentedAttribute[Any]] = []
        self.sides = [self.side(entity) for entity in entities]

    def side(self, entity: Any) -> Side:
        """The recipe for one of them, whose columns are the next ones."""
        mapper, start = inspect(entity).mapper, len(self.columns)
        names = tuple(one.key for one in mapper.column_attrs)
        self.columns += [getattr(entity, name) for name in names]
        key = tuple(start + names.index(mapper.get_property_by_column(column).key) for column in mapper.primary_key)
        return Side(mapper, mapper.class_manager, names, slice(start, start + len(names)), key)

    def of(self, session: scoped_session[Any], row: Any, *, anew: bool = False) -> list[Any]:
        """The objects of a row, None where an outer join found nothing. What the session knows stays as it is, unless `anew`."""
        knowing = session()
        return [made(knowing, side, row, anew) for side in self.sides]


def made(session: Session, side: Side, row: Any, anew: bool) -> Any:
    """One object, as the mapper would make it."""
    primary = tuple([row[index] for index in side.key])
    if None in primary:
        return None
    key = side.mapper.identity_key_from_primary_key(primary)
    known = session.identity_map.get(key)
    values = zip(side.names, row[side.within], strict=True)
    if known is None:
        fresh = side.manager.new_instance()
        state = instance_state(fresh)
        state.key, state.session_id = key, session.hash_key
        vars(fresh).update(values)
        session.identity_map.add(state)
        return fresh
    if anew or instance_state(known).expired:
        session.expire(known)
        give(known, **dict(values))
    return known
