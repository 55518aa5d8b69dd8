"""English sentences of the domain, made at random under the same rules as the Mandarin ones (see `grammar_zh`)."""

import random

from grammar_zh import Sentence, load
from numerals import ENGLISH, english, english_digits


class English:
    """Draws sentences from `vocabulary_en.toml`."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.words = load("vocabulary_en.toml", ";")
        self.parts = [(part, group) for group, parts in self.words["parts"].items() for part in parts]
        self.faults = [fault for faults in self.words["faults"].values() for fault in faults]
        self.makers = (
            (34, "report", self.report), (20, "rating", self.rating), (18, "saying", self.saying), (6, "address", self.address), (5, "number", self.number),
            (5, "short", lambda: self.pick("talk", "shorts")), (12, "shuffled", self.shuffled),
        )

    def sentence(self) -> Sentence:
        """Draws one sentence."""
        _, kind, make = self.random.choices(self.makers, [weight for weight, _, _ in self.makers])[0]
        self.pairs = []
        text = make()
        return Sentence(text[0].upper() + text[1:], "en", kind, tuple(self.pairs))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, *path: str) -> str:
        words = self.words
        for key in path:
            words = words[key]
        return self.random.choice(words)

    def fault(self) -> str:
        part, group = self.random.choice(self.parts)
        fault = self.random.choice(self.words["faults"][group]) if self.chance(0.75) else self.random.choice(self.faults)
        self.pairs.append((part, fault))
        room = self.pick("rooms")
        return self.random.choice((f"the {part} in the {room} {fault}", f"the {room} {part} {fault}", f"my {part} {fault}", f"the {part} {fault}", f"our {part} {fault}", f"the {part} {fault}"))

    def report(self) -> str:
        clause = self.fault()
        if self.chance(0.3):
            clause += " " + self.pick("report", "since")
        clauses = [clause]
        if self.chance(0.35):
            clauses.append(self.pick("report", "asks"))
        if self.chance(0.1):
            clauses.append("and " + self.fault())
        if self.chance(0.2):
            clauses.insert(0, self.pick("report", "openers"))
        return ", ".join(clauses)

    def rating(self) -> str:
        staff = self.pick("rating", "staff") + " " + self.pick("rating", self.random.choice(("good", "bad")))
        other = self.pick("rating", "staff") + " " + self.pick("rating", self.random.choice(("good", "bad")))
        other = other if other.startswith("I ") else other[0].lower() + other[1:]
        item, score = self.pick("rating", "items") + " " + self.pick("rating", "verdicts"), self.score()
        return self.random.choice((
            staff, item, f"{staff}, but {other}", f"{staff} and {other}", f"{item}, I give it {score}", f"I give {score}, {other}", f"I give {score} because {other}", f"I would say {score}", f"{item}, thank you",
            f"I give it {score}", f"{score}, {other}", f"{item}, but {other}", self.pick("rating", "wishes"), f"{item}, {self.pick('rating', 'wishes')}", f"{score} for {self.pick('rating', 'items').lower()}",
        ))

    def saying(self) -> str:
        shape = self.pick("talk", "sayings")
        return shape.format(p=self.random.choice(self.parts)[0], w=self.pick("times", "whens"), t=self.pick("times", "spans"), r=self.pick("rooms"))

    def shuffled(self) -> str:
        pools = (("report", "since"), ("report", "asks"), ("report", "openers"), ("talk", "shorts"), ("rooms",), ("times", "whens"), ("rating", "verdicts"), ("rating", "wishes"))
        clauses = [self.pick(*self.random.choice(pools)) for _ in range(self.random.choice((1, 2, 3)))]
        clauses.insert(self.random.randrange(len(clauses) + 1), self.saying().strip("?") if self.chance(0.5) else self.fault())
        return ", ".join(clause if clause.startswith("I ") else clause[0].lower() + clause[1:] for clause in clauses)

    def score(self) -> str:
        number = self.random.choice(ENGLISH[:11])
        return self.random.choice((number, f"{number} out of ten", f"{number} points", f"{number} stars", f"{number} out of five", f"a {number}", f"{number} point five"))

    def address(self) -> str:
        floor, room = english(self.random.randint(1, 40)), english_digits(str(self.random.randint(100, 2999)))
        return self.random.choice((
            f"I live in building {floor}, room {room}", f"building {floor}, room {room}", f"flat {room}", f"apartment {room}", f"unit {floor}, building {english(self.random.randint(1, 20))}", f"it is on floor {floor}",
            f"{english(self.random.randint(1, 200))} {self.pick('names', 'streets')}", f"my address is {english(self.random.randint(1, 99))} {self.pick('names', 'streets')}, flat {english(self.random.randint(1, 60))}",
        ))

    def number(self) -> str:
        digits = english_digits("".join(str(self.random.randrange(10)) for _ in range(self.random.choice((4, 6, 7, 8)))))
        return self.random.choice((
            f"my phone number is {digits}", f"call me on {digits}", f"ticket {digits}", f"my name is {self.pick('names', 'names')}", f"this is {self.pick('names', 'names')} from {self.pick('names', 'streets')}", self.score(),
            f"it cost {english(self.random.randint(10, 900))} dollars", f"at {self.random.choice(ENGLISH[1:13])} {self.random.choice(('in the morning', 'in the afternoon', 'thirty', 'fifteen', 'in the evening'))}",
            f"I waited {english(self.random.randint(2, 90))} minutes", f"it is only {english(self.random.randint(5, 30))} degrees in the {self.pick('rooms')}",
        ))
