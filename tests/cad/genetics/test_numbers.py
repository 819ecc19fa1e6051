"""What no regression can be fitted to is refused before Hail is asked."""

import pytest

from cad.genetics.phenotypes import check_numbers
from schemas.errors import BadQuestion

AGE = {1: 3.0, 2: 4.0, 3: 9.0, 4: 2.0}
Y = {1: 0.0, 2: 1.0, 3: 1.0, 4: 0.0}


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [
        ({"phenotype": {1: 0.0, 2: 1.0}}, "phenotype_unknown"),
        ({"phenotype": Y, "age": {1: 3.0, 2: 4.0, 4: 1.0}}, "phenotype_unknown"),
        (
            {"phenotype": {**Y, 5: 1.0}, "age": {2: 1.0, 3: 2.0, 5: 9.0, 6: 1.0}},
            "phenotype_unknown",
        ),
        ({"phenotype": {1: 1.0, 2: 1.0, 3: 1.0, 4: 1.0}}, "phenotype_unknown"),
        ({"phenotype": Y, "sex": dict.fromkeys(Y, 1.0)}, "covariate_unknown"),
        (
            {
                "phenotype": {**Y, 5: 1.0},
                "age": {**AGE, 5: 1.0},
                "twice": {**{k: 2 * v for k, v in AGE.items()}, 5: 2.0},
            },
            "covariate_unknown",
        ),
    ],
)
def test_what_cannot_be_fitted(numbers: dict[str, dict[int, float]], reason: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        check_numbers(numbers)
    assert refused.value.reason == reason


def test_what_can_be_fitted() -> None:
    check_numbers({"phenotype": Y})
    check_numbers({"phenotype": Y, "age": AGE})
