"""Sites of a VCF, read as text in blocks: where columns stand, and each alternate's own form."""
