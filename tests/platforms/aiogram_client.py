"""aiogram as the other side of the Bot API.

It knows the types of the Bot API independently of huifang: every update that the fake platform
delivers, every call that huifang makes and every call it returns from its webhook is read by it,
and nothing may be left over that it does not know. Then it calls the fake platform itself, and
must understand answers and refusals.
"""

import argparse
import asyncio
import inspect
import json

from aiogram import Bot, exceptions, methods
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Update
from pydantic import BaseModel

METHODS = {
    kind.__api_method__.lower(): kind
    for _, kind in inspect.getmembers(methods, inspect.isclass)
    if issubclass(kind, methods.TelegramMethod) and isinstance(kind.__api_method__, str)
}


def left_over(value, path=""):
    """Yields the members that aiogram does not know."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in type(value).model_fields:
            yield from left_over(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from left_over(item, f"{path}[{at}]")


def read(kind, value):
    parsed = kind.model_validate(value)
    unknown = list(left_over(parsed))
    assert not unknown, f"{kind.__name__} does not know {unknown} of {value}"
    return parsed


def call(value):
    kind = METHODS[value["method"].lower()]
    return read(kind, {name: member for name, member in value.items() if name != "method"})


async def drive(url, token, chat, blocked, moved, file):
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))
    try:
        me = await bot.get_me()
        print("me", me.username, me.is_bot)
        keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="好", callback_data="a:1")]])
        sent = await bot.send_message(chat, "您好", reply_markup=keyboard)
        print("sent", sent.text, sent.chat.id, sent.reply_markup.inline_keyboard[0][0].callback_data)
        for to, text in ((4711, "x"), (blocked, "x"), (moved, "x"), (chat, "x" * 4097), (chat, "429")):
            try:
                await bot.send_message(to, text)
            except exceptions.TelegramRetryAfter as error:
                print(type(error).__name__, error.retry_after)
            except exceptions.TelegramMigrateToChat as error:
                print(type(error).__name__, error.migrate_to_chat_id)
            except exceptions.TelegramAPIError as error:
                print(type(error).__name__, error.message)
        found = await bot.get_file(file)
        print("file", (await bot.download_file(found.file_path)).read()[:4])
        print("webhook", (await bot.get_webhook_info()).url)
    finally:
        await bot.session.close()


def main():
    options = argparse.ArgumentParser()
    for name in ("record", "url", "token", "file"):
        options.add_argument(f"--{name}", required=True)
    for name in ("chat", "blocked", "moved"):
        options.add_argument(f"--{name}", type=int, required=True)
    given = options.parse_args()
    with open(given.record, encoding="utf-8") as opened:
        record = json.load(opened)
    kinds = sorted({read(Update, update).event_type for update in record["updates"]})
    print("updates", *kinds)
    print("calls", *sorted({type(call(value)).__name__ for value in record["calls"]}))
    print("responses", *sorted({type(call(value)).__name__ for value in record["responses"]}))
    asyncio.run(drive(given.url, given.token, given.chat, given.blocked, given.moved, given.file))


main()
