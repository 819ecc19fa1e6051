"""Building the base: what should be folded minus what is, counted, and added bin by bin.

`cad.build.run.build_base` is the way in.
"""
