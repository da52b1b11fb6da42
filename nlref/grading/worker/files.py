"""The extra files of an assignment, written into the session's working folder before its first cell."""

import os


def write(name: str, content: bytes) -> None:
    folder = os.path.dirname(name)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(name, "wb") as file:
        file.write(content)
