(() => {
  "use strict";
  const PAGE_ROWS = 100;
  const PRINT_ROWS = 500;
  const ESCAPE_WITHIN_MS = 1000;
  const [NUMBER, SOURCE, REPORTED, PLACE, AGE, CAUSE, CHILDREN, SEVERITY, REPEATS, HOUSEHOLD, CANDIDATES, BEST, NEWS] = Array(13).keys();

  const source = document.getElementById("data");
  const data = JSON.parse(source.textContent);
  const words = data.words;
  const count = new Intl.NumberFormat(data.language);
  const percent = (part) => `${Math.round(part * 100)}\u00a0%`;

  const say = (text, values) => text.replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));
  const plural = (name, n) => (n === 1 ? words[`${name}_one`] : say(words[`${name}_many`], { n: count.format(n) }));
  const day = (iso) => {
    if (!iso) return "–";
    const [y, mm, dd] = iso.split("-");
    return say(data.day, { y, mm, dd, d: Number(dd), month: data.months[Number(mm) - 1] });
  };

  // All text goes in as textContent: a value is never read as markup.
  const element = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  const cell = (text, small, className) => {
    const td = element("td", text, className);
    td.setAttribute("role", "cell");
    if (small) td.append(element("small", small));
    return td;
  };

  // First direction of each sort: 1 is upward. Rows arrive in order of urgency, and sorting is stable.
  const sorts = {
    number: [(a, b) => (a[NUMBER] < b[NUMBER] ? -1 : a[NUMBER] > b[NUMBER] ? 1 : 0), 1],
    severity: [(a, b) => a[SEVERITY] - b[SEVERITY], 1],
    children: [(a, b) => a[CHILDREN] - b[CHILDREN], 1],
    age: [(a, b) => (a[AGE] ?? -1) - (b[AGE] ?? -1), -1],
    place: [(a, b) => a[PLACE] - b[PLACE], 1],
    cause: [(a, b) => a[CAUSE] - b[CAUSE], 1],
    best: [(a, b) => (a[BEST] ?? -1) - (b[BEST] ?? -1), -1],
    repeats: [(a, b) => a[REPEATS] - b[REPEATS], -1],
  };
  const ageBucket = (days) => data.ages.findIndex((limit) => limit === null || days <= limit);
  const places = data.places.map((name) => name.toLowerCase());
  const filters = {
    source: (row) => row[SOURCE],
    news: (row) => row[NEWS],
    place: (row) => row[PLACE],
    cause: (row) => row[CAUSE],
    severity: (row) => row[SEVERITY],
    children: (row) => row[CHILDREN],
    age: (row) => ageBucket(row[AGE] ?? 0),
  };

  function list(form) {
    const rows = data.lists[form.dataset.list];
    const section = form.closest("section");
    const find = (selector) => section.querySelector(selector);
    const body = find("[data-rows]");
    const shown = find("[data-shown]");
    const printed = find("[data-printed]");
    const urgency = find("[data-urgency]");
    const search = find("[data-search]");
    const steps = [...section.querySelectorAll("[data-step]")];
    const heads = [...section.querySelectorAll("[data-sort]")];
    const isReview = form.dataset.list === "review";
    let chosen = rows;
    let page = 0;
    let sort = null;
    let direction = 1;

    function line(row) {
      const tr = element("tr");
      tr.setAttribute("role", "row");
      const first = cell(row[NUMBER], "", "number");
      if (!isReview && row[NEWS] === 0) first.append(element("span", words.new, "new"));
      if (data.sources.length > 1) first.append(element("small", data.sources[row[SOURCE]]));
      tr.append(first);
      const colour = cell();
      colour.append(element("span", data.severities[row[SEVERITY]][1], `chip ${data.severities[row[SEVERITY]][0]}`));
      const children = cell(data.children[row[CHILDREN]]);
      children.dataset.label = `${words.children}: `;
      tr.append(colour, children);
      tr.append(cell(day(row[REPORTED]), row[AGE] === null ? "" : plural("days", row[AGE]), "when"));
      tr.append(cell(data.places[row[PLACE]]));
      if (isReview) {
        const best = row[BEST] === null ? "" : say(words.best, { p: percent(row[BEST]) });
        tr.append(cell(plural("candidates", row[CANDIDATES]), best));
      } else {
        const [source, expected] = data.parties[row[SOURCE]];
        const why = cell(data.causes[row[CAUSE]], say(data.lacks[row[CAUSE]], { source, expected }));
        if (data.resolve[row[CAUSE]]) why.append(element("small", data.resolve[row[CAUSE]], "resolve"));
        tr.append(why);
      }
      tr.append(household(row));
      return tr;
    }

    function household(row) {
      if (!row[HOUSEHOLD]) return cell(words.no_household, "", "soft");
      const td = cell(plural("household", row[REPEATS]));
      const only = element("button", row[HOUSEHOLD], "linked");
      only.type = "button";
      only.title = words.show_household;
      only.dataset.household = row[HOUSEHOLD];
      td.append(element("br"), only);
      return td;
    }

    function choose() {
      const wanted = [...form.querySelectorAll("[data-filter]")]
        .filter((select) => select.value !== "")
        .map((select) => [filters[select.dataset.filter], Number(select.value)]);
      const text = search.value.trim().toLowerCase();
      chosen = rows.filter(
        (row) =>
          wanted.every(([read, value]) => read(row) === value) &&
          (!text || row[NUMBER].toLowerCase().includes(text) || (row[HOUSEHOLD] || "").toLowerCase().includes(text) || places[row[PLACE]].includes(text)),
      );
      if (sort) {
        const compare = sorts[sort][0];
        chosen.sort((a, b) => direction * compare(a, b));
      }
      page = 0;
      show();
    }

    function show(limit = PAGE_ROWS) {
      const from = page * PAGE_ROWS;
      const until = Math.min(from + limit, chosen.length);
      const fresh = document.createDocumentFragment();
      for (let i = from; i < until; i += 1) fresh.append(line(chosen[i]));
      if (!chosen.length) {
        const td = element("td", words.shown_none, "empty");
        td.colSpan = heads.length;
        const tr = element("tr");
        tr.append(td);
        fresh.append(tr);
      }
      body.replaceChildren(fresh);
      const values = { from: count.format(from + 1), to: count.format(until), n: count.format(chosen.length), all: count.format(rows.length) };
      const text = chosen.length === rows.length ? words.shown : words.shown_filtered;
      shown.textContent = chosen.length ? say(text, values) : "";
      for (const step of steps) {
        const target = page + Number(step.dataset.step);
        step.setAttribute("aria-disabled", String(target < 0 || target * PAGE_ROWS >= chosen.length));
      }
      for (const head of heads) {
        const order = head.dataset.sort !== sort ? "none" : direction > 0 ? "ascending" : "descending";
        head.parentElement.setAttribute("aria-sort", order);
      }
      urgency.hidden = sort === null;
    }

    function sortBy(key) {
      const first = key && sorts[key][1];
      if (key && key === sort && direction === first) direction = -first;
      else if (key === sort) sort = null;
      else [sort, direction] = [key, first || 1];
      choose();
    }

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", choose);
    form.addEventListener("reset", () => setTimeout(choose));
    heads.forEach((head) => head.addEventListener("click", () => sortBy(head.dataset.sort)));
    urgency.addEventListener("click", () => {
      sort = null;
      choose();
      heads[0].focus();
    });
    steps.forEach((step) =>
      step.addEventListener("click", () => {
        if (step.getAttribute("aria-disabled") === "true") return;
        page += Number(step.dataset.step);
        show();
        if (step.closest(".below")) shown.scrollIntoView({ block: "center" });
      }),
    );
    body.addEventListener("click", (event) => {
      const id = event.target.dataset.household;
      if (!id) return;
      form.reset();
      search.value = id;
      setTimeout(() => search.focus());
    });
    window.addEventListener("beforeprint", () => {
      page = 0;
      show(PRINT_ROWS);
      const values = { shown: count.format(PRINT_ROWS), n: count.format(chosen.length) };
      printed.textContent = chosen.length > PRINT_ROWS ? say(words.printed, values) : "";
    });
    window.addEventListener("afterprint", () => show());
    show();
  }

  // Blank before anything else: what follows may take time, the screen may not.
  function hide() {
    document.title = "\u00a0";
    document.body.replaceChildren();
    data.lists = {};
    window.location.replace("about:blank");
  }

  let escaped = -Infinity;
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") {
        escaped = -Infinity;
      } else if (!event.repeat) {
        if (event.timeStamp - escaped < ESCAPE_WITHIN_MS) hide();
        escaped = event.timeStamp;
      }
    },
    true,
  );
  document.getElementById("hide").addEventListener("click", hide);

  const more = document.getElementById("more");
  if (more) {
    const table = document.querySelector(".places");
    const labels = [more.textContent, more.dataset.less];
    table.classList.add("folded");
    more.addEventListener("click", () => {
      const isFolded = table.classList.toggle("folded");
      more.textContent = labels[isFolded ? 0 : 1];
      more.setAttribute("aria-expanded", String(!isFolded));
    });
  }

  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => { details.open = true; });
  });
  window.addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));

  document.querySelectorAll("form[data-list]").forEach(list);
})();
