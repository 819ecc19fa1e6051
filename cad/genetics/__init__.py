"""Genetic analyses with Hail's methods, of the persons that count for a purpose.

`cad.analyse.analyse` is the way in. Who takes part is decided in the registry, before Hail sees a
row (`cad.genetics.people`); `cad.genetics.genotypes` makes a MatrixTable of the lake's own files;
each analysis is a module with a function ``run(study)`` that returns tables of
`schemas.analyses`.
"""
