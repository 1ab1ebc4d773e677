"use strict";
// The page is fetched again every second and what differs is carried over, so that nothing flickers, scrolls or loses its selection.
const parts = ["totals", "chart", "chart-caption", "servers", "groups", "nothing", "faults", "calls", "reads"];
const lingers = 1500; // how long, in milliseconds, something that is gone stays visible; calls leave at once

function carry(live, next) {
  if (live.nodeType === Node.TEXT_NODE) {
    if (live.data !== next.data) live.data = next.data;
    return;
  }
  for (const { name, value } of next.attributes) {
    const animated = name === "class" && live.classList.contains("new") ? value + " new" : value;
    if (live.getAttribute(name) !== animated) live.setAttribute(name, animated);
  }
  for (const { name } of [...live.attributes]) {
    if (!next.hasAttribute(name) && !(name === "class" && live.className === "new")) live.removeAttribute(name);
  }
  if (next.firstElementChild?.dataset.key !== undefined || live.firstElementChild?.dataset.key !== undefined) carryKeyed(live, next);
  else carryInOrder(live, next);
}

function carryInOrder(live, next) {
  const [mine, theirs] = [[...live.childNodes], [...next.childNodes]];
  const same = mine.length === theirs.length && mine.every((node, i) => node.nodeName === theirs[i].nodeName);
  if (same) mine.forEach((node, i) => carry(node, theirs[i]));
  else live.replaceChildren(...theirs);
}

function carryKeyed(live, next) {
  const known = new Map([...live.children].filter(child => !child.classList.contains("gone")).map(child => [child.dataset.key, child]));
  let before = live.firstElementChild;
  for (const wanted of [...next.children]) {
    while (before?.classList.contains("gone")) before = before.nextElementSibling;
    let child = known.get(wanted.dataset.key);
    if (child) {
      known.delete(wanted.dataset.key);
      carry(child, wanted);
    } else {
      child = wanted;
      child.classList.add("new");
      child.addEventListener("animationend", () => child.classList.remove("new"), { once: true });
    }
    if (child === before) before = before.nextElementSibling;
    else live.insertBefore(child, before);
  }
  for (const child of known.values()) {
    if (["calls", "reads", "chart"].includes(live.id)) {
      child.remove();
      continue;
    }
    child.classList.add("gone");
    setTimeout(() => child.remove(), lingers);
  }
}

async function refresh() {
  const link = document.getElementById("link");
  try {
    const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) carry(document.getElementById(part), next.getElementById(part));
    link.textContent = "live";
    link.className = "pill";
  } catch {
    link.textContent = "no answer, trying again";
    link.className = "pill lost";
  }
}

(async () => {
  for (;;) {
    await new Promise(done => setTimeout(done, 1000));
    if (!document.hidden) await refresh();
  }
})();
