(() => {
  "use strict";
  const WARN_MS = 60000;
  const body = document.body;

  // Blank before anything else: what follows may take time, the screen may not.
  function hide() {
    document.title = "\u00a0";
    body.replaceChildren();
    body.className = "blank";
    window.location.replace("/verborgen");
  }
  const button = document.getElementById("hide");
  if (button) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      hide();
    });
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.key === "Escape") hide();
      },
      true,
    );
  }

  const isTyping = (target) => target.matches("select, textarea, input:not([type=radio]):not([type=checkbox])");
  function step(by) {
    const rows = [...document.querySelectorAll("a[data-step]")];
    if (!rows.length) return;
    const at = rows.indexOf(document.activeElement);
    rows[Math.min(Math.max(at + by, 0), rows.length - 1)].focus();
  }
  function act(key) {
    if (key === "j") return step(1);
    if (key === "k") return step(-1);
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return;
    target.focus();
    target.click();
  }
  if ("keys" in body.dataset) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event.target)) return;
      if (/^[a-z]$/.test(event.key)) act(event.key);
    });
  }

  // The server ends an idle session; the page must not stand there longer than the session lasts.
  const idle = document.getElementById("idle");
  if (idle) {
    const limit = Number(body.dataset.idle) * 1000;
    let warning, end;
    const wait = () => {
      idle.hidden = true;
      clearTimeout(warning);
      clearTimeout(end);
      warning = setTimeout(() => {
        idle.hidden = false;
        document.getElementById("stay").focus();
      }, Math.max(limit - WARN_MS, limit / 2));
      end = setTimeout(() => {
        document.title = "\u00a0";
        body.replaceChildren();
        window.location.replace("/aanmelden");
      }, limit);
    };
    document.getElementById("stay").addEventListener("click", async () => {
      const reply = await fetch("/nog", { redirect: "error" }).catch(() => null);
      if (reply && reply.ok) wait();
      else window.location.replace("/aanmelden");
    });
    wait();
  }
})();
