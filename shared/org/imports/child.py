"""Runs the parsing child for one file and hands on what it says; its end is always a clear word."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

import orjson

from shared.org.imports import limits
from shared.org.imports.guard import AGAIN
from shared.org.imports.refusal import FileRefused, is_packed, too_large, too_slow

ROOT = Path(__file__).parents[3]
BLOCK = 1 << 15
_CRASHED = "读取文件的程序意外中断，不是文件大小的问题"
_SAY_SO = "请在 Excel 或 WPS 中打开，另存一份后再上传；仍然不行，请告诉运维人员。"
_OUT_OF_TIME = (-signal.SIGXCPU,)
_OUT_OF_MEMORY = (-signal.SIGABRT, -signal.SIGKILL)
"""a library that is refused memory aborts, the machine kills; Python itself says so"""
log = logging.getLogger("quntuan.imports")


async def parse(source: IO[bytes], silence: float = limits.SILENCE) -> AsyncIterator[Any]:
    """The child's messages for an open file, or FileRefused. The child never outlives this."""
    source.seek(0)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-s", "-m", "shared.org.imports.parse_child",
        stdin=source.fileno(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        cwd="/", env=environment(), start_new_session=True,
    )  # fmt: skip
    packed = is_packed(source.fileno())
    finished = False
    try:
        async for message in _messages(child, silence):
            if isinstance(message, dict) and "refused" in message:
                refused = message["refused"]
                raise FileRefused(refused["reason"], refused["hint"], tuple(refused["rows"]))
            finished = isinstance(message, dict) and "end" in message
            yield message
        if not finished:
            raise _why(await asyncio.wait_for(child.wait(), silence), packed)
    except TimeoutError as error:
        raise too_slow(packed) from error
    except ValueError as error:  # a line beyond the limit
        raise FileRefused("文件里有一行过长", AGAIN) from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def _why(code: int, packed: bool) -> FileRefused:
    """Why a child ended that has not said its last word."""
    if code in _OUT_OF_TIME:
        return too_slow(packed)
    if code in _OUT_OF_MEMORY:
        return too_large(packed)
    log.error("the child that reads a file crashed", extra={"code": code})
    return FileRefused(_CRASHED, _SAY_SO)


async def _messages(child: asyncio.subprocess.Process, silence: float) -> AsyncIterator[Any]:
    """Line by line, read in blocks: waiting for each line of a million alone would take a minute."""
    assert child.stdout is not None
    held = b""
    while block := await asyncio.wait_for(child.stdout.read(BLOCK), silence):
        *lines, held = (held + block).split(b"\n")
        if len(held) > limits.LINE:
            raise ValueError("a line beyond the limit")
        for line in lines:
            yield orjson.loads(line)


def environment() -> dict[str, str]:
    """No secrets: the child needs to find its modules, nothing else."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "SYSTEMROOT") if name in os.environ}
    return {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", **kept}
