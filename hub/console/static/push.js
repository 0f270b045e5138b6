// Signs this phone up for Web Push: asks the person, then the browser's push service, then the hub.
"use strict";
(() => {
  const words = document.getElementById("push-words");
  const letters = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

  function missing() {
    if (!window.isSecureContext) return "Not here: this phone does not trust the hub. See the guide, Your phone.";
    if (!("serviceWorker" in navigator)) return "Not here: this browser runs no service workers.";
    if (!("PushManager" in window)) return "Not here: this browser takes no Web Push.";
    return "";
  }

  async function worker() {
    const registration = await navigator.serviceWorker.register("/static/push_worker.js");
    const begun = registration.installing || registration.waiting;
    if (!registration.active && begun) {
      await new Promise((done, failed) => {
        begun.addEventListener("statechange", () => {
          if (begun.state === "activated") done();
          if (begun.state === "redundant") failed(new Error("the service worker did not start"));
        });
      });
    }
    return registration;
  }

  async function subscribe(key) {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("notifications are not allowed");
    const manager = (await worker()).pushManager;
    const old = await manager.getSubscription();
    if (old && letters(old.options.applicationServerKey) !== key) await old.unsubscribe();
    const late = new Promise((_, failed) => {
      setTimeout(() => failed(new Error("the browser's push service does not answer")), 20000);
    });
    return Promise.race([manager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) }), late]);
  }

  // Before deeds.js, which sends the form once its fields are there.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.id !== "sign-up" || form.endpoint.value) return;
    event.preventDefault();
    event.stopPropagation();
    words.textContent = missing() || "Asking the browser…";
    if (missing()) return;
    try {
      const made = await subscribe(form.dataset.key);
      form.endpoint.value = made.endpoint;
      form.point.value = letters(made.getKey("p256dh"));
      form.auth.value = letters(made.getKey("auth"));
      words.textContent = "";
      form.requestSubmit();
    } catch (error) {
      words.textContent = `Not signed up: ${error.message}.`;
    }
  }, true);

  // What came while the phone was out of reach.
  const back = async () => {
    const registration = await navigator.serviceWorker?.getRegistration("/static/");
    registration?.active?.postMessage("missed");
  };
  window.addEventListener("online", back);
  if (window.isSecureContext) back();
  if (missing()) words?.append(missing());
})();
