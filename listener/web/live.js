// Keeps a page up to date: panels arrive as HTML that the server escaped, and only what differs is touched.
"use strict";

const AGAIN = 15_000; // ms until the page is asked for whole, where events do not come through
const SILENT = 40_000; // ms without a sign of life, of which the server gives one every 15 s, after which a link is dead
const FIRST = "data-key";
const REFUSAL = "refusal";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const link = document.getElementById("live");
const held = new Map();
let events, heard;

/** Whether two nodes stand for the same thing, so that one can become the other. */
const alike = (one, other) =>
  one.nodeName === other.nodeName && (one.nodeType !== Node.ELEMENT_NODE || one.getAttribute(FIRST) === other.getAttribute(FIRST));

/** Make `node` what `wanted` is; what is alike stays, with its focus and what was typed into it. */
function become(node, wanted) {
  if (node.isEqualNode(wanted)) return;
  if (node.nodeType !== Node.ELEMENT_NODE) {
    node.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...node.attributes]) if (!wanted.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of wanted.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  fill(node, wanted);
}

/** Make the children of `parent` those of `wanted`. */
function fill(parent, wanted) {
  let here = parent.firstChild;
  for (const next of [...wanted.childNodes]) {
    let match = here;
    while (match && !alike(match, next)) match = match.nextSibling;
    if (!match) {
      parent.insertBefore(next, here);
      show(next);
    } else {
      if (match === here) here = here.nextSibling;
      else parent.insertBefore(match, here);
      become(match, next);
    }
  }
  while (here) {
    const gone = here;
    here = here.nextSibling;
    if (gone.className !== REFUSAL) gone.remove(); // no page holds one: it is to be read, however often the panel changes
  }
}

/** Draw the eye to something new. */
function show(node) {
  if (calm.matches || node.nodeType !== Node.ELEMENT_NODE || !node.hasAttribute(FIRST)) return;
  const mark = getComputedStyle(document.documentElement).getPropertyValue("--new");
  node.animate([{ backgroundColor: mark }, {}], { duration: 3_000, easing: "ease-out" });
}

function update(name, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  if (name === "title") {
    document.title = fresh.content.textContent.trim();
    return;
  }
  const panel = document.getElementById(name);
  if (panel?.contains(document.activeElement) && document.activeElement.matches("input")) held.set(name, html); // somebody is writing in it
  else if (panel) fill(panel, fresh.content);
}

/** Put every panel of a page, given whole, in its place. */
function replace(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  document.title = page.title;
  for (const panel of page.querySelectorAll("#heard, #news, section[id]")) update(panel.id, panel.innerHTML);
}

/** Say what the tone of a mention is, without leaving the page; where no daemon answers, the browser tries and tells. */
async function mark(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  form.querySelector(`.${REFUSAL}`)?.remove();
  let answer, html;
  try {
    answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    html = await answer.text();
  } catch {
    answer = undefined;
  }
  if (answer?.redirected && answer.ok) replace(html);
  else if (answer?.status === 401) location.reload(); // to the login
  else if (!answer || (answer.status >= 500 && !answer.redirected)) {
    form.dataset.plain = "";
    form.requestSubmit(button);
  } else if (!answer.ok) refuse(form, html);
}

/** Say beside its form why a request was not accepted, as the page that answered it does. */
function refuse(form, html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const said = document.createElement("p");
  said.className = REFUSAL;
  said.setAttribute("role", "alert");
  said.textContent = [...page.querySelectorAll("h1, .reason")].map((each) => each.textContent).join(" ");
  form.append(said);
}

/** The whole page, where events do not come through: a proxy holds them back, too many look, the session is over. */
async function ask() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) location.reload(); // to the login
    if (!answer.ok) return;
    replace(await answer.text());
  } catch {
    // the daemon is away: what is shown stays, and is said to be old
  }
}

function say(state) {
  document.body.classList.toggle("lost", state === "lost");
  link.className = state === "lost" ? "bad" : "good";
  if (link.textContent !== link.dataset[state]) link.textContent = link.dataset[state];
}

function alive() {
  heard = Date.now();
  say("live");
}

function connect() {
  events?.close();
  heard = Date.now();
  events = new EventSource(document.body.dataset.events);
  events.addEventListener("beat", alive);
  events.addEventListener("panels", (event) => {
    alive();
    for (const [name, html] of Object.entries(JSON.parse(event.data))) update(name, html);
  });
  events.addEventListener("error", () => {
    say("lost");
    if (events.readyState === EventSource.CLOSED) setTimeout(() => ask().then(connect), AGAIN);
  });
}

/** A phone that slept holds a link that is dead without knowing it; behind a proxy that holds events back every link is. */
function check() {
  if (events.readyState !== EventSource.CLOSED && Date.now() - heard > SILENT) {
    say("lost");
    connect();
    ask();
  }
}

document.addEventListener("focusout", () =>
  setTimeout(() => {
    const waiting = [...held];
    held.clear();
    for (const [name, html] of waiting) update(name, html);
  }),
);
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".marking:not([data-plain])")) return;
  event.preventDefault();
  mark(event.target, event.submitter);
});
document.addEventListener("visibilitychange", check);
setInterval(check, 5_000);
connect();
