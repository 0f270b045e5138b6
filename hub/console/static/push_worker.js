// Shows what the hub pushes, and opens its page. It answers nothing by itself: the page asks once more.
"use strict";
const UNREAD = { tag: "unread", title: "Tocsin: look at the board", text: "A notice could not be read.", open: "/" };

function show(told) {
  return self.registration.showNotification(told.title, {
    body: told.text,
    tag: told.tag,
    renotify: !told.quiet,
    silent: told.quiet === true,
    requireInteraction: !told.over && !told.quiet,
    icon: "/static/icon.svg",
    data: { open: told.open },
    actions: [{ action: "open", title: told.open.startsWith("/go/") ? "Answer…" : "Open" }],
  });
}

async function pushed(event) {
  let told = UNREAD;
  try {
    told = event.data.json();
  } catch {
    // shown all the same
  }
  await show(told);
  await missed([told.tag]);
}

// What a push service dropped, or the phone never got: of calls that nobody has in hand.
async function missed(known = []) {
  const made = await self.registration.pushManager.getSubscription();
  if (!made) return;
  const auth = btoa(String.fromCharCode(...new Uint8Array(made.getKey("auth"))));
  const body = JSON.stringify({
    endpoint: made.endpoint,
    auth: auth.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, ""),
  });
  try {
    const answer = await fetch("/push/missed", { method: "POST", body, signal: AbortSignal.timeout(9000) });
    if (!answer.ok) return;
    const shown = new Set([...known, ...(await self.registration.getNotifications()).map((one) => one.tag)]);
    for (const told of await answer.json()) if (!shown.has(told.tag)) await show(told);
  } catch {
    // the hub can't be reached: the next push, or the next look at a page, asks again
  }
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(missed()));
self.addEventListener("push", (event) => event.waitUntil(pushed(event)));
self.addEventListener("message", (event) => { if (event.data === "missed") event.waitUntil(missed()); });
self.addEventListener("online", () => missed());
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data.open, self.location.origin);
  if (wanted.origin === self.location.origin) event.waitUntil(self.clients.openWindow(wanted.href));
});
