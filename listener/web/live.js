// Keeps a page up to date: panels arrive as HTML that the server escaped, and only what differs is touched.
"use strict";

const AGAIN = 15_000; // ms until the page is asked for whole, where events do not come through
const SILENT = 40_000; // ms without a sign of life, of which the server gives one every 15 s, after which a link is dead
const FIRST = "data-key";

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
    gone.remove();
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

/** Say what the tone of a mention is, without leaving the page; what cannot be done so is done the plain way. */
async function mark(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "text/html" } });
    if (!answer.ok || !answer.redirected) throw new Error(answer.statusText);
    replace(await answer.text());
  } catch {
    form.dataset.plain = "";
    form.requestSubmit(button);
  }
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
