"""Character error rate, as one counts it for speech in this domain: letters and hanzi only, no case."""


def bare(text: str) -> str:
    """Leaves out what is not said."""
    return "".join(character for character in text.lower() if character.isalnum())


def distance(said: str, heard: str) -> int:
    """Insertions, deletions and replacements between two texts."""
    row = list(range(len(heard) + 1))
    for at, character in enumerate(said):
        left = [at + 1]
        for other, candidate in enumerate(heard):
            left.append(min(row[other + 1] + 1, left[other] + 1, row[other] + (character != candidate)))
        row = left
    return row[-1]


class Tally:
    """Errors of a group of clips."""

    def __init__(self) -> None:
        self.clips = self.exact = self.errors = self.characters = 0

    def add(self, said: str, heard: str) -> None:
        """Counts one clip."""
        said, heard = bare(said), bare(heard)
        errors = distance(said, heard)
        self.clips += 1
        self.exact += errors == 0
        self.errors += errors
        self.characters += len(said)

    @property
    def rate(self) -> float:
        """Errors per character said; per clip where nothing is said."""
        return self.errors / (self.characters or self.clips or 1)
