"""What other sources say of variants and genes, beside the counts: loaded, versioned, looked up.

A source has versions side by side; the newest answers unless another was made the default. Loading
one touches no file of genotypes or figures: each version has files of its own.
"""
