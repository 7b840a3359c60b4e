"""Errors of the domain. Actions and queries raise them; one handler in create_app turns them into pages or problems."""


class DomainError(Exception):
    """Something a person or a machine asked for cannot be done; the message says what to do next."""

    status = 400
    title = "That did not work"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(DomainError):
    """It does not exist, or this viewer may not know that it does."""

    status = 404
    title = "Not found"

    def __init__(self, message: str = "There is nothing here that you can see. Check the address, or go back to the start.") -> None:
        super().__init__(message)


class NotAllowed(DomainError):
    """The viewer is known and may see it, but not do this."""

    status = 403
    title = "Not allowed"


class WrongState(DomainError):
    """The thing is not in a state in which this can be done."""

    status = 409
    title = "Not possible now"


class Stale(DomainError):
    """Somebody else changed it since the page was made."""

    status = 409
    title = "This changed meanwhile"


class Invalid(DomainError):
    """A value cannot be accepted."""

    status = 422
    title = "Please check what you entered"


class Gone(DomainError):
    """It existed, and its time has passed: a used or expired link."""

    status = 410
    title = "This link has expired"
