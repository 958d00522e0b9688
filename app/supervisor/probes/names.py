"""Whether names are resolved at all. Without that nobody can be asked, and silence says nothing about who did not answer."""

import socket

OURSELVES = "supervisor"  # Docker's name service knows it for as long as we run


def names_resolve(name: str = OURSELVES) -> bool:
    """False when the name service itself does not answer; that it does not know `name` is an answer."""
    try:
        socket.getaddrinfo(name, None)
    except socket.gaierror as error:
        return error.errno != socket.EAI_AGAIN
    return True
