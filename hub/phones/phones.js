// The phones that a simulated modem reaches: shows what they were sent, and sends what their owners answer.
"use strict";

const LOOK_MS = 500;
const place = document.getElementById("phones");
const live = document.getElementById("live");
const template = document.getElementById("phone");
const cards = new Map();

function say(isLive, words) {
  live.dataset.live = isLive ? "yes" : "no";
  if (live.textContent !== words) live.textContent = words;
}

async function send(name, what, words) {
  try {
    const answer = await fetch(`/api/phones/${encodeURIComponent(name)}/${what}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(words),
    });
    if (!answer.ok && answer.status !== 409) say(false, `Refused: ${answer.status}`);
  } catch {
    say(false, "Not reached: the modem's process doesn't answer");
  }
}

function made(phone) {
  const card = template.content.cloneNode(true).querySelector(".phone");
  const id = `text-${cards.size}`;
  card.setAttribute("aria-labelledby", `${id}-name`);
  card.querySelector("h2").id = `${id}-name`;
  card.querySelector("h2").textContent = phone.name;
  card.querySelector(".number").textContent = phone.number;
  const input = card.querySelector("input");
  input.id = id;
  const label = card.querySelector("label");
  label.htmlFor = id;
  label.textContent = `Reply from ${phone.name}'s phone`;
  card.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send(phone.name, "text", input.value);
    input.value = "";
  });
  for (const button of card.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => send(phone.name, button.dataset.do, "1"));
  }
  place.append(card);
  return { card, shown: 0 };
}

function show(phone) {
  if (!cards.has(phone.name)) cards.set(phone.name, made(phone));
  const known = cards.get(phone.name);
  const call = known.card.querySelector(".call");
  call.hidden = phone.call === null;
  const words = phone.call === "answered" ? "The school's number is on the line, and says nothing." : "The school's number rings.";
  const said = call.querySelector(".call-words");
  if (!call.hidden && said.textContent !== words) said.textContent = words;
  call.querySelector("[data-do=answer]").hidden = phone.call === "answered";
  call.querySelector("[data-do=key]").hidden = phone.call !== "answered";
  const list = known.card.querySelector(".texts");
  for (const text of phone.texts.slice(0, phone.texts.length - known.shown).reverse()) {
    const item = document.createElement("li");
    item.className = text.which;
    const time = document.createElement("time");
    time.textContent = `${text.which} ${text.at}`;
    item.append(time, text.text);
    list.prepend(item);
  }
  known.shown = phone.texts.length;
}

async function look() {
  try {
    const answer = await fetch("/api/phones");
    (await answer.json()).forEach(show);
    say(true, "Live");
  } catch {
    say(false, "Not reached: the modem's process doesn't answer");
  }
  setTimeout(look, LOOK_MS);
}

look();
