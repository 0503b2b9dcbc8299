// Sorts tables, shows only what is about one attribute, variant or set, and opens what is linked to.
// The page says all it has to say without this script.
(() => {
  "use strict";
  const kinds = {
    Attribute: ["attribute"],
    Method: ["variant", "method", "model"],
    "Evaluation set": ["evaluation set", "evaluation sets"],
  };
  const plain = (element) => element.textContent.trim();
  const make = (name, properties = {}) => Object.assign(document.createElement(name), properties);
  const heads = (table) => [...table.tHead.rows[0].cells];
  const tables = [...document.querySelectorAll("main table")];

  // The first number of a cell, or null: "12.7\n[6.9 to 16.2]", "1,968", "< 0.001", "−3.4".
  const numberIn = (text) => {
    const found = text.replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "").match(/^[<>≤≥~]?\s*([+-]?\d*\.?\d+)/);
    return found ? Number(found[1]) : null;
  };

  const sort = (table, place, descending) => {
    const sign = descending ? -1 : 1;
    const keyed = [...table.tBodies[0].rows].map((row) => [plain(row.cells[place]), row]);
    const compare = ([a], [b]) => {
      const [x, y] = [numberIn(a), numberIn(b)];
      if (x !== null && y !== null) return sign * (x - y);
      if (x !== null || y !== null) return x === null ? 1 : -1; // what has no number comes last
      return sign * a.localeCompare(b);
    };
    table.tBodies[0].append(...keyed.sort(compare).map(([, row]) => row));
    heads(table).forEach((head) => head.removeAttribute("aria-sort"));
    heads(table)[place].setAttribute("aria-sort", descending ? "descending" : "ascending");
  };

  for (const table of tables.filter((one) => one.tHead && one.tBodies[0].rows.length > 2)) {
    heads(table).forEach((head, place) => {
      if (!plain(head)) return;
      const button = make("button", { type: "button", className: "sort", title: "Sort by this column" });
      button.append(...head.childNodes);
      button.addEventListener("click", () => {
        const ascending = head.getAttribute("aria-sort") === "ascending";
        sort(table, place, ascending);
      });
      head.append(button);
    });
  }

  // Rows say by a column what they are about; tables and findings by the words of their heading.
  const items = [];
  const values = Object.fromEntries(Object.keys(kinds).map((kind) => [kind, new Map()]));
  for (const table of tables.filter((one) => one.tHead)) {
    const columns = {};
    for (const [kind, names] of Object.entries(kinds))
      columns[kind] = heads(table).findIndex((head) => names.includes(plain(head).toLowerCase()));
    for (const row of table.tBodies[0].rows) {
      const about = {};
      for (const [kind, place] of Object.entries(columns)) {
        if (place < 0) continue;
        about[kind] = plain(row.cells[place]).toLowerCase();
        values[kind].set(about[kind], plain(row.cells[place]));
      }
      items.push({ element: row, about, heading: plain(table.caption).toLowerCase() });
    }
  }
  for (const finding of document.querySelectorAll(".finding"))
    items.push({ element: finding, about: {}, heading: plain(finding.firstElementChild).toLowerCase() });

  const isAbout = (item, kind, wanted) => {
    if (kind in item.about) return item.about[kind] === wanted;
    const named = [...values[kind].keys()].filter((name) => name && item.heading.includes(name));
    const longest = named.sort((a, b) => b.length - a.length)[0];
    return longest === undefined || longest === wanted;
  };

  const form = make("form", { className: "filter" });
  form.setAttribute("aria-label", "Show only what is about");
  form.append(make("p", { textContent: "Show only" }));
  const told = make("output");
  const choices = {};
  for (const [kind, map] of Object.entries(values)) {
    map.delete("");
    map.delete("\u2013");
    if (map.size < 2) continue;
    const choice = make("select");
    choice.append(make("option", { value: "", textContent: "all" }));
    for (const [value, label] of [...map].sort()) choice.append(make("option", { value, textContent: label }));
    const label = make("label", { textContent: kind });
    label.append(choice);
    form.append(label);
    choices[kind] = choice;
  }
  const show = () => {
    const wanted = Object.entries(choices).filter(([, choice]) => choice.value);
    let shown = 0;
    for (const item of items) {
      const hidden = !wanted.every(([kind, choice]) => isAbout(item, kind, choice.value));
      item.element.hidden = hidden;
      shown += !hidden;
    }
    for (const table of tables) {
      const all = [...table.tBodies[0].rows];
      const place = table.closest("details") ?? table.closest(".scroll");
      if (place.querySelectorAll("table").length === 1)
        place.hidden = all.length > 0 && all.every((row) => row.hidden);
    }
    told.textContent = wanted.length ? `${shown} of ${items.length} rows and findings` : "";
  };
  if (Object.keys(choices).length) {
    form.addEventListener("change", show);
    form.append(told);
    document.getElementById("contents").prepend(form);
  }

  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let one = target; one; one = one.parentElement) if (one.tagName === "DETAILS") one.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
})();
