"""The kinds of what is removed: one line here gives a kind its word, key, colour and hint everywhere."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What a removed stretch is: its word in files, its key and colour on the page, a hint for a newcomer."""

    name: str
    key: str
    colour: str
    hint: str


# The order is the network's; the colours stay apart for the colour-blind (Okabe and Ito, 2008).
KINDS = (
    Kind("silence", "1", "#56b4e9", "a pause: nothing but the room"),
    Kind("breath", "2", "#e69f00", "breathing in or out"),
    Kind("noise", "3", "#cc79a7", "clicks, smacks, coughs, bumps, the microphone touched, anything else"),
)
KIND_NAMES = tuple(kind.name for kind in KINDS)
UNSAID = Kind("", "0", "#999999", "to be removed, without saying what it is")
