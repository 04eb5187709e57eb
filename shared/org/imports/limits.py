"""How large a roster file may be and what its parsing may use: limits of the machine, not of the law."""

MB = 1_000_000

PACKED = 50 * MB
TEXT = 300 * MB
"""a million lines of a roster are some 190 MB"""
UPLOAD = TEXT + 2 * MB
"""the largest file and the form around it"""
UNPACKED = 512 * MB
ENTRIES = 200
RATIO = 200
RATIO_FROM = 1 * MB
"""a small part may be packed more tightly than RATIO: 20 kB of blanks harm nobody"""

COLUMNS = 200
XLSX_ROWS = 200_000
XLSX_CELLS = 8_000_000
CSV_ROWS = 1_100_000
SHEETS = 60
CELL = 32_767
"""what Excel itself allows in one cell"""
ROW = 40_000
SAID = 20 * MB
"""characters a small file may hold in all its cells: one long text may stand in a workbook once and be
shown in ten thousand cells"""
SAID_RATIO = 40

MEMORY = 1_400 * MB
CPU_SECONDS = 30
CPU_SECONDS_PER_MB = 0.5
"""more for long texts: workbooks are small, and the hostile ones among them end early"""
SILENCE = 60
"""seconds in which the child must say something; how long all of it takes is for the database to say"""
LINE = 2 * MB
"""longest line of the child's answer"""


def most_bytes(head: bytes) -> int:
    """How large a file that begins so may be: a workbook is packed, text is not."""
    return PACKED if head.startswith(b"PK") else TEXT


def most_said(size: int) -> int:
    """How many characters the cells of a file of that size may hold together."""
    return min(TEXT, max(SAID, size * SAID_RATIO))


def cpu_seconds(size: int) -> int:
    """How long the child may compute for a file of that size."""
    return CPU_SECONDS + round(size / MB * CPU_SECONDS_PER_MB)
