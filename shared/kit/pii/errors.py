"""Why personal data was refused: a reason and a hint for staff, never the value itself."""


class PersonalDataError(ValueError):
    """Refused input. The text holds no personal data, so it may be shown and logged."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


class IdentityError(PersonalDataError):
    """An identity or other document number that cannot be right."""


class PhoneError(PersonalDataError):
    """A telephone number that cannot be right."""


class PersonNameError(PersonalDataError):
    """A name that cannot be stored."""


class CardError(PersonalDataError):
    """A membership card number that cannot be right."""
