"""What an administrator may type, and what the API answers."""

from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from starlette.datastructures import FormData

from shared.kit.errors import Problem, problem_of
from shared.kit.types import SearchText, Text60

Login = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z][A-Za-z0-9._-]{1,39}$")
]
Office = Annotated[SearchText, Field(max_length=60)]


class ScopeForm(BaseModel):
    """A limit as a form gives it: `scope` is a unit's id, empty for everything, None when none is picked."""

    model_config = ConfigDict(extra="ignore")

    scope: UUID | Literal[""] | None = None
    scope_q: SearchText = ""


class AccountForm(ScopeForm):
    """An account as the form gives it."""

    name: Text60
    office: Office = ""
    roles: list[SearchText] = Field(default=[], max_length=20)


class NewAccountForm(AccountForm):
    """With the login, which never changes afterwards."""

    login: Login


class TokenForm(ScopeForm):
    """An API token: at most a year, then a new one."""

    name: Text60
    days: int = Field(default=90, ge=1, le=366)
    roles: list[SearchText] = Field(default=[], max_length=20)


class RoleOut(BaseModel):
    """A role by code, with its Chinese name."""

    code: str
    title: str


class Me(BaseModel):
    """Who is asking, as the service sees it."""

    id: UUID
    login: str
    name: str
    office: str
    roles: list[RoleOut]
    scope_path: str
    permissions: list[str] = Field(description="Grants; `*` stands for every business area.")
    via: str


FormModel = TypeVar("FormModel", bound=BaseModel)


def typed_in(form: FormData) -> dict[str, object]:
    """What was typed, to show again beside the errors."""
    typed: dict[str, object] = {k: v for k, v in form.items() if isinstance(v, str)}
    return {**typed, "roles": [v for v in form.getlist("roles") if isinstance(v, str)]}


def read_form(model: type[FormModel], form: FormData) -> FormModel | dict[str, str]:
    """The form as `model`, or what is wrong with it by field, in Chinese."""
    try:
        return model.model_validate(typed_in(form))
    except ValidationError as error:
        located = [{**e, "loc": ("body", *e["loc"])} for e in error.errors()]
        problem: Problem = problem_of(RequestValidationError(located))
        if "login" in problem.fields:
            problem.fields["login"] = "2 到 40 位，以字母开头，只用字母、数字和 . _ -"
        return {field.split(".")[0]: text for field, text in problem.fields.items()}
