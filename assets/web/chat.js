// The chat page: wires the parts together. Read docs/chat-api.md for what the server promises.

import { Refused, clips, follow, history, newId, send } from "./chat-api.js";
import { shrink } from "./chat-photo.js";
import { canRecord, clock, record } from "./chat-recorder.js";
import { draw, drawFailed, drawNotice, drawPending, drawSent, say, settleChoices } from "./chat-view.js";

const $ = (id) => document.getElementById(id);
const MOST_PHOTOS = 9;
const KEPT = "huifang-unsent";

let last = 0;
let following = false;
let photos = [];
let recording = null;
let asking = false; // for the microphone: a second click must not begin a recording that nobody sees
// Messages go one after another: the conversation is applied in the order in which it was written.
let line = Promise.resolve();

start();

async function start() {
  const address = new URL(location.href);
  const token = address.searchParams.get("t");
  if (address.search) {
    address.search = "";
    window.history.replaceState(null, "", address);
  }
  await catchUp();
  if (token) await submit({ id: newId(), text: `/start ${token}`, silent: true });
  else if (last === 0) await submit({ id: newId(), text: "/start", silent: true });
  unsent().forEach((message) => submit(message));
  offerClips();
}

async function catchUp() {
  try {
    const past = await history(last);
    past.messages.forEach(show);
    if (past.last_seq > 0) listen();
    online(true);
  } catch {
    online(false);
    await new Promise((again) => setTimeout(again, 3000));
    return catchUp();
  }
}

function listen() {
  if (following) return;
  following = true;
  follow(last, (message) => {
    if (message.from !== "you") {
      doing(null);
      hear();
    }
    show(message);
  }, online);
}

// Recordings whose transcript has not come yet, by id, with their place in the conversation.
const unheard = new Map();

/** Completes own recordings with what was heard in them. */
async function hear() {
  if (unheard.size === 0) return;
  const past = await history(Math.min(...unheard.values()) - 1).catch(() => null);
  past?.messages.filter((message) => unheard.has(message.id) && message.transcript).forEach(show);
}

function show(message) {
  last = Math.max(last, message.seq);
  if (message.from === "you") {
    // It is stored, whatever became of the answer to it.
    forget(message.id);
    if (/^\/start\b/.test(message.text)) return;
    if (!message.text && message.media.length === 0) return;
    if (message.transcript || !message.media.some((file) => file.kind === "voice")) unheard.delete(message.id);
    else unheard.set(message.id, message.seq);
  }
  draw(message, (choice) => submit({ id: newId(), text: choice.label, choice: choice.id }));
  settleChoices();
}

/** Sends a message now, or as soon as those before it are through. */
function submit(message) {
  keep(message);
  if (!message.silent) {
    drawPending(message);
    settleChoices();
  }
  line = line.then(() => deliver(message));
  return line;
}

async function deliver(message) {
  doing(message.files?.some((file) => file.type.startsWith("audio/")) ? "listening" : "typing");
  try {
    const answer = await send(message.choice ? { id: message.id, choice: message.choice } : message);
    forget(message.id);
    online(true);
    settle(message, answer);
  } catch (problem) {
    doing(null);
    failed(message, problem);
  }
}

function settle(message, answer) {
  // It stands before its answers, or after all that is there.
  if (!message.silent) drawSent(message.id, (answer.messages[0]?.seq ?? last + 1) - 0.5);
  answer.messages.forEach(show);
  // A recording is answered twice: at once, and again when it has been listened to.
  const voice = message.files?.some((file) => file.type.startsWith("audio/"));
  doing(voice ? "listening" : null);
  if (voice) setTimeout(() => doing(null), 90000);
  listen();
}

function failed(message, problem) {
  const refused = problem instanceof Refused;
  if (refused && problem.final) {
    forget(message.id);
    drawFailed(message.id, say("not_sent"), null);
    settleChoices();
    if (problem.text) drawNotice(problem.text);
    return;
  }
  if (!refused) online(false);
  if (message.silent) {
    setTimeout(() => submit(message), 3000);
    return;
  }
  drawFailed(message.id, say("not_sent"), () => submit(message));
  settleChoices();
}

function doing(what) {
  const box = $("doing");
  box.textContent = what ? say(what) : "";
  box.classList.toggle("dots", Boolean(what));
}

function online(yes) {
  $("offline").hidden = yes;
  $("state").classList.toggle("off", !yes);
  $("state").textContent = say(yes ? "online" : "waiting");
}

// What could not be sent survives a reload, under the same id; files are kept only as long as the page.
function unsent() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  } catch {
    return [];
  }
}

function keep(message) {
  if (message.files?.length) return;
  const others = unsent().filter((other) => other.id !== message.id);
  sessionStorage.setItem(KEPT, JSON.stringify([...others, message]));
}

function forget(id) {
  sessionStorage.setItem(KEPT, JSON.stringify(unsent().filter((other) => other.id !== id)));
}

// --- the composer

const text = $("text");

text.addEventListener("input", () => {
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight + 2}px`;
});

text.addEventListener("keydown", (event) => {
  // 229: the Enter that takes over what is being composed, which Safari tells after the composing has ended.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const said = text.value.trim();
  if (!said && photos.length === 0) {
    text.focus();
    return;
  }
  submit({ id: newId(), text: said, files: photos });
  photos = [];
  preview();
  text.value = "";
  text.style.height = "auto";
  text.focus();
});

// --- photos

$("photo").addEventListener("click", () => $("photos").click());

$("photos").addEventListener("change", async () => {
  const chosen = Array.from($("photos").files);
  $("photos").value = "";
  const small = await Promise.all(chosen.slice(0, MOST_PHOTOS - photos.length).map(shrink));
  // Where what stood there was sent meanwhile, these go with the next message.
  photos.push(...small.slice(0, MOST_PHOTOS - photos.length));
  preview();
  text.focus();
});

function preview() {
  const items = photos.map((file, at) => {
    const item = document.createElement("li");
    const image = document.createElement("img");
    image.src = URL.createObjectURL(file);
    image.alt = say("photo_alt");
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", say("remove_photo"));
    remove.addEventListener("click", () => {
      photos.splice(at, 1);
      preview();
    });
    item.append(image, remove);
    return item;
  });
  $("previews").replaceChildren(...items);
  $("previews").hidden = items.length === 0;
}

// --- voice

$("record").addEventListener("click", async () => {
  if (recording || asking) return;
  if (!canRecord) {
    drawNotice(say("no_recorder"));
    return;
  }
  asking = true;
  try {
    recording = await record((seconds) => ($("timer").textContent = `${clock(seconds)} / 2:00`));
  } catch {
    drawNotice(say("no_microphone"));
    return;
  } finally {
    asking = false;
  }
  recorderShown(true);
  const file = await recording.result;
  recording = null;
  recorderShown(false);
  if (file) submit({ id: newId(), files: [file] });
});

$("stop").addEventListener("click", () => recording?.stop());
$("cancel").addEventListener("click", () => recording?.cancel());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") recording?.cancel();
});

function recorderShown(yes) {
  $("timer").textContent = `${clock(0)} / 2:00`;
  $("recording").hidden = !yes;
  $("composer").hidden = yes;
  (yes ? $("stop") : $("record")).focus();
}

// --- ready clips of the demo

async function offerClips() {
  const offered = await clips().catch(() => ({ clips: [] }));
  if (offered.clips.length === 0) return;
  $("clips").hidden = false;
  $("clips").querySelector("ul").append(...offered.clips.map(clipCard));
}

function clipCard(clip) {
  const item = document.createElement("li");
  const label = document.createElement("span");
  label.textContent = clip.label;
  const buttons = document.createElement("div");
  const audio = new Audio();
  audio.preload = "none";
  audio.src = clip.url;
  const play = document.createElement("button");
  play.type = "button";
  play.textContent = say("clip_play");
  play.addEventListener("click", () => (audio.paused ? audio.play() : audio.pause()));
  const use = document.createElement("button");
  use.type = "button";
  use.className = "send";
  use.textContent = say("clip_send");
  use.addEventListener("click", async () => {
    const bytes = await (await fetch(clip.url)).blob();
    submit({ id: newId(), files: [new File([bytes], clip.id, { type: bytes.type })] });
  });
  buttons.append(play, use);
  item.append(label, buttons);
  return item;
}
