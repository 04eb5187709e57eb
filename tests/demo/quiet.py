"""A progress display that shows nothing but remembers."""

import io

from rich.console import Console
from rich.progress import Progress


class Quiet(Progress):
    """Not started: the tasks count, nothing is drawn."""

    def __init__(self) -> None:
        super().__init__(console=Console(file=io.StringIO()))
