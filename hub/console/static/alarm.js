// The sound of a new incident, made here: no file, no network. A browser lets a page sound only
// after a touch, so what the button says is always what the browser really allows.
"use strict";
const alarm = (() => {
  const button = document.getElementById("sound");
  const words = document.getElementById("sound-words");
  let context = null;
  let wanted = localStorage.getItem("sound") !== "off";

  function show() {
    const on = wanted && context !== null && context.state === "running";
    button.dataset.on = on ? "on" : "off";
    button.setAttribute("aria-pressed", on ? "true" : "false");
    words.textContent = on ? "Sound is on" : wanted ? "Sound is off: tap to turn on" : "Sound is off";
  }

  function note(at, from, to, length) {
    const tone = context.createOscillator();
    const loudness = context.createGain();
    tone.type = "triangle";
    tone.frequency.setValueAtTime(from, at);
    tone.frequency.linearRampToValueAtTime(to, at + length);
    loudness.gain.setValueAtTime(0, at);
    loudness.gain.linearRampToValueAtTime(0.7, at + 0.02);
    loudness.gain.setValueAtTime(0.7, at + length - 0.05);
    loudness.gain.linearRampToValueAtTime(0, at + length);
    tone.connect(loudness).connect(context.destination);
    tone.start(at);
    tone.stop(at + length);
  }

  function open() {
    if (context === null && window.AudioContext) {
      context = new AudioContext();
      context.addEventListener("statechange", show);
    }
    if (context !== null && context.state !== "running") context.resume().then(show, show);
  }

  function sound(times) {
    if (!wanted || context === null || context.state !== "running") return;
    const start = context.currentTime + 0.02;
    for (let i = 0; i < times; i += 1) {
      note(start + i * 0.9, 740, 740, 0.28);
      note(start + i * 0.9 + 0.32, 988, 988, 0.42);
    }
  }

  button.addEventListener("click", () => {
    const running = context !== null && context.state === "running";
    wanted = !(wanted && running);
    localStorage.setItem("sound", wanted ? "on" : "off");
    open();
    if (wanted && context !== null) context.resume().then(() => { show(); sound(1); }, show);
    show();
  });
  // Any touch of the page is the touch that the browser waits for.
  document.addEventListener("pointerdown", () => { if (wanted) open(); }, { once: true });
  button.hidden = false;
  if (wanted) open();
  show();
  return { sound };
})();
