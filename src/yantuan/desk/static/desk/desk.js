// The desk's only script. Every page works without it: it adds the drawer, the keyboard and waiting for the phone.
"use strict";

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const english = document.documentElement.lang === "en";
const say = (zh, en) => (english ? en : zh);
const csrf = () => one("input[name=csrfmiddlewaretoken]")?.value ?? "";

async function ask(path, options = {}) {
  const headers = { "X-Desk-Piece": "1", "X-CSRFToken": csrf(), ...options.headers };
  const answer = await fetch(path, { ...options, headers });
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => ({}));
  if (answer.status === 401) location.assign(`/desk/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  throw new Error((english ? body.message_en : body.message) || say("没有完成，请稍后再试", "Not done; try again."));
}

function make(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Signing in: a code by itself, then wait for the phone.
function signIn(card) {
  if (card.dataset.signIn === "empty") {
    const shown = Number(sessionStorage.getItem("desk-codes") || 0);
    if (shown < 10) {
      sessionStorage.setItem("desk-codes", String(shown + 1));
      one("[data-begin]").requestSubmit();
    }
    return;
  }
  const button = one("[data-finish] button");
  button.hidden = true;
  const timer = setInterval(async () => {
    const answer = await fetch("/desk/sign-in/wait").then((it) => it.json()).catch(() => ({ state: "waiting" }));
    if (answer.state === "confirmed") {
      clearInterval(timer);
      sessionStorage.removeItem("desk-codes");
      one("[data-finish]").requestSubmit();
    } else if (answer.state === "gone") {
      clearInterval(timer);
      one("[data-wait]").textContent = say("登录码已过期", "The code has expired");
      one(".qr")?.classList.add("over");
      location.reload();
    }
  }, 1500);
}

// The drawer shows one order beside the table.
const drawer = one("[data-drawer]");
let opened = "";

function closeDrawer() {
  if (!drawer) return;
  drawer.hidden = true;
  opened = "";
}

async function openOrder(path) {
  if (!drawer) return location.assign(path);
  opened = path;
  drawer.hidden = false;
  const close = make("button", { className: "quiet close", type: "button", ariaLabel: say("关闭", "Close"), textContent: "✕" });
  close.addEventListener("click", closeDrawer);
  drawer.replaceChildren(close, make("p", { className: "busy", textContent: say("正在打开…", "Opening…") }));
  try {
    const answer = await ask(path);
    if (opened !== path) return;
    const body = make("div");
    body.innerHTML = await answer.text();
    drawer.replaceChildren(close, body);
    drawer.scrollTop = 0;
  } catch (error) {
    if (opened !== path) return;
    const again = make("button", { type: "button", textContent: say("再试一次", "Try again") });
    again.addEventListener("click", () => openOrder(path));
    drawer.replaceChildren(close, make("p", { className: "busy trouble", role: "alert", textContent: error.message }), again);
  }
}

function table(grid) {
  const rows = all("tbody tr", grid);
  const pathOf = (row) => one("[data-open]", row)?.getAttribute("href") ?? `/desk/${grid.dataset.store}/orders/${row.dataset.row}`;
  grid.addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row || event.target.closest(".tick") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    rows.forEach((it) => it.classList.toggle("at", it === row));
    openOrder(pathOf(row));
  });
}

const card = one("[data-sign-in]");
if (card) signIn(card);
const grid = one("[data-grid]");
if (grid) table(grid);
// A panel closes when the rest of the page is touched.
document.addEventListener("click", (event) => all("details.drop[open]").forEach((it) => it.contains(event.target) || (it.open = false)));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeDrawer();
    all("details.drop[open]").forEach((it) => (it.open = false));
  }
});
