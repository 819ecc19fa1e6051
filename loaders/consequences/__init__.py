"""What variants do to transcripts: computed with `bcftools csq`, or read where a VCF tells it."""
