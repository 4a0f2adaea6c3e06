// Shows whatever screen the terminal sends, with its tone; says so itself when the terminal says nothing any more.
"use strict";
(() => {
  const SILENCE_MS = 3500;
  const root = document.documentElement;
  const main = document.querySelector("main");
  const lost = document.querySelector("template").innerHTML;
  const notes = { good: [660, 880], wait: [660], bad: [440, 294] };
  const muted = new URLSearchParams(location.search).has("mute");
  let sound = null;
  let dead = 0;
  let face = root.dataset.face;

  const play = (tone) => {
    if (muted || !notes[tone]) return;
    sound = sound || new AudioContext();
    notes[tone].forEach((hertz, index) => {
      const at = sound.currentTime + index * 0.18;
      const wave = sound.createOscillator();
      const gain = sound.createGain();
      wave.frequency.value = hertz;
      gain.gain.setValueAtTime(0.0001, at);
      gain.gain.exponentialRampToValueAtTime(0.4, at + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.17);
      wave.connect(gain).connect(sound.destination);
      wave.start(at);
      wave.stop(at + 0.18);
    });
  };
  const show = (next, language, html) => {
    root.dataset.face = next;
    root.lang = language;
    main.innerHTML = html;
    document.title = main.querySelector("h1").textContent;
  };
  const silent = () => {
    face = null;
    show("out-of-service", root.lang, lost);
  };
  const alive = () => {
    clearTimeout(dead);
    dead = setTimeout(silent, SILENCE_MS);
  };

  const events = new EventSource(document.body.dataset.events);
  events.addEventListener("screen", (event) => {
    alive();
    const told = JSON.parse(event.data);
    show(told.face, told.language, told.html);
    if (told.face !== face && told.tone) play(told.tone);
    face = told.face;
  });
  // A terminal that answers and gives no stream has too many of them: a browser would not ask again by itself.
  events.addEventListener("error", () => { if (events.readyState === 2) setTimeout(() => location.reload(), 2000); });
  // After a silence the stream is the same one, and its screen has gone: begin anew.
  events.addEventListener("beat", () => (face === null ? location.reload() : alive()));
  alive();
})();
