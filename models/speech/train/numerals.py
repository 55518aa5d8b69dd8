"""Numbers as they are spoken: Mandarin and English readings of digits, dates, times, telephone numbers.

The recogniser writes what it hears, so its training text carries no digits at all: `8/10` is 十分之八 or
"eight out of ten" here.
"""

import re

HANZI = "零一二三四五六七八九"
ENGLISH = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()


def chinese(number: int) -> str:
    """Reads a number below 100,000,000 as one does in Mandarin: 215 is 二百一十五."""
    if number >= 10_000:
        rest = number % 10_000
        gap = "零" if 0 < rest < 1_000 else ""
        return chinese(number // 10_000) + "万" + (gap + chinese(rest) if rest else "")
    out, pending_zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit == 0:
            pending_zero = bool(out)
            continue
        if pending_zero:
            out, pending_zero = out + "零", False
        out += ("" if digit == 1 and unit == 10 and not out else HANZI[digit]) + name
    return out or "零"


def chinese_digits(digits: str, yao: bool = False) -> str:
    """Reads digits one by one, as in room and telephone numbers; `yao` says 幺 for 1."""
    read = "".join(HANZI[int(digit)] for digit in digits)
    return read.replace("一", "幺") if yao else read


def english(number: int) -> str:
    """Reads a number below 10,000 in English."""
    if number < 20:
        return ENGLISH[number]
    if number < 100:
        return TENS[number // 10] + (f" {ENGLISH[number % 10]}" if number % 10 else "")
    unit, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = number % unit
    joint = " and " if unit == 100 else " "
    return f"{english(number // unit)} {name}" + (joint + english(rest) if rest else "")


def english_digits(digits: str) -> str:
    """Reads digits one by one in English."""
    return " ".join(ENGLISH[int(digit)] for digit in digits)


def spell_chinese(text: str) -> str:
    """Replaces every digit group of a Mandarin text by its reading."""
    text = re.sub(r"(\d+)\s*/\s*(\d+)", lambda m: _fraction(m[1], m[2]), text)
    text = re.sub(r"(\d+)\s*[%％]", lambda m: "百分之" + chinese(int(m[1])), text)
    text = re.sub(r"(\d{1,2})[:：](\d{2})", lambda m: _clock(int(m[1]), int(m[2])), text)
    text = re.sub(r"(\d+)\.(\d+)", lambda m: f"{chinese(int(m[1]))}点{chinese_digits(m[2])}", text)
    text = re.sub(r"(\d+)\s*[-~～至到]\s*(?=\d)", lambda m: m[1] + "到", text)
    return re.sub(r"\d+", _read, text)


def _read(match: re.Match[str]) -> str:
    digits = match[0]
    after = match.string[match.end() : match.end() + 1]
    is_code = len(digits) > 4 or digits[0] == "0" or after in "室房" and len(digits) > 2
    is_code = is_code or (len(digits) in (3, 4) and after not in "块元度次个米平天年人户多")
    if is_code or (len(digits) == 4 and after == "年"):
        return chinese_digits(digits)
    if digits == "2" and after and after in "个天次块户年周位间台盏扇层只趟遍":
        return "两"
    return chinese(int(digits))


def _fraction(part: str, whole: str) -> str:
    return f"{chinese(int(whole))}分之{chinese(int(part))}" if len(part) < 4 else part


def _clock(hour: int, minute: int) -> str:
    spoken = "两" if hour == 2 else chinese(hour)
    return f"{spoken}点" + ("" if minute == 0 else "半" if minute == 30 else chinese(minute) + "分")


def spell_english(text: str) -> str:
    """Replaces every digit group of an English text by its reading."""
    text = re.sub(r"(\d+)\s*/\s*(\d+)", r"\1 out of \2", text)
    text = re.sub(r"(\d+)\s*%", r"\1 percent", text)
    text = re.sub(r"(\d)([ap]m)\b", r"\1 \2", text)
    text = re.sub(r"(\d+)\.(\d+)", lambda m: f"{m[1]} point {english_digits(m[2])}", text)
    text = re.sub(r"(\d{1,2}):(\d{2})", lambda m: m[1] if m[2] == "00" else f"{m[1]} {m[2]}", text)
    text = re.sub(r"(\d+)(st|nd|rd|th)\b", lambda m: _ordinal(int(m[1])) if len(m[1]) < 3 else m[0], text)
    read = lambda m: english(int(m[0])) if len(m[0]) < 4 and m[0][0] != "0" or m[0] == "0" else english_digits(m[0])
    return re.sub(r"\d+", read, text)


ORDINALS = dict(zip(range(1, 13), "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()))


def _ordinal(number: int) -> str:
    if number in ORDINALS:
        return ORDINALS[number]
    if 20 < number < 100 and number % 10 in ORDINALS:
        return f"{TENS[number // 10]} {ORDINALS[number % 10]}"
    word = english(number)
    return word[:-1] + "ieth" if word.endswith("y") else word + "th"
