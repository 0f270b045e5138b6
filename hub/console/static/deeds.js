// Acknowledge and resolve without leaving the page.
//
// Two guards for a person in a hurry. A button that moved under the thumb does nothing for a moment.
// And an acknowledgement carries the newest revision that stood on the screen long enough to be seen:
// a room that appeared as the thumb came down goes on asking.
"use strict";
const deeds = (() => {
  const SEEN_MS = 700;
  const MOVED_MS = 500;
  const TWICE_MS = 800;
  const said = document.getElementById("said");
  const seen = new Map(); // incident's id -> its revisions on this screen, with when each appeared
  const moved = new WeakMap();
  let hide = 0;
  let praised = null; // the card that `said` calls in hand, and whether it has been so on this screen

  function note() {
    for (const card of document.querySelectorAll(".card[data-revision]")) {
      const revisions = seen.get(card.id) || [];
      const revision = Number(card.dataset.revision);
      if (!revisions.length || revisions[revisions.length - 1].revision !== revision) {
        revisions.push({ revision, at: performance.now() });
      }
      seen.set(card.id, revisions.slice(-50));
    }
  }

  function shownLongEnough(id, present) {
    const revisions = seen.get(id) || [];
    const long = revisions.filter(({ at }, i) => i === 0 || performance.now() - at >= SEEN_MS);
    return long.length ? long[long.length - 1].revision : present;
  }

  const inSight = (b) => (b.checkVisibility ? b.checkVisibility() : b.offsetParent !== null);
  const places = () =>
    new Map(
      [...document.querySelectorAll("[data-deed] button")]
        .filter(inSight)
        .map((b) => [b, b.getBoundingClientRect().top]),
    );

  // "In hand" must not stand over an incident that has opened again.
  function unsay() {
    const card = praised && document.getElementById(praised.id);
    if (!card) return;
    if (!card.classList.contains("open")) praised.was = true;
    else if (praised.was) {
      said.hidden = true;
      praised = null;
    }
  }

  function settle(before) {
    note();
    unsay();
    for (const [button, top] of before) {
      if (button.isConnected && Math.abs(button.getBoundingClientRect().top - top) > 12) {
        moved.set(button, performance.now());
      }
    }
  }

  function say(words, ok) {
    said.textContent = words;
    said.className = `said ${ok ? "done" : "undone"}`;
    said.hidden = false;
    clearTimeout(hide);
    if (ok && !words.includes("NOT YET")) hide = setTimeout(() => { said.hidden = true; }, 8000);
  }

  async function send(form, button) {
    const fields = new URLSearchParams(new FormData(form, button));
    const card = form.closest(".card") || form;
    if (fields.has("revision")) fields.set("revision", shownLongEnough(card.id, Number(fields.get("revision"))));
    const buttons = [...form.querySelectorAll("button:not([hidden])")];
    for (const each of buttons) each.disabled = true;
    card.setAttribute("aria-busy", "true");
    say("Sending…", true);
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: fields,
        headers: { Accept: "application/json" },
        signal: AbortSignal.timeout(9000),
      });
      if (answer.status === 401) return location.assign("/sign-in");
      const { ok, said: words, ask } = await answer.json();
      if (ask !== undefined) return location.assign(ask);
      say(words, ok);
      if (ok && !fields.has("revision")) form.reset();
      praised = ok && card !== form ? { id: card.id, was: false } : null;
    } catch {
      say("NOT SENT: the hub can't be reached. Use the radio or phone, and try again.", false);
    } finally {
      for (const each of buttons) each.disabled = false;
      card.removeAttribute("aria-busy");
      live.refresh();
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.deed === undefined) return;
    event.preventDefault();
    // A second tap of the same finger must not answer the question that the first one brought.
    if (form.dataset.deed === "twice" && performance.now() < TWICE_MS) {
      say("Read the question first, then tap again.", false);
      return;
    }
    const at = moved.get(event.submitter);
    if (at !== undefined && performance.now() - at < MOVED_MS) {
      say("The page had just moved under your finger. Tap again.", false);
      return;
    }
    send(form, event.submitter);
  });
  said.addEventListener("click", () => { said.hidden = true; });
  note();
  return { places, settle };
})();
