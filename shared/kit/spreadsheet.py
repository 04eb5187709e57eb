"""What a spreadsheet would take for a formula: one rule for every file that leaves the house."""

FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text instead of showing it."""
    return bool(text) and text[0] in FORMULA_STARTS


def as_text(text: str) -> str:
    """The text for a CSV cell; an apostrophe in front keeps a spreadsheet from running it."""
    return f"'{text}" if is_formula(text) else text
