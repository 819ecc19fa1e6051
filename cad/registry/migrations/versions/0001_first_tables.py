"""The registry's first tables."""
# ruff: noqa: E501
# fmt: off

import sqlalchemy as sa
from alembic import op

from cad.registry.types import Json, UtcTime

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table('base',
    sa.Column('base_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('commit_no', sa.Integer(), nullable=False),
    sa.Column('parent_commit', sa.Integer(), nullable=True, comment='Commit of the base it was made from; none for the first.'),
    sa.Column('built_at', UtcTime(), nullable=False),
    sa.Column('engine', sa.String(), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('base_no', name=op.f('pk_base')),
    sa.UniqueConstraint('commit_no', name=op.f('uq_base_commit_no')),
    sa.UniqueConstraint('parent_commit', name=op.f('uq_base_parent_commit')),
    comment='One row per build.'
    )
    op.create_table('batch',
    sa.Column('batch_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('batch_id', sa.String(), nullable=False),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('pipeline_name', sa.String(), nullable=False),
    sa.Column('pipeline_version', sa.String(), nullable=False),
    sa.Column('content_sha256', sa.String(), nullable=False),
    sa.Column('receipt', Json, nullable=False),
    sa.Column('pushed_at', UtcTime(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('batch_no', name=op.f('pk_batch')),
    comment='One row per accepted push of a batch.'
    )
    op.create_index('uq_batch_live', 'batch', ['batch_id'], unique=True, sqlite_where=sa.text('removed_at IS NULL'), postgresql_where=sa.text('removed_at IS NULL'))
    op.create_table('bucket',
    sa.Column('bucket_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('bucket_no', name=op.f('pk_bucket')),
    comment='One row per group of samples whose rows lie in the same files.'
    )
    op.create_table('code_list',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('version', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('rows', Json, nullable=False),
    sa.PrimaryKeyConstraint('name', 'version', name=op.f('pk_code_list')),
    comment='One row per version of a code list.'
    )
    op.create_table('head',
    sa.Column('one', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('commit_no', sa.Integer(), nullable=False),
    sa.Column('next_session_no', sa.Integer(), nullable=False),
    sa.Column('next_batch_no', sa.Integer(), nullable=False),
    sa.Column('next_sample_no', sa.Integer(), nullable=False),
    sa.Column('next_track_no', sa.Integer(), nullable=False),
    sa.Column('next_bucket_no', sa.Integer(), nullable=False),
    sa.Column('next_file_no', sa.Integer(), nullable=False),
    sa.Column('next_base_no', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('one', name=op.f('pk_head')),
    comment='One row, locked by each commit to its end: the latest commit, the next free numbers.'
    )
    op.create_table('lease',
    sa.Column('lease_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('commit_no', sa.Integer(), nullable=False),
    sa.Column('expires_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('lease_no', name=op.f('pk_lease')),
    comment='One row per reader that is reading now.',
    sqlite_autoincrement=True
    )
    op.create_table('session',
    sa.Column('session_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('opened_at', UtcTime(), nullable=False),
    sa.Column('expires_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('session_no', name=op.f('pk_session')),
    comment='One row per writer that ever wrote; its folder in the lake bears session_no.'
    )
    op.create_table('stratum',
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('stratum_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('purpose', 'stratum_no', name=op.f('pk_stratum')),
    comment='One row per purpose and stratum; numbers start from 1 in each purpose.'
    )
    op.create_index('uq_stratum_purpose_name', 'stratum', ['purpose', 'name'], unique=True)
    op.create_table('tombstone',
    sa.Column('keyed_hash', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('keyed_hash', name=op.f('pk_tombstone')),
    comment='One row per withdrawn person, known by a keyed hash only.'
    )
    op.create_table('warehouse',
    sa.Column('one', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('warehouse_id', sa.String(), nullable=False),
    sa.Column('assembly', sa.String(), nullable=False),
    sa.Column('thresholds', Json, nullable=False),
    sa.Column('small_count', sa.Integer(), nullable=False),
    sa.Column('conjunctions', Json, nullable=False),
    sa.Column('rules_version', sa.Integer(), nullable=False),
    sa.Column('reference', Json, nullable=True),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('one', name=op.f('pk_warehouse')),
    comment='One row: what the warehouse was made with.'
    )
    op.create_table('base_purpose',
    sa.Column('base_no', sa.Integer(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('variants', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['base_no'], ['base.base_no'], name=op.f('fk_base_purpose_base_no_base')),
    sa.PrimaryKeyConstraint('base_no', 'purpose', name=op.f('pk_base_purpose')),
    comment='One row per build and purpose: what its base holds.'
    )
    op.create_table('commits',
    sa.Column('commit_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('session_no', sa.Integer(), nullable=False),
    sa.Column('at', UtcTime(), nullable=False),
    sa.ForeignKeyConstraint(['session_no'], ['session.session_no'], name=op.f('fk_commits_session_no_session')),
    sa.PrimaryKeyConstraint('commit_no', name=op.f('pk_commits')),
    comment='One row per accepted change; the numbers have no gaps.'
    )
    op.create_table('consent',
    sa.Column('consent_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('text_version', sa.String(), nullable=True),
    sa.Column('signed_on', sa.Date(), nullable=False),
    sa.Column('batch_no', sa.Integer(), nullable=True),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['batch_no'], ['batch.batch_no'], name=op.f('fk_consent_batch_no_batch')),
    sa.PrimaryKeyConstraint('consent_no', name=op.f('pk_consent')),
    comment='One row per decision of a person about a scope; the latest holds.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_consent_batch_no'), 'consent', ['batch_no'], unique=False)
    op.create_index(op.f('ix_consent_person_id'), 'consent', ['person_id'], unique=False)
    op.create_table('lake_file',
    sa.Column('file_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('table_name', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=True),
    sa.Column('bucket_no', sa.Integer(), nullable=True),
    sa.Column('contig', sa.String(), nullable=True, comment='The contig, where the file holds one only.'),
    sa.Column('bin', sa.Integer(), nullable=True, comment='The 10 Mb bin, where the file holds one only, from 0.'),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('path', sa.String(), nullable=False, comment='Relative to the warehouse.'),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['bucket_no'], ['bucket.bucket_no'], name=op.f('fk_lake_file_bucket_no_bucket')),
    sa.PrimaryKeyConstraint('file_no', name=op.f('pk_lake_file')),
    sa.UniqueConstraint('path', name=op.f('uq_lake_file_path')),
    comment='One row per file of the lake; what is not here does not exist for readers.'
    )
    op.create_index(op.f('ix_lake_file_bucket_no'), 'lake_file', ['bucket_no'], unique=False)
    op.create_index('ix_lake_file_place', 'lake_file', ['table_name', 'purpose', 'contig', 'bin'], unique=False)
    op.create_index('ix_lake_file_removed', 'lake_file', ['removed_at'], unique=False)
    op.create_table('phenotype',
    sa.Column('phenotype_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('system', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=True),
    sa.Column('excluded', sa.Boolean(), nullable=False),
    sa.Column('onset', sa.String(), nullable=True),
    sa.Column('severity', sa.String(), nullable=True),
    sa.Column('recorded_on', sa.Date(), nullable=True),
    sa.Column('batch_no', sa.Integer(), nullable=True),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['batch_no'], ['batch.batch_no'], name=op.f('fk_phenotype_batch_no_batch')),
    sa.PrimaryKeyConstraint('phenotype_no', name=op.f('pk_phenotype')),
    comment='One row per feature observed or excluded in a person.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_phenotype_batch_no'), 'phenotype', ['batch_no'], unique=False)
    op.create_index(op.f('ix_phenotype_person_id'), 'phenotype', ['person_id'], unique=False)
    op.create_table('sample',
    sa.Column('sample_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('batch_no', sa.Integer(), nullable=False),
    sa.Column('sample_id', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('sex', sa.String(), nullable=False),
    sa.Column('material', sa.String(), nullable=False),
    sa.Column('assay', sa.String(), nullable=False),
    sa.Column('family_id', sa.String(), nullable=True),
    sa.Column('father_id', sa.String(), nullable=True),
    sa.Column('mother_id', sa.String(), nullable=True),
    sa.Column('founder', sa.Boolean(), nullable=False, comment="No parent declared; kept when the parent's id is erased."),
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
    sa.Column('has_germline', sa.Boolean(), nullable=False),
    sa.Column('has_mitochondrial', sa.Boolean(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['batch_no'], ['batch.batch_no'], name=op.f('fk_sample_batch_no_batch')),
    sa.PrimaryKeyConstraint('sample_no', name=op.f('pk_sample')),
    comment='One row per sample of a batch, as its sheet declares it.'
    )
    op.create_index(op.f('ix_sample_batch_no'), 'sample', ['batch_no'], unique=False)
    op.create_index(op.f('ix_sample_person_id'), 'sample', ['person_id'], unique=False)
    op.create_index(op.f('ix_sample_sample_id'), 'sample', ['sample_id'], unique=False)
    op.create_table('track',
    sa.Column('track_no', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('batch_no', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['batch_no'], ['batch.batch_no'], name=op.f('fk_track_batch_no_batch')),
    sa.PrimaryKeyConstraint('track_no', name=op.f('pk_track')),
    comment='One row per track: where the assay of some samples looked.'
    )
    op.create_index(op.f('ix_track_batch_no'), 'track', ['batch_no'], unique=False)
    op.create_table('bucket_sample',
    sa.Column('bucket_no', sa.Integer(), nullable=False),
    sa.Column('sample_no', sa.Integer(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['bucket_no'], ['bucket.bucket_no'], name=op.f('fk_bucket_sample_bucket_no_bucket')),
    sa.ForeignKeyConstraint(['sample_no'], ['sample.sample_no'], name=op.f('fk_bucket_sample_sample_no_sample')),
    sa.PrimaryKeyConstraint('bucket_no', 'sample_no', name=op.f('pk_bucket_sample')),
    comment='One row per sample and bucket with its rows; removed where compaction moved them.'
    )
    op.create_index(op.f('ix_bucket_sample_sample_no'), 'bucket_sample', ['sample_no'], unique=False)
    op.create_table('folded',
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('sample_no', sa.Integer(), nullable=False),
    sa.Column('sex', sa.String(), nullable=False),
    sa.Column('strata', Json, nullable=False, comment='Stratum numbers, ascending.'),
    sa.Column('rules_version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['sample_no'], ['sample.sample_no'], name=op.f('fk_folded_sample_no_sample')),
    sa.PrimaryKeyConstraint('purpose', 'person_id', name=op.f('pk_folded')),
    comment='One row per purpose and person: how the person counts in the latest base.'
    )
    op.create_index(op.f('ix_folded_sample_no'), 'folded', ['sample_no'], unique=False)
    op.create_table('lake_span',
    sa.Column('file_no', sa.Integer(), nullable=False),
    sa.Column('contig', sa.String(), nullable=False),
    sa.Column('start', sa.Integer(), nullable=False),
    sa.Column('end', sa.Integer(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['file_no'], ['lake_file.file_no'], name=op.f('fk_lake_span_file_no_lake_file'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('file_no', 'contig', name=op.f('pk_lake_span')),
    comment='One row per file and contig: the positions its rows lie in.'
    )
    op.create_table('sample_track',
    sa.Column('sample_no', sa.Integer(), nullable=False),
    sa.Column('track_no', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['sample_no'], ['sample.sample_no'], name=op.f('fk_sample_track_sample_no_sample')),
    sa.ForeignKeyConstraint(['track_no'], ['track.track_no'], name=op.f('fk_sample_track_track_no_track')),
    sa.PrimaryKeyConstraint('sample_no', 'track_no', name=op.f('pk_sample_track')),
    comment='One row per sample and track it has.'
    )


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table('sample_track')
    op.drop_table('lake_span')
    op.drop_index(op.f('ix_folded_sample_no'), table_name='folded')
    op.drop_table('folded')
    op.drop_index(op.f('ix_bucket_sample_sample_no'), table_name='bucket_sample')
    op.drop_table('bucket_sample')
    op.drop_index(op.f('ix_track_batch_no'), table_name='track')
    op.drop_table('track')
    op.drop_index(op.f('ix_sample_sample_id'), table_name='sample')
    op.drop_index(op.f('ix_sample_person_id'), table_name='sample')
    op.drop_index(op.f('ix_sample_batch_no'), table_name='sample')
    op.drop_table('sample')
    op.drop_index(op.f('ix_phenotype_person_id'), table_name='phenotype')
    op.drop_index(op.f('ix_phenotype_batch_no'), table_name='phenotype')
    op.drop_table('phenotype')
    op.drop_index('ix_lake_file_removed', table_name='lake_file')
    op.drop_index('ix_lake_file_place', table_name='lake_file')
    op.drop_index(op.f('ix_lake_file_bucket_no'), table_name='lake_file')
    op.drop_table('lake_file')
    op.drop_index(op.f('ix_consent_person_id'), table_name='consent')
    op.drop_index(op.f('ix_consent_batch_no'), table_name='consent')
    op.drop_table('consent')
    op.drop_table('commits')
    op.drop_table('base_purpose')
    op.drop_table('warehouse')
    op.drop_table('tombstone')
    op.drop_index('uq_stratum_purpose_name', table_name='stratum')
    op.drop_table('stratum')
    op.drop_table('session')
    op.drop_table('lease')
    op.drop_table('head')
    op.drop_table('code_list')
    op.drop_table('bucket')
    op.drop_index('uq_batch_live', table_name='batch', sqlite_where=sa.text('removed_at IS NULL'), postgresql_where=sa.text('removed_at IS NULL'))
    op.drop_table('batch')
    op.drop_table('base')
