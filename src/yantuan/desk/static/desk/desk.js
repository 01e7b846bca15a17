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
  // The table behind shows what was true before an act in the drawer.
  if (stale) location.reload();
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

// One dialog for questions, progress, outcomes and help.
const dialog = one("[data-dialog]");

function button(text, click, kind = "") {
  const made = make("button", { type: "button", textContent: text, className: kind });
  made.addEventListener("click", click);
  return made;
}

function talk(title, ...parts) {
  dialog.replaceChildren(make("h2", { textContent: title }), ...parts);
  if (!dialog.open) dialog.showModal();
}

const pairs = (form) => {
  const body = new URLSearchParams(new FormData(form));
  return body;
};

// Acts in the drawer and on the order's own page go without leaving it.
document.addEventListener("submit", async (event) => {
  if (event.target.dataset.sure && !confirm(event.target.dataset.sure)) {
    event.preventDefault();
    return;
  }
  const form = event.target.closest("[data-do]");
  if (!form) return;
  event.preventDefault();
  const body = pairs(form);
  const pressed = event.submitter;
  if (pressed?.name) body.set(pressed.name, pressed.value);
  all("button", form).forEach((it) => (it.disabled = true));
  let said = "";
  try {
    const answer = await ask(form.action, { method: "POST", body });
    const [outcome] = (await answer.json()).outcomes;
    if (outcome.done) return await acted(outcome.id);
    said = outcome.text;
  } catch (error) {
    said = error.message;
  }
  all("button", form).forEach((it) => (it.disabled = false));
  one(".trouble[role=alert]", form)?.remove();
  form.append(make("p", { className: "trouble", role: "alert", textContent: said }));
});

let stale = false;

async function acted(id) {
  if (!drawer || drawer.hidden) return location.reload();
  stale = true;
  const row = one(`tr[data-row="${id}"]`);
  row?.classList.add("old");
  await openOrder(opened);
}

document.addEventListener("click", async (event) => {
  const reveal = event.target.closest("[data-reveal]");
  if (!reveal) return;
  event.preventDefault();
  reveal.disabled = true;
  const place = reveal.closest("section");
  try {
    const full = await (await ask(reveal.dataset.reveal, { method: "POST" })).json();
    one("[data-recipient]", place).replaceChildren(make("b", { textContent: full.recipient_name }), ` ${full.phone}`, make("br"), full.place);
    reveal.remove();
  } catch (error) {
    reveal.disabled = false;
    place.append(make("p", { className: "trouble", role: "alert", textContent: error.message }));
  }
});

// Choosing rows: one by one, a range with shift, the page, or all that fit.
function choosing(grid) {
  const boxes = all("input[name=ids]", grid);
  const bar = one("[data-bulk]");
  const top = one("[data-tick-all]", grid);
  const everything = one("[data-choose-all]", bar);
  const { store, query } = grid.dataset;
  const total = Number(grid.dataset.all);
  const most = Number(grid.dataset.most);
  const atOnce = Number(grid.dataset.atOnce);
  let wide = [];
  let last = null;

  const chosen = () => (wide.length ? wide : boxes.filter((it) => it.checked).map((it) => it.value));

  function show() {
    const count = chosen().length;
    boxes.forEach((it) => it.closest("tr").classList.toggle("chosen", it.checked));
    bar.hidden = count === 0;
    one("[data-count]", bar).textContent = count;
    top.checked = count > 0 && boxes.every((it) => it.checked);
    top.indeterminate = count > 0 && !top.checked;
    everything.hidden = wide.length > 0 || !top.checked || total <= boxes.length;
    everything.textContent = say(`选中符合条件的全部 ${Math.min(total, most)} 单`, `Choose all ${Math.min(total, most)} that fit`);
  }

  function tick(box, on, range) {
    wide = [];
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    const touched = range && last && from >= 0 ? boxes.slice(from, to + 1) : [box];
    touched.forEach((it) => (it.checked = on));
    last = box;
    show();
  }

  function none() {
    wide = [];
    boxes.forEach((it) => (it.checked = false));
    show();
  }

  boxes.forEach((box) => box.addEventListener("click", (event) => tick(box, box.checked, event.shiftKey)));
  top.addEventListener("click", () => {
    wide = [];
    boxes.forEach((it) => (it.checked = top.checked));
    show();
  });
  one("[data-choose-none]", bar).addEventListener("click", none);
  everything.addEventListener("click", async () => {
    everything.disabled = true;
    try {
      wide = (await (await ask(`/desk/${store}/orders/ids?${query}`)).json()).ids;
    } catch (error) {
      talk(error.message, make("form", { method: "dialog" }, make("button", { textContent: say("好", "OK") })));
    }
    everything.disabled = false;
    show();
  });

  // Twenty at a time, so that the bar moves; what was sent stays sent when the person stops.
  async function run(verb, text, ids) {
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const bar = make("progress", { max: ids.length, value: 0 });
    const line = make("p", { className: "num" });
    let stopped = false;
    talk(say("正在处理", "Working"), bar, line, button(say("停止", "Stop"), () => (stopped = true)));
    const outcomes = [];
    for (let start = 0; start < ids.length && !stopped; start += atOnce) {
      const part = ids.slice(start, start + atOnce);
      const body = new URLSearchParams({ verb, text, key, ids: part.join(",") });
      try {
        const answer = await ask(`/desk/${store}/orders/act`, { method: "POST", body });
        outcomes.push(...(await answer.json()).outcomes);
      } catch (error) {
        outcomes.push(...part.map((id) => ({ id, number: null, done: false, text: error.message })));
        stopped = true;
      }
      bar.value = start + part.length;
      line.textContent = `${Math.min(start + part.length, ids.length)} / ${ids.length}`;
    }
    finished(outcomes, ids.length);
  }

  function finished(outcomes, wanted) {
    const done = outcomes.filter((it) => it.done).length;
    const left = outcomes.filter((it) => !it.done);
    const list = make("ul", { className: "outcomes" });
    list.append(...left.slice(0, 200).map((it) => make("li", {}, make("b", { className: "num", textContent: it.number ? `#${it.number}` : it.id }), ` ${it.text}`)));
    const rest = wanted - outcomes.length;
    const words = [say(`${done} 单已完成`, `${done} done`)];
    if (left.length) words.push(say(`${left.length} 单没有办成`, `${left.length} not done`));
    if (rest) words.push(say(`${rest} 单没有处理`, `${rest} not tried`));
    dialog.addEventListener("close", () => location.reload(), { once: true });
    talk(words.join(say("，", ", ")), list, make("p", { className: "dialog-foot" }, button(say("好", "OK"), () => dialog.close(), "main-button")));
  }

  bar.addEventListener("click", (event) => {
    const act = event.target.closest("[data-act]");
    if (!act) return;
    const ids = chosen();
    const go = (text) => run(act.dataset.act, text, ids);
    if (act.dataset.text) {
      const field = make("input", { type: "text", maxLength: Number(act.dataset.longest), required: true, ariaLabel: act.dataset.text });
      const form = make("form", {}, make("label", {}, act.dataset.text, field), make("p", { className: "dialog-foot" }, button(say("取消", "Cancel"), () => dialog.close()), make("button", { className: "main-button", textContent: say(`给 ${ids.length} 单保存`, `Save for ${ids.length}`) })));
      form.addEventListener("submit", (submitted) => {
        submitted.preventDefault();
        go(field.value);
      });
      talk(act.textContent, form);
      field.focus();
    } else {
      talk(`${act.textContent} · ${ids.length} ${say("单", "orders")}`, make("p", { textContent: act.dataset.ask }), make("p", { className: "dialog-foot" }, button(say("取消", "Cancel"), () => dialog.close()), button(act.textContent, () => go(""), "main-button")));
    }
  });
  one("[data-ship]", bar)?.addEventListener("click", () => location.assign(`/desk/${store}/shipping?ids=${chosen().slice(0, 100).join(",")}`));
  one("[data-chosen-sheet]", bar)?.addEventListener("submit", (event) => {
    event.target.elements.ids.value = chosen().join(",");
  });
  return { tick, none, toggle: (row) => { const box = one("input[name=ids]", row); tick(box, !box.checked, false); }, all: () => top.click() };
}

// The keyboard. Nothing happens while somebody types.
const KEYS = [
  ["j / k", "下一单 / 上一单", "Next / previous order"],
  ["Enter / o", "打开订单", "Open the order"],
  ["x", "选中", "Choose"],
  ["Shift + 点击 / click", "连续选中", "Choose a range"],
  ["a", "选中本页", "Choose the page"],
  ["/", "搜索", "Search"],
  ["f", "筛选", "Filters"],
  ["v", "视图", "Views"],
  ["r", "退款（订单打开时）", "Refund (with an order open)"],
  ["n / p", "下一页 / 上一页", "Next / previous page"],
  ["g o · g a · g s · g i · g e", "订单 · 售后 · 团购 · 发货 · 导出", "Orders · after-sales · sales · shipping · exports"],
  ["Esc", "关闭", "Close"],
  ["?", "快捷键", "These keys"],
];

function help() {
  const rows = KEYS.map(([keys, zh, en]) => make("tr", {}, make("th", { textContent: keys }), make("td", { textContent: say(zh, en) })));
  const box = dialog ?? document.body.appendChild(make("dialog", { className: "dialog" }));
  box.replaceChildren(make("h2", { textContent: say("快捷键", "Keys") }), make("table", { className: "keys" }, ...rows), make("p", { className: "dialog-foot" }, button(say("好", "OK"), () => box.close(), "main-button")));
  if (!box.open) box.showModal();
}

function keyboard(grid, chooser) {
  const rows = grid ? all("tbody tr", grid) : [];
  let at = -1;
  let waiting = 0;
  const move = (by) => {
    if (!rows.length) return;
    at = Math.max(0, Math.min(rows.length - 1, at + by));
    rows.forEach((row, n) => row.classList.toggle("at", n === at));
    rows[at].scrollIntoView({ block: "nearest" });
    if (drawer && !drawer.hidden) openOrder(one("[data-open]", rows[at])?.getAttribute("href") ?? `/desk/${grid.dataset.store}/orders/${rows[at].dataset.row}`);
  };
  const panel = (name) => {
    const found = one(name);
    if (!found) return;
    found.open = !found.open;
    if (found.open) one("select, input:not([type=hidden])", found)?.focus();
  };
  const acts = {
    j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
    Enter: () => at >= 0 && openOrder(one("[data-open]", rows[at])?.getAttribute("href") ?? `/desk/${grid.dataset.store}/orders/${rows[at].dataset.row}`),
    x: () => at >= 0 && chooser?.toggle(rows[at]), a: () => chooser?.all(), "/": () => one("[data-search]")?.focus(),
    f: () => panel("[data-filters]"), v: () => panel("[data-views]"), "?": help, n: () => one("a[rel=next]")?.click(), p: () => one("a[rel=prev]")?.click(), r: () => one("[data-refund-open]")?.click(),
  };
  acts.o = acts.Enter;
  grid?.addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr");
    if (row) at = rows.indexOf(row);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog[open]");
    if (typing && event.key === "Escape" && !typing.matches("dialog")) typing.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    if (event.key === "g") {
      waiting = Date.now();
      return;
    }
    if (Date.now() - waiting < 1500) {
      waiting = 0;
      const link = one(`.side nav [data-press="${CSS.escape(event.key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    if (Object.hasOwn(acts, event.key)) {
      event.preventDefault();
      acts[event.key]();
    }
  });
}

const card = one("[data-sign-in]");
if (card) signIn(card);
const grid = one("[data-grid]");
if (grid) table(grid);
keyboard(grid, one("[data-bulk]") && grid ? choosing(grid) : null);
// A column pasted into one field of numbers fills the fields below it.
one("[data-numbers]")?.addEventListener("paste", (event) => {
  const fields = all("input[name=number]", event.currentTarget);
  const from = fields.indexOf(event.target);
  const lines = event.clipboardData.getData("text").replace(/\r/g, "").replace(/\n$/, "").split("\n");
  if (from < 0 || lines.length < 2) return;
  event.preventDefault();
  lines.slice(0, fields.length - from).forEach((line, n) => (fields[from + n].value = line.split("\t").pop().trim()));
});
// What a worker does meanwhile is looked for again, unless the person is typing.
const again = one("[data-reload]");
if (again) setInterval(() => document.activeElement?.matches("input, select, textarea") || location.reload(), Number(again.dataset.reload));
one("[data-help]")?.addEventListener("click", help);
// A panel closes when the rest of the page is touched.
document.addEventListener("click", (event) => all("details.drop[open]").forEach((it) => it.contains(event.target) || (it.open = false)));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeDrawer();
    all("details.drop[open]").forEach((it) => (it.open = false));
  }
});
