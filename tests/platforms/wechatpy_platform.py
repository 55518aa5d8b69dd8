"""Plays the platform with wechatpy: signs and seals pushes, posts them, opens and parses the answers.

One line is printed a case: its name, the HTTP status, and what wechatpy reads in the answer.
"""

import argparse
import json
import urllib.error
import urllib.parse
import urllib.request

import xmltodict
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import deserialize_reply
from wechatpy.utils import WeChatSigner

arguments = argparse.ArgumentParser()
for name in ("url", "token", "key", "app-id", "account", "now", "scene", "mode"):
    arguments.add_argument(f"--{name}", required=True)
given = arguments.parse_args()
crypto = WeChatCrypto(given.token, given.key, given.app_id)
numbers = iter(range(9_000_000_000_000_000_001, 9_000_000_000_000_001_000))


def signature(nonce):
    signer = WeChatSigner()
    signer.add_data(given.token, given.now, nonce)
    return signer.signature


def ask(query, body=None):
    address = f"{given.url}?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(address, data=body, headers={"Content-Type": "text/xml"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, None, error.read().decode()


def push(inner, nonce, crypto=crypto):
    query = {"signature": signature(nonce), "timestamp": given.now, "nonce": nonce, "openid": "oWECHATPY"}
    if given.mode == "plain":
        return query, inner.encode()
    sealed = crypto.encrypt_message(inner, nonce, given.now)
    query |= {"encrypt_type": "aes", "msg_signature": xmltodict.parse(sealed)["xml"]["MsgSignature"]}
    return query, sealed.encode()


def message(kind, **fields):
    fields = {
        "ToUserName": given.account,
        "FromUserName": "oWECHATPY",
        "CreateTime": given.now,
        "MsgType": kind,
        **fields,
    }
    if kind != "event":
        fields["MsgId"] = str(next(numbers))
    inner = xmltodict.unparse({"xml": fields}, full_document=False)
    assert parse_message(inner).type == kind or kind == "event", inner
    return inner


def read(raw):
    """The text that wechatpy finds in an answer."""
    if not raw.startswith("<xml>"):
        return raw
    outer = xmltodict.parse(raw)["xml"]
    if "Encrypt" in outer:
        raw = crypto.decrypt_message(raw, outer["MsgSignature"], outer["TimeStamp"], outer["Nonce"])
    reply = deserialize_reply(raw)
    assert (reply.type, reply.source, reply.target) == ("text", given.account, "oWECHATPY"), raw
    return reply.content


def show(name, answer):
    status, _, raw = answer
    print(json.dumps([name, status, read(raw)], ensure_ascii=False), flush=True)


nonce = "1372623149"
verification = {"signature": signature(nonce), "timestamp": given.now, "nonce": nonce, "echostr": "4375120948345356249"}
status, kind, echo = ask(verification)
print(json.dumps(["verification", status, echo, kind], ensure_ascii=False))
show("a forged verification", ask(verification | {"nonce": "1"}))

voice = {"MediaId": "narrow", "Format": "amr", "Recognition": "", "MediaId16K": "wide"}
for name, inner in (
    ("subscribe by a code", message("event", Event="subscribe", EventKey=f"qrscene_{given.scene}", Ticket="t")),
    ("SCAN", message("event", Event="SCAN", EventKey=given.scene, Ticket="t")),
    ("text", message("text", Content="厨房水龙头漏水 <&]]> 😀")),
    ("voice", message("voice", **voice)),
    ("image", message("image", PicUrl="http://mmbiz.qpic.cn/x", MediaId="picture")),
    ("location", message("location", Location_X="22.54", Location_Y="113.95", Scale="15", Label="科技园")),
    ("link", message("link", Title="t", Description="d", Url="https://example.com/")),
    ("CLICK", message("event", Event="CLICK", EventKey="progress")),
    ("VIEW", message("event", Event="VIEW", EventKey="https://example.com/")),
    ("unsubscribe", message("event", Event="unsubscribe", EventKey="")),
):
    query, body = push(inner, nonce)
    first, again = ask(query, body), ask(query, body)
    assert read(first[2]) == read(again[2]), (name, first, again)
    show(name, first)

query, body = push(message("text", Content="x"), nonce)
show("a wrong signature", ask(query | {"signature": "0" * 40, "msg_signature": "0" * 40}, body))
if given.mode != "plain":
    another = WeChatCrypto(given.token, given.key, "wx0000000000000000")
    show("another app", ask(*push(message("text", Content="x"), nonce, another)))
    show("a plain body", ask(query, message("text", Content="x").encode()))
    show("a body cut short", ask(query, body[: len(body) // 2]))
