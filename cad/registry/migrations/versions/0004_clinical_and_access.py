"""Clinical documents; projects, releases, audit, clients."""
# ruff: noqa: E501
# fmt: off

import sqlalchemy as sa
from alembic import op

from cad.registry.types import Json, UtcTime

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the revision."""
    op.create_table('analysis',
    sa.Column('analysis_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('project', sa.String(), nullable=True, comment='Whose it is: persons of its scope alone took part.'),
    sa.Column('base_commit', sa.Integer(), nullable=False, comment='Of the base whose persons it took.'),
    sa.Column('persons', sa.Integer(), nullable=False),
    sa.Column('parameters', Json, nullable=False),
    sa.Column('versions', Json, nullable=False, comment='Of CAD, Hail and Spark, and of sources.'),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.Column('made_at', UtcTime(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('analysis_no', name=op.f('pk_analysis')),
    comment='One row per run of an analysis.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_analysis_name'), 'analysis', ['name'], unique=False)
    op.create_table('analysis_file',
    sa.Column('file_no', sa.Integer(), nullable=False),
    sa.Column('analysis_no', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['analysis_no'], ['analysis.analysis_no'], name=op.f('fk_analysis_file_analysis_no_analysis')),
    sa.ForeignKeyConstraint(['file_no'], ['lake_file.file_no'], name=op.f('fk_analysis_file_file_no_lake_file'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('file_no', name=op.f('pk_analysis_file')),
    comment='One row per file of the lake that a run wrote.'
    )
    op.create_index(op.f('ix_analysis_file_analysis_no'), 'analysis_file', ['analysis_no'], unique=False)
    op.create_table('analysis_person',
    sa.Column('analysis_no', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('unrelated', sa.Boolean(), nullable=True, comment='In the set without relatives, where one was made.'),
    sa.ForeignKeyConstraint(['analysis_no'], ['analysis.analysis_no'], name=op.f('fk_analysis_person_analysis_no_analysis')),
    sa.PrimaryKeyConstraint('analysis_no', 'person_id', name=op.f('pk_analysis_person')),
    comment='One row per run and person who took part, until the person withdraws.'
    )
    op.create_table('audit_chain',
    sa.Column('chain_id', sa.String(), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.Column('head', sa.String(), nullable=False, comment='Hash of its last sealed entry.'),
    sa.Column('opened_at', UtcTime(), nullable=False),
    sa.Column('sealed_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('chain_id', name=op.f('pk_audit_chain')),
    comment='One row per process that wrote to the audit log: how far its chain is sealed.'
    )
    op.create_table('client',
    sa.Column('client_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('key_hash', sa.String(), nullable=False),
    sa.Column('scope', Json, nullable=False, comment='Purposes, platform and projects it may ask.'),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('expires_at', UtcTime(), nullable=False),
    sa.Column('revoked_at', UtcTime(), nullable=True),
    sa.PrimaryKeyConstraint('client_no', name=op.f('pk_client')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_client_key_hash')),
    comment='One row per key that was given to a client.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_client_name'), 'client', ['name'], unique=False)
    op.create_table('contact',
    sa.Column('contact_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('platform', sa.String(), nullable=False),
    sa.Column('variant', sa.String(), nullable=False),
    sa.Column('message', sa.String(), nullable=False),
    sa.Column('asked_by', sa.String(), nullable=False),
    sa.Column('asked_at', UtcTime(), nullable=False),
    sa.Column('read_at', UtcTime(), nullable=True),
    sa.PrimaryKeyConstraint('contact_no', name=op.f('pk_contact')),
    comment='One row per message and platform that is to relay it to its carriers.',
    sqlite_autoincrement=True
    )
    op.create_table('delivery',
    sa.Column('delivery_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('content_sha256', sa.String(), nullable=False),
    sa.Column('receipt', Json, nullable=False),
    sa.Column('pushed_at', UtcTime(), nullable=False),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('delivery_no', name=op.f('pk_delivery')),
    comment='One row per accepted push of clinical documents.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_delivery_content_sha256'), 'delivery', ['content_sha256'], unique=False)
    op.create_table('person_key',
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('person_id', name=op.f('pk_person_key')),
    comment='One row per person the audit log names, by a hash under this key.'
    )
    op.create_table('project',
    sa.Column('project_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('scope', Json, nullable=False, comment='Cohorts, indications, phenotypes: who is in.'),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('approved_by', sa.String(), nullable=True),
    sa.Column('pseudonym_key', sa.LargeBinary(), nullable=True, comment="Of its persons' pseudonyms; gone once closed."),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('approved_at', UtcTime(), nullable=True),
    sa.Column('closed_at', UtcTime(), nullable=True),
    sa.PrimaryKeyConstraint('project_no', name=op.f('pk_project')),
    sa.UniqueConstraint('name', name=op.f('uq_project_name')),
    comment='One row per project of researchers.',
    sqlite_autoincrement=True
    )
    op.create_table('release',
    sa.Column('release_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('commit_no', sa.Integer(), nullable=False, comment='Of the base that was frozen.'),
    sa.Column('manifest', Json, nullable=False, comment='Files, thresholds, sources, persons.'),
    sa.Column('withdrawn_since', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.PrimaryKeyConstraint('release_no', name=op.f('pk_release')),
    sa.UniqueConstraint('name', name=op.f('uq_release_name')),
    comment='One row per release.',
    sqlite_autoincrement=True
    )
    op.create_table('document',
    sa.Column('document_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('delivery_no', sa.Integer(), nullable=True),
    sa.Column('batch_no', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False, comment='By which a later version replaces this one; a keyed hash of id and person.'),
    sa.Column('sha256', sa.String(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=True, comment='Of its file in the receipt, from 1.'),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['batch_no'], ['batch.batch_no'], name=op.f('fk_document_batch_no_batch')),
    sa.ForeignKeyConstraint(['delivery_no'], ['delivery.delivery_no'], name=op.f('fk_document_delivery_no_delivery')),
    sa.PrimaryKeyConstraint('document_no', name=op.f('pk_document')),
    comment='One row per version of what a clinical document says of one person.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_document_batch_no'), 'document', ['batch_no'], unique=False)
    op.create_index(op.f('ix_document_delivery_no'), 'document', ['delivery_no'], unique=False)
    op.create_index('uq_document_live', 'document', ['kind', 'key'], unique=True, sqlite_where=sa.text('removed_at IS NULL'), postgresql_where=sa.text('removed_at IS NULL'))
    op.create_table('release_person',
    sa.Column('release_no', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['release_no'], ['release.release_no'], name=op.f('fk_release_person_release_no_release')),
    sa.PrimaryKeyConstraint('release_no', 'person_id', name=op.f('pk_release_person')),
    comment='One row per release and person it counts, until the person withdraws.'
    )
    op.create_table('disease',
    sa.Column('disease_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('document_no', sa.Integer(), nullable=False),
    sa.Column('system', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=True),
    sa.Column('excluded', sa.Boolean(), nullable=False),
    sa.Column('onset', sa.String(), nullable=True),
    sa.Column('onset_band', sa.String(), nullable=True),
    sa.Column('recorded_on', sa.Date(), nullable=True),
    sa.Column('details', Json, nullable=True, comment='Stages, site, laterality, resolution, certainty.'),
    sa.Column('mapped_from', sa.String(), nullable=True, comment='SYSTEM:code that a mapping table gave this code for.'),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['document_no'], ['document.document_no'], name=op.f('fk_disease_document_no_document')),
    sa.PrimaryKeyConstraint('disease_no', name=op.f('pk_disease')),
    comment='One row per disease that a document says a person has, or has not.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_disease_document_no'), 'disease', ['document_no'], unique=False)
    op.create_index(op.f('ix_disease_person_id'), 'disease', ['person_id'], unique=False)
    op.create_table('interpretation',
    sa.Column('interpretation_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('document_no', sa.Integer(), nullable=False),
    sa.Column('disease_code', sa.String(), nullable=True, comment='Of the disease it was judged for, as in `disease`.'),
    sa.Column('progress', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('acmg', sa.String(), nullable=True),
    sa.Column('gene_id', sa.String(), nullable=True),
    sa.Column('gene_symbol', sa.String(), nullable=True),
    sa.Column('contig', sa.String(), nullable=True, comment='Of the normalised variant, where it is of this assembly.'),
    sa.Column('pos', sa.BigInteger(), nullable=True),
    sa.Column('ref', sa.String(), nullable=True),
    sa.Column('alt', sa.String(), nullable=True),
    sa.Column('zygosity', sa.String(), nullable=True, comment='heterozygous, homozygous, hemizygous.'),
    sa.Column('details', Json, nullable=False, comment='The variant as written.'),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['document_no'], ['document.document_no'], name=op.f('fk_interpretation_document_no_document')),
    sa.PrimaryKeyConstraint('interpretation_no', name=op.f('pk_interpretation')),
    comment='One row per gene or variant that was judged for a diagnosis of a person.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_interpretation_document_no'), 'interpretation', ['document_no'], unique=False)
    op.create_index(op.f('ix_interpretation_person_id'), 'interpretation', ['person_id'], unique=False)
    op.create_index('ix_interpretation_variant', 'interpretation', ['contig', 'pos'], unique=False)
    op.create_table('measurement',
    sa.Column('measurement_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('document_no', sa.Integer(), nullable=False),
    sa.Column('system', sa.String(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=True),
    sa.Column('value', sa.Float(), nullable=True),
    sa.Column('comparator', sa.String(), nullable=True, comment='<, <=, >= or > where the value is a bound.'),
    sa.Column('unit', sa.String(), nullable=True),
    sa.Column('value_code', sa.String(), nullable=True, comment='Where the result is a code.'),
    sa.Column('value_label', sa.String(), nullable=True),
    sa.Column('recorded_on', sa.Date(), nullable=True),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['document_no'], ['document.document_no'], name=op.f('fk_measurement_document_no_document')),
    sa.PrimaryKeyConstraint('measurement_no', name=op.f('pk_measurement')),
    comment='One row per measurement of a person.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_measurement_document_no'), 'measurement', ['document_no'], unique=False)
    op.create_index(op.f('ix_measurement_person_id'), 'measurement', ['person_id'], unique=False)
    op.create_table('person',
    sa.Column('person_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('document_no', sa.Integer(), nullable=False),
    sa.Column('sex', sa.String(), nullable=True),
    sa.Column('birth_years', sa.String(), nullable=True, comment='Five years, as in 1980-1984.'),
    sa.Column('vital_status', sa.String(), nullable=True),
    sa.Column('age_band', sa.String(), nullable=True, comment='When last seen.'),
    sa.Column('family_id', sa.String(), nullable=True),
    sa.Column('affected', sa.String(), nullable=True),
    sa.Column('details', Json, nullable=True, comment='Age when last seen and at death, karyotypic sex, as told.'),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['document_no'], ['document.document_no'], name=op.f('fk_person_document_no_document')),
    sa.PrimaryKeyConstraint('person_no', name=op.f('pk_person')),
    comment='One row per person and document that tells of them.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_person_document_no'), 'person', ['document_no'], unique=False)
    op.create_index(op.f('ix_person_person_id'), 'person', ['person_id'], unique=False)
    op.create_table('relation',
    sa.Column('relation_no', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('person_id', sa.String(), nullable=False),
    sa.Column('document_no', sa.Integer(), nullable=False),
    sa.Column('relative_id', sa.String(), nullable=True, comment="The relative's pseudonym, where told."),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('system', sa.String(), nullable=True, comment='Of a condition that the relative has.'),
    sa.Column('code', sa.String(), nullable=True),
    sa.Column('label', sa.String(), nullable=True),
    sa.Column('details', Json, nullable=True, comment='Sex, death and onset; what the relationship is called.'),
    sa.Column('mapped_from', sa.String(), nullable=True, comment='SYSTEM:code that a mapping table gave this code for.'),
    sa.Column('added_at', sa.Integer(), nullable=False),
    sa.Column('removed_at', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['document_no'], ['document.document_no'], name=op.f('fk_relation_document_no_document')),
    sa.PrimaryKeyConstraint('relation_no', name=op.f('pk_relation')),
    comment='One row per relative, or condition of a relative, that a document tells of.',
    sqlite_autoincrement=True
    )
    op.create_index(op.f('ix_relation_document_no'), 'relation', ['document_no'], unique=False)
    op.create_index(op.f('ix_relation_person_id'), 'relation', ['person_id'], unique=False)
    op.create_index(op.f('ix_relation_relative_id'), 'relation', ['relative_id'], unique=False)
    op.add_column('consent', sa.Column('by_representative', sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column('consent', sa.Column('of_age_from', sa.String(), nullable=True, comment='Quarter in which a minor comes of age, as in 2031-Q2.'))
    # SQLite adds a reference with its column only.
    op.execute('ALTER TABLE consent ADD COLUMN document_no INTEGER CONSTRAINT fk_consent_document_no_document REFERENCES document (document_no)')
    op.create_index(op.f('ix_consent_document_no'), 'consent', ['document_no'], unique=False)
    op.add_column('phenotype', sa.Column('onset_band', sa.String(), nullable=True))
    op.add_column('phenotype', sa.Column('details', Json, nullable=True, comment='What else was told: resolution, modifiers, evidence.'))
    op.add_column('phenotype', sa.Column('mapped_from', sa.String(), nullable=True, comment='SYSTEM:code that a mapping table gave this code for.'))
    # SQLite adds a reference with its column only.
    op.execute('ALTER TABLE phenotype ADD COLUMN document_no INTEGER CONSTRAINT fk_phenotype_document_no_document REFERENCES document (document_no)')
    op.create_index(op.f('ix_phenotype_document_no'), 'phenotype', ['document_no'], unique=False)


def downgrade() -> None:
    """Take the revision back."""
    op.drop_table('analysis_person')
    op.drop_index(op.f('ix_analysis_file_analysis_no'), table_name='analysis_file')
    op.drop_table('analysis_file')
    op.drop_index(op.f('ix_analysis_name'), table_name='analysis')
    op.drop_table('analysis')
    op.drop_index(op.f('ix_phenotype_document_no'), table_name='phenotype')
    op.drop_column('phenotype', 'document_no')
    op.drop_column('phenotype', 'mapped_from')
    op.drop_column('phenotype', 'details')
    op.drop_column('phenotype', 'onset_band')
    op.drop_index(op.f('ix_consent_document_no'), table_name='consent')
    op.drop_column('consent', 'document_no')
    op.drop_column('consent', 'of_age_from')
    op.drop_column('consent', 'by_representative')
    op.drop_index(op.f('ix_relation_relative_id'), table_name='relation')
    op.drop_index(op.f('ix_relation_person_id'), table_name='relation')
    op.drop_index(op.f('ix_relation_document_no'), table_name='relation')
    op.drop_table('relation')
    op.drop_index(op.f('ix_person_person_id'), table_name='person')
    op.drop_index(op.f('ix_person_document_no'), table_name='person')
    op.drop_table('person')
    op.drop_index(op.f('ix_measurement_person_id'), table_name='measurement')
    op.drop_index(op.f('ix_measurement_document_no'), table_name='measurement')
    op.drop_table('measurement')
    op.drop_index('ix_interpretation_variant', table_name='interpretation')
    op.drop_index(op.f('ix_interpretation_person_id'), table_name='interpretation')
    op.drop_index(op.f('ix_interpretation_document_no'), table_name='interpretation')
    op.drop_table('interpretation')
    op.drop_index(op.f('ix_disease_person_id'), table_name='disease')
    op.drop_index(op.f('ix_disease_document_no'), table_name='disease')
    op.drop_table('disease')
    op.drop_table('release_person')
    op.drop_index('uq_document_live', table_name='document', sqlite_where=sa.text('removed_at IS NULL'), postgresql_where=sa.text('removed_at IS NULL'))
    op.drop_index(op.f('ix_document_delivery_no'), table_name='document')
    op.drop_index(op.f('ix_document_batch_no'), table_name='document')
    op.drop_table('document')
    op.drop_table('release')
    op.drop_table('project')
    op.drop_table('person_key')
    op.drop_index(op.f('ix_delivery_content_sha256'), table_name='delivery')
    op.drop_table('delivery')
    op.drop_table('contact')
    op.drop_index(op.f('ix_client_name'), table_name='client')
    op.drop_table('client')
    op.drop_table('audit_chain')
