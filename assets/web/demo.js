// The page of the simulated platforms: what somebody does with their telephone goes to the stage, what they
// see and what goes over the wire comes from there. Every word enters the page as text, never as markup.

import { canRecord, clock, record } from "./chat-recorder.js";

const $ = (id) => document.getElementById(id);
const words = JSON.parse(document.body.dataset.words);
const say = (key) => words[key] ?? key;
const platform = document.body.dataset.platform;
const api = `/demo/api/${platform}`;
const LOOK_EVERY = 1000;
const MOST_EXCHANGES = 200;

let last = 0;
let recording = null;
let asking = false; // for the microphone: a second click must not begin a recording that nobody sees

look();
offerClips();

async function look() {
  try {
    const response = await fetch(`${api}?after=${last}`);
    if (response.ok) draw(await response.json());
    $("state").classList.toggle("off", !response.ok);
  } catch {
    $("state").classList.add("off");
  }
  setTimeout(look, LOOK_EVERY);
}

async function catchUp() {
  const response = await fetch(`${api}?after=${last}`);
  if (response.ok) draw(await response.json());
}

function draw(news) {
  // Two looks may overlap: what is drawn is drawn once.
  if (news.last <= last) return;
  last = news.last;
  const log = $("log");
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 160;
  news.shown.forEach((message) => log.append(bubble(message)));
  if (news.shown.length > 0 && (near || news.shown.some((message) => message.theirs))) log.scrollTop = log.scrollHeight;
  if (news.shown.some((message) => !message.theirs)) $("doing").textContent = "";
  const list = $("exchange");
  news.wires.forEach((wire) => list.prepend(exchange(wire)));
  while (list.children.length > MOST_EXCHANGES) list.lastElementChild.remove();
}

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function bubble(message) {
  const event = ["scanned", "spoke", "unanswered"].includes(message.way) && !message.text;
  const box = element("div", `msg ${message.theirs ? "you" : "bot"}${event && message.way !== "spoke" ? " event" : ""}`);
  box.dataset.way = message.way;
  box.append(element("p", "who visually-hidden", say(message.theirs ? "from_you" : "from_bot")));
  box.append(element("div", "bubble", event ? say(`way_${message.way}`) : message.text));
  if (message.keys.length > 0) box.append(keys(message.keys));
  if (!event && !["wrote", "pressed"].includes(message.way)) box.append(element("p", "way", say(`way_${message.way}`)));
  return box;
}

function keys(list) {
  const box = element("div", platform === "wechat" ? "choices menu" : "choices");
  list.forEach((key) => {
    const button = element("button", "", key.label);
    button.type = "button";
    button.addEventListener("click", () => act({ press: key.id }));
    box.append(button);
  });
  return box;
}

function exchange(wire) {
  const item = element("li", wire.to_service ? "in" : "out");
  const who = say(wire.to_service ? "to_service" : "to_platform");
  const time = new Date(wire.at).toLocaleTimeString();
  item.append(element("h2", "", `${time} · ${who} · ${wire.what}`), element("pre", "", wire.said));
  if (wire.answer) item.append(element("h2", "", say("answer")), element("pre", "", wire.answer));
  return item;
}

async function act(deed) {
  await send(api, { "content-type": "application/json" }, JSON.stringify(deed));
}

async function send(address, headers, body) {
  $("doing").textContent = say("on_its_way");
  try {
    const response = await fetch(address, { method: "POST", headers, body });
    if (response.ok) await catchUp();
    else $("doing").textContent = say("refused");
  } catch {
    $("doing").textContent = say("away");
  }
}

async function offerClips() {
  const response = await fetch("/chat/api/clips").catch(() => null);
  const { clips } = response?.ok ? await response.json() : { clips: [] };
  if (clips.length === 0) return;
  const list = $("clips").querySelector("ul");
  clips.forEach((clip) => {
    const item = element("li", "", clip.label);
    const buttons = element("div");
    const play = element("button", "", say("play"));
    play.type = "button";
    play.addEventListener("click", () => new Audio(clip.url).play());
    const post = element("button", "send", say("send"));
    post.type = "button";
    post.addEventListener("click", () => act({ clip: clip.id }));
    buttons.append(play, post);
    item.append(buttons);
    list.append(item);
  });
  $("clips").hidden = false;
}

$("scan").addEventListener("click", () => act("scan"));

const text = $("text");

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
  if (said) act({ text: said });
  text.value = "";
  text.focus();
});

// --- the microphone

$("record").hidden = !canRecord;

$("record").addEventListener("click", async () => {
  if (recording || asking) return;
  asking = true;
  try {
    recording = await record((seconds) => ($("timer").textContent = clock(seconds)));
  } catch {
    $("doing").textContent = say("no_microphone");
    return;
  } finally {
    asking = false;
  }
  $("timer").textContent = clock(0);
  show(true);
  const file = await recording.result;
  recording = null;
  show(false);
  if (file) await send(`${api}/voice`, { "content-type": file.type }, file);
});

$("stop").addEventListener("click", () => recording?.stop());
$("cancel").addEventListener("click", () => recording?.cancel());

function show(yes) {
  $("recording").hidden = !yes;
  $("composer").hidden = yes;
}

// On a desk there is room for what goes over the wire.
if (matchMedia("(min-width: 1000px)").matches) $("wires").open = true;
