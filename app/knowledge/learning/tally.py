"""Adding to counters, in one statement for many rows, whoever else does the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from app.extensions import db
from app.lib.batches import batched

ROWS = 200


def inserted(model: Any) -> Any:
    """An insert that can say what happens where the row is there already."""
    return (postgresql.insert if db.session.get_bind().dialect.name == "postgresql" else sqlite.insert)(model)


def add(model: Any, rows: Sequence[Mapping[str, Any]], keys: tuple[str, ...], *, replaced: tuple[str, ...] = ()) -> None:
    """Add the numbers of these rows to those that are there, by `keys`; columns in `replaced` take the new value instead.

    No two rows have the same keys. One statement for each 200 rows.
    """
    numbers = sorted({name for row in rows for name in row} - {*keys, *replaced})
    columns = (*keys, *numbers, *replaced)
    table = model.__table__
    zeros = [name for name, column in table.c.items() if column.default is not None and column.default.arg == 0]
    # Rows that two transactions touch in different orders would wait for each other for ever.
    ordered = sorted(rows, key=lambda row: [str(row[name]) for name in keys])
    for part in batched(ordered, ROWS):
        values = [{**dict.fromkeys(zeros, 0), **{name: row.get(name, 0) for name in columns}} for row in part]
        insert = inserted(model).values(values)
        changes = {name: table.c[name] + insert.excluded[name] for name in numbers} | {name: insert.excluded[name] for name in replaced}
        db.session.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=changes))
