// Keeps the guard's page up to date from its stream, and sends orders without leaving it. Without it forms still work.
"use strict";
(() => {
  const SILENCE_MS = 3500;
  const MOST_EVENTS = 200;
  const root = document.documentElement;
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* asked again next time */ } };
  if (kept("theme")) root.dataset.theme = kept("theme");
  const body = document.body;
  if (!body.dataset.events) return;
  const by = (id) => document.getElementById(id);
  const dead = by("dead");
  let silence = 0;
  let alarms = by("alarms").textContent;
  let muted = kept("muted") === "yes";

  const alive = () => {
    dead.hidden = true;
    clearTimeout(silence);
    silence = setTimeout(() => { dead.hidden = false; }, SILENCE_MS);
  };
  const chime = () => {
    if (muted) return;
    const sound = new AudioContext();
    [784, 659, 784].forEach((hertz, index) => {
      const wave = sound.createOscillator();
      const gain = sound.createGain();
      const at = sound.currentTime + index * 0.16;
      wave.frequency.value = hertz;
      gain.gain.setValueAtTime(0.2, at);
      gain.gain.exponentialRampToValueAtTime(0.001, at + 0.15);
      wave.connect(gain).connect(sound.destination);
      wave.start(at);
      wave.stop(at + 0.16);
    });
  };

  const events = new EventSource(body.dataset.events);
  const on = (kind, act) => events.addEventListener(kind, (event) => { alive(); act(JSON.parse(event.data)); });
  on("beat", () => {});
  on("part", ({ id, html, kept: marks }) => {
    const part = by(id);
    if (!part) return;
    part.innerHTML = html;
    if (marks !== undefined) part.parentElement.dataset.kept = marks;
    if (id === "alarms") {
      const now = part.textContent;
      if (now !== alarms && part.querySelectorAll("li").length) chime();
      alarms = now;
    }
  });
  on("event", ({ number, html }) => {
    const list = by("events");
    if (by(`event-${number}`)) return;
    const top = list.scrollTop;
    const before = list.scrollHeight;
    list.insertAdjacentHTML("afterbegin", html);
    if (top > 0) list.scrollTop = top + list.scrollHeight - before;
    while (list.children.length > MOST_EVENTS) list.lastElementChild.remove();
  });
  on("again", () => location.reload());
  // A terminal that answers and gives no stream does not know this session; a browser would not ask again by itself.
  events.addEventListener("error", () => { if (events.readyState === 2) setTimeout(() => location.reload(), 1000); });
  on("ended", () => location.assign("/login"));
  alive();

  document.querySelectorAll("form[data-order]").forEach((form) => form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.submitter;
    const body = new URLSearchParams(new FormData(form, button));
    button.disabled = true;
    const said = by("said");
    try {
      const answer = await fetch(form.action, {
        method: "POST", body, headers: { Accept: "application/json" },
      });
      const told = await answer.json();
      said.textContent = told.say;
      said.className = `said ${told.tone}`;
      if (told.tone === "good") { const box = form.closest("details"); if (box) box.open = false; form.reset(); }
      if (told.once) form.elements.once.value = form.elements.once.defaultValue = told.once;
    } catch {
      said.textContent = dead.textContent;
      said.className = "said bad";
    }
    said.hidden = false;
    button.disabled = false;
  }));
  by("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    keep("theme", root.dataset.theme);
  });
  const sound = by("sound");
  const tell = () => {
    sound.textContent = muted ? sound.dataset.off : sound.dataset.on;
    sound.setAttribute("aria-pressed", String(!muted));
  };
  sound.addEventListener("click", () => { muted = !muted; keep("muted", muted ? "yes" : "no"); tell(); });
  tell();
})();
