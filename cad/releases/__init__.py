"""Releases: a base frozen, numbered and checksummed, small figures hidden from others than care.

`create` makes one, `read` answers from one; `cad.disclosure` has the rules.
"""
