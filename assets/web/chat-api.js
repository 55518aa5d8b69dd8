// The JSON interface of docs/chat-api.md. Knows nothing of the page.

const language = document.documentElement.lang;

/** An answer of the server that is not 200; `text` is meant for the person, `final` says that sending again is useless. */
export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.text = text;
    this.final = status >= 400 && status < 500 && status !== 408 && status !== 429;
  }
}

/** Makes a message id; `crypto.randomUUID` exists on https and localhost only. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends one message; the same `id` again is the same message. */
export function send({ id, text, choice, files = [] }) {
  if (files.length === 0) {
    return post(JSON.stringify({ id, text, choice, language }), { "content-type": "application/json" });
  }
  const form = new FormData();
  form.set("id", id);
  form.set("language", language);
  if (text) form.set("text", text);
  files.forEach((file) => form.append("file", file, file.name || "file"));
  return post(form, {});
}

export async function history(after) {
  return read(await fetch(`/chat/api/messages?after=${after}`));
}

export async function clips() {
  return read(await fetch("/chat/api/clips"));
}

/** The server ends every connection now and then: only one that does not come back this soon is told of. */
const PATIENCE = 6000;

/** Follows the conversation from `after` on; reconnects by itself, also after the server said no. */
export function follow(after, onMessage, onState) {
  let last = after;
  let wait = 1000;
  let gone;
  const open = () => {
    const source = new EventSource(`/chat/api/events?after=${last}`);
    source.addEventListener("open", () => {
      wait = 1000;
      clearTimeout(gone);
      gone = undefined;
      onState(true);
    });
    source.addEventListener("message", (event) => {
      const message = JSON.parse(event.data);
      last = Math.max(last, message.seq);
      onMessage(message);
    });
    source.addEventListener("error", () => {
      gone = gone ?? setTimeout(() => {
        gone = undefined;
        onState(false);
      }, PATIENCE);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(open, wait);
        wait = Math.min(wait * 2, 30000);
      }
    });
  };
  open();
}

async function post(body, headers) {
  return read(await fetch("/chat/api/messages", { method: "POST", headers, body }));
}

async function read(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, body?.error?.message ?? "");
  return body;
}
