"""Mandarin sentences of the domain, made at random.

Two rules keep the decoder honest. Parts and faults are paired freely (a quarter of the pairs make no sense), and clauses
are shuffled, so that nothing but the sound says what comes next. And a part of the sentences is no sentence at all but a
row of words. A pilot without these wrote the pair it had seen most often, whatever was said.
"""

import random
import tomllib
from dataclasses import dataclass
from pathlib import Path

from numerals import HANZI, chinese, chinese_digits


@dataclass(frozen=True)
class Sentence:
    """One sentence, and the pairs of part and fault in it (for holding pairs out)."""

    text: str
    language: str
    kind: str
    pairs: tuple[tuple[str, str], ...] = ()


def load(name: str, separator: str | None) -> dict:
    """Reads a vocabulary file; every string becomes a list of words or phrases."""
    tree = tomllib.loads((Path(__file__).parent / name).read_text("utf-8"))
    split = lambda text: [phrase.strip() for phrase in text.split(separator) if phrase.strip()]
    return {k: {n: split(w) for n, w in v.items()} if isinstance(v, dict) else split(v) for k, v in tree.items()}


class Mandarin:
    """Draws sentences from `vocabulary_zh.toml`."""

    def __init__(self, seed: int, salad: list[str]):
        """`salad` are words for the sentences without grammar, the frequent ones first."""
        self.random = random.Random(seed)
        self.words = load("vocabulary_zh.toml", None)
        self.parts = [(part, group) for group, parts in self.words["parts"].items() for part in parts]
        self.faults = [fault for faults in self.words["faults"].values() for fault in faults]
        self.salad = salad
        self.makers = (
            (34, "report", self.report), (5, "place", self.address), (14, "rating", self.rating), (7, "wish", self.wish),
            (10, "progress", self.progress), (6, "complaint", lambda: self.several("talk", "complaints")),
            (4, "praise", self.praise), (6, "short", lambda: self.pick("talk", "shorts")), (3, "chat", lambda: self.several("talk", "chat")),
            (3, "phone", self.phone), (3, "date", self.date), (4, "number", self.number), (10, "shuffled", self.shuffled), (9, "salad", self.word_salad),
        )

    def sentence(self) -> Sentence:
        """Draws one sentence."""
        _, kind, make = self.random.choices(self.makers, [weight for weight, _, _ in self.makers])[0]
        self.pairs = []
        text = make()
        if self.chance(0.06) and kind not in ("short", "salad"):
            text = self.hesitating(text)
        return Sentence(text, "zh", kind, tuple(self.pairs))

    # ---- drawing

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, *path: str) -> str:
        words = self.words
        for key in path:
            words = words[key]
        return self.random.choice(words)

    def several(self, *path: str) -> str:
        return "，".join(self.pick(*path) for _ in range(self.random.choices((1, 2, 3), (5, 4, 1))[0]))

    # ---- clauses

    def fault(self) -> str:
        """A part and what is wrong with it; three quarters of them plausible."""
        part, group = self.random.choice(self.parts)
        fault = self.random.choice(self.words["faults"][group]) if self.chance(0.72) else self.random.choice(self.faults)
        self.pairs.append((part, fault))
        where = self.pick("rooms") if self.chance(0.55) else ""
        joint = "的" if where and self.chance(0.3) else self.pick("sides") if where and self.chance(0.12) else ""
        degree = self.pick("report", "degrees") if self.chance(0.18) else ""
        head = self.random.choice(("我家", "我们家", "家里", "这个", "那个", "")) if self.chance(0.15) else ""
        return f"{head}{where}{joint}{part}{degree}{fault}"

    def report(self) -> str:
        fault, dice = self.fault(), self.random.random()
        if dice < 0.22:
            return fault
        extras = []
        if self.chance(0.45):
            extras.append(self.pick("report", "since"))
        if self.chance(0.35):
            extras.append(self.pick("report", "asks"))
        if self.chance(0.12):
            part, group = self.random.choice(self.parts)
            fault_too = self.random.choice(self.words["faults"][group])
            self.pairs.append((part, fault_too))
            extras.append(f"{part}{self.random.choice(('也', '还', '又', ''))}{fault_too}")
        clauses = [fault, *extras]
        if self.chance(0.3):
            self.random.shuffle(clauses)
        if self.chance(0.3):
            clauses.insert(0, self.pick("report", "openers"))
        elif self.chance(0.15):
            clauses.insert(0, self.address())
        glue = "" if self.chance(0.15) else "，"
        return clauses[0] + "".join((glue if i == 1 else "，") + clause for i, clause in enumerate(clauses[1:], 1))

    def rating(self) -> str:
        score, item, verdict = self.score(), self.pick("rating", "items"), self.pick("rating", "verdicts")
        staff = self.pick("rating", "staff") + self.pick("rating", self.random.choice(("staff_good", "staff_bad")))
        shapes = (
            f"{item}{verdict}", f"{item}方面{verdict}", f"对{item}{verdict}", f"{item}我打{score}", f"{item}给{score}", f"我打{score}",
            f"我打{score}，{staff}", f"给{score}，因为{staff}", f"{score}吧，{verdict}", f"总体{verdict}，就是{staff}", f"{staff}，{score}",
            f"{staff}，{staff and self.pick('talk', 'praises')}", f"{item}{score}，{self.pick('rating', 'items')}{self.score()}", f"{verdict}",
            f"会推荐，{staff}", f"不会推荐，{staff}", f"推荐的可能性{score}", f"整体打{score}", f"最满意的是{item}", f"最不满意的是{item}",
            f"{item}比去年好", f"{item}不如以前", f"{item}{verdict}，{self.pick('rating', 'items')}{self.pick('rating', 'verdicts')}",
            f"不是{verdict}", f"{staff}，但是{self.pick('rating', 'staff')}{self.pick('rating', 'staff_bad')}", f"{score}，{item}{verdict}",
            f"虽然{staff}，不过{verdict}", f"{staff}", f"本来想给{score}，现在给{self.score()}", f"不是{score}，是{self.score()}",
        )
        return self.random.choice(shapes)

    def wish(self) -> str:
        item, wish, start = self.pick("rating", "items"), self.pick("rating", "wishes"), self.pick("rating", "wish_starts")
        return self.random.choice((
            f"{start}{wish}", f"{start}{item}{wish}", f"{start}{wish}{item}", f"{item}{wish}", f"{start}{item}能再好一点", f"{item}{self.pick('rating', 'verdicts')}，{start}{wish}",
            f"{self.pick('rating', 'verdicts')}，{start}{wish}", f"{item}需要{wish}", f"{item}有待{wish}", f"{start}{wish}，谢谢",
        ))

    def progress(self) -> str:
        part, _ = self.random.choice(self.parts)
        when, span = self.pick("progress", "whens"), self.pick("progress", "spans")
        question = self.pick("progress", "questions")
        return self.random.choice((
            f"{part}{question}", f"上次报修的{part}{question}", f"我报的{part}{question}", f"{self.pick('rooms')}{part}{question}", f"请问{part}{question}",
            f"我想问一下{part}{question}", f"{part}都报了{span}了还没人来", f"师傅说{when}来修{part}，怎么还没到", f"上次说好{when}上门的", f"能催一下{part}的维修吗",
            f"{when}还能来吗", f"能改到{when}吗", f"{when}不方便，改到{self.pick('progress', 'whens')}可以吗", f"取消{when}的上门", f"{when}{self.clock()}可以吗",
            f"约的是{when}{self.clock()}", f"都{span}了，{self.pick('progress', 'sayings')}", self.pick("progress", "sayings"), self.pick("progress", "sayings"),
            f"{self.pick('progress', 'sayings')}，{self.pick('progress', 'sayings')}", f"{when}{self.pick('report', 'asks')}", f"{part}修好了，谢谢", f"{part}{span}前修的，又坏了",
        ))

    def praise(self) -> str:
        staff = self.pick("rating", "staff") + self.pick("rating", "staff_good")
        return self.random.choice((self.several("talk", "praises"), f"{staff}，{self.pick('talk', 'praises')}", f"{self.pick('talk', 'praises')}，{staff}"))

    def shuffled(self) -> str:
        """Clauses of any kind in any order."""
        pools = (
            ("report", "since"), ("report", "asks"), ("talk", "complaints"), ("talk", "praises"), ("talk", "chat"), ("talk", "shorts"),
            ("rating", "verdicts"), ("progress", "sayings"), ("progress", "whens"), ("report", "openers"), ("rooms",),
        )
        clauses = [self.pick(*self.random.choice(pools)) for _ in range(self.random.choice((2, 2, 3, 3, 4)))]
        if self.chance(0.5):
            clauses.insert(self.random.randrange(len(clauses) + 1), self.fault())
        return "，".join(clauses)

    def word_salad(self) -> str:
        """Words that have nothing to do with each other."""
        anything = [part for part, _ in self.parts] + self.faults
        words = []
        for _ in range(self.random.randint(2, 7)):
            words.append(self.random.choice(anything) if self.chance(0.3) else self.salad[int(len(self.salad) * self.random.random() ** 3)])
        return "".join(word + ("，" if self.chance(0.12) else "") for word in words).strip("，")

    def hesitating(self, text: str) -> str:
        """Puts fillers where clauses begin."""
        clauses = text.split("，")
        at = self.random.randrange(len(clauses))
        clauses[at] = self.pick("report", "fillers") + self.random.choice(("，", "")) + clauses[at]
        return "，".join(clauses)

    # ---- numbers

    def score(self) -> str:
        number = self.random.choice("零一二两三四五六七八九十")
        return self.random.choices((f"{number}分", f"{number}颗星", f"{number}星", f"十分之{number}", f"{number}点五分", "满分", f"{number}到{number}分", chinese(self.random.randint(10, 100)) + "分"),
                                   (60, 4, 6, 4, 4, 4, 1, 8))[0]

    def clock(self) -> str:
        hour = self.random.choice("一两三四五六七八九十") if self.chance(0.8) else self.random.choice(("十一", "十二"))
        return self.random.choice(("", "上午", "下午", "晚上", "早上")) + hour + self.random.choice(("点", "点", "点半", "点钟", "点以后", "点之前", "点左右", "点十分", "点二十"))

    def digits(self, count: int) -> str:
        return chinese_digits("".join(str(self.random.randrange(10)) for _ in range(count)), self.chance(0.12))

    def room_number(self) -> str:
        return chinese_digits(f"{self.random.randint(1, 33)}{self.random.randint(0, 1)}{self.random.randint(1, 9)}", self.chance(0.12))

    def address(self) -> str:
        block, unit = chinese(self.random.randint(1, 40)), chinese(self.random.randint(1, 8))
        letter = self.random.choice(("东", "西", "南", "北", "中"))
        place = self.random.choice((
            f"{block}号楼{unit}单元{self.room_number()}", f"{block}号楼{unit}单元{self.room_number()}", f"{block}栋{unit}单元{self.room_number()}", f"{block}栋{self.room_number()}",
            f"{block}号楼{self.room_number()}室", f"{unit}单元{self.room_number()}", f"{block}楼", f"{block}层", f"{block}号楼{chinese(self.random.randint(1, 33))}楼", f"{letter}区{block}栋{self.room_number()}",
            f"{self.pick('numbers', 'estates')}{block}号楼{self.room_number()}", f"{self.pick('numbers', 'estates')}{chinese(self.random.randint(1, 999))}号", f"负{self.random.choice('一二三')}层{self.digits(3)}车位",
            f"{block}幢{self.room_number()}", f"{letter}门{self.room_number()}",
        ))
        return self.random.choice(("", "", "", "我住", "我是", "地址是", "这里是", "我家在", "在")) + place

    def phone(self) -> str:
        number = self.random.choice((self.digits(11), "一" + self.digits(10), "一" + self.digits(10), self.digits(8), self.digits(4) + "，" + self.digits(4)))
        return self.random.choice(("我的电话是", "电话", "手机号", "联系电话", "打这个电话", "我手机", "尾号", "")) + number

    def date(self) -> str:
        month, day = chinese(self.random.randint(1, 12)), chinese(self.random.randint(1, 31))
        return self.random.choice((f"{month}月{day}号", f"{month}月{day}日", f"{day}号", f"{month}月{day}号{self.clock()}", f"{month}月{day}号报的", f"{month}月{day}号交的房", f"{day}号{self.clock()}上门",
                                   f"{self.pick('progress', 'whens')}{self.clock()}", f"{chinese_digits(str(self.random.randint(2008, 2030)))}年{month}月"))

    def number(self) -> str:
        surname, amount = self.pick("numbers", "surnames"), chinese(self.random.choice((self.random.randint(2, 99), self.random.randint(100, 9999))))
        return self.random.choice((
            self.score(), self.score(), f"我姓{surname}", f"我姓{surname}，{self.address()}", f"{surname}{self.random.choice(('先生', '女士', '师傅', '经理', '工', '阿姨'))}", f"收了我{amount}块钱",
            f"{amount}元", f"{amount}平米", f"室温只有{chinese(self.random.randint(5, 30))}度", f"等了{amount}分钟", f"打了{self.random.choice('两三四五六七八九十')}次电话", f"工单号{self.digits(6)}",
            f"第{self.random.choice('一二三四五六七八九十')}次了", f"有{amount}户", f"百分之{chinese(self.random.randint(1, 100))}", f"一共{amount}块", self.random.choice(HANZI), f"编号{self.digits(4)}",
        ))
