// Forms of several steps in the drawer: each answer is the next step, refusals too. Without the script they are pages.
"use strict";

const inDrawer = (element) => drawer && !drawer.hidden && drawer.contains(element);

function put(html) {
  const close = one(".close", drawer);
  const body = make("div");
  body.innerHTML = html;
  drawer.replaceChildren(close, body);
  drawer.scrollTop = 0;
  one("[autofocus]", body)?.focus();
}

async function step(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: { "X-Desk-Piece": "1", "X-CSRFToken": csrf() } });
  if (answer.status === 401) location.assign(`/desk/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`);
  if (!answer.headers.get("Content-Type")?.startsWith("text/html")) {
    const body = await answer.json().catch(() => ({}));
    throw new Error((english ? body.message_en : body.message) || say("没有完成，请稍后再试", "Not done; try again."));
  }
  return answer.text();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-step]");
  if (!link || !inDrawer(link) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  opened = link.getAttribute("href");
  try {
    put(await step(opened));
  } catch (error) {
    link.after(make("p", { className: "trouble", role: "alert", textContent: error.message }));
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-steps]");
  if (!form || !inDrawer(form) || event.defaultPrevented) return;
  event.preventDefault();
  const body = pairs(form);
  const pressed = event.submitter;
  if (pressed?.name) body.set(pressed.name, pressed.value);
  const path = pressed?.hasAttribute("formaction") ? pressed.formAction : form.action;
  all("button", form).forEach((it) => (it.disabled = true));
  try {
    put(await step(path, { method: "POST", body }));
    // The order stands there again: something was done.
    const order = one("[data-order]", drawer)?.dataset.order;
    if (order) {
      opened = one("[data-order-acts]", drawer) ? `/desk/${one("[data-order-acts]", drawer).dataset.store}/orders/${order}` : opened;
      stale = true;
      one(`tr[data-row="${order}"]`)?.classList.add("old");
    }
  } catch (error) {
    all("button", form).forEach((it) => (it.disabled = false));
    one(".trouble[role=alert]", form)?.remove();
    form.append(make("p", { className: "trouble", role: "alert", textContent: error.message }));
  }
});

// Typing pieces or an amount means a part.
document.addEventListener("input", (event) => {
  const part = event.target.closest(".refund-lines") && one("input[name=what][value=part]", event.target.form);
  if (part) part.checked = true;
});
