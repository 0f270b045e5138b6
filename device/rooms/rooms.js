// The floor of simulated rooms: shows what the agents show, and sends what hands do. No framework.
"use strict";

const floor = document.getElementById("floor");
const live = document.getElementById("live");
const template = document.getElementById("room");
const cards = new Map();
const SILENT_AFTER_MS = 12000; // the stream speaks every 5 s
let heardAt = 0;

// An agent believes a contact that rests for 40 ms; a finger's shortest press rests as long.
const LEAST_PRESS_MS = 60;
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

// What hands do in one room goes out in the order in which it was done, a press no shorter than a finger's.
const waiting = new Map();
function send(device, what, zone) {
  const query = zone ? `?zone=${encodeURIComponent(zone)}` : "";
  const path = `/api/rooms/${encodeURIComponent(device)}/${what}${query}`;
  const before = waiting.get(device) || Promise.resolve();
  const done = before.then(() => fetch(path, { method: "POST" })).then(
    (answer) => {
      if (!answer.ok) say(false, `Refused: ${answer.status}`);
      else if (what === "press") return pause(LEAST_PRESS_MS);
    },
    () => say(false, "Not reached: the rooms' process doesn't answer"));
  waiting.set(device, done);
}

function say(isLive, words) {
  const state = isLive ? "yes" : "no";
  if (live.dataset.live !== state) live.dataset.live = state;
  if (live.textContent !== words) live.textContent = words;
}

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

function zoneButton(room, zone, parent) {
  const button = element("button", `zone ${zone.button ? "button" : "door"}`, parent);
  button.type = "button";
  button.dataset.device = room.device;
  button.dataset.zone = zone.zone;
  element("span", "shape", button).setAttribute("aria-hidden", "true");
  element("span", "label", button).textContent = zone.label;
  element("small", "state", button);
  if (zone.button) {
    pressable(button, room.device, zone.zone);
  } else {
    button.addEventListener("click", () =>
      send(room.device, button.dataset.active === "yes" ? "close" : "open", zone.zone));
  }
  return button;
}

// One zone's wire: well, cut or short; what is chosen is what its wire is.
function wireChoice(room, zone, parent) {
  const row = element("fieldset", "wire", parent);
  element("legend", "", row).textContent = zone.label;
  const radios = new Map();
  for (const [wire, deed, words] of [["well", "mend", "well"], ["cut", "cut", "cut"], ["short", "short", "short"]]) {
    const label = element("label", "", row);
    const radio = element("input", "", label);
    radio.type = "radio";
    radio.name = `wire-${room.device}-${zone.zone}`;
    radio.addEventListener("change", () => send(room.device, deed, zone.zone));
    label.append(words);
    radios.set(wire, radio);
  }
  return radios;
}

function deedButton(parent, device, words, deed) {
  const button = element("button", "deed", parent);
  button.type = "button";
  button.textContent = words;
  button.addEventListener("click", () => send(device, deed()));
  return button;
}

// Pressed while the pointer (or Space) is down; Enter taps; K keeps it pressed until K, or a touch, again.
function pressable(button, device, zone) {
  let down = false;
  let stuck = false;
  const stick = (is) => {
    stuck = is;
    button.title = is ? "Kept pressed: click, or press K, to release it" : "";
  };
  const press = () => { if (!down) { down = true; send(device, "press", zone); } };
  const release = () => { if (down) { down = false; stick(false); send(device, "release", zone); } };
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (stuck) return release();
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    button.addEventListener(end, () => { if (!stuck) release(); });
  }
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") { event.preventDefault(); press(); }
    else if (event.key === "Enter") { event.preventDefault(); if (stuck) release(); else send(device, "tap", zone); }
    else if (event.key.toLowerCase() === "k") { if (stuck) release(); else { press(); stick(true); } }
  });
  button.addEventListener("keyup", (event) => { if (event.key === " ") { event.preventDefault(); release(); } });
  button.addEventListener("blur", () => { if (!stuck) release(); });
  // A screen reader's click has neither pointer nor key before it.
  button.addEventListener("click", (event) => {
    if (event.detail !== 0) return;
    if (stuck) release();
    else if (!down) send(device, "tap", zone);
  });
}

function makeCard(room) {
  const card = template.content.firstElementChild.cloneNode(true);
  card.dataset.device = room.device;
  card.id = room.device;
  const heading = card.querySelector("h2");
  heading.textContent = room.room;
  heading.id = `${room.device}-name`;
  card.setAttribute("aria-labelledby", heading.id);
  const plug = card.querySelector(".plug");
  plug.addEventListener("click", () => send(room.device, card.dataset.plugged === "yes" ? "unplug" : "plug"));
  const zones = new Map();
  for (const zone of room.zones) zones.set(zone.zone, zoneButton(room, zone, card.querySelector(".zones")));
  const wires = new Map();
  for (const zone of room.zones) wires.set(zone.zone, wireChoice(room, zone, card.querySelector(".wires")));
  const deeds = card.querySelector(".deeds");
  const brownOut = deedButton(deeds, room.device, "Brown-out",
    () => (card.dataset.brownOut === "yes" ? "supply-well" : "brown-out"));
  const walkTest = deedButton(deeds, room.device, "Walk test",
    () => (card.dataset.walkTest === "yes" ? "end-walk-test" : "walk-test"));
  deedButton(deeds, room.device, "Identify", () => "identify");
  const made = {
    card, plug, zones, wires, brownOut, walkTest,
    lamp: card.querySelector(".lamp"), glow: card.querySelector(".glow"),
    posture: card.querySelector(".posture"),
    words: card.querySelector(".words"), foot: card.querySelector(".foot"),
  };
  place(card, room);
  cards.set(room.device, made);
  return made;
}

function place(card, room) {
  const name = `${room.building}, floor ${room.floor}`;
  if (floor.dataset.last !== name) {
    element("h2", "floor", floor).textContent = name;
    floor.dataset.last = name;
  }
  floor.append(card);
}

// What the input reads where that isn't what its contact does: a fault, or a wire that stands in for a hand.
function reading(zone) {
  const reads = zone.condition;
  if (!reads) return null;
  if (!["normal", "active"].includes(reads)) return `reads ${reads}`;
  if (zone.wire === "well" || (reads === "active") === zone.active) return null;
  const words = zone.button ? ["at rest", "pressed"] : ["closed", "open"];
  return `reads ${words[reads === "active" ? 1 : 0]}: its wire is ${zone.wire}`;
}

function set(node, words) { if (node.textContent !== words) node.textContent = words; }

function show(room) {
  const made = cards.get(room.device) || makeCard(room);
  const { card, lamp } = made;
  card.dataset.plugged = room.plugged ? "yes" : "no";
  card.dataset.outbox = room.outbox;
  set(made.plug, room.plugged ? "Unplug" : "Plug in");
  made.plug.setAttribute("aria-label", `${room.plugged ? "Unplug" : "Plug in"} the agent of ${room.room}`);
  lamp.dataset.lamp = room.lamp.pattern;
  lamp.dataset.light = room.lamp.light;
  made.glow.style.opacity = room.lamp.light;
  set(made.words, room.lamp.words);
  const heard = room.posture;
  made.posture.dataset.posture = heard ? heard.posture : "none";
  const drill = heard && heard.drill ? "DRILL " : "";
  set(made.posture, heard ? `Posture: ${drill}${heard.posture.toUpperCase()}` : "Posture: none heard");
  for (const zone of room.zones) {
    const button = made.zones.get(zone.zone);
    const word = zone.button ? (zone.active ? "pressed" : "at rest") : (zone.active ? "open" : "closed");
    button.dataset.active = zone.active ? "yes" : "no";
    button.setAttribute("aria-pressed", zone.active ? "true" : "false");
    button.setAttribute("aria-label", `${zone.label}, ${room.room}: ${word}`);
    const said = [word];
    const reads = reading(zone);
    if (reads) said.push(reads);
    if (zone.wiring) said.push(zone.wiring);
    if (zone.walk_test) said.push("walk test");
    set(button.querySelector(".state"), said.join(", "));
    button.dataset.fault = reads ? "yes" : "no";
    button.dataset.felt = zone.felt ? "yes" : "no";
    const radio = made.wires.get(zone.zone).get(zone.wire);
    if (!radio.checked) radio.checked = true;
  }
  card.dataset.brownOut = room.brown_out ? "yes" : "no";
  card.dataset.walkTest = room.walk_test ? "yes" : "no";
  set(made.brownOut, room.brown_out ? "Supply well" : "Brown-out");
  set(made.walkTest, room.walk_test ? "End test" : "Walk test");
  made.walkTest.disabled = !room.plugged;
  const events = room.outbox === 1 ? "event" : "events"; // a press and its release are two
  const owed = room.outbox ? `${room.outbox} ${events} not yet received` : "nothing owed";
  const supply = room.brown_out ? "under-voltage · " : "";
  set(made.foot, !room.plugged ? "no power" : `${supply}${room.link ? "broker reached" : "broker not reached"} · ${owed}`);
}

function take(rooms) {
  for (const room of rooms) show(room);
  document.getElementById("empty").hidden = cards.size > 0;
  heardAt = Date.now();
  say(true, "Live");
}

const stream = new EventSource("/api/stream");
stream.onmessage = (event) => take(JSON.parse(event.data).rooms);
stream.onerror = () => say(false, "Not live: the rooms' process is gone; trying again");
setInterval(() => {
  if (heardAt && Date.now() - heardAt > SILENT_AFTER_MS) say(false, "Not live");
}, 1000);
