"""What corrections changed, and what the genotypes say of sex and person."""
# ruff: noqa: E501
# fmt: off

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table('sample_past',
    sa.Column('sample_no', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('sex', sa.String(), nullable=False),
    sa.Column('material', sa.String(), nullable=False),
    sa.Column('assay', sa.String(), nullable=False),
    sa.Column('family_id', sa.String(), nullable=True),
    sa.Column('father_id', sa.String(), nullable=True),
    sa.Column('mother_id', sa.String(), nullable=True),
    sa.Column('founder', sa.Boolean(), nullable=False),
    sa.Column('twin_of', sa.String(), nullable=True),
    sa.Column('affected', sa.String(), nullable=False),
    sa.Column('proband', sa.Boolean(), nullable=True),
    sa.Column('indication', sa.String(), nullable=True),
    sa.Column('region', sa.String(), nullable=True),
    sa.Column('hospital', sa.String(), nullable=True),
    sa.Column('cohort', sa.String(), nullable=True),
    sa.Column('normal_of', sa.String(), nullable=True),
    sa.Column('ffpe', sa.Boolean(), nullable=True),
    sa.Column('age_years', sa.Float(), nullable=True),
    sa.Column('collected_on', sa.Date(), nullable=True),
    sa.Column('prescribed_on', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['sample_no'], ['sample.sample_no'], name=op.f('fk_sample_past_sample_no_sample')),
    sa.PrimaryKeyConstraint('sample_no', 'removed_at', name=op.f('pk_sample_past')),
    comment='One row per sample and correction: what held before it, for readers of then.'
    )
    op.create_table('fingerprint',
    sa.Column('sample_no', sa.Integer(), nullable=False),
    sa.Column('sex', sa.String(), nullable=True, comment='XX or XY as the genotypes of X and Y say, where they do.'),
    sa.Column('sketch', sa.LargeBinary(), nullable=True, comment='Of its autosomal SNVs (cad.door.sketch).'),
    sa.ForeignKeyConstraint(['sample_no'], ['sample.sample_no'], name=op.f('fk_fingerprint_sample_no_sample')),
    sa.PrimaryKeyConstraint('sample_no', name=op.f('pk_fingerprint')),
    comment='One row per sample of which the genotypes tell the sex or the person.'
    )
    op.create_table('fingerprint_band',
    sa.Column('band', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('sample_no', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['sample_no'], ['sample.sample_no'], name=op.f('fk_fingerprint_band_sample_no_sample')),
    sa.PrimaryKeyConstraint('band', 'sample_no', name=op.f('pk_fingerprint_band')),
    comment='One row per sample and band of its sketch: samples that share none are not alike.'
    )
    op.create_index(op.f('ix_fingerprint_band_sample_no'), 'fingerprint_band', ['sample_no'], unique=False)
    op.create_table('finding',
    sa.Column('finding_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('sample_no', sa.Integer(), nullable=False),
    sa.Column('other_no', sa.Integer(), nullable=True),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['other_no'], ['sample.sample_no'], name=op.f('fk_finding_other_no_sample')),
    sa.ForeignKeyConstraint(['sample_no'], ['sample.sample_no'], name=op.f('fk_finding_sample_no_sample')),
    sa.PrimaryKeyConstraint('finding_no', name=op.f('pk_finding')),
    comment='One row per contradiction of genotypes and sheet: of a sample, or with another one.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_finding_other_no'), 'finding', ['other_no'], unique=False)
    op.create_index(op.f('ix_finding_sample_no'), 'finding', ['sample_no'], unique=False)


def downgrade() -> None:
    """Take the revision back."""
    op.drop_index(op.f('ix_finding_sample_no'), table_name='finding')
    op.drop_index(op.f('ix_finding_other_no'), table_name='finding')
    op.drop_table('finding')
    op.drop_index(op.f('ix_fingerprint_band_sample_no'), table_name='fingerprint_band')
    op.drop_table('fingerprint_band')
    op.drop_table('fingerprint')
    op.drop_table('sample_past')
