"""The compiled inner loops of reading VCF: bytes to records, genotypes and known alleles.

Each kernel works on plain arrays (`loaders.kernel.window`), keeps no state of its own and releases
the interpreter lock.
"""
