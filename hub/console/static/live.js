// Keeps the page live, and says so when it isn't.
//
// The hub tells of each change and beats every 3 s. The page counts as live only while beats come
// AND what is shown was fetched after the last change. 8 s without that, and a bar across the page
// says since when. It comes back by itself.
"use strict";
const live = (() => {
  const SILENT_MS = 7000;
  const AGAIN_MS = 2000;
  const REFRESH_MS = 15000;
  const region = document.getElementById("live");
  const bar = document.getElementById("not-live");
  const footer = document.getElementById("live-words");
  const announce = document.getElementById("announce");
  const version = region.dataset.live;

  let source = null;
  let heard = performance.now(); // when this page was last truly live
  let heardClock = document.querySelector("[data-clock]")?.textContent || footer.textContent.replace("As of ", "");
  let openedAt = performance.now();
  let spoke = { at: performance.now(), clock: heardClock }; // the stream's last word
  let ahead = Number(region.dataset.now) - Date.now(); // the hub's clock less ours
  let dirty = false;
  let fetching = false;
  let fetched = performance.now();
  let failedAt = 0;
  let known = asking();
  let posture = holding();

  function asking() {
    const found = new Map();
    for (const one of document.querySelectorAll("#alarms .alarm")) found.set(one.id, Number(one.dataset.asks));
    return found;
  }

  function holding() {
    const { headline, asked } = document.getElementById("posture").dataset;
    return { headline, asked };
  }

  function beat(text) {
    const { now, clock } = JSON.parse(text);
    ahead = now - Date.now();
    spoke = { at: performance.now(), clock };
    if (!dirty && !fetching) live();
  }

  // What is shown is as new as the stream's last word.
  function live() {
    heard = spoke.at;
    heardClock = spoke.clock;
    if (performance.now() - heard > SILENT_MS) return;
    footer.textContent = `Live · ${heardClock}`;
    document.documentElement.classList.remove("stale");
    if (!bar.hidden) {
      bar.hidden = true;
      bar.textContent = "";
    }
  }

  function lost() {
    document.documentElement.classList.add("stale");
    const words = `NOT LIVE since ${heardClock}`;
    if (!bar.hidden && bar.dataset.words === words) return;
    bar.dataset.words = words;
    bar.textContent = `${words}. What is shown may be old. Trying again…`;
    bar.hidden = false;
    footer.textContent = words;
  }

  function connect() {
    if (source !== null) source.close();
    openedAt = performance.now();
    source = new EventSource("/board/stream");
    source.addEventListener("hello", (event) => {
      if (JSON.parse(event.data).version !== version) return location.reload();
      dirty = true;
      beat(event.data);
      refresh();
    });
    source.addEventListener("change", (event) => {
      dirty = true;
      beat(event.data);
      refresh();
    });
    source.addEventListener("beat", (event) => beat(event.data));
    source.addEventListener("over", () => signIn());
  }

  function signIn() {
    location.assign(`/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  }

  async function refresh() {
    if (fetching) return;
    fetching = true;
    try {
      while (dirty) {
        dirty = false;
        const answer = await fetch(location.href, {
          headers: { Fragment: "live" },
          cache: "no-store",
          signal: AbortSignal.timeout(7000),
        });
        if (answer.status === 401) return signIn();
        if (!answer.ok && answer.status !== 503) throw new Error(`status ${answer.status}`);
        take(await answer.text());
      }
      failedAt = 0;
      live();
    } catch {
      dirty = true;
      failedAt = performance.now();
    } finally {
      fetching = false;
    }
  }

  function take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("live");
    if (fresh === null) throw new Error("not a page of ours");
    const places = deeds.places();
    morph(region, fresh);
    deeds.settle(places);
    document.title = page.title;
    fetched = performance.now();
    tellNew();
    count();
  }

  function tellNew() {
    const now = asking();
    for (const [id, rooms] of now) {
      if (known.has(id) && known.get(id) >= rooms) continue;
      const banner = document.getElementById(id);
      banner.classList.add("new");
      announce.textContent = `New alarm: ${banner.dataset.headline}`;
      alarm.sound(3);
      if (navigator.vibrate) navigator.vibrate([300, 150, 300]);
      if (location.pathname === "/") window.scrollTo({ top: 0 });
    }
    known = now;
    const holds = holding();
    if (holds.headline !== posture.headline) announce.textContent = `Posture: ${holds.headline}`;
    if (holds.asked !== undefined && holds.asked !== posture.asked) {
      announce.textContent = "Which posture is to hold?";
      alarm.sound(3);
    }
    posture = holds;
  }

  function count() {
    const now = Date.now() + ahead;
    for (const shown of document.querySelectorAll("[data-count]")) {
      const seconds = Math.max(0, Math.floor((now - Number(shown.dataset.count)) / 1000));
      const two = (n) => String(n).padStart(2, "0");
      const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
      if (seconds >= 172800) shown.textContent = `${Math.floor(seconds / 86400)} days`;
      else shown.textContent = h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
    }
  }

  // One repeat every 10 s while nobody has it in hand: enough to be heard, not to deafen. What is
  // expected in a drill sounds once, as it comes.
  const calls = () => document.querySelector("#alarms .alarm:not(.of-drill)") !== null;
  setInterval(() => { if (calls()) alarm.sound(1); }, 10000);
  setInterval(() => {
    count();
    const now = performance.now();
    if (now - heard > SILENT_MS) lost();
    const closed = source === null || source.readyState === EventSource.CLOSED;
    if (now - openedAt > AGAIN_MS && (closed || (now - heard > SILENT_MS && now - openedAt > SILENT_MS))) connect();
    if (failedAt && now - failedAt > 1000) refresh();
    if (now - fetched > REFRESH_MS && bar.hidden && !fetching) { dirty = true; refresh(); }
  }, 500);
  window.addEventListener("online", connect);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && performance.now() - heard > 4000) connect();
  });
  document.addEventListener("DOMContentLoaded", () => { connect(); if (calls()) alarm.sound(2); });
  return { refresh: () => { dirty = true; return refresh(); } };
})();
