"""Posts one message as somebody and prints what is answered. Python's standard library alone.

    HUIFANG_SECRET=whsec_… python3 http_client.py https://huifang.example.com u1 "/help"
"""
import base64, hashlib, hmac, json, os, sys, time, urllib.parse, urllib.request, uuid

KEY = base64.b64decode(os.environ["HUIFANG_SECRET"].removeprefix("whsec_"))
SERVICE, PERSON, TEXT = sys.argv[1:4]


def call(path, body=None):
    """Signs the body, or path and query where there is none, and returns the JSON of the answer."""
    message, now = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    signed = f"{message}.{now}.".encode() + (path.encode() if body is None else body)
    signature = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": message, "webhook-timestamp": now, "webhook-signature": f"v1,{signature}"}
    headers |= {"content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(SERVICE + path, body, headers)) as answer:
        return json.load(answer)


def messages(after):
    return call("/webhooks/http/messages?" + urllib.parse.urlencode({"from": PERSON, "after": after}))


after = messages(0)["last_seq"]  # a long conversation comes in pages of 200: go on until nothing is new
taken = call("/webhooks/http", json.dumps({"from": PERSON, "text": TEXT}).encode())
print("duplicate:", str(taken["duplicate"]).lower())
for said in messages(after)["messages"]:
    print(said["text"], *(f"\n  [{choice['label']}] {choice['id']}" for choice in said["choices"]))
