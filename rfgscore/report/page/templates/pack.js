"use strict";
// Sorts and filters the list of a pack. Without this script everything is shown in list order, and the controls stay hidden.
(() => {
  // Only what can be scrolled sideways is a stop of the tab key.
  const stops = () => {
    for (const wide of document.querySelectorAll(".wide")) {
      wide.tabIndex = wide.scrollWidth > wide.clientWidth ? 0 : -1;
      if (wide.tabIndex < 0) wide.removeAttribute("tabindex");
    }
  };
  stops();
  addEventListener("resize", stops);

  const table = document.querySelector("table.list");
  const tools = document.getElementById("tools");
  if (!table || !tools) return;

  const order = [...table.tBodies];
  const rows = order.filter((body) => body.classList.contains("one"));
  const frame = order.filter((body) => !body.classList.contains("one"));
  const heads = [...table.querySelectorAll("thead th")];
  const search = tools.querySelector("input");
  const choices = [...tools.querySelectorAll("select")];
  const count = document.getElementById("shown");
  const note = document.getElementById("note");
  let key = null;
  let falling = false;

  const flat = (text) => text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
  const texts = new Map(rows.map((row) => {
    const copy = row.cloneNode(true);
    for (const drawing of copy.querySelectorAll("svg")) drawing.remove();
    return [row, flat(copy.textContent)];
  }));

  // Text is ordered by code point, as the files of a run are.
  const byText = (one, other) => {
    const left = Array.from(one, (sign) => sign.codePointAt(0));
    const right = Array.from(other, (sign) => sign.codePointAt(0));
    const differs = left.findIndex((sign, at) => sign !== right[at]);
    if (differs < 0) return left.length - right.length;
    return differs < right.length ? left[differs] - right[differs] : 1;
  };
  const byNumber = (one, other) => Number(one) - Number(other);

  // Blanks stand last both ways, and equal cells stay in list order.
  const sorted = () => {
    if (key === null) return rows;
    const { key: name, type } = heads[key].dataset;
    const compare = type === "number" ? byNumber : byText;
    const cells = new Map(rows.map((row) => [row, row.dataset[name]]));
    return [...rows].sort((one, other) => {
      const left = cells.get(one), right = cells.get(other);
      if (left === "" || right === "") return (left === "") - (right === "");
      return falling ? compare(right, left) : compare(left, right);
    });
  };

  const fits = (row) => texts.get(row).includes(flat(search.value)) && choices.every((choice) =>
    choice.value === "" || (choice.dataset.many === undefined
      ? row.dataset[choice.name] === choice.value
      : row.dataset[choice.name].split(" ").includes(choice.value)));

  const apply = () => {
    const shown = rows.filter(fits).length;
    const whole = key === null && shown === rows.length;
    for (const row of rows) row.hidden = !fits(row);
    for (const one of frame) one.hidden = !whole;
    table.append(...(key === null ? order : [...sorted(), ...frame]));
    heads.forEach((head, at) => {
      if (at === key) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    count.textContent = `${shown} of ${rows.length} shown`;
    const told = [];
    if (key !== null) told.push(`Sorted by ${heads[key].textContent.trim().toLowerCase()}, ${falling ? "falling" : "rising"}.`);
    if (shown < rows.length) told.push(`Filtered: ${rows.length - shown} of the list not shown.`);
    if (told.length) told.push("Groups and cut lines hold for the whole list in list order only, and are not shown.");
    note.textContent = told.join(" ");
    note.hidden = whole;
  };

  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      falling = key === at && !falling;
      key = at;
      apply();
    });
  });
  search.addEventListener("input", apply);
  for (const choice of choices) choice.addEventListener("change", apply);
  tools.querySelector("button").addEventListener("click", () => {
    search.value = "";
    for (const choice of choices) choice.value = "";
    key = null;
    falling = false;
    apply();
  });
  table.classList.add("live");
  tools.hidden = false;
  apply();
})();
