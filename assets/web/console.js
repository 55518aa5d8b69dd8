// The staff console works by reload; this keeps it live. On every change the server tells of, the
// lists are fetched again as they would be rendered, so there is one way of drawing them.

const live = document.getElementById("live");
const board = document.getElementById("board");
const page = document.querySelector("[data-reload]");

document.body.classList.add("scripted");
if (board || page) follow();
if (page) setInterval(() => missed && !isInUse(page) && refresh(), 1000);
document.querySelectorAll(".filter select, .filter input").forEach((field) => field.addEventListener("change", () => field.form.requestSubmit()));
document.querySelectorAll(".thread").forEach((thread) => (thread.scrollTop = thread.scrollHeight));
document.addEventListener("submit", once);

// A form whose button is pressed twice is sent once.
function once(event) {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 3000);
}

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
  const focused = document.activeElement?.id;
  board.replaceChildren(...fresh.childNodes);
  if (focused) document.getElementById(focused)?.focus();
  board.querySelectorAll(".filter select, .filter input").forEach((field) => field.addEventListener("change", () => field.form.requestSubmit()));
}

// Somebody is writing in it or listening to it: it is not swapped under their hands.
function isInUse(part) {
  const writing = Array.from(part.querySelectorAll("textarea")).some((field) => field.value !== field.defaultValue);
  const correcting = part.querySelector("details.correct[open], details.more[open], .clocks details[open]");
  const attaching = Array.from(part.querySelectorAll("input[type=file]")).some((field) => field.files.length > 0);
  const listening = Array.from(part.querySelectorAll("audio")).some((audio) => !audio.paused);
  const choosing = part.contains(document.activeElement) && document.activeElement.matches("textarea, select, audio");
  return writing || correcting || attaching || listening || choosing;
}

// When its forms were drawn is no change of a page.
const undated = (html) => html.replace(/name="at" value="\d+"/g, "");

async function refreshPage() {
  const response = await fetch(page.dataset.reload, { headers: { accept: "text/html" } });
  missed = false;
  if (response.redirected || !response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const now = fresh.querySelector("[data-reload]");
  if (!now || undated(now.innerHTML) === undated(page.innerHTML)) return;
  if (isInUse(page)) {
    missed = true;
    showTalk(now);
    return;
  }
  page.innerHTML = now.innerHTML;
  const title = fresh.querySelector("main .title");
  if (title) document.querySelector("main .title").replaceWith(title);
  page.querySelectorAll(".thread").forEach((thread) => (thread.scrollTop = thread.scrollHeight));
}

// Whoever is writing an answer has to see what is said meanwhile; the form keeps what they wrote.
function showTalk(now) {
  const thread = page.querySelector(".thread");
  const next = now.querySelector(".thread");
  if (!thread || !next || undated(next.innerHTML) === undated(thread.innerHTML) || isInUse(thread)) return;
  thread.innerHTML = next.innerHTML;
  thread.scrollTop = thread.scrollHeight;
}
