"""HGVS names: written of variants, read from questions."""
