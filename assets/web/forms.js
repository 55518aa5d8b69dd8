// What the forms of the console and of a job behind a link have in common. What is being written is kept
// in the tab until it has arrived: a refusal, another form of the page, or a log-in that has ended loses
// none of it. A form whose button is pressed twice is sent once.

const KEPT = "huifang-written";
const FORMS = "main form[method=post]:not(.login)";
const FIELDS =
  ":is(textarea, select, input):not([type=hidden], [type=password], [type=file], [type=checkbox], [readonly])";
// A page that says why a form was not taken, or wants a log-in first.
const REFUSALS = "[data-refused], form.login";

settle();
document.querySelectorAll(FORMS).forEach(putBack);
document.addEventListener("input", keep);
document.addEventListener("change", keep);
document.addEventListener("submit", send);

// Whether somebody has changed a field since the page was drawn.
export function isChanged(field) {
  return field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== drawn(field);
}

function drawn(field) {
  if (!field.matches("select")) return field.defaultValue;
  const options = [...field.options];
  return (options.find((option) => option.defaultSelected) ?? options[0])?.value ?? "";
}

// What is kept: the fields of each form by name, whose they are, which form is on its way and which came back.
function change(how) {
  const kept = { forms: {}, ...JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") };
  how(kept);
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
}

// The clocks of a ticket have one address; each has a form of its own.
function keyOf(form) {
  return [location.pathname, form.getAttribute("action"), form.elements.clock?.value ?? ""].join(" ");
}

function keep({ target: field }) {
  if (!field.matches(`${FORMS} ${FIELDS}, ${FORMS} input[type=file]`)) return;
  field.form.querySelector("[data-or]")?.setCustomValidity("");
  if (!field.name || field.type === "file") return;
  change(({ forms }) => {
    const words = (forms[keyOf(field.form)] ??= {});
    if (isChanged(field)) words[field.name] = field.value;
    else delete words[field.name];
  });
}

function send(event) {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent || lacks(form)) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 3000);
  // Nobody who comes next to this computer reads what was written here.
  if (form.getAttribute("action") === "/console/logout") sessionStorage.removeItem(KEPT);
  else change((kept) => (kept.sent = keyOf(form)));
}

// Says that a note or a file is needed where there is neither.
function lacks(form) {
  const note = form.querySelector("[data-or]");
  if (!note || note.value.trim() || form.querySelector("input[type=file]").files.length > 0) return false;
  note.setCustomValidity(note.dataset.or);
  note.reportValidity();
  return true;
}

// Forgets what has arrived, and what somebody else has written.
function settle() {
  change((kept) => {
    const { who } = document.body.dataset;
    if (who && kept.who && kept.who !== who) Object.assign(kept, { forms: {}, refused: undefined });
    if (who) kept.who = who;
    const { sent } = kept;
    delete kept.sent;
    // Whoever goes back from where the network failed has sent nothing yet.
    const wentBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    if (!sent || wentBack) return;
    const refused = document.querySelector(REFUSALS) !== null;
    if (refused) kept.refused = sent;
    else if (kept.refused === sent) delete kept.refused;
    if (!refused) delete kept.forms[sent];
  });
}

// Puts back what was written from nothing, and of a form that was refused what was changed as well.
function putBack(form) {
  const key = keyOf(form);
  change(({ forms, refused }) => {
    const words = forms[key] ?? {};
    for (const field of form.querySelectorAll(FIELDS)) {
      if (!(field.name in words) || isChanged(field)) continue;
      if (drawn(field) === "" || refused === key) show(field, words[field.name]);
      else delete words[field.name];
    }
  });
}

function show(field, text) {
  field.value = text;
  // An option that is no more.
  if (field.selectedIndex === -1) field.value = drawn(field);
  field.closest("details")?.setAttribute("open", "");
}
