"""Random data lines, valid and nasty: what a caller may write at a few crowded places.

Everything is drawn from the ``Random`` handed in, so a seed, or hypothesis, repeats a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tests.twin.facts import LENGTHS, PARS


@dataclass(frozen=True)
class Place:
    """A stretch of a contig where lines are drawn, with its true bases from ``first`` on."""

    contig: str
    start: int
    end: int
    first: int
    bases: str

    def ref(self, pos: int, length: int) -> str:
        """Give the true bases from a position on, as far as they go."""
        return self.bases[pos - self.first :][:length]


def repeats(rng: Random, length: int) -> str:
    """Draw bases made of short repeats, with a rare N."""
    bases = ""
    while len(bases) < length:
        unit = "".join(rng.choice("ACGT") for _ in range(rng.randint(1, 3)))
        bases += "N" if rng.random() < 0.02 else unit * rng.randint(1, 5)
    return bases[:length]


def draw_places(rng: Random, assembly: str, contigs: Sequence[str]) -> list[Place]:
    """Draw the stretches: an autosome, both sides of a PAR's border, M at its two ends."""
    borders = {contig: PARS[assembly][contig][0][1] for contig in ("X", "Y")}
    m_end = LENGTHS[assembly]["M"]
    spans = [("21", 20_000_000, 20_000_030), ("22", 16_050_000, 16_050_050)]
    spans += [
        ("X", borders["X"] - 20, borders["X"] + 30),
        ("Y", borders["Y"] - 5, borders["Y"] + 40),
    ]
    spans += [("M", 1, 45), ("M", m_end - 6, m_end)]
    places = []
    for contig, start, end in spans:
        if contig in contigs:
            first, last = max(1, start - 40), min(end + 40, LENGTHS[assembly][contig])
            places.append(Place(contig, start, end, first, repeats(rng, last - first + 1)))
    return places


def _pick(rng: Random, text: str) -> str:
    """Draw one of the words; a word written twice is drawn twice as often."""
    return rng.choice(text.split())


def _draw_alt(rng: Random, ref: str) -> str:
    shape = rng.random()
    if shape < 0.08:
        return "*"
    if shape < 0.13:
        return rng.choice(["<DEL>", "<CN0>", f"{ref[0]}[22:100[", f"{ref[0]}."])
    if shape < 0.14:
        return f"{ref}!"
    if shape < 0.34 and len(ref) > 1:
        return ref[: rng.randint(1, len(ref) - 1)]  # a deletion
    if shape < 0.42 and len(ref) > 1:
        return ref[rng.randint(1, len(ref) - 1) :]  # one without the base before it
    if shape < 0.55:
        return ref + ref[-1 * rng.randint(1, 2) :] * rng.randint(1, 2)  # repeats what it ends with
    if shape < 0.65:
        return ref[0] + "".join(rng.choice("ACGT") for _ in range(rng.randint(1, 3))) + ref[1:]
    letters = list(ref)
    letters[rng.randrange(len(ref))] = rng.choice("ACGT")
    if shape < 0.7:
        letters[rng.randrange(len(ref))] = rng.choice("ACGT")
    return "".join(letters)


def _draw_alts(rng: Random, ref: str, is_gvcf: bool) -> list[str]:
    alts: list[str] = []
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        alt = _draw_alt(rng, ref)
        if alt != ref and (alt not in alts or rng.random() < 0.1):
            alts.append(alt)
    if is_gvcf and rng.random() < 0.6:
        alts.append("<NON_REF>")
    return alts if set(alts) - {"<NON_REF>"} else [*alts, "*"]


def _draw_gt(rng: Random, n_alts: int) -> str:
    if rng.random() < 0.08:
        return _pick(rng, "./. . .|.")
    n_alleles = 1 if rng.random() < 0.2 else 2
    pool = ["0"] * 4 + ["."] + [str(n) for n in range(1, n_alts + 1)] * (1 + 3 // max(1, n_alts))
    return rng.choice("//|").join(rng.choice(pool) for _ in range(n_alleles))


def _array(rng: Random, length: int, values: str) -> str:
    """Draw an array of about that length: now and then missing, too long, or with a hole."""
    if rng.random() < 0.06:
        return "."
    length += rng.random() < 0.05
    return ",".join("." if rng.random() < 0.03 else _pick(rng, values) for _ in range(length))


def _draw_value(rng: Random, name: str, n_alts: int) -> str:
    if name == "GT":
        return _draw_gt(rng, n_alts)
    if name in ("GQ", "RGQ", "GQX"):
        return _pick(rng, "20 35 99 99 50 19 3 .")
    if name in ("DP", "DPI", "MIN_DP"):
        return _pick(rng, "10 30 150 100 99 120 9 5 4 0 .")
    if name == "AD":
        return _array(rng, n_alts + 1, "10 12 15 40 2 1 0")
    if name == "FT":
        return _pick(rng, "PASS PASS PASS . q10 RefCall")
    if name == "LEN":
        return _pick(rng, "1 3 8 .")
    return _array(rng, n_alts, "0.95 1 0.949 0.5 0.1 0.099 0.01 0") if n_alts else "."


def _draw_column(rng: Random, names: Sequence[str], n_alts: int) -> str:
    values = [_draw_value(rng, name, n_alts) for name in names]
    if rng.random() < 0.05 and len(values) > 1:
        values = values[: rng.randint(1, len(values) - 1)]
    return ":".join(values)


def _draw_format(rng: Random, contig: str, is_block: bool) -> list[str]:
    optional = ["GQ", "RGQ", "GQX", "DP", "FT"]
    optional += ["MIN_DP", "LEN"] if is_block else ["DPI", "AD"]
    chances = {"GQ": 0.6, "DP": 0.7, "AD": 0.5, "MIN_DP": 0.4}
    names = [name for name in optional if rng.random() < chances.get(name, 0.1)]
    if contig == "M" and not is_block:
        names += [name for name in ("AF", "VAF", "HL") if rng.random() < 0.35]
    rng.shuffle(names)
    return ["GT", *names] if not names or rng.random() < 0.98 else names


Line = tuple[str, int, list[str]]


def _line(
    rng: Random, contig: str, pos: int, ref: str, alts: Sequence[str], info: str, n_samples: int
) -> Line:
    is_block = set(alts) <= {".", "<NON_REF>", "<*>", "<X>"}
    names = _draw_format(rng, contig, is_block)
    n_alts = 0 if list(alts) == ["."] else len(alts)
    cells = [
        ".",
        ref.lower() if rng.random() < 0.03 else ref,
        ",".join(alts),
        _pick(rng, ". 50"),
        _pick(rng, "PASS PASS PASS PASS . . q10 RefCall q10;s50"),
        info,
        ":".join(names),
    ]
    return contig, pos, cells + [_draw_column(rng, names, n_alts) for _ in range(n_samples)]


def draw_block(rng: Random, place: Place, n_samples: int) -> Line:
    """Draw a record whose ALTs are only ``.``, ``<NON_REF>``, ``<*>`` or ``<X>``."""
    pos = rng.randint(place.start, place.end)
    info = [f"END={pos + rng.randint(0, 15)}"] if rng.random() < 0.8 else []
    for name in ("MIN_DP", "MinDP"):
        if rng.random() < 0.12:
            info.append(f"{name}={_pick(rng, '10 30 120 9 0 .')}")
    ref = place.ref(pos, 1 if info else rng.randint(1, 4))
    alt = rng.choice([["."], ["<NON_REF>"], ["<NON_REF>"], ["<*>"], ["<X>"]])
    return _line(rng, place.contig, pos, ref, alt, ";".join(info) or ".", n_samples)


def draw_variant(rng: Random, place: Place, n_samples: int, is_gvcf: bool) -> Line:
    """Draw a variant record: any mix of alleles on true bases."""
    pos = rng.randint(place.start, place.end)
    ref = place.ref(pos, rng.choice([1, 1, 1, 2, 3, 4, 6]))
    if rng.random() < 0.01:
        ref = rng.choice("NR") + ref[1:]
    alts = _draw_alts(rng, ref, is_gvcf)
    info = rng.choice([".", ".", "DP=3", f"END={pos + 9}", "AC=1,2,3,4", "MIN_DP=1"])
    return _line(rng, place.contig, pos, ref, alts, info, n_samples)


def draw_set_aside(rng: Random, place: Place, n_samples: int, assembly: str) -> Line:
    """Draw a line with one thing wrong, which sets it aside whole (a mismatch: by a reference)."""
    contig, pos = place.contig, rng.randint(max(place.start, place.end - 30), place.end)
    ref = place.ref(pos, 1)
    alt = rng.choice([base for base in "ACGT" if base != ref])
    columns = [f"{_draw_gt(rng, 1)}:30:40" for _ in range(n_samples)]
    cells = [".", ref, alt, ".", "PASS", ".", "GT:DP:GQ"]
    wrong = rng.choice(["index", "ploidy", "letter", "mismatch", "beyond", "value", "end", "un"])
    values = {"index": "0/2:30:40", "ploidy": "0/0/1:30:40"}
    values["value"] = rng.choice(["0/1:x:40", "0/1:30:y", "a/1:30:40", "0/1:-.5e:40"])
    if wrong in values and columns:
        columns[rng.randrange(n_samples)] = values[wrong]
    elif wrong == "letter":
        cells[1] = "Q"
    elif wrong == "mismatch":
        cells[1] = rng.choice([base for base in "ACGT" if base not in (ref, alt)])
    elif wrong == "beyond":
        pos = LENGTHS[assembly][contig] + 1
    elif wrong == "end":
        cells[2], cells[5], columns = ".", f"END={pos - 1}", ["0/0:30:40"] * n_samples
    elif wrong == "un":
        contig = "GL000207.1"
    return contig, pos, cells + columns
