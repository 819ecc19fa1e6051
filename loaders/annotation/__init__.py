"""Files of annotation sources read as streams: rows of `schemas.annotations`, in the file's order.

`loaders.annotation.kinds.KINDS` lists what there is; a kind's reader is loaded when it is used.
"""
