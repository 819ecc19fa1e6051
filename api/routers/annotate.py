"""A whole VCF: sent up, annotated with the base's figures, fetched; with progress in between."""

from __future__ import annotations

from concurrent.futures import wait
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse

from api.desk import Asked, AtDesk, Desk
from api.models import Document, Moment
from api.problems import DOCUMENTED
from cad.uploads.annotate import AnnotateJob
from schemas.errors import Conflict

router = APIRouter(tags=["annotate"])

_VCF = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_WAIT_SECONDS = 20.0
JobId = Annotated[str, Path(description="From `Location`.")]


class AnnotateQuestion(Moment):
    """How a VCF is to be annotated."""

    purpose: str = Field(default="care", description="Whose consents let them count.")
    stratum: str = Field(default="all", description="In whom.")
    annotation: list[str] = Field(
        default=[], max_length=50, description="Sources too, as SOURCE[@VERSION][:FIELD+...]."
    )


class AnnotateAnswer(Document):
    """How far a file has come; once it is done, `/vcf` below its address gives it."""

    job: str
    state: str
    done: int = Field(description="Bytes read.")
    total: int = Field(description="Bytes in all, 0 before it begins.")
    records: int | None = Field(description="Records written, once all are.")


@router.post(
    "/annotate",
    status_code=HTTPStatus.ACCEPTED,
    response_model=AnnotateAnswer,
    responses=DOCUMENTED,
    openapi_extra=_VCF,
)
async def send_vcf(
    request: Request, desk: AtDesk, question: Annotated[AnnotateQuestion, Query()]
) -> Response:
    """Send a VCF, plain, bgzipped or BCF; `Location` is where to ask for its progress."""
    release = await run_in_threadpool(desk.release, "frequencies", question)
    jobs = desk.hall.annotate
    job = await run_in_threadpool(jobs.open, desk.caller.name)
    try:
        with job.source.open("wb") as file:
            async for chunk in request.stream():
                await run_in_threadpool(file.write, chunk)
    except BaseException:
        jobs.forget(job)
        raise
    jobs.start(
        job,
        purpose=question.purpose,
        release=release,
        stratum=question.stratum,
        annotation=question.annotation,
        spend=lambda numbers: desk.hall.budget.spend(desk.identity, numbers),
    )
    document = AnnotateAnswer.model_validate(job.to_json())
    response = Response(document.model_dump_json(), HTTPStatus.ACCEPTED)
    response.headers["Content-Type"] = "application/json"
    response.headers["Location"] = desk.address(f"/v1/annotate/{job.job_id}")
    return response


@router.get("/annotate/{job_id}", response_model=AnnotateAnswer, responses=DOCUMENTED)
def read_progress(desk: AtDesk, job_id: JobId) -> dict[str, object]:
    """How far a file has come; why, where it was refused."""
    job = desk.hall.annotate.find(desk.caller.name, job_id)
    wait([job.outcome], _WAIT_SECONDS / 20)
    _raise_refusal(desk, job)
    return job.to_json()


@router.get("/annotate/{job_id}/vcf", response_class=FileResponse, responses=DOCUMENTED)
def fetch_vcf(desk: AtDesk, job_id: JobId) -> Response:
    """The annotated file, bgzipped, once; it is deleted when it has been sent."""
    job = desk.hall.annotate.find(desk.caller.name, job_id)
    wait([job.outcome], min(_WAIT_SECONDS, desk.hall.settings.answer_seconds / 2))
    _raise_refusal(desk, job)
    if not job.outcome.done():
        raise Conflict("upload_incomplete", "it is still being annotated", job_id)
    made = job.outcome.result()
    about = {"stratum": made.stratum, "annotations": [one["source"] for one in made.annotations]}
    asked = Asked("frequencies", made.purpose, about, made.commit, made.release)
    desk.enter(asked, made.records)
    forget = BackgroundTask(desk.hall.annotate.forget, job)
    return FileResponse(job.result, media_type="application/gzip", background=forget)


def _raise_refusal(desk: Desk, job: AnnotateJob) -> None:
    error = job.error
    if error is not None:
        desk.hall.annotate.forget(job)
        raise error
