"""A typed client of the service, for programs and notebooks.

    with Client("https://cad.example", key) as cad:
        answer = cad.variant("22-16050075-A-G")
        print(answer.state, answer.frequencies[0].af, answer.citation.fr)

It needs nothing but `httpx`; answers are the models that the service documents (`api.models`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel

from api.gene_models import GeneAnswer
from api.models import (
    Problem,
    StatusAnswer,
    VariantAnswer,
    VariantsAnswer,
)

Document = dict[str, Any]
Answer = TypeVar("Answer", bound=BaseModel)

_TUS: Final = {"Tus-Resumable": "1.0.0"}
_PART_BYTES: Final = 16 * 1024**2
_TRIES: Final = 5


class RefusedError(Exception):
    """The service refused; `problem` is its document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.reason}: {problem.detail}")
        self.problem = problem


class Client:
    """Asks one service.

    Args:
        address: of the service, as ``https://cad.example``.
        key: of `cad client create`, or a token; a demo's service needs none.
        purpose: what for.
        release: that answers; the latest base where None, which is for care alone.
        transport: how requests are sent, where not over the network.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        purpose: str = "care",
        release: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(
            base_url=address, headers=headers, timeout=120, transport=transport
        )
        self._purpose, self._release = purpose, release

    def status(self) -> StatusAnswer:
        """What the warehouse holds."""
        return self._read(StatusAnswer, "/v1/status", {})

    def variant(self, name: str, strata: Sequence[str] = ()) -> VariantAnswer:
        """How often a variant is seen, by any of its names."""
        path = f"/v1/variants/{quote(name, safe='')}"
        return self._read(VariantAnswer, path, self._asked(stratum=list(strata)))

    def variants(self, names: Sequence[str], strata: Sequence[str] = ("all",)) -> VariantsAnswer:
        """The figures of up to 10 000 variants."""
        body = self._asked(variants=list(names), stratum=list(strata))
        response = self._http.post("/v1/variants", json=body)
        return VariantsAnswer.model_validate_json(_checked(response).content)

    def region(self, region: str, strata: Sequence[str] = ()) -> Iterator[VariantAnswer]:
        """The variants of a region, part by part."""
        for part in self._parts(f"/v1/regions/{quote(region)}", stratum=list(strata)):
            for one in part["variants"]:
                yield VariantAnswer.model_validate(one)

    def gene(self, symbol: str, **question: Any) -> GeneAnswer:
        """The first part of a gene's variants, the most severe first."""
        path = f"/v1/genes/{quote(symbol, safe='')}"
        return self._read(GeneAnswer, path, self._asked(**question))

    def carriers(self, variant: str, where: Sequence[str] = ()) -> Document:
        """Who carries a variant, together."""
        question = {"purpose": self._purpose, "where": list(where)}
        return self._get(f"/v1/carriers/{quote(variant, safe='')}", question)

    def subset(self, what: str, where: Sequence[str]) -> Document:
        """Frequencies in any subset of persons, of a variant, region or gene."""
        question = {"purpose": self._purpose, "where": list(where)}
        return self._get(f"/v1/subset/{quote(what, safe='')}", question)

    def annotate(
        self,
        source: Path,
        out: Path,
        *,
        stratum: str = "all",
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Write a VCF with the base's figures, bgzipped; progress is told bytes read, of all."""
        question = self._asked(stratum=stratum)
        with source.open("rb") as opened:
            sent = self._http.post("/v1/annotate", params=question, content=opened)
        address = urlsplit(_checked(sent).headers["location"]).path
        while (told := _checked(self._http.get(address)).json())["state"] == "running":
            if progress is not None:
                progress(told["done"], told["total"])
        with self._http.stream("GET", f"{address}/vcf") as response:
            if not response.is_success:
                response.read()
            with out.open("wb") as written:
                written.writelines(_checked(response).iter_bytes())

    def releases(self) -> list[Document]:
        """The releases there are."""
        found: list[Document] = self._get("/v1/releases", {})["releases"]
        return found

    def push(self, batch_dir: Path, *, replace: bool = False, strict: bool = False) -> Document:
        """Send a batch up, in parts that go on after a break, and push it; returns its receipt."""
        batch = batch_dir.name
        for file in sorted(path for path in batch_dir.rglob("*") if path.is_file()):
            self._send(batch, file.relative_to(batch_dir).as_posix(), file)
        body = {"batch": batch, "replace": replace, "strict": strict}
        response = _checked(self._http.post("/v1/batches", json=body))
        while response.status_code == httpx.codes.ACCEPTED:
            response = _checked(self._http.get(urlsplit(response.headers["location"]).path))
        receipt: Document = response.json()
        return receipt

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _asked(self, **more: Any) -> Document:
        released = {} if self._release is None else {"release": self._release}
        return {"purpose": self._purpose, **released, **more}

    def _get(self, path: str, question: Mapping[str, Any]) -> Document:
        found: Document = _checked(self._http.get(path, params=dict(question))).json()
        return found

    def _read(self, model: type[Answer], path: str, question: Mapping[str, Any]) -> Answer:
        response = _checked(self._http.get(path, params=dict(question)))
        return model.model_validate_json(response.content)

    def _parts(self, path: str, **question: Any) -> Iterator[Document]:
        cursor: Document = {}
        while True:
            part = self._get(path, self._asked(**question, **cursor))
            yield part
            if part["next"] is None:
                return
            cursor = {"cursor": part["next"]}

    def _send(self, batch: str, path: str, file: Path) -> None:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        told = {"batch": batch, "path": path, "sha256": digest}
        pairs = (
            f"{name} {base64.b64encode(word.encode()).decode()}" for name, word in told.items()
        )
        size = file.stat().st_size
        headers = {**_TUS, "Upload-Length": str(size), "Upload-Metadata": ",".join(pairs)}
        begun = _checked(self._http.post("/v1/uploads", headers=headers))
        self._send_parts(urlsplit(begun.headers["location"]).path, file, size)

    def _send_parts(self, address: str, file: Path, size: int) -> None:
        offset, failed = 0, 0
        with file.open("rb") as opened:
            while offset < size:
                opened.seek(offset)
                headers = {
                    **_TUS,
                    "Upload-Offset": str(offset),
                    "Content-Type": "application/offset+octet-stream",
                }
                try:
                    part = opened.read(_PART_BYTES)
                    response = self._http.patch(address, content=part, headers=headers)
                    offset = int(_checked(response).headers["upload-offset"])
                except httpx.TransportError:
                    failed += 1
                    if failed == _TRIES:
                        raise
                    told = _checked(self._http.head(address, headers=_TUS))
                    offset = int(told.headers["upload-offset"])


def _checked(response: httpx.Response) -> httpx.Response:
    """The response, where it is a success.

    Raises:
        RefusedError: the service refused.
    """
    if response.is_success:
        return response
    try:
        problem = Problem.model_validate_json(response.content)
    except ValueError:
        response.raise_for_status()
        raise
    raise RefusedError(problem)
