// Draws messages. Every word of a person or of the service enters the page as text, never as markup.

const log = document.getElementById("log");
const words = JSON.parse(document.body.dataset.words);
const drawn = new Map();
// The messages as they were drawn last.
const told = new Map();

/** Returns a sentence of the page in its language. */
export function say(key) {
  return words[key] ?? key;
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Draws a message that is stored, or completes the one that was drawn when it was sent. */
export function draw(message, onChoice) {
  // Most come twice, as an answer and as an event: a button is not swapped under a finger.
  const whole = JSON.stringify(message);
  if (told.get(message.id) === whole) return;
  told.set(message.id, whole);
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 160;
  const before = drawn.get(message.id);
  const box = element("div", `msg ${message.from}`);
  box.dataset.id = message.id;
  box.append(element("p", message.from === "staff" ? "who" : "who visually-hidden", say(`from_${message.from}`)));
  if (message.text) box.append(bubble(message.text, message.transcript ? [] : message.keywords));
  if (message.media.length > 0) box.append(media(message.media));
  if (message.transcript) {
    const heard = bubble(message.transcript, message.keywords);
    heard.classList.add("heard");
    heard.prepend(element("span", "visually-hidden", say("transcript")));
    box.append(heard);
  }
  if (message.choices.length > 0) box.append(choices(message.choices, onChoice));
  box.append(time(message.at));
  place(box, before, message.seq);
  drawn.set(message.id, box);
  if (near || message.from === "you") toEnd();
}

/** Draws a message of the person that is on its way, unless it has its place in the conversation. */
export function drawPending({ id, text, files }) {
  if (drawn.get(id)?.dataset.seq) return;
  const box = element("div", "msg you pending");
  box.dataset.id = id;
  box.append(element("p", "who visually-hidden", say("from_you")));
  if (text) box.append(element("div", "bubble", text));
  if (files?.length) {
    box.append(media(files.map((file) => ({ kind: file.type.startsWith("image/") ? "photo" : "voice", url: URL.createObjectURL(file) }))));
  }
  box.append(element("p", "meta", say("sending")));
  drawn.get(id)?.remove();
  log.append(box);
  drawn.set(id, box);
  toEnd();
}

/** Marks a message as sent, at this place until the events tell its own: a proxy may hold them back. */
export function drawSent(id, seq) {
  const box = drawn.get(id);
  if (!box || box.dataset.seq) return;
  box.classList.remove("pending", "failed");
  box.querySelector(".meta").textContent = say("sent");
  place(box, box, seq);
}

/** Marks a message as not sent, unless it arrived; `retry` is offered unless sending again is useless. */
export function drawFailed(id, reason, retry) {
  const box = drawn.get(id);
  if (!box || box.dataset.seq) return;
  box.classList.remove("pending");
  box.classList.add("failed");
  const meta = box.querySelector(".meta");
  meta.textContent = reason;
  if (retry) {
    const button = element("button", "", say("retry"));
    button.type = "button";
    button.addEventListener("click", retry);
    meta.append(button);
  }
}

/** Draws an answer that is in no conversation: the polite side of an error. */
export function drawNotice(text) {
  const box = element("div", "msg bot");
  box.append(element("div", "bubble", text));
  log.append(box);
  toEnd();
}

/** Leaves only the newest buttons alive, and those only until the person has said something. */
export function settleChoices() {
  const groups = Array.from(log.querySelectorAll(".choices"));
  const said = Array.from(log.querySelectorAll(".msg.you:not(.failed)")).at(-1);
  groups.forEach((group, at) => {
    const answered = said && group.compareDocumentPosition(said) & Node.DOCUMENT_POSITION_FOLLOWING;
    const live = at === groups.length - 1 && !answered;
    group.querySelectorAll("button").forEach((button) => (button.disabled = !live));
  });
}

function bubble(text, keywords = []) {
  const box = element("div", "bubble");
  // Spans count characters, not UTF-16 units.
  const chars = Array.from(text);
  let at = 0;
  for (const keyword of [...keywords].sort((one, other) => one.start - other.start)) {
    if (keyword.start < at || chars.slice(keyword.start, keyword.end).join("") !== keyword.text) continue;
    const marked = element("mark", keyword.polarity, keyword.text);
    marked.title = keyword.why;
    marked.append(element("span", "visually-hidden", ` (${say(`mood_${keyword.polarity}`)})`));
    box.append(...linked(chars.slice(at, keyword.start).join("")), marked);
    at = keyword.end;
  }
  box.append(...linked(chars.slice(at).join("")));
  return box;
}

/** Makes our own links in a text pressable: to a ticket's progress, and to go on elsewhere. */
function linked(text) {
  const pieces = [];
  let at = 0;
  const ours = /(?:https?:\/\/[^\s/]+)?(?:\/t\/[A-Za-z0-9_-]{48}|\/chat\?t=c[A-Za-z0-9_-]+)/g;
  for (const found of text.matchAll(ours)) {
    const link = element("a", "", found[0].includes("/t/") ? say("progress") : `${location.host}/chat`);
    link.href = found[0];
    pieces.push(text.slice(at, found.index), link);
    at = found.index + found[0].length;
  }
  pieces.push(text.slice(at));
  return pieces;
}

function media(list) {
  const box = element("div", "pics");
  for (const item of list) {
    if (item.kind === "photo") {
      const link = element("a");
      link.href = item.url;
      link.target = "_blank";
      link.rel = "noopener";
      const image = element("img");
      image.src = item.url;
      image.alt = say("photo_alt");
      link.append(image);
      box.append(link);
    } else {
      const audio = element("audio");
      audio.controls = true;
      audio.preload = "metadata";
      audio.src = item.url;
      audio.setAttribute("aria-label", say("voice_alt"));
      box.append(audio);
    }
  }
  return box;
}

function choices(list, onChoice) {
  const box = element("div", "choices");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", say("choices"));
  for (const choice of list) {
    const button = element("button", "", choice.label);
    button.type = "button";
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", "true");
      onChoice(choice);
    });
    box.append(button);
  }
  return box;
}

function time(at) {
  const when = new Date(at);
  const today = new Date().toDateString() === when.toDateString();
  const style = today ? { timeStyle: "short" } : { dateStyle: "short", timeStyle: "short" };
  return element("p", "meta", when.toLocaleString(document.documentElement.lang, style));
}

/** Keeps the log in the order of the conversation; what is still on its way stays last. */
function place(box, before, seq) {
  box.dataset.seq = seq;
  before?.remove();
  const later = Array.from(log.children).find((other) => !other.dataset.seq || Number(other.dataset.seq) > seq);
  log.insertBefore(box, later ?? null);
}

// What is newest stays in sight when the room for the log changes: a keyboard, a notice, a rotation.
let atEnd = true;
log.addEventListener("scroll", () => (atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 160));
new ResizeObserver(() => atEnd && toEnd()).observe(log);

function toEnd() {
  log.scrollTop = log.scrollHeight;
}
