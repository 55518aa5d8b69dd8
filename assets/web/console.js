// The staff console works by reload; this keeps it live. On every change the server tells of, the
// lists are fetched again as they would be rendered, so there is one way of drawing them.

import { isChanged } from "./forms.js";

const live = document.getElementById("live");
const board = document.getElementById("board");
const page = document.querySelector("[data-reload]");
const changed = document.getElementById("changed");

document.body.classList.add("scripted");
if (board || page) follow();
if (page) setInterval(() => missed && !isInUse(page) && refresh(), 1000);
document.querySelectorAll(".thread").forEach((thread) => (thread.scrollTop = thread.scrollHeight));

function follow() {
  const about = page?.dataset.dialogue ? `?dialogue=${page.dataset.dialogue}` : "";
  let wait = 1000;
  const open = () => {
    const source = new EventSource(`/console/events${about}`);
    source.addEventListener("open", () => {
      wait = 1000;
      state(true);
    });
    source.addEventListener("change", () => refresh());
    source.addEventListener("error", () => {
      state(false);
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(open, wait);
      wait = Math.min(wait * 2, 30000);
    });
  };
  open();
}

function state(on) {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.classList.toggle("off", !on);
}

// A list is filtered as soon as something is chosen. With the arrow keys everything on the way is chosen too:
// that waits for Enter, or until the field is left. A day counts with each digit of its year: it has the button.
const FOCUS = "huifang-focus";
let byKey = false;
let waiting = null;
let going = null;

document.getElementById(sessionStorage.getItem(FOCUS) ?? "")?.focus();
sessionStorage.removeItem(FOCUS);
document.addEventListener("pointerdown", () => (byKey = false));
document.addEventListener("keydown", (event) => {
  if (!event.target.matches(".filter select")) return;
  byKey = event.key !== "Enter";
  if (byKey || event.target !== waiting) return;
  event.preventDefault();
  waiting.form.requestSubmit();
});
document.addEventListener("change", ({ target }) => {
  if (!target.matches(".filter select, .filter input[type=checkbox]")) return;
  if (byKey && target.matches("select")) waiting = target;
  else target.form.requestSubmit();
});
document.addEventListener("focusout", ({ target, relatedTarget }) => {
  if (target !== waiting) return;
  going = relatedTarget;
  target.form.requestSubmit();
  going = null;
});
document.addEventListener("submit", ({ target }) => {
  const id = (going ?? document.activeElement).id;
  if (target.matches(".filter") && id) sessionStorage.setItem(FOCUS, id);
});

let running = false;
let again = false;
// Something changed while the page was in use: it is shown as soon as nobody is writing on it.
let missed = false;

async function refresh() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  do {
    again = false;
    await (board ? refreshBoard() : refreshPage()).catch(() => state(false));
  } while (again);
  running = false;
}

// The lists as they were fetched last: what has not changed is left alone, and so is the focus in it.
let drawn = null;

async function refreshBoard() {
  const response = await fetch(board.dataset.live, { headers: { accept: "text/html" } });
  if (response.redirected || !response.ok) {
    location.reload();
    return;
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").body;
  if (fresh.innerHTML.trim() === drawn) return;
  drawn = fresh.innerHTML.trim();
  const scrolled = board.querySelector(".flags")?.scrollTop ?? 0;
  const focused = focusIn(board);
  const choice = waiting?.value;
  waiting = null;
  board.replaceChildren(...fresh.childNodes);
  board.querySelector(".flags")?.scrollTo(0, scrolled);
  const field = refocus(board, focused);
  if (field && choice !== undefined) {
    field.value = choice;
    waiting = field;
  }
}

// How to find again what has the focus in a part that is drawn anew: by its id, or as the link of its row.
function focusIn(part) {
  const at = document.activeElement;
  if (!part.contains(at)) return null;
  if (at.id) return `#${CSS.escape(at.id)}`;
  const row = at.closest("[data-key]");
  const within = row ? `[data-key="${CSS.escape(row.dataset.key)}"] ` : "";
  return at.matches("a[href]") ? `${within}a[href="${CSS.escape(at.getAttribute("href"))}"]` : null;
}

function refocus(part, focused) {
  const at = focused && part.querySelector(focused);
  at?.focus({ preventScroll: true });
  return at;
}

// Somebody is writing in it or listening to it: it is not swapped under their hands.
function isInUse(part) {
  const writing = Array.from(part.querySelectorAll("textarea, select, input")).some(isChanged);
  const correcting = part.querySelector("details.correct[open], details.more[open], .clocks details[open]");
  const listening = Array.from(part.querySelectorAll("audio")).some((audio) => !audio.paused);
  const at = document.activeElement;
  const choosing = part.contains(at) && at.matches("textarea, select, input, audio");
  return writing || correcting || listening || choosing;
}

// When its forms were drawn, what was unfolded and what was sent is no change of a page.
const undated = (html) => html.replace(/name="at" value="\d+"| open=""| data-sent="yes"/g, "");

async function refreshPage() {
  const response = await fetch(page.dataset.reload, { headers: { accept: "text/html" } });
  missed = false;
  if (response.redirected || !response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const now = fresh.querySelector("[data-reload]");
  if (!now) return;
  swap(document.querySelector("main .title"), fresh.querySelector("main .title"));
  const differs = () => undated(now.innerHTML) !== undated(page.innerHTML);
  if (isInUse(page)) {
    showAround(now);
    missed = differs();
  } else if (differs()) {
    const focused = focusIn(page);
    page.innerHTML = now.innerHTML;
    refocus(page, focused);
    page.querySelectorAll(".thread").forEach((thread) => (thread.scrollTop = thread.scrollHeight));
  }
  const told = missed ? changed.dataset.says : "";
  if (changed.textContent !== told) changed.textContent = told;
}

// Whoever is writing has to see what is said and done meanwhile; the forms keep what they wrote.
function showAround(now) {
  for (const part of page.querySelectorAll("section:not(:has(form, audio, .thread))")) {
    const name = part.getAttribute("aria-labelledby");
    swap(part, now.querySelector(`section[aria-labelledby="${name}"]:not(:has(form))`));
  }
  const thread = page.querySelector(".thread");
  if (thread && !isInUse(thread) && swap(thread, now.querySelector(".thread"))) thread.scrollTop = thread.scrollHeight;
}

// Draws a part anew if it has changed, and says whether it has.
function swap(part, next) {
  if (!part || !next || undated(next.innerHTML) === undated(part.innerHTML)) return false;
  part.innerHTML = next.innerHTML;
  return true;
}
