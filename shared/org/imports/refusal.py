"""Why a file is not taken: a reason and what to do, in words for staff."""


class FileRefused(Exception):  # noqa: N818 - a refusal, no fault of the program
    """The file as a whole is refused; `rows` names the lines that were the cause, if any."""

    def __init__(self, reason: str, hint: str = "", rows: tuple[int, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.rows = reason, hint, rows
