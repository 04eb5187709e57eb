"""Logs never quote a row: what a database says of a failing one stays out."""

import json
import logging
import subprocess
import sys

from shared.kit.log import JsonFormatter


def line_of(error: Exception) -> dict[str, str]:
    try:
        raise error
    except Exception:  # noqa: BLE001 - the test's own
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "unhandled", None, sys.exc_info())
    line: dict[str, str] = json.loads(JsonFormatter("union").format(record))
    return line


def test_a_value_in_an_error_stays_out_of_the_log() -> None:
    line = line_of(ValueError("Failing row contains (单文慧, 519901199003050469)"))
    assert "单文慧" not in json.dumps(line, ensure_ascii=False)
    assert "ValueError" in line["error"]
    assert "test_log.py" in line["error"]


def test_an_error_that_quotes_no_data_keeps_its_text() -> None:
    assert "no attribute 'x'" in line_of(AttributeError("no attribute 'x'"))["error"]


def test_causes_are_told() -> None:
    phone = "123" + "00001111"  # the line of source must not hold it
    try:
        raise KeyError(phone) from ImportError("a module")
    except KeyError as error:
        line = line_of(error)
    assert "caused by" in line["error"]
    assert "a module" in line["error"]
    assert phone not in line["error"]


def test_a_question_to_another_service_is_no_line() -> None:
    program = (
        "import logging; from shared.kit.log import set_up_logging; set_up_logging('union', 'INFO');"
        "[logging.getLogger(name).info('from %s', name) for name in ('httpx', 'quntuan.bus')]"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert [json.loads(line)["message"] for line in told.splitlines()] == ["from quntuan.bus"]
