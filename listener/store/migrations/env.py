"""What Alembic runs: always programmatically, on the connection it is handed (`listener.store.migrate`)."""

from alembic import context

from listener.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
