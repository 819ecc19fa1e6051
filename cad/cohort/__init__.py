"""Persons chosen by what is said of them, and exact counts among them, on demand.

`filter` reads what is asked of persons, `select` is the one gate that says who may be among them,
`genotypes` reads what the lake holds of them, `counts` sums it, `phenotypes` tells their features.
"""
