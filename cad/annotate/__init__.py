"""Figures of the base written into somebody's VCF: a value for each alternate as it stands there.

A file is read as text in blocks of some megabytes (`loaders.sites.lines`). Its alternates are
brought to the base's own form (`loaders.sites.alleles`) and looked up bin by bin
(`cad.annotate.figures`); the blocks are written with a few more INFO fields
(`cad.annotate.text`), all else as it was.
"""

from cad.annotate.run import Annotated, annotate

__all__ = ["Annotated", "annotate"]
