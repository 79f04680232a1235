"use strict";
// A test derives the list from the folders of services/: EV_UPDATE=1 cargo test -p ev derived.
const SERVICES = ["auth", "binary", "booking", "compliance", "notification", "payout", "reports", "wallet"];
const METHODS = ["get", "post", "put", "patch", "delete"];
const $ = (selector) => document.querySelector(selector);
const operations = [];

// Everything from a document goes in as text, never as markup.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function resolve(doc, schema) {
  let seen = 0;
  while (schema && typeof schema === "object" && schema.$ref && seen++ < 20) {
    const found = schema.$ref.replace(/^#\//, "").split("/")
      .map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"))
      .reduce((at, part) => (at === undefined || at === null ? undefined : at[part]), doc);
    const { $ref, ...beside } = schema;
    schema = found === undefined ? { title: $ref } : { ...found, ...beside };
  }
  return schema;
}
const nameOf = (schema) => (schema && schema.$ref ? schema.$ref.split("/").pop() : undefined);
const isNull = (schema) => schema && (schema.type === "null" || schema.const === null);

// `anyOf [X, null]` and `type: ["string", "null"]` say the same thing: X, or nothing.
function simplify(doc, given) {
  let schema = resolve(doc, given) || {};
  let name = nameOf(given);
  let nullable = false;
  const either = schema.anyOf || schema.oneOf;
  if (either && either.some(isNull)) {
    const rest = either.filter((one) => !isNull(one));
    nullable = true;
    if (rest.length === 1) {
      name = nameOf(rest[0]) || name;
      const { anyOf, oneOf, ...beside } = schema;
      schema = { ...resolve(doc, rest[0]), ...beside };
    } else {
      schema = { ...schema, anyOf: rest, oneOf: undefined };
    }
  }
  if (Array.isArray(schema.type) && schema.type.includes("null")) {
    nullable = true;
    const rest = schema.type.filter((type) => type !== "null");
    schema = { ...schema, type: rest.length === 1 ? rest[0] : rest };
  }
  if (schema.allOf) {
    const parts = schema.allOf.map((part) => resolve(doc, part));
    schema = parts.reduce((all, part) => ({
      ...all, ...part,
      properties: { ...all.properties, ...part.properties },
      required: [...(all.required || []), ...(part.required || [])],
    }), { ...schema, allOf: undefined });
  }
  return { schema, name, nullable };
}

function typeText(doc, given, depth = 0) {
  if (given === true || given === undefined) return "any";
  if (given === false) return "nothing";
  const { schema, name, nullable } = simplify(doc, given);
  const end = nullable ? " | null" : "";
  if (schema.const !== undefined) return JSON.stringify(schema.const) + end;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ") + end;
  const either = schema.oneOf || schema.anyOf;
  if (either && depth < 3) return (name ? name + ": " : "") + either.map((one) => typeText(doc, one, depth + 1)).join(" | ") + end;
  if (schema.type === "array") return "[" + (depth < 4 ? typeText(doc, schema.items, depth + 1) : "…") + "]" + end;
  if (schema.type === "object" || schema.properties) return (name || "object") + end;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : schema.type || name || "any";
  return type + (schema.format ? ` (${schema.format})` : "") + end;
}

function bounds(schema) {
  const said = [];
  const add = (key, words) => { if (schema[key] !== undefined) said.push(words + " " + schema[key]); };
  add("minimum", "at least"); add("maximum", "at most"); add("minLength", "min length"); add("maxLength", "max length");
  add("minItems", "min items"); add("maxItems", "max items"); add("pattern", "matches");
  if (schema.default !== undefined) said.push("default " + JSON.stringify(schema.default));
  if (schema.examples && schema.examples.length) said.push("e.g. " + JSON.stringify(schema.examples[0]));
  return said.join(", ");
}

// The fields of an object, and of what it holds, as nested lists. A type inside itself is named, not opened again.
function fields(doc, given, open = []) {
  const { schema, name } = simplify(doc, given);
  if (name && open.includes(name)) return null;
  const inside = name ? [...open, name] : open;
  if (inside.length > 8) return null;
  const either = schema.oneOf || schema.anyOf;
  if (either) {
    const lists = either.map((one) => [one, fields(doc, one, inside)]).filter(([, list]) => list);
    if (!lists.length) return null;
    return el("ul", { class: "fields" }, lists.map(([one, list]) =>
      el("li", null, el("span", { class: "hint" }, "either "), el("span", { class: "type" }, typeText(doc, one)), list)));
  }
  if (schema.type === "array") return fields(doc, schema.items || {}, inside);
  const properties = Object.entries(schema.properties || {});
  if (schema.additionalProperties && typeof schema.additionalProperties === "object") {
    properties.push(["<any name>", schema.additionalProperties]);
  }
  if (!properties.length) return null;
  const required = new Set(schema.required || []);
  return el("ul", { class: "fields" }, properties.map(([key, property]) => {
    const simple = simplify(doc, property).schema;
    const hints = [simple.description, bounds(simple)].filter(Boolean).join(" · ");
    return el("li", null,
      el("code", { class: "field" }, key), " ", el("span", { class: "type" }, typeText(doc, property)),
      required.has(key) ? el("span", { class: "need" }, " required") : null,
      hints ? el("span", { class: "hint" }, " — " + hints) : null,
      fields(doc, property, inside));
  }));
}

function content(doc, holder) {
  return Object.entries((holder && holder.content) || {}).map(([media, { schema }]) =>
    el("div", null, el("code", null, media), " ", schema ? el("span", { class: "type" }, typeText(doc, schema)) : null,
      schema ? fields(doc, schema) : null));
}

function sample(doc, given, depth = 0) {
  const { schema, nullable } = simplify(doc, given === true ? {} : given || {});
  if (schema.examples && schema.examples.length) return schema.examples[0];
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined && schema.default !== null) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const either = schema.oneOf || schema.anyOf;
  if (either) return sample(doc, either[0], depth + 1);
  if (nullable && depth > 2) return null;
  if (schema.type === "array") return depth > 4 ? [] : [sample(doc, schema.items, depth + 1)];
  if (schema.type === "object" || schema.properties) {
    if (depth > 5) return {};
    const required = new Set(schema.required || []);
    return Object.fromEntries(Object.entries(schema.properties || {})
      .filter(([key]) => required.has(key) || !required.size)
      .map(([key, property]) => [key, sample(doc, property, depth + 1)]));
  }
  if (schema.type === "integer" || schema.type === "number") return schema.minimum || 1;
  if (schema.type === "boolean") return true;
  const known = { uuid: "0198c0de-0000-7000-8000-000000000000", date: "2026-04-01", "date-time": "2026-04-01T06:30:00Z" };
  return known[schema.format] || "…";
}

function curl(operation) {
  const { doc, path, method, spec, open } = operation;
  const quote = (text) => "'" + text.replace(/'/g, "'\\''") + "'";
  const lines = [`curl ${method === "get" ? "" : "-X " + method.toUpperCase() + " "}${quote(location.origin + path)}`];
  if (!open) lines.push(`-H ${quote("Authorization: Bearer TOKEN")}`);
  const json = spec.requestBody && spec.requestBody.content && spec.requestBody.content["application/json"];
  if (json) {
    lines.push(`-H ${quote("Content-Type: application/json")}`);
    lines.push(`-d ${quote(JSON.stringify(sample(doc, json.schema)))}`);
  }
  return lines.join(" \\\n  ");
}

function describe(operation) {
  const { doc, spec } = operation;
  const parameters = (spec.parameters || []).map((parameter) => resolve(doc, parameter));
  const parts = [];
  if (spec.description) parts.push(el("p", null, spec.description));
  if (parameters.length) {
    parts.push(el("h3", null, "Parameters"), el("table", null,
      el("thead", null, el("tr", null, ["name", "in", "type", ""].map((head) => el("th", { scope: "col" }, head)))),
      el("tbody", null, parameters.map((parameter) => {
        const { schema } = simplify(doc, parameter.schema || {});
        return el("tr", null,
          el("td", null, el("code", null, parameter.name), parameter.required ? el("span", { class: "need" }, " required") : null),
          el("td", { class: "hint" }, parameter.in),
          el("td", { class: "type" }, typeText(doc, parameter.schema)),
          el("td", { class: "hint" }, [parameter.description || schema.description, bounds(schema)].filter(Boolean).join(" · ")));
      }))));
  }
  if (spec.requestBody) {
    const body = resolve(doc, spec.requestBody);
    parts.push(el("h3", null, "Request body", body.required ? "" : el("span", { class: "hint" }, " (optional)")), ...content(doc, body));
  }
  parts.push(el("h3", null, "Answers"));
  for (const [status, answer] of Object.entries(spec.responses || {})) {
    const resolved = resolve(doc, answer);
    const shown = content(doc, resolved);
    const head = [el("span", { class: "status" }, status), " ", resolved.description || ""];
    parts.push(status === "default"
      ? el("details", { class: "inner" }, el("summary", null, "any error: a problem"), ...shown)
      : el("div", null, el("p", null, ...head), ...shown));
  }
  parts.push(el("h3", null, "As a command"), el("pre", null, curl(operation)), ...tryIt(operation));
  return el("div", { class: "body" }, parts);
}

function card(operation) {
  const { service, method, path, spec, who } = operation;
  const id = `${service}-${method}-${path.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "")}`;
  const details = el("details", { class: "op", id },
    el("summary", null, el("span", { class: `method ${method}` }, method.toUpperCase()), el("span", { class: "path" }, path),
      el("span", { class: "who" }, who), el("span", { class: "summary" }, spec.summary || "")));
  // A page of some hundred operations opens at once because each is only written out when it is looked at.
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector(".body")) details.append(describe(operation));
  });
  operation.card = details;
  operation.link = el("a", { href: "#" + id, title: `${method.toUpperCase()} ${path}` },
    el("span", { class: `method ${method}` }, method.toUpperCase()), el("span", { class: "path" }, path.replace(/^\/api\/v1/, "")));
  operation.link.addEventListener("click", () => { details.open = true; });
  operation.text = [service, method, path, spec.summary, spec.description, who].join(" ").toLowerCase();
  return details;
}

function show(service, doc) {
  const section = el("section", { id: service, "data-service": service }, el("h2", null, service));
  const group = el("div", { "data-service": service }, el("h2", null, service));
  section.append(el("p", { class: "links" }, (doc.info && doc.info.description ? doc.info.description + " " : ""),
    el("a", { href: `/api/v1/${service}/openapi.json` }, "openapi.json")));
  for (const [path, item] of Object.entries(doc.paths || {})) {
    for (const method of METHODS) {
      if (!item[method]) continue;
      const spec = { ...item[method], parameters: [...(item.parameters || []), ...(item[method].parameters || [])] };
      const open = !(spec.security || doc.security || []).length;
      const said = /^(Public|Any signed-in|Staff|Administrators)/.exec(spec.description || "");
      const who = open ? "public" : { "Any signed-in": "signed in", Staff: "staff", Administrators: "admin" }[said && said[1]] || "signed in";
      const operation = { service, doc, path, method, spec, open, who };
      section.append(card(operation));
      group.append(operation.link);
      operations.push(operation);
    }
  }
  return [section, group];
}

function filter() {
  const words = $("#filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  const alive = new Set();
  for (const operation of operations) {
    const fits = words.every((word) => operation.text.includes(word));
    operation.card.hidden = operation.link.hidden = !fits;
    if (fits) { shown += 1; alive.add(operation.service); }
  }
  for (const node of document.querySelectorAll("[data-service]")) {
    node.hidden = words.length > 0 && !alive.has(node.dataset.service);
  }
  $("#count").textContent = words.length ? `${shown} of ${operations.length}` : `${operations.length} operations and events`;
}

function reveal() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
}

async function load() {
  const documents = await Promise.allSettled(SERVICES.map(async (service) => {
    const answer = await fetch(`/api/v1/${service}/openapi.json`, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return answer.json();
  }));
  documents.forEach((result, at) => {
    const service = SERVICES[at];
    if (result.status === "fulfilled") {
      const [section, group] = show(service, result.value);
      $("main").append(section);
      $("nav").append(group);
    } else {
      $("main").append(el("section", { "data-service": service }, el("h2", null, service),
        el("p", { class: "trouble" }, `This service does not answer right now (${result.reason.message}).`)));
    }
  });
  const [section, group] = await loadEvents();
  $("main").append(section);
  $("nav").append(group);
  filter();
  reveal();
}

$("#filter").addEventListener("input", filter);
$("#open").addEventListener("click", () => {
  const visible = operations.filter((operation) => !operation.card.hidden);
  const open = !visible.every((operation) => operation.card.open);
  for (const operation of visible) operation.card.open = open;
  $("#open").textContent = open ? "Close all" : "Open all";
});
$("#theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== $("#filter")) { event.preventDefault(); $("#filter").focus(); }
  if (event.key === "Escape" && document.activeElement === $("#filter")) { $("#filter").value = ""; filter(); }
});
addEventListener("hashchange", reveal);
addEventListener("DOMContentLoaded", load);
