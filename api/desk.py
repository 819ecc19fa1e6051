"""The desk at which every question is asked: gate, base or release, budget, audit, form.

A handler says what is asked and gives the answer; `Desk` asks the gate before anything is read, and
enters the read into the audit log before the answer leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import orjson
from fastapi import Depends, Request, Response

from api.budget import Budget
from api.callers import Doorkeeper
from api.models import Moment
from api.problems import NotModified
from api.shelf import Shelf, is_as_old
from api.tables import JSON, Row, as_table, chosen_form
from cad.access.clients import Identity
from cad.audit import AuditLog, Entry
from cad.audit.persons import person_tokens
from cad.cohort.project import Project, read_project
from cad.cohort.select import CohortCache
from cad.gate import Question, Rule, check, rule_of
from cad.query import BaseReader, BaseService
from cad.registry.engine import reading
from cad.settings import Settings
from cad.uploads.annotate import AnnotateDesk
from cad.uploads.push import Pusher
from cad.uploads.store import UploadStore
from cad.variant_numbers import number_of
from cad.warehouse import Warehouse
from schemas.errors import BadQuestion, Forbidden


@dataclass
class Hall:
    """What the application made once, when it started."""

    warehouse: Warehouse
    settings: Settings
    service: BaseService
    log: AuditLog
    budget: Budget
    doorkeeper: Doorkeeper
    cohorts: CohortCache
    store: UploadStore
    pusher: Pusher
    shelf: Shelf
    annotate: AnnotateDesk


@dataclass
class Asked:
    """What an answer and its audit entry say of where it comes from."""

    question: Question
    purpose: str | None
    about: Mapping[str, Any]
    commit: int | None = None
    release: str | None = None
    project: str | None = None
    tag: str | None = None


class Stated(Protocol):
    """What every question states."""

    @property
    def purpose(self) -> str:
        """What for."""


class Desk:
    """One request's way to an answer."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.hall: Hall = request.app.state.hall
        self.identity: Identity = request.state.identity
        self.caller = self.identity.caller

    @contextmanager
    def read(
        self,
        what: Question,
        question: Stated,
        about: Mapping[str, Any],
        *,
        project: Project | None = None,
        at_latest: bool = False,
    ) -> Iterator[tuple[BaseReader, Asked]]:
        """A reader for one question, once the gate has let it pass.

        Args:
            what: is asked, as the gate names it.
            question: the purpose, and the release or of when.
            about: what the audit log says was asked; nobody's id.
            project: in which it is asked.
            at_latest: whether persons are selected by what the registry says now.

        Raises:
            Forbidden: see `cad.gate.check`.
            NotModified: the caller has this answer.
            NotFound: `release_unknown`, nothing that old is kept.
            BadQuestion, NotFound, Conflict, Unavailable: see `cad.query.BaseService.read`.
        """
        release, purpose = self.release(what, question, project), question.purpose
        with ExitStack() as stack:
            if release is not None:
                reader = self.hall.shelf.reader(release, purpose)
            else:
                opened = self.hall.service.read(purpose, at_latest=at_latest)
                reader = stack.enter_context(opened)
            base = reader.base
            asked = Asked(what, purpose, about, base.commit_no, release)
            asked.project = None if project is None else project.name
            asked.tag = self._tag(base.pinned_no)
            if self._request.headers.get("if-none-match") == asked.tag:
                self.enter(asked, 0)
                raise NotModified(asked.tag)
            yield reader, asked

    def release(
        self, what: Question, question: Stated, project: Project | None = None
    ) -> str | None:
        """The release that is to answer, once the gate has let it pass; None for the latest base.

        Raises:
            Forbidden: see `cad.gate.check`.
            NotFound: `release_unknown`, nothing that old is kept.
            BadQuestion: `purpose_unknown`, `as_of_malformed`, `request_malformed`.
        """
        release = self._named(what, question)
        check(self.caller, what, question.purpose, release=release, project=project)
        return release

    def _named(self, what: Question, question: Stated) -> str | None:
        """Outside care `as_of` means a release in any case, so that the gate never sees a base."""
        if not isinstance(question, Moment):
            return None
        if question.release is not None and question.as_of is not None:
            raise BadQuestion("request_malformed", "name a release or a moment, not both")
        if question.as_of is None:
            return question.release
        rule = rule_of(self.caller.role, question.purpose, what)
        if rule is not Rule.RELEASE:
            with self.hall.service.read(question.purpose) as reader:
                if is_as_old(reader.base.commit_no, reader.base.built_at, question.as_of):
                    return None
        return self.hall.shelf.as_of(question.as_of)

    def spend(self, variants: Iterable[str]) -> None:
        """Count distinct variants against the caller's budget.

        Raises:
            LimitReached: `budget_spent`.
        """
        self.hall.budget.spend(self.identity, map(number_of, variants))

    def enter(self, asked: Asked, rows: int | None, persons: Collection[str] = ()) -> None:
        """Enter a read into the audit log; call it before the answer leaves.

        Raises:
            OSError: it could not be written, and nothing may leave.
        """
        tokens = person_tokens(self.hall.warehouse, persons)
        self.hall.log.enter(
            Entry(
                who=self.caller.name,
                role=self.caller.role,
                what=asked.question,
                purpose=asked.purpose,
                asked={k: v for k, v in asked.about.items() if v not in (None, (), [], "")},
                commit=asked.commit,
                release=asked.release,
                project=asked.project,
                rows=rows,
                persons=tuple(sorted(tokens.values())),
            )
        )

    def answer(
        self,
        asked: Asked,
        document: Any,
        rows: int,
        table: Callable[[], Iterable[Row]] | None = None,
        persons: Collection[str] = (),
    ) -> Response:
        """Enter the read, and give the answer in the form that the request accepts.

        Args:
            asked: from `read`.
            document: the answer.
            rows: how many rows it holds, for the log.
            table: its rows, where it can be a table.
            persons: ids of those whom the answer lists.

        Raises:
            BadQuestion: `media_unknown`.
        """
        form = self.form if table is not None else JSON
        if table is None or form == JSON:
            content = orjson.dumps(document)
        else:
            content = as_table(table(), form)
        self.enter(asked, rows, persons)
        headers = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
        if asked.tag is not None:
            headers["ETag"] = asked.tag
        return Response(content, headers=headers, media_type=form)

    def project(self, name: str | None) -> Project | None:
        """The open project of a name.

        Raises:
            NotFound: `project_unknown`.
            Forbidden: `project_not_open`; `not_allowed`, without telling whether there is one, to
                who does not belong to it.
        """
        if name is None:
            return None
        if name not in self.caller.projects:
            raise Forbidden("not_allowed", "the caller does not belong to the project", name)
        with reading(self.hall.warehouse.engine) as connection:
            return read_project(connection, name)

    @property
    def form(self) -> str:
        """The media type that the request accepts."""
        headers, query = self._request.headers, self._request.query_params
        return chosen_form(headers.get("accept", ""), query.get("format"))

    def address(self, path: str) -> str:
        """An address of the service as callers know it."""
        base = self.hall.settings.public_url or str(self._request.base_url)
        return base.rstrip("/") + path

    def _tag(self, state: int) -> str:
        """Of a state of the warehouse, a caller and an address: what the answer depends on."""
        scope, who = self._request.scope, self.caller
        asked = scope["path"], scope["query_string"], self.form
        words = (*asked, who.name, who.role, self.hall.settings.public_url)
        digest = hashlib.sha256(repr(words).encode()).hexdigest()[:16]
        return f'W/"{state}-{digest}"'


async def get_desk(request: Request) -> Desk:
    """The desk for one request."""
    return Desk(request)


AtDesk = Annotated[Desk, Depends(get_desk)]
