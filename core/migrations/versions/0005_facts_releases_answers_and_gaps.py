"""Facts of products, releases, golden questions, remembered answers and gaps."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa
from alembic import op

from core import product_facts
from core.products import Product
from core.values import Value

revision = "0005"
down_revision = "0004"

BATCH = 500
#: The products as they were then, whatever becomes of the table later.
PRODUCTS = sa.table(
    "products",
    sa.column("id", sa.String),
    sa.column("price", sa.Float),
    sa.column("currency", sa.String),
    sa.column("stock", sa.Integer),
    sa.column("department", sa.Text),
    sa.column("values", sa.JSON),
    sa.column("deleted", sa.Boolean),
)


def upgrade() -> None:
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file_name", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("feedback_reason", sa.Text(), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("details", sa.JSON(), nullable=False, server_default="{}"))
    _create_facts()
    _create_releases()
    _create_answers_and_gaps()
    _fill_facts()
    # The vectors are written when a product is indexed: once more for all.
    op.execute("UPDATE products SET version = version + 1")


def _create_facts() -> None:
    op.create_table(
        "facts",
        sa.Column(
            "product_id",
            sa.String(200),
            sa.ForeignKey("products.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("field", sa.String(200), primary_key=True),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("text", sa.String(80), nullable=False, server_default=""),
        sa.Column("shown", sa.String(80), nullable=False, server_default=""),
        sa.Column("number", sa.Float()),
        sa.Column("unit", sa.String(40), nullable=False, server_default=""),
        sqlite_with_rowid=False,
    )
    op.create_index("facts_by_text", "facts", ["field", "text", "product_id"])
    op.create_index("facts_by_number", "facts", ["field", "number", "product_id", "unit"])
    op.create_table(
        "vectors",
        sa.Column("text_key", sa.LargeBinary(16), primary_key=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
    )
    op.create_index("vectors_by_age", "vectors", ["created_at"])


def _fill_facts() -> None:
    """The facts of what is on sale already; from now on they are written with their product."""
    connection, last = op.get_bind(), ""
    page = sa.select(PRODUCTS).where(PRODUCTS.c.deleted.is_(False)).order_by(PRODUCTS.c.id)
    page = page.limit(BATCH)
    while rows := connection.execute(page.where(PRODUCTS.c.id > last)).mappings().all():
        product_facts.write(connection, [_product(row) for row in rows])
        last = rows[-1]["id"]


def _product(row: sa.RowMapping) -> Product:
    """As much of a product as its facts need."""
    return Product(
        row["id"],
        "",
        price=None if row["price"] is None else Decimal(str(row["price"])),
        currency=row["currency"],
        stock=row["stock"],
        department=row["department"],
        values={name: Value.from_json(stored) for name, stored in row["values"].items()},
    )


def _create_releases() -> None:
    op.create_table(
        "releases",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("products", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("report", sa.JSON()),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("switched_at", sa.Float()),
        sa.Column("ended_at", sa.Float()),
    )
    op.create_index("ix_releases_status", "releases", ["status"])
    op.create_table(
        "release_products",
        sa.Column(
            "release_id",
            sa.String(16),
            sa.ForeignKey("releases.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("product_id", sa.String(200), primary_key=True),
        sa.Column("after", sa.JSON()),
        sa.Column("before", sa.JSON()),
        sa.Column("switched", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "golden_questions",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("expected", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("created_at", sa.Float(), nullable=False),
    )


def _create_answers_and_gaps() -> None:
    op.create_table(
        "answers",
        sa.Column("key", sa.LargeBinary(32), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("used_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_answers_used_at", "answers", ["used_at"])
    op.create_table(
        "gaps",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("question_key", sa.LargeBinary(16), nullable=False, unique=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("missing", sa.Text(), nullable=False, server_default=""),
        sa.Column("nearest", sa.JSON(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("status", sa.String(16), nullable=False, server_default="open"),
        sa.Column("first_at", sa.Float(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_gaps_last_at", "gaps", ["last_at"])
