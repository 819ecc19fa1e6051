"""Annotation sources by version, the default of each, their files; watches."""
# ruff: noqa: E501
# fmt: off

import sqlalchemy as sa
from alembic import op

from cad.registry.types import Json, UtcTime

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table('annotation',
    sa.Column('annotation_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('assembly', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('facts', Json, nullable=False, comment='What the file says of itself.'),
    sa.Column('loaded_at', UtcTime(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('annotation_no', name=op.f('pk_annotation')),
    comment='One row per version of an annotation source that was loaded.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_annotation_name'), 'annotation', ['name'], unique=False)
    op.create_index('uq_annotation_live', 'annotation', ['name', 'version'], unique=True, sqlite_where=sa.text('removed_at IS NULL'), postgresql_where=sa.text('removed_at IS NULL'))
    op.create_table('annotation_default',
    sa.Column('choice_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('annotation_no', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['annotation_no'], ['annotation.annotation_no'], name=op.f('fk_annotation_default_annotation_no_annotation')),
    sa.PrimaryKeyConstraint('choice_no', name=op.f('pk_annotation_default')),
    comment='One row per choice of the version that answers for a source where none is named.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_annotation_default_annotation_no'), 'annotation_default', ['annotation_no'], unique=False)
    op.create_index(op.f('ix_annotation_default_name'), 'annotation_default', ['name'], unique=False)
    op.create_table('annotation_file',
    sa.Column('file_no', sa.Integer(), nullable=False),
    sa.Column('annotation_no', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['annotation_no'], ['annotation.annotation_no'], name=op.f('fk_annotation_file_annotation_no_annotation')),
    sa.ForeignKeyConstraint(['file_no'], ['lake_file.file_no'], name=op.f('fk_annotation_file_file_no_lake_file'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('file_no', name=op.f('pk_annotation_file')),
    comment='One row per file of the lake that belongs to a version of a source.'
    )
    op.create_index(op.f('ix_annotation_file_annotation_no'), 'annotation_file', ['annotation_no'], unique=False)
    op.create_table('watch',
    sa.Column('watch_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False, comment="The variant's id, or the gene's symbol."),
    sa.Column('since', UtcTime(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.CheckConstraint("kind IN ('variant', 'gene')", name=op.f('ck_watch_kind')),
    sa.PrimaryKeyConstraint('watch_no', name=op.f('pk_watch')),
    comment='One row per variant or gene that somebody asked to be told of.',
    sqlite_autoincrement=True
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table('watch')
    op.drop_table('annotation_file')
    op.drop_table('annotation_default')
    op.drop_table('annotation')
