"""AsyncAPI 3.0 of one service, from its modules' declarations: what it says, reads and answers."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.contracts.event import ROOT, Envelope, Event, rpc_subject
from shared.contracts.rpc import FETCH, FetchAnswer, FetchRequest
from shared.kit.module import Module, Responder

SCHEMAS = "#/components/schemas/{model}"


def document(service: str, title: str, modules: Sequence[Module]) -> dict[str, Any]:
    """The whole document; payload schemas come from the published language, not from handlers."""
    publishes = _unique(kind for module in modules for kind in module.publishes)
    reads = _unique(kind for module in modules for p in module.projections for kind in p.events)
    answers = [(m.title, responder) for m in modules for responder in m.responders]
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for kind in publishes:
        _event(channels, operations, kind, service, "send")
    for kind in reads:
        _event(channels, operations, kind, "hub" if kind.owner == "hub" else "{organisation}", "receive")
    for module_title, responder in answers:
        _answer(channels, operations, service, responder, module_title)
    _fetch(channels, operations, service)
    asked = [responder.request for _, responder in answers]
    models = _unique([*publishes, *reads, *asked, Envelope, FetchRequest, FetchAnswer])
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": "1", "description": f"NATS: {ROOT}.{service}.>"},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"schemas": _schemas(models)},
    }


def _unique(models: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(models))


def _schemas(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    _, definitions = models_json_schema([(m, "validation") for m in models], ref_template=SCHEMAS)
    found: dict[str, Any] = definitions["$defs"]
    return dict(sorted(found.items()))


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": SCHEMAS.format(model=model.__name__)}


def _event(
    channels: dict[str, Any], operations: dict[str, Any], kind: type[Event], source: str, action: str
) -> None:
    """One event type: the envelope with this payload as its `data`."""
    name = f"{action}.{kind.type}"
    middle = f"{source}.to.{{addressee}}" if kind.addressed else source
    address = f"{ROOT}.{middle}.{kind.type}"
    parameters = {
        key: {"description": text}
        for key, text in {"organisation": "发布方代码", "addressee": "收件方代码"}.items()
        if f"{{{key}}}" in address
    }
    payload = {"allOf": [_ref(Envelope), {"type": "object", "properties": {"data": _ref(kind)}}]}
    message = {"title": kind.title, "contentType": "application/cloudevents+json", "payload": payload}
    channels[name] = {"address": address, "messages": {kind.__name__: message}} | (
        {"parameters": parameters} if parameters else {}
    )
    operations[name] = {"action": action, "title": kind.title, "channel": {"$ref": f"#/channels/{name}"}}


def _answer(
    channels: dict[str, Any], operations: dict[str, Any], service: str, responder: Responder, title: str
) -> None:
    """A request this service answers, on the asker's inbox."""
    name, reply = f"rpc.{responder.name}", f"rpc.{responder.name}.reply"
    channels[name] = {
        "address": rpc_subject(service, responder.name),
        "messages": {responder.request.__name__: {"payload": _ref(responder.request)}},
    }
    channels[reply] = {"address": None, "messages": {"reply": {"payload": {"type": "object"}}}}
    operations[name] = {
        "action": "receive",
        "title": f"{title}: {responder.name}",
        "channel": {"$ref": f"#/channels/{name}"},
        "reply": {"channel": {"$ref": f"#/channels/{reply}"}},
    }


def _fetch(channels: dict[str, Any], operations: dict[str, Any], service: str) -> None:
    """What every publisher answers: its own events again, by number."""

    async def never(_: FetchRequest) -> FetchAnswer:
        return FetchAnswer(envelopes=[], newest=0)

    _answer(channels, operations, service, Responder(FETCH, FetchRequest, never), "补发事件")
    channels[f"rpc.{FETCH}.reply"]["messages"]["reply"]["payload"] = {
        "type": "object",
        "properties": {"answer": _ref(FetchAnswer)},
    }


def page(described: dict[str, Any]) -> str:
    """The document as a plain page: no script, no style, no outside asset."""
    rows = [_row(described, operation) for operation in described["operations"].values()]
    title = escape(described["info"]["title"])
    heads = "".join(f"<th scope=col>{head}</th>" for head in ("方向", "名称", "主题", "字段"))
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title} 事件</title>'
        f"<h1>{title}:事件与请求</h1><p><a href=asyncapi.json>AsyncAPI 3.0 (JSON)</a></p>"
        f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table></html>"
    )


def _row(described: dict[str, Any], operation: dict[str, Any]) -> str:
    channel = described["channels"][operation["channel"]["$ref"].rpartition("/")[2]]
    (message,) = channel["messages"]
    fields = described["components"]["schemas"][message].get("properties", {})
    direction = "应答" if "reply" in operation else {"send": "发布", "receive": "接收"}[operation["action"]]
    cells = (direction, operation["title"], channel["address"], ", ".join(fields))
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"


def asyncapi_routes(service: str, title: str, modules: Sequence[Module]) -> APIRouter:
    """`/asyncapi.json` and `/asyncapi`; both tell no data, only shapes."""
    router = APIRouter(include_in_schema=False)
    described = document(service, title, modules)

    @router.get("/asyncapi.json")
    async def as_json() -> Response:
        return JSONResponse(described)

    @router.get("/asyncapi")
    async def as_page() -> Response:
        return Response(page(described), media_type="text/html; charset=utf-8")

    return router
