"""How large a roster file may be and what its parsing may use: limits of the machine, not of the law."""

MB = 1_000_000

PACKED = 50 * MB
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
ROW = 200_000

MEMORY = 1_400 * MB
CPU_SECONDS = 30
WALL_SECONDS = 60
LINE = 2 * MB
"""longest line of the child's answer"""
