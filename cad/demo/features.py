"""What the simulated persons have: terms of HPO by pre-indication, and one that a variant brings.

The terms are real, the excerpt leaves out what lies between them. Nobody here exists.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cad.demo.people import DOMINANT, Person

ROOT = "HP:0000118"
CAUSED = "HP:0001644"
"""What the planted gene causes."""
MODIFIED = "HP:0001250"
"""What the planted common variant brings to patients."""
TERMS = {
    "HP:0000001": ("All", None),
    ROOT: ("Phenotypic abnormality", "HP:0000001"),
    "HP:0000707": ("Abnormality of the nervous system", ROOT),
    "HP:0000924": ("Abnormality of the skeletal system", ROOT),
    "HP:0001626": ("Abnormality of the cardiovascular system", ROOT),
    "HP:0001939": ("Abnormality of metabolism/homeostasis", ROOT),
    "HP:0000119": ("Abnormality of the genitourinary system", ROOT),
    "HP:0000818": ("Abnormality of the endocrine system", ROOT),
    "HP:0002715": ("Abnormality of the immune system", ROOT),
    "HP:0002664": ("Neoplasm", ROOT),
    "HP:0002352": ("Leukoencephalopathy", "HP:0000707"),
    MODIFIED: ("Seizure", "HP:0000707"),
    "HP:0002652": ("Skeletal dysplasia", "HP:0000924"),
    "HP:0001638": ("Cardiomyopathy", "HP:0001626"),
    CAUSED: ("Dilated cardiomyopathy", "HP:0001638"),
    "HP:0003128": ("Lactic acidosis", "HP:0001939"),
    "HP:0001943": ("Hypoglycemia", "HP:0001939"),
    "HP:0000112": ("Nephropathy", "HP:0000119"),
    "HP:0008209": ("Premature ovarian insufficiency", "HP:0000818"),
    "HP:0002960": ("Autoimmunity", "HP:0002715"),
}
"""Name and parent of each term."""
_OF_INDICATION = {
    "Leucodystrophies": "HP:0002352",
    "Maladies osseuses constitutionnelles": "HP:0002652",
    DOMINANT: CAUSED,
    "Maladies mitochondriales d'une particulière gravité": "HP:0003128",
    "Néphropathie chronique d'origine indéterminée": "HP:0000112",
    "Insuffisance ovarienne primitive": "HP:0008209",
    "Maladies héréditaires du métabolisme avec profil biochimique atypique": "HP:0001943",
    "Maladies inflammatoires et auto-immunes monogéniques": "HP:0002960",
}
_OF_OTHERS = "HP:0002664"
_BROUGHT, _OTHERWISE = 0.9, 0.05
"""Chance of the modified feature with the variant, and without."""


def draw_features(
    rng: np.random.Generator, people: list[Person], carries: NDArray[np.bool_]
) -> list[Person]:
    """Give affected persons the feature of their indication, and some the one a variant brings.

    Args:
        rng: of features alone, so that genomes do not depend on them.
        people: everybody.
        carries: who carries the variant that brings `MODIFIED`.
    """
    drawn = []
    for person, has in zip(people, carries.tolist(), strict=True):
        features = set()
        if person.affected == "1":
            features.add(_OF_INDICATION.get(person.indication, _OF_OTHERS))
            if rng.random() < (_BROUGHT if has else _OTHERWISE):
                features.add(MODIFIED)
        drawn.append(replace(person, features=frozenset(features)))
    return drawn


def closed(person: Person) -> set[str]:
    """A person's features with all that they are kinds of."""
    found: set[str] = set()
    for term in person.features:
        above: str | None = term
        while above is not None:
            found.add(above)
            above = TERMS[above][1]
    return found


def write_ontology(path: Path) -> None:
    """Write the excerpt of HPO."""
    lines = ["format-version: 1.2", "data-version: hp/releases/2025-01-16"]
    for term, (name, parent) in TERMS.items():
        lines += ["", "[Term]", f"id: {term}", f"name: {name}"]
        lines += [f"is_a: {parent}"] if parent else []
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
